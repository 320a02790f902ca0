// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/figure.h"

#include "ui/viewport/space_paint.h"

#include <QFontMetricsF>
#include <QPaintEngine>
#include <QPainterPath>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace lx::ui {
namespace {

constexpr double kTickLength = 3, kGap = 4, kMargin = 8;
constexpr double kMostLegend = 0.4;  ///< of the height
constexpr double kMostBar = 0.25;    ///< of the width

QFont tickFont(const Theme& theme) {
    return theme.font(11);
}

std::vector<Tick> xTicksOf(const Figure& figure, const render::Rect& shown, double width) {
    return figure.xTicks.empty() ? niceTicks(shown.x0, shown.x1, std::clamp(int(width / 70), 2, 10))
                                 : figure.xTicks;
}

std::vector<Tick> yTicksOf(const render::Rect& shown, double height) {
    return niceTicks(shown.y0, shown.y1, std::clamp(int(height / 44), 2, 10));
}

bool inside(double v, double a, double b) {
    return v >= a - 1e-9 * (b - a) && v <= b + 1e-9 * (b - a);
}

bool isRaster(const QPainter& painter) {
    const QPaintEngine* engine = painter.paintEngine();
    return !engine || engine->type() == QPaintEngine::Raster;
}

void paintGrid(QPainter& painter, const Figure& figure, const Theme& theme, const QRectF& plot,
               const render::Rect& shown) {
    const PlotTransform to(shown, plot);
    painter.save();
    painter.setOpacity(styleOf(figure.choices, kGridPart).opacity);
    painter.setCompositionMode(theme.dark() ? QPainter::CompositionMode_Lighten
                                            : QPainter::CompositionMode_Darken);
    painter.setRenderHint(QPainter::Antialiasing, false);
    QPen pen(theme.grid, std::max(1.0, 0.7 * theme.lineScale));
    // Whole pixels of the device: between them lines would take turns in being thin and thick.
    if (const double scale = painter.deviceTransform().m11(); scale != std::floor(scale)) {
        pen.setWidth(static_cast<int>(std::max(1L, std::lround(pen.widthF() * scale))));
        pen.setCosmetic(true);
    }
    painter.setPen(pen);
    for (const Tick& tick : xTicksOf(figure, shown, plot.width())) {
        if (inside(tick.at, shown.x0, shown.x1) && figure.xTicks.empty()) {
            const double x = std::round(to.map(tick.at, 0).x());
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() - 1));
        }
    }
    for (const Tick& tick : yTicksOf(shown, plot.height())) {
        const double y = std::round(to.map(0, tick.at).y());
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right() - 1, y));
    }
    painter.restore();
}

void paintData(QPainter& painter, const Figure& figure, const Theme& theme, const QRectF& plot,
               const render::Rect& shown, const QImage& data, const render::Rect& dataRect) {
    const PlotTransform to(shown, plot);
    const bool grid =
        figure.axes && figure.grid && !figure.space && styleOf(figure.choices, kGridPart).visible;
    const bool raster = isRaster(painter);
    painter.save();
    painter.setClipRect(plot);
    if (data.isNull()) {
        painter.fillRect(plot, theme.panel);
    } else {
        const bool exact = dataRect.x0 == shown.x0 && dataRect.x1 == shown.x1 &&
                           dataRect.y0 == shown.y0 && dataRect.y1 == shown.y1;
        if (exact) {
            QImage picture = data;
            if (grid && !raster) {
                QPainter burn(&picture);
                burn.scale(data.width() / plot.width(), data.height() / plot.height());
                burn.translate(-plot.topLeft());
                paintGrid(burn, figure, theme, plot, shown);
            }
            painter.drawImage(plot, picture);
        } else {
            painter.fillRect(plot, theme.panel);
            painter.drawImage(
                QRectF(to.map(dataRect.x0, dataRect.y1), to.map(dataRect.x1, dataRect.y0)), data);
        }
    }
    painter.restore();
    if (grid && (raster || data.isNull())) {
        paintGrid(painter, figure, theme, plot, shown);
    }
}

void paintAxes(QPainter& painter, const Figure& figure, const Theme& theme, const QRectF& plot,
               const render::Rect& shown) {
    const PlotTransform to(shown, plot);
    painter.setFont(tickFont(theme));
    const QFontMetricsF metrics(painter.font());
    const double tick = kTickLength * theme.typeScale;
    const QPen line(theme.kind == ThemeKind::Projector ? theme.border : theme.border,
                    std::max(0.8, 0.8 * theme.lineScale));
    painter.setPen(line);
    painter.drawLine(plot.bottomLeft(), plot.bottomRight());
    painter.drawLine(plot.topLeft(), plot.bottomLeft());
    for (const Tick& t : xTicksOf(figure, shown, plot.width())) {
        if (!inside(t.at, shown.x0, shown.x1)) {
            continue;
        }
        const double x = to.map(t.at, 0).x();
        painter.setPen(line);
        painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + tick));
        painter.setPen(theme.secondary);
        painter.drawText(QRectF(x - 60, plot.bottom() + tick + 2, 120, metrics.height()),
                         Qt::AlignHCenter | Qt::AlignTop, t.label);
    }
    for (const Tick& t : yTicksOf(shown, plot.height())) {
        const double y = to.map(0, t.at).y();
        painter.setPen(line);
        painter.drawLine(QPointF(plot.left() - tick, y), QPointF(plot.left(), y));
        painter.setPen(theme.secondary);
        painter.drawText(QRectF(plot.left() - tick - kGap - 120, y - metrics.height() / 2, 120,
                                metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter, t.label);
    }
    painter.setPen(theme.secondary);
    painter.drawText(QRectF(plot.left(), plot.bottom() + tick + 2 + metrics.height(), plot.width(),
                            metrics.height() + 4),
                     Qt::AlignHCenter | Qt::AlignVCenter, figure.xLabel);
    painter.save();
    painter.translate(kMargin, plot.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-plot.height() / 2, 0, plot.height(), metrics.height()),
                     Qt::AlignCenter, figure.yLabel);
    painter.restore();
}

void paintLegend(QPainter& painter, const Figure& figure, const Theme& theme,
                 const FigureLayout& layout) {
    painter.setFont(tickFont(theme));
    for (std::size_t i = 0; i < figure.legend.size() && i < layout.legendCells.size(); ++i) {
        const LegendEntry& entry = figure.legend[i];
        const QRectF& cell = layout.legendCells[i];
        if (cell.isEmpty()) {
            continue;
        }
        QColor color = entry.color, text = theme.text;
        const auto opacity = static_cast<float>(styleOf(figure.choices, entry.part).opacity);
        color.setAlphaF(color.alphaF() * opacity);
        if (entry.faded) {
            color.setAlphaF(0.3F * opacity);
            text = theme.secondary;
        }
        const double y = cell.center().y(), s = theme.typeScale;
        if (entry.marker) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(color);
            paintMarker(painter, *entry.marker, QPointF(cell.left() + 7 * s, y), 7 * s);
        } else {
            painter.setPen(QPen(color, 1.6 * theme.lineScale, entry.line, Qt::FlatCap));
            painter.drawLine(QPointF(cell.left(), y), QPointF(cell.left() + 16 * s, y));
        }
        painter.setPen(text);
        painter.drawText(cell.adjusted(20 * s, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         entry.text);
    }
}

}  // namespace

FigureLayout layoutFigure(const Figure& figure, const Theme& theme, QSizeF size,
                          const render::Rect& shown, bool withTitle) {
    FigureLayout out;
    const QFontMetricsF metrics(tickFont(theme));
    const double s = theme.typeScale;
    const bool axes = figure.axes && !figure.space;
    double top = figure.axes ? kMargin : 0;
    if (withTitle && !figure.title.isEmpty()) {
        out.title = QRectF(kMargin, top, size.width() - 2 * kMargin,
                           QFontMetricsF(theme.font(12, true)).height() + 2);
        top = out.title.bottom() + kGap;
    }
    out.legendCells.resize(figure.legend.size());
    if (const std::vector<std::size_t> entries = styledLegend(figure); !entries.empty()) {
        double widest = 0;
        for (const std::size_t i : entries) {
            widest = std::max(widest, metrics.horizontalAdvance(figure.legend[i].text));
        }
        const double cell = widest + 36 * s, row = metrics.height() + 2;
        const int count = int(entries.size());
        const int fitting = std::max(1, int((size.width() - 2 * kMargin) / cell));
        const int rows = std::max((count + fitting - 1) / fitting, count > 6 ? 2 : 1);
        const int columns = (count + rows - 1) / rows;
        const double left = (size.width() - columns * cell + 14 * s) / 2;
        // Large type in a small view: the marks matter more than their names.
        if (rows * row <= kMostLegend * size.height()) {
            out.legend = QRectF(left, top, columns * cell, rows * row);
            for (int i = 0; i < count; ++i) {
                out.legendCells[entries[static_cast<std::size_t>(i)]] =
                    QRectF(left + (i / rows) * cell, top + (i % rows) * row, cell - 8 * s, row);
            }
            top = out.legend.bottom() + 8;
        }
    }
    if (!axes) {
        out.plot = QRectF(0, std::ceil(top), size.width(), size.height() - std::ceil(top));
    } else {
        double widest = 0;
        for (const Tick& tick : yTicksOf(shown, size.height() - top - 50)) {
            widest = std::max(widest, metrics.horizontalAdvance(tick.label));
        }
        const double left =
            std::ceil(kMargin + metrics.height() + kGap + widest + kGap + kTickLength * s);
        const double bottom = std::ceil(kTickLength * s + 2 * metrics.height() + 8);
        const double y = std::ceil(std::max(top, metrics.height() / 2));
        out.plot = QRectF(left, y, std::floor(size.width() - left - 2 * kMargin),
                          std::floor(size.height() - bottom - y));
        if (figure.bar && styleOf(figure.choices, figure.bar->part).visible) {
            const double width = barWidth(*figure.bar, theme, out.plot.height());
            // In a small view the plot matters more than the meaning of its colours.
            if (width <= kMostBar * out.plot.width()) {
                out.plot.setWidth(out.plot.width() - width + kMargin);
                out.bar = QRectF(out.plot.right(), y, width, out.plot.height());
            }
        }
    }
    out.plot.setWidth(std::max(8.0, out.plot.width()));
    out.plot.setHeight(std::max(8.0, out.plot.height()));
    return out;
}

render::Rect shownRect(const Figure& figure, const render::Rect& rect, const QRectF& plot) {
    if (figure.space) {
        return {0, 0, plot.width(), plot.height()};
    }
    if (!figure.equalAspect || !(rect.x1 > rect.x0) || !(rect.y1 > rect.y0)) {
        return rect;
    }
    const double unit =
        std::max((rect.x1 - rect.x0) / plot.width(), (rect.y1 - rect.y0) / plot.height());
    const double x = (rect.x0 + rect.x1) / 2, y = (rect.y0 + rect.y1) / 2;
    const double w = unit * plot.width() / 2, h = unit * plot.height() / 2;
    return {x - w, y - h, x + w, y + h};
}

QImage toQImage(const render::Image& image) {
    if (!image.pixels || image.size.width < 1 || image.size.height < 1 ||
        image.pixels->size() <
            std::size_t(4) * std::size_t(image.size.width) * std::size_t(image.size.height)) {
        return {};
    }
    auto* keep = new std::shared_ptr<const std::vector<std::uint8_t>>(image.pixels);
    return QImage(
        image.pixels->data(), image.size.width, image.size.height, 4 * image.size.width,
        QImage::Format_RGBX8888, [](void* p) { delete static_cast<decltype(keep)>(p); }, keep);
}

void paintFigure(QPainter& painter, const Figure& figure, const Theme& theme,
                 const FigureLayout& layout, const render::Rect& shown, const QImage& data,
                 const render::Rect& dataRect) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    paintData(painter, figure, theme, layout.plot, shown, data, dataRect);
    painter.save();
    painter.setClipRect(layout.plot);
    const PlotTransform to(shown, layout.plot);
    const auto overlay = [&](const OverlayItem& item) {
        paintOverlayItem(painter, item, theme, layout.plot, to);
    };
    for (const OverlayGroup& group : styledOverlay(figure)) {
        painter.setOpacity(group.opacity);
        for (const std::size_t i : group.items) {
            overlay(figure.overlay[i]);
        }
    }
    painter.setOpacity(1);
    if (figure.space) {
        paintSpaceAxes(painter, *figure.space, theme, layout.plot);
        const PartStyle marks = styleOf(figure.choices, QStringLiteral("marks"));
        painter.setOpacity(marks.visible ? marks.opacity : 0);
        for (const OverlayItem& item : overlayOf(*figure.space, theme, layout.plot.size())) {
            overlay(item);
        }
        painter.setOpacity(1);
    }
    if (!figure.note.isEmpty()) {
        painter.setFont(theme.font(11));
        painter.setPen(theme.secondary);
        painter.drawText(layout.plot.adjusted(6, 4, -8, -4), Qt::AlignRight | Qt::AlignTop,
                         figure.note);
    }
    painter.restore();
    if (figure.axes && !figure.space) {
        paintAxes(painter, figure, theme, layout.plot, shown);
    }
    if (figure.bar && !layout.bar.isEmpty()) {
        paintBar(painter, *figure.bar, theme, layout.bar);
    }
    paintLegend(painter, figure, theme, layout);
    if (!layout.title.isEmpty()) {
        painter.setFont(theme.font(12, true));
        painter.setPen(theme.text);
        painter.drawText(layout.title, Qt::AlignLeft | Qt::AlignVCenter, figure.title);
    }
    painter.restore();
}

}  // namespace lx::ui
