// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/space_paint.h"

#include "core/render/axes_box.h"

#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kTick = 4, kGap = 4;

std::vector<Tick> ticksOf(const SpaceFigure& space, std::size_t axis) {
    const double longest = *std::ranges::max_element(space.box.extent);
    const int wanted = space.box.extent[axis] > 0.6 * longest ? 6 : 4;
    return niceTicks(space.box.low[axis], space.box.high[axis], wanted);
}

std::array<std::vector<double>, 3> placesOf(const SpaceFigure& space) {
    std::array<std::vector<double>, 3> out;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        for (const Tick& tick : ticksOf(space, axis)) {
            out[axis].push_back(tick.at);
        }
    }
    return out;
}

render::Size sizeOf(QSizeF plot) {
    return {std::max(1, static_cast<int>(std::lround(plot.width()))),
            std::max(1, static_cast<int>(std::lround(plot.height())))};
}

/// A rectangle of that size that touches `at` from the side of `out`, a unit vector.
QRectF beside(QPointF at, QPointF out, QSizeF size) {
    const double reach =
        std::abs(out.x()) * size.width() / 2 + std::abs(out.y()) * size.height() / 2;
    QRectF box(QPointF(), size);
    box.moveCenter(at + out * reach);
    return box;
}

}  // namespace

render::Space spaceOf(const SpaceFigure& figure, const Theme& theme, int samples) {
    render::Space out;
    out.camera = figure.camera;
    out.box = figure.box;
    out.solids = figure.solids;
    out.axes.ticks = placesOf(figure);
    out.axes.grid = toRender(theme.grid);
    out.axes.edge = toRender(theme.border);
    out.axes.width = static_cast<float>(std::max(1.0, theme.lineScale));
    out.samples = samples;
    return out;
}

render::Projection3 projectionOf(const SpaceFigure& figure, QSizeF plot) {
    return {figure.camera, sizeOf(plot), figure.box.radius()};
}

std::vector<OverlayItem> overlayOf(const SpaceFigure& figure, const Theme& theme, QSizeF plot) {
    std::vector<OverlayItem> out;
    if (!figure.box.valid()) {
        return out;
    }
    const render::Projection3 projection = projectionOf(figure, plot);
    for (const SpaceMark& mark : figure.marks) {
        const auto p = projection.map(figure.box.toWorld(mark.at[0], mark.at[1], mark.at[2]));
        if (!projection.sees(p)) {
            continue;
        }
        const double y = plot.height() - p.y;
        if (mark.marker) {
            out.push_back(MarkerItem{p.x, y, *mark.marker, mark.size, mark.fill, mark.edge});
        }
        if (!mark.text.isEmpty()) {
            out.push_back(
                TextItem{p.x, y, mark.text, theme.text, QPointF(12, -14), 11, mark.boxed});
        }
    }
    return out;
}

void paintSpaceAxes(QPainter& painter, const SpaceFigure& figure, const Theme& theme,
                    const QRectF& plot) {
    if (!figure.box.valid()) {
        return;
    }
    const render::AxesBox box =
        render::axesBox(figure.box, projectionOf(figure, plot.size()), placesOf(figure));
    painter.save();
    painter.translate(plot.topLeft());
    painter.setFont(theme.font(11));
    const QFontMetricsF metrics(painter.font());
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const render::AxisPlace& place = box.axes[axis];
        if (!place.shown) {
            continue;
        }
        const QPointF out(place.outX, place.outY);
        painter.setPen(QPen(theme.border, std::max(1.0, theme.lineScale)));
        painter.drawLine(QPointF(place.x0, place.y0), QPointF(place.x1, place.y1));
        const std::vector<Tick> ticks = ticksOf(figure, axis);
        const std::size_t count = std::min(ticks.size(), place.ticks.size());
        double widest = 0, step = 1e9;
        for (std::size_t i = 0; i < count; ++i) {
            widest = std::max(widest, metrics.horizontalAdvance(ticks[i].label));
            if (i > 0) {
                step = std::min(step, std::hypot(place.ticks[i].x - place.ticks[i - 1].x,
                                                 place.ticks[i].y - place.ticks[i - 1].y));
            }
        }
        // Labels along a level edge need their width, along an upright one their height.
        const double along =
            std::abs(out.y()) * (widest + 8) + std::abs(out.x()) * metrics.height();
        const auto stride = static_cast<std::size_t>(std::ceil(along / std::max(step, 1.0)));
        double deepest = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const QPointF at(place.ticks[i].x, place.ticks[i].y);
            painter.setPen(QPen(theme.border, std::max(1.0, theme.lineScale)));
            painter.drawLine(at, at + out * kTick * theme.typeScale);
            if (i % std::max<std::size_t>(stride, 1) != 0) {
                continue;
            }
            const QSizeF size(metrics.horizontalAdvance(ticks[i].label), metrics.ascent());
            const QRectF label = beside(at + out * (kTick + kGap) * theme.typeScale, out, size);
            painter.setPen(theme.secondary);
            painter.drawText(label.adjusted(-20, -10, 20, 10), Qt::AlignCenter, ticks[i].label);
            deepest = std::max(
                deepest, std::abs(out.x()) * size.width() + std::abs(out.y()) * size.height());
        }
        const QString& name = figure.labels[axis];
        const QPointF middle((place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2);
        QRectF label = beside(middle + out * ((kTick + 2.5 * kGap) * theme.typeScale + deepest),
                              out, QSizeF(metrics.horizontalAdvance(name), metrics.ascent()));
        // A long name rather comes near its axis than is cut off at the picture's edge.
        const double wished = label.left();
        label.moveLeft(std::max(std::min(wished, plot.width() - label.width() - 2), 2.0));
        if (std::abs(out.x()) > std::abs(out.y()) && std::abs(label.left() - wished) > 2 * kGap) {
            // Beside an upright axis it would lie on the numbers: there is room above its end.
            const double top = std::min(place.y0, place.y1) - metrics.height();
            label.moveBottom(std::max(top, label.height() + 2));
        }
        painter.setPen(theme.text);
        painter.drawText(label.adjusted(-20, -10, 20, 10), Qt::AlignCenter, name);
    }
    painter.restore();
}

}  // namespace lx::ui
