// SPDX-License-Identifier: GPL-3.0-or-later
// Curves, bands and bars over panels of axes, as plain values: what the views of chains make, what
// is drawn, exported and listed as tables.
#pragma once

#include "ui/plot/data_table.h"
#include "ui/viewport/figure.h"

#include <QWidget>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace lx::ui {

using Range = std::pair<double, double>;

/// A polyline, or markers alone. `y` that is not a number leaves a gap.
struct ChartLine {
    QString label;
    QColor color;
    std::vector<double> x, y;
    double width = 1.1;
    Qt::PenStyle style = Qt::SolidLine;         ///< NoPen: markers only
    std::optional<render::Marker> marker = {};  ///< at every point
    double markerSize = 5;
    int group = -1;          ///< the chain it belongs to: what a click on it reports
    QStringList names = {};  ///< of the points, where they have some: a click reports that, too
};

/// The room between two curves over the same x.
struct ChartBand {
    QString label;
    QColor color;
    std::vector<double> x, low, high;
};

/// Columns between successive edges (one more than heights), from zero.
struct ChartBars {
    QString label;
    QColor color;  ///< of the outline; the inside has a third of its opacity
    std::vector<double> edges, heights;
    int group = -1;
};

/// A field of colours: rows of cells between edges along x, row 0 at the lower end of y.
struct ChartField {
    QString label, row;          ///< of the values; what a row is, for the readout
    std::vector<double> values;  ///< [rows, columns]; NaN: no colour
    std::vector<double> edges;   ///< [columns + 1], evenly spaced
    double low = 0, high = 1;    ///< values of the ends of the map
    std::vector<QColor> map;     ///< evenly spaced colours
    std::size_t columns() const { return edges.empty() ? 0 : edges.size() - 1; }
    std::size_t rows() const { return columns() > 0 ? values.size() / columns() : 0; }
};

/// A straight line across the panel at one value.
struct ChartRule {
    bool vertical = false;
    double at = 0;
    QString text = {};
    QColor color = {};  ///< invalid: secondary
    Qt::PenStyle style = Qt::DashLine;
};

/// A shaded part of the x axis: warm-up.
struct ChartSpan {
    double from = 0, to = 0;
    QString text;
};

/// A mark on the lower edge: a divergence.
struct ChartTick {
    double at = 0;
    QColor color;
};

struct ChartPanel {
    QString title, xLabel, yLabel;
    QString note;                          ///< bold, in the upper right corner
    std::optional<ChartField> field = {};  ///< row r lies between r + 0.5 and r + 1.5
    std::vector<ChartBand> bands;
    std::vector<ChartBars> bars;
    std::vector<ChartLine> lines;
    std::vector<ChartRule> rules;
    std::vector<ChartSpan> spans;
    std::vector<ChartTick> rug;
    std::optional<Range> x = {}, y = {};  ///< else what is drawn, with a margin
    bool logX = false;
    std::vector<Tick> xTicks = {};  ///< fixed ones instead of computed ones
};

struct Chart {
    std::vector<ChartPanel> panels;
    int columns = 1;
    std::vector<LegendEntry> legend;
};

/// One table for each panel. Lines over the same x share a row; others follow each other.
std::vector<DataTable> tablesOf(const Chart&);

/// Shows a Chart. Dragging and the wheel move the x axis, a double click shows everything, the
/// mouse reads out the nearest point.
class ChartPlot : public QWidget {
    Q_OBJECT
public:
    explicit ChartPlot(QWidget* parent = nullptr);
    ~ChartPlot() override;

    /// Panels keep the range a person chose as long as their number stays.
    void setChart(Chart);
    const Chart& chart() const;
    void setTheme(const Theme&);
    void fit();
    void paintTo(QPainter&, QSizeF size);

    /// Range of an axis of panel `index` as it is drawn (tests).
    Range shownX(std::size_t index) const;
    Range shownY(std::size_t index) const;
    /// Pixels of a point of panel `index`.
    QPointF pixelOf(std::size_t index, double x, double y) const;
    /// What the mouse reads out there; empty away from everything.
    QString readoutAt(QPointF pixel) const;

Q_SIGNALS:
    /// On a line: its group, and the name of the point if it has one.
    void clicked(int group, const QString& name);

protected:
    bool eventFilter(QObject*, QEvent*) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

}  // namespace lx::ui
