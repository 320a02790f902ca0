// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/color_bar.h"

#include "core/render/colormap.h"
#include "core/render/value_scale.h"

#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPolygonF>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kStrip = 12, kBefore = 14, kTick = 3, kGap = 4;
constexpr int kStops = 64;  ///< of the gradient, finer than eyes tell apart

QColor toColor(const render::Color& c) {
    return QColor::fromRgbF(std::clamp(c.r, 0.0F, 1.0F), std::clamp(c.g, 0.0F, 1.0F),
                            std::clamp(c.b, 0.0F, 1.0F), std::clamp(c.a, 0.0F, 1.0F));
}

QFont barFont(const Theme& theme) {
    return theme.font(11);
}

/// Powers of ten in (0, high] that are at least `least`.
std::vector<double> decades(double least, double high) {
    std::vector<double> out;
    for (double p = std::pow(10, std::ceil(std::log10(least) - 1e-9)); p <= high * (1 + 1e-9);
         p *= 10) {
        out.push_back(p);
    }
    return out;
}

}  // namespace

ColorBar barOf(const render::GridLayer& field, const QString& label, const QString& part) {
    ColorBar out;
    out.label = label;
    out.part = part;
    out.map = field.map;
    out.range = render::rangeOf(field);
    out.levels = field.isoColor.a > 0 ? render::isoValues(field) : std::vector<double>();
    out.levelColor = toColor(field.isoColor);
    if (!field.clip && field.values.defined()) {
        for (const float v : field.values.values<float>()) {
            out.openBelow = out.openBelow || v < static_cast<float>(field.low);
            out.openAbove = out.openAbove || v > static_cast<float>(field.high);
        }
    }
    return out;
}

double barShare(const ColorBar& bar, double value) {
    const float t = render::ValueScale(bar.range).place(static_cast<float>(value));
    return std::isfinite(t) ? std::clamp(static_cast<double>(t), 0.0, 1.0) : 0;
}

std::vector<Tick> barTicks(const ColorBar& bar, double height) {
    const int wanted = std::clamp(static_cast<int>(height / 44), 2, 8);
    const double low = bar.range.low, high = bar.range.high;
    std::vector<double> places;
    if (bar.range.scaling == render::Scaling::Log && low > 0) {
        places = decades(low, high);
    } else if (bar.range.scaling == render::Scaling::SymLog) {
        for (const double p : decades(bar.range.linear, std::max(std::abs(low), std::abs(high)))) {
            places.push_back(-p);
            places.push_back(p);
        }
        places.push_back(0);
        std::erase_if(places, [&](double p) { return p < low || p > high; });
        std::ranges::sort(places);
    }
    if (places.size() < 2) {
        return niceTicks(low, high, wanted);
    }
    const auto every =
        (places.size() + static_cast<std::size_t>(wanted) - 1) / static_cast<std::size_t>(wanted);
    std::vector<Tick> out;
    for (std::size_t i = 0; i < places.size(); i += every) {
        const double size = std::abs(places[i]);
        out.push_back({places[i], tickLabel(places[i], size >= 1 || size == 0
                                                           ? 0
                                                           : int(std::lround(-std::log10(size))))});
    }
    return out;
}

double barWidth(const ColorBar& bar, const Theme& theme, double height) {
    const QFontMetricsF metrics(barFont(theme));
    double widest = 0;
    for (const Tick& tick : barTicks(bar, height)) {
        widest = std::max(widest, metrics.horizontalAdvance(tick.label));
    }
    const double s = theme.typeScale;
    return std::ceil(kBefore + (kStrip + kTick) * s + kGap + widest +
                     (bar.label.isEmpty() ? 0 : kGap + metrics.height()));
}

void paintBar(QPainter& painter, const ColorBar& bar, const Theme& theme, const QRectF& area) {
    const QFontMetricsF metrics(barFont(theme));
    const double s = theme.typeScale, width = kStrip * s, tip = width * 0.8;
    QRectF strip(area.left() + kBefore, area.top(), width, area.height());
    strip.adjust(0, bar.openAbove ? tip : 0, 0, bar.openBelow ? -tip : 0);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QLinearGradient shades(strip.bottomLeft(), strip.topLeft());
    for (int i = 0; i < kStops; ++i) {
        const double t = double(i) / (kStops - 1);
        shades.setColorAt(t, toColor(render::sample(bar.map, t)));
    }
    // One outline: the strip, pointed where values beyond its ends have the colour of the end.
    QPolygonF outline;
    outline << strip.bottomLeft() << strip.topLeft();
    if (bar.openAbove) {
        outline << QPointF(strip.center().x(), strip.top() - tip);
    }
    outline << strip.topRight() << strip.bottomRight();
    if (bar.openBelow) {
        outline << QPointF(strip.center().x(), strip.bottom() + tip);
    }
    const QPen line(theme.border, std::max(0.8, 0.8 * theme.lineScale));
    painter.setPen(line);
    painter.setBrush(shades);
    painter.drawPolygon(outline);
    const auto at = [&](double value) {
        return strip.bottom() - barShare(bar, value) * strip.height();
    };
    painter.setPen(QPen(bar.levelColor, std::max(0.8, 0.8 * theme.lineScale)));
    for (const double level : bar.levels) {
        painter.drawLine(QPointF(strip.left() + 1, at(level)),
                         QPointF(strip.right() - 1, at(level)));
    }
    painter.setFont(barFont(theme));
    double widest = 0;
    const double right = strip.right() + kTick * s;
    for (const Tick& tick : barTicks(bar, area.height())) {
        painter.setPen(line);
        painter.drawLine(QPointF(strip.right(), at(tick.at)), QPointF(right, at(tick.at)));
        painter.setPen(theme.secondary);
        painter.drawText(
            QRectF(right + kGap, at(tick.at) - metrics.height() / 2, 120 * s, metrics.height()),
            Qt::AlignLeft | Qt::AlignVCenter, tick.label);
        widest = std::max(widest, metrics.horizontalAdvance(tick.label));
    }
    if (!bar.label.isEmpty()) {
        painter.translate(right + 2 * kGap + widest, area.center().y());
        painter.rotate(-90);
        painter.setPen(theme.secondary);
        painter.drawText(QRectF(-area.height() / 2, 0, area.height(), metrics.height()),
                         Qt::AlignCenter, bar.label);
    }
    painter.restore();
}

}  // namespace lx::ui
