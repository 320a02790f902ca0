// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/figure.h"

#include <QFontMetricsF>
#include <QPaintEngine>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace lx::ui {
namespace {

/// Beyond the plot's edges, in logical pixels: wider than any pen, nearer than anything slow.
constexpr double kReach = 100;

bool isFinite(const QPointF& p) {
    return std::isfinite(p.x()) && std::isfinite(p.y());
}

/// Pieces of a line inside `rect` (Liang and Barsky).
std::vector<QPolygonF> clippedTo(const QRectF& rect, const QPolygonF& line) {
    std::vector<QPolygonF> out;
    bool open = false;
    for (qsizetype i = 1; i < line.size(); ++i) {
        const QPointF a = line[i - 1], d = line[i] - a;
        if (!isFinite(a) || !isFinite(line[i])) {
            open = false;
            continue;
        }
        double from = 0, till = 1;
        const auto cut = [&](double along, double room) {
            if (along == 0) {
                till = room < 0 ? -1 : till;
            } else if (along < 0) {
                from = std::max(from, room / along);
            } else {
                till = std::min(till, room / along);
            }
        };
        cut(-d.x(), a.x() - rect.left());
        cut(d.x(), rect.right() - a.x());
        cut(-d.y(), a.y() - rect.top());
        cut(d.y(), rect.bottom() - a.y());
        if (from > till) {
            open = false;
            continue;
        }
        if (!open || from > 0) {
            out.push_back(QPolygonF{a + from * d});
        }
        out.back() << a + till * d;
        open = till == 1;
    }
    return out;
}

struct OverlayPainter {
    QPainter& painter;
    const Theme& theme;
    const QRectF& plot;
    PlotTransform to;

    /// Qt writes no clip into an SVG: what leaves the plot is cut here.
    bool cuts() const {
        return painter.paintEngine() && painter.paintEngine()->type() == QPaintEngine::SVG;
    }
    /// What is drawn at all. Qt's rasteriser walks the rows of a shape that it will not show: a
    /// curve that leaves the plot by a million pixels takes it seconds.
    QRectF reach() const { return cuts() ? plot : plot.adjusted(-kReach, -kReach, kReach, kReach); }
    void drawLine(const QPolygonF& line) const {
        if (reach().contains(line.boundingRect()) && std::ranges::all_of(line, isFinite)) {
            painter.drawPolyline(line);
            return;
        }
        for (const QPolygonF& piece : clippedTo(reach(), line)) {
            painter.drawPolyline(piece);
        }
    }
    void drawLine(QPointF a, QPointF b) const {
        if (reach().contains(a) && reach().contains(b)) {
            painter.drawLine(a, b);
        } else {
            drawLine(QPolygonF{a, b});
        }
    }
    QPen pen(const QColor& color, double width, Qt::PenStyle style = Qt::SolidLine) const {
        QPen out(color, width * theme.lineScale,
                 style == Qt::DashLine ? Qt::CustomDashLine : style);
        if (style == Qt::DashLine) {
            out.setDashPattern({4, 3});
        }
        out.setCapStyle(Qt::FlatCap);
        return out;
    }
    void operator()(const CurveItem& item) const {
        QPolygonF line;
        for (const QPointF& p : item.points) {
            line << to.map(p.x(), p.y());
        }
        painter.setPen(pen(item.color, item.width, item.style));
        painter.setBrush(Qt::NoBrush);
        drawLine(line);
    }
    void operator()(const SegmentsItem& item) const {
        painter.setPen(pen(item.color, item.width));
        for (const QLineF& line : item.lines) {
            drawLine(to.map(line.x1(), line.y1()), to.map(line.x2(), line.y2()));
        }
    }
    void operator()(const EllipseItem& item) const {
        painter.setPen(pen(item.color, item.width, item.style));
        painter.setBrush(Qt::NoBrush);
        const QPointF centre = to.map(item.x, item.y);
        const double rx = item.rx * to.scaleX(), ry = item.ry * to.scaleY();
        if (reach().contains(QRectF(centre - QPointF(rx, ry), centre + QPointF(rx, ry)))) {
            painter.drawEllipse(centre, rx, ry);
            return;
        }
        constexpr int kSides = 256;
        QPolygonF line;
        for (int i = 0; i <= kSides; ++i) {
            const double angle = 2 * std::numbers::pi * i / kSides;
            line << centre + QPointF(rx * std::cos(angle), ry * std::sin(angle));
        }
        drawLine(line);
    }
    void operator()(const RectItem& item) const {
        QRectF rect(to.map(item.rect.x0, item.rect.y1), to.map(item.rect.x1, item.rect.y0));
        if (!reach().contains(rect)) {
            rect &= reach();
            if (rect.isEmpty()) {
                return;
            }
        }
        painter.setPen(item.edge.isValid() ? pen(item.edge, item.width) : QPen(Qt::NoPen));
        painter.setBrush(item.fill.isValid() ? QBrush(item.fill) : QBrush(Qt::NoBrush));
        painter.drawRect(rect);
    }
    bool hides(double x, double y) const { return !reach().contains(to.map(x, y)); }
    void operator()(const MarkerItem& item) const {
        if (hides(item.x, item.y)) {
            return;
        }
        painter.setPen(item.edge.isValid() ? pen(item.edge, 1.5) : QPen(Qt::NoPen));
        painter.setBrush(item.fill.isValid() ? QBrush(item.fill) : QBrush(Qt::NoBrush));
        paintMarker(painter, item.marker, to.map(item.x, item.y), item.size * theme.typeScale);
    }
    void operator()(const CrosshairItem& item) const {
        if (hides(item.x, item.y)) {
            return;
        }
        const QPointF at = to.map(item.x, item.y);
        const double arm = item.arm * theme.typeScale;
        for (const bool halo : {true, false}) {
            painter.setPen(QPen(halo ? theme.panel : item.color,
                                (halo ? 5.0 : 2.4) * theme.lineScale, Qt::SolidLine,
                                halo ? Qt::RoundCap : Qt::FlatCap));
            painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0));
            painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm));
        }
    }
    void operator()(const ArrowItem& item) const {
        const QPointF from = to.map(item.x0, item.y0), tip = to.map(item.x1, item.y1);
        const double length = std::hypot(tip.x() - from.x(), tip.y() - from.y());
        if (!(length > 0.5)) {
            return;
        }
        const double head = std::min(9 * theme.lineScale, 0.6 * length);
        const QPointF along = (tip - from) / length, across(-along.y(), along.x());
        const QPointF base = tip - along * head;
        const QPolygonF shape{tip, base + across * (0.42 * head), base - across * (0.42 * head)};
        painter.setPen(pen(item.color, item.width, item.style));
        drawLine(from, item.filled ? base : tip);
        painter.setPen(pen(item.color, item.width));
        if (item.filled) {
            painter.setBrush(item.color);
            painter.drawPolygon(shape);
        } else {
            painter.drawPolyline(QPolygonF{shape[1], shape[0], shape[2]});
        }
    }
    void operator()(const EdgeItem& item) const {
        QPolygonF line;
        const double height = item.height * theme.typeScale;
        const bool bottom = item.side == EdgeItem::Side::Bottom;
        for (const QPointF& p : item.points) {
            line << (bottom ? QPointF(to.map(p.x(), 0).x(), plot.bottom() - height * p.y())
                            : QPointF(plot.left() + height * p.y(), to.map(0, p.x()).y()));
        }
        if (line.isEmpty()) {
            return;
        }
        if (item.fill.isValid()) {
            QPolygonF area = line;
            for (const QPointF& end : {line.last(), line.first()}) {
                area << (bottom ? QPointF(end.x(), plot.bottom()) : QPointF(plot.left(), end.y()));
            }
            painter.setPen(Qt::NoPen);
            painter.setBrush(item.fill);
            painter.drawPolygon(area);
        }
        painter.setPen(pen(item.color, 1.3, item.style));
        painter.setBrush(Qt::NoBrush);
        drawLine(line);
    }
    void operator()(const TextItem& item) const {
        if (hides(item.x, item.y)) {
            return;
        }
        painter.setFont(theme.font(item.size));
        const QFontMetricsF metrics(painter.font());
        QRectF box = metrics.boundingRect(QRectF(0, 0, 600, 600), Qt::AlignLeft, item.text);
        const QPointF at = to.map(item.x, item.y);
        const double pad = item.boxed ? 6 : 2;
        box = QRectF(at + item.offset, box.size() + QSizeF(2 * pad, 2 * pad));
        if (item.centered) {
            box.moveCenter(at + item.offset);
        } else {
            if (item.offset.y() < 0) {
                box.moveBottom(at.y() + item.offset.y() + box.height() / 2);
            }
            if (box.right() > plot.right()) {
                box.moveRight(at.x() - item.offset.x());
            }
            if (box.left() < plot.left()) {
                box.moveLeft(plot.left());
            }
            if (box.top() < plot.top()) {
                box.moveTop(at.y() + std::abs(item.offset.y()));
            }
            if (box.bottom() > plot.bottom()) {
                box.moveBottom(at.y() - std::abs(item.offset.y()));
            }
        }
        if (item.boxed) {
            painter.setPen(QPen(theme.border, 1));
            painter.setBrush(theme.panel);
            painter.drawRoundedRect(box, 4, 4);
        } else {
            QColor back = theme.panel;
            back.setAlphaF(0.75F);
            painter.setPen(Qt::NoPen);
            painter.setBrush(back);
            painter.drawRoundedRect(box, 3, 3);
        }
        painter.setPen(item.color);
        painter.drawText(box.adjusted(pad, pad, -pad, -pad), Qt::AlignLeft | Qt::AlignVCenter,
                         item.text);
    }
};

}  // namespace

void paintMarker(QPainter& painter, render::Marker marker, QPointF at, double size) {
    const double r = size / 2;
    const auto polygon = [&](std::initializer_list<QPointF> unit) {
        QPolygonF shape;
        for (const QPointF& p : unit) {
            shape << at + p * r;
        }
        painter.drawPolygon(shape);
    };
    const double arm = 0.34;
    const auto cross = [&](double angle) {
        QPolygonF shape;
        const double c = std::cos(angle), s = std::sin(angle);
        for (const QPointF& p :
             {QPointF(-arm, -1), QPointF(arm, -1), QPointF(arm, -arm), QPointF(1, -arm),
              QPointF(1, arm), QPointF(arm, arm), QPointF(arm, 1), QPointF(-arm, 1),
              QPointF(-arm, arm), QPointF(-1, arm), QPointF(-1, -arm), QPointF(-arm, -arm)}) {
            shape << at + QPointF(c * p.x() - s * p.y(), s * p.x() + c * p.y()) * r;
        }
        painter.drawPolygon(shape);
    };
    switch (marker) {
        case render::Marker::Circle: painter.drawEllipse(at, r, r); break;
        case render::Marker::Square:
            polygon({{-.85, -.85}, {.85, -.85}, {.85, .85}, {-.85, .85}});
            break;
        case render::Marker::Triangle: polygon({{0, -1}, {1, .85}, {-1, .85}}); break;
        case render::Marker::Diamond: polygon({{0, -1.1}, {1.1, 0}, {0, 1.1}, {-1.1, 0}}); break;
        case render::Marker::TriangleDown: polygon({{0, 1}, {1, -.85}, {-1, -.85}}); break;
        case render::Marker::TriangleLeft: polygon({{-1, 0}, {.85, -1}, {.85, 1}}); break;
        case render::Marker::Plus: cross(0); break;
        case render::Marker::Cross: cross(0.7853981634); break;
    }
}

void paintOverlayItem(QPainter& painter, const OverlayItem& item, const Theme& theme,
                      const QRectF& plot, const PlotTransform& to) {
    std::visit(OverlayPainter{painter, theme, plot, to}, item);
}

void paintOverlay(QPainter& painter, std::span<const OverlayItem> items, const Theme& theme,
                  const QRectF& plot, const render::Rect& shown) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setClipRect(plot);
    const PlotTransform to(shown, plot);
    for (const OverlayItem& item : items) {
        paintOverlayItem(painter, item, theme, plot, to);
    }
    painter.restore();
}

}  // namespace lx::ui
