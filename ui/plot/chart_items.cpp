// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/chart_items.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kRugHeight = 7, kPad = 5;

void drawBoxed(QCPPainter& painter, const Theme& theme, const QRectF& box, const QString& text) {
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(box, 4, 4);
    painter.setPen(theme.text);
    painter.drawText(box.adjusted(kPad, kPad, -kPad, -kPad), Qt::AlignLeft | Qt::AlignTop, text);
}

}  // namespace

PanelBack::PanelBack(QCustomPlot* plot, QCPAxisRect* rect, const ChartPanel& panel,
                     const Theme& theme)
    : QCPAbstractItem(plot), m_rect(rect), m_spans(panel.spans), m_theme(theme) {
    setClipToAxisRect(true);
    setClipAxisRect(rect);
    setSelectable(false);
}

void PanelBack::draw(QCPPainter* painter) {
    const QCPAxis* x = m_rect->axis(QCPAxis::atBottom);
    const QRectF plot = m_rect->rect();
    painter->setPen(Qt::NoPen);
    for (const ChartSpan& span : m_spans) {
        const double from = std::max(plot.left(), x->coordToPixel(span.from));
        const double to = std::min(plot.right() + 1, x->coordToPixel(span.to));
        if (to <= from) {
            continue;
        }
        const QRectF area(from, plot.top(), to - from, plot.height());
        QColor shade = m_theme.secondary;
        shade.setAlphaF(0.13F);
        painter->fillRect(area, shade);
        // Hatched, so that the shading is more than a tint.
        shade.setAlphaF(0.16F);
        painter->fillRect(area, QBrush(shade, Qt::BDiagPattern));
    }
}

PanelFront::PanelFront(QCustomPlot* plot, QCPAxisRect* rect, const ChartPanel& panel,
                       const Theme& theme)
    : QCPAbstractItem(plot),
      m_rect(rect),
      m_rules(panel.rules),
      m_rug(panel.rug),
      m_spans(panel.spans),
      m_title(panel.title),
      m_note(panel.note),
      m_theme(theme) {
    setClipToAxisRect(true);
    setClipAxisRect(rect);
    setSelectable(false);
}

void PanelFront::draw(QCPPainter* painter) {
    const QCPAxis *x = m_rect->axis(QCPAxis::atBottom), *y = m_rect->axis(QCPAxis::atLeft);
    const QRectF plot = m_rect->rect();
    painter->setAntialiasing(true);
    painter->setFont(m_theme.font(10.5));
    for (const ChartRule& rule : m_rules) {
        const QColor ink = rule.color.isValid() ? rule.color : m_theme.secondary;
        painter->setPen(QPen(ink, 1.1 * m_theme.lineScale, rule.style));
        const double at = (rule.vertical ? x : y)->coordToPixel(rule.at);
        if (rule.vertical) {
            painter->drawLine(QLineF(at, plot.top(), at, plot.bottom()));
        } else {
            painter->drawLine(QLineF(plot.left(), at, plot.right(), at));
        }
        if (rule.text.isEmpty()) {
            continue;
        }
        painter->setPen(ink);
        const QFontMetricsF metrics(painter->font());
        const double width = metrics.horizontalAdvance(rule.text);
        if (rule.vertical) {
            const bool leaves = at + width + 6 > plot.right();
            painter->drawText(
                QPointF(leaves ? at - width - 4 : at + 4, plot.top() + 2 * metrics.ascent() + 4),
                rule.text);
        } else if (at > plot.top() && at < plot.bottom()) {
            const bool high = at - metrics.height() < plot.top();
            painter->drawText(
                QPointF(plot.right() - width - 4, high ? at + metrics.ascent() + 2 : at - 3),
                rule.text);
        }
    }
    const double height = kRugHeight * m_theme.typeScale;
    for (const ChartTick& tick : m_rug) {
        const double at = x->coordToPixel(tick.at);
        painter->setPen(QPen(tick.color, 1.6 * m_theme.lineScale));
        painter->drawLine(QLineF(at, plot.bottom() - height, at, plot.bottom()));
    }
    painter->setPen(m_theme.secondary);
    for (const ChartSpan& span : m_spans) {
        const double from = std::max(plot.left(), x->coordToPixel(span.from));
        const QFontMetricsF metrics(painter->font());
        if (x->coordToPixel(span.to) - from > metrics.horizontalAdvance(span.text) + 8) {
            painter->drawText(QPointF(from + 5, plot.top() + metrics.ascent() + 3), span.text);
        }
    }
    const auto corner = [&](const QString& text, Qt::Alignment side, bool bold) {
        if (text.isEmpty()) {
            return;
        }
        painter->setFont(m_theme.font(bold ? 12 : 11, bold));
        const QFontMetricsF metrics(painter->font());
        const double room = plot.width() - 16;
        if (bold && metrics.horizontalAdvance(text) > room) {
            painter->setFont(m_theme.font(10.5, true));
        }
        const QFontMetricsF used(painter->font());
        // Cut at the end, where there is no room: the beginning says what it is.
        const QString shown = used.elidedText(text, Qt::ElideRight, room);
        QRectF box(0, plot.top() + 3, used.horizontalAdvance(shown) + 8, used.height() + 2);
        box.moveLeft(side == Qt::AlignRight ? plot.right() - box.width() - 4 : plot.left() + 4);
        QColor back = m_theme.panel;
        back.setAlphaF(0.72F);
        painter->setPen(Qt::NoPen);
        painter->setBrush(back);
        painter->drawRoundedRect(box, 3, 3);
        painter->setPen(m_theme.text);
        painter->drawText(box, Qt::AlignCenter, shown);
    };
    corner(m_note, Qt::AlignRight, true);
    corner(m_title, Qt::AlignLeft, false);
}

HoverMark::HoverMark(QCustomPlot* plot, const Theme& theme)
    : QCPAbstractItem(plot), m_theme(theme) {
    setClipToAxisRect(false);
    setSelectable(false);
}

void HoverMark::show(QPointF at, const QString& text, const QColor& color) {
    m_at = at;
    m_text = text;
    m_color = color;
}

void HoverMark::draw(QCPPainter* painter) {
    if (m_text.isEmpty()) {
        return;
    }
    painter->setAntialiasing(true);
    painter->setPen(QPen(m_theme.panel, 1));
    painter->setBrush(m_color);
    painter->drawEllipse(m_at, 4, 4);
    painter->setFont(m_theme.font(11));
    const QFontMetricsF metrics(painter->font());
    QRectF box = metrics.boundingRect(QRectF(0, 0, 500, 500), Qt::AlignLeft, m_text);
    box.setSize(box.size() + QSizeF(2 * kPad + 2, 2 * kPad));
    const QRectF whole(QPointF(), QSizeF(parentPlot()->size()));
    box.moveTopLeft(m_at + QPointF(12, -box.height() / 2));
    if (box.right() > whole.right()) {
        box.moveRight(m_at.x() - 12);
    }
    box.moveTop(std::clamp(box.top(), 0.0, std::max(0.0, whole.bottom() - box.height())));
    drawBoxed(*painter, m_theme, box, m_text);
}

LegendRow::LegendRow(QCustomPlot* plot) : QCPLayoutElement(plot) {
    setMinimumMargins(QMargins(0, 0, 0, 0));
    setAutoMargins(QCP::msNone);
    setMargins(QMargins(0, 0, 0, 0));
    setLayer(QStringLiteral("legend"));
}

void LegendRow::setEntries(std::vector<LegendEntry> entries, const Theme& theme) {
    m_entries = std::move(entries);
    m_theme = &theme;
    const int row = QFontMetrics(theme.font(11)).height() + 6;
    setMinimumSize(10, row);
    setMaximumSize(QWIDGETSIZE_MAX, row);
}

void LegendRow::draw(QCPPainter* painter) {
    if (!m_theme || m_entries.empty()) {
        return;
    }
    painter->setFont(m_theme->font(11));
    const QFontMetricsF metrics(painter->font());
    const double s = m_theme->typeScale, gap = 16 * s, icon = 24 * s;
    const QRectF area = QRectF(rect()).adjusted(8, 2, -10, 0);
    const auto widthOf = [&](const QString& text) {
        return icon + metrics.horizontalAdvance(text) + gap;
    };
    // The left half stays free for the controls of the view.
    const double room = area.width() * 0.72;
    std::size_t fits = 0;
    double width = 0;
    const auto moreText = [&](std::size_t shown) {
        return QObject::tr("and %1 more").arg(m_entries.size() - shown);
    };
    while (fits < m_entries.size() && width + widthOf(m_entries[fits].text) <= room) {
        width += widthOf(m_entries[fits++].text);
    }
    const bool cut = fits < m_entries.size();
    if (cut) {
        width += metrics.horizontalAdvance(moreText(fits)) + 4;
    }
    double x = area.right() - width;
    const double y = area.center().y();
    for (std::size_t i = 0; i < fits; ++i) {
        const LegendEntry& entry = m_entries[i];
        QColor color = entry.color;
        color.setAlphaF(entry.faded ? 0.3F : color.alphaF());
        painter->setPen(QPen(color, 1.8 * m_theme->lineScale, entry.line, Qt::FlatCap));
        painter->drawLine(QLineF(x, y, x + icon - 7 * s, y));
        if (entry.marker) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(color);
            paintMarker(*painter, *entry.marker, QPointF(x + (icon - 7 * s) / 2, y), 8 * s);
        }
        painter->setPen(entry.faded ? m_theme->secondary : m_theme->text);
        painter->drawText(QRectF(x + icon, area.top(), widthOf(entry.text), area.height()),
                          Qt::AlignLeft | Qt::AlignVCenter, entry.text);
        x += widthOf(entry.text);
    }
    if (cut) {
        painter->setPen(m_theme->secondary);
        painter->drawText(QRectF(x, area.top(), area.right() - x + 60, area.height()),
                          Qt::AlignLeft | Qt::AlignVCenter, moreText(fits));
    }
}

}  // namespace lx::ui
