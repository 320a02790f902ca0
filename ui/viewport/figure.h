// SPDX-License-Identifier: GPL-3.0-or-later
// A picture as values: data layers for the renderer, and everything that is drawn over them with
// QPainter. The same painting serves the screen and the export.
#pragma once

#include "core/render/scene.h"
#include "ui/shell/theme.h"
#include "ui/viewport/color_bar.h"
#include "ui/viewport/figure_parts.h"
#include "ui/viewport/space_figure.h"
#include "ui/viewport/ticks.h"

#include <QImage>
#include <QLineF>
#include <QPainter>
#include <QPointF>
#include <QRectF>
#include <QString>

#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace lx::ui {

struct LegendEntry {
    QString text;
    QColor color;
    std::optional<render::Marker> marker = {};  ///< none: a line
    Qt::PenStyle line = Qt::SolidLine;
    bool faded = false;
    QString part = {};  ///< hidden together with this part of the figure
};

// Overlay items. Positions in data coordinates, lengths in logical pixels unless said otherwise.
struct CurveItem {
    std::vector<QPointF> points;
    QColor color;
    double width = 1.1;
    Qt::PenStyle style = Qt::SolidLine;
};
struct SegmentsItem {
    std::vector<QLineF> lines;
    QColor color;
    double width = 0.7;
};
/// Half axes in data units.
struct EllipseItem {
    double x = 0, y = 0, rx = 1, ry = 1;
    QColor color;
    double width = 1.1;
    Qt::PenStyle style = Qt::SolidLine;
};
struct RectItem {
    render::Rect rect;
    QColor fill, edge;
    double width = 1;
};
struct MarkerItem {
    double x = 0, y = 0;
    render::Marker marker{};
    double size = 8;
    QColor fill, edge;  ///< invalid: none
};
struct CrosshairItem {
    double x = 0, y = 0;
    QColor color;
    double arm = 11;
};
/// Text beside a point; turns to the other side where it would leave the plot.
struct TextItem {
    double x = 0, y = 0;
    QString text;
    QColor color;
    QPointF offset{12, -12};
    double size = 12;
    bool boxed = false;     ///< on a panel with a border (hover read-out)
    bool centered = false;  ///< centred on the point plus offset
};
/// A straight arrow; its head is filled, or open.
struct ArrowItem {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    QColor color;
    double width = 1.6;
    Qt::PenStyle style = Qt::SolidLine;
    bool filled = true;
};
/// A profile that stands on an edge of the plot, whatever the plot shows: a marginal density.
struct EdgeItem {
    enum class Side : std::uint8_t { Bottom, Left } side{};
    std::vector<QPointF> points;  ///< place along the axis in data units, height as a share
    double height = 40;           ///< of share 1, in logical pixels
    QColor color, fill;           ///< invalid fill: a line
    Qt::PenStyle style = Qt::SolidLine;
};
using OverlayItem = std::variant<CurveItem, SegmentsItem, EllipseItem, RectItem, MarkerItem,
                                 CrosshairItem, TextItem, ArrowItem, EdgeItem>;

struct Figure {
    QString title;           ///< printed in exports only: on the screen the dock's title says it
    QString xLabel, yLabel;  ///< with units: "KL (nats)"
    render::Rect home;       ///< what "fit" shows
    bool equalAspect = false;
    bool axes = true, grid = true;
    std::vector<Tick> xTicks;  ///< fixed ticks instead of computed ones
    std::vector<LegendEntry> legend;
    std::optional<ColorBar> bar = {};  ///< right of a plot with axes that is wide enough
    std::vector<render::Layer> layers;
    std::vector<OverlayItem> overlay;
    std::optional<SpaceFigure> space = {};  ///< then there are no axes of a plane
    QString note;                           ///< in the plot's upper right corner, secondary colour

    /// From here on what is added to `layers` (solids in space), or to `overlay`, belongs to that
    /// part of the layer list. Call it after clearing and before adding.
    void nameLayers(const QString& id, const QString& name);
    void nameOverlay(const QString& id, const QString& name);
    std::vector<FigurePart> layerParts = {}, overlayParts = {};
    PartChoices choices = {};
};

/// Where the parts lie, in logical pixels of the painter.
struct FigureLayout {
    QRectF plot, title, legend;
    QRectF bar;                       ///< empty: none
    std::vector<QRectF> legendCells;  ///< one for each entry; empty where it is hidden
};

/// `shown` decides how wide the tick labels are. The plot rectangle has whole pixels.
FigureLayout layoutFigure(const Figure&, const Theme&, QSizeF size, const render::Rect& shown,
                          bool withTitle);

/// `rect` widened so that one unit is as long on both axes of `plot`; unchanged when not
/// equalAspect.
render::Rect shownRect(const Figure&, const render::Rect& rect, const QRectF& plot);

/// Data to painter coordinates and back.
class PlotTransform {
public:
    PlotTransform(const render::Rect& shown, const QRectF& plot) : m_shown(shown), m_plot(plot) {}
    QPointF map(double x, double y) const {
        return {m_plot.x() + (x - m_shown.x0) * scaleX(), m_plot.y() + (m_shown.y1 - y) * scaleY()};
    }
    QPointF unmap(QPointF p) const {
        return {m_shown.x0 + (p.x() - m_plot.x()) / scaleX(),
                m_shown.y1 - (p.y() - m_plot.y()) / scaleY()};
    }
    double scaleX() const { return m_plot.width() / (m_shown.x1 - m_shown.x0); }
    double scaleY() const { return m_plot.height() / (m_shown.y1 - m_shown.y0); }

private:
    render::Rect m_shown;
    QRectF m_plot;
};

/// Paints everything. `data` shows `dataRect`, which may differ from `shown` while a newer picture
/// is under way; null: no data layers. The grid is darkened (light theme) or lightened into the
/// opaque data picture, so that it lies behind the points; on a vector device it is burnt into the
/// picture.
void paintFigure(QPainter&, const Figure&, const Theme&, const FigureLayout&,
                 const render::Rect& shown, const QImage& data, const render::Rect& dataRect);

/// One item over `plot`, from data to painter coordinates by `to`. Sets pen, brush and font.
void paintOverlayItem(QPainter&, const OverlayItem&, const Theme&, const QRectF& plot,
                      const PlotTransform& to);
/// Items over a plot that shows `shown`, clipped to it.
void paintOverlay(QPainter&, std::span<const OverlayItem>, const Theme&, const QRectF& plot,
                  const render::Rect& shown);

/// One marker centred at `at`; the same shapes as the renderer's sprites.
void paintMarker(QPainter&, render::Marker, QPointF at, double size);

/// The renderer's picture as a QImage that shares the pixels.
QImage toQImage(const render::Image&);

}  // namespace lx::ui
