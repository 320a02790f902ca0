// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing a rectangle or a lasso over the scene widget.
#include "ui/viewport/scene_widget.h"

#include <QPainter>

#include <algorithm>

namespace lx::ui {
namespace {

/// A lasso keeps one corner for so many pixels of the way.
constexpr double kCornerPixels = 2;

}  // namespace

void SceneWidget::setDragShape(DragShape shape) {
    m_dragShape = shape;
    if (shape == DragShape::None) {
        cancelOutline();
    }
}

void SceneWidget::cancelOutline() {
    if (outlining()) {
        m_gesture = Gesture::None;
        m_outline.clear();
        update();
    }
}

void SceneWidget::extendOutline(QPointF at) {
    const QRectF& plot = m_layout.plot;
    at = {std::clamp(at.x(), plot.left(), plot.right()),
          std::clamp(at.y(), plot.top(), plot.bottom())};
    if (m_dragShape == DragShape::Rectangle) {
        m_outline = QPolygonF(QRectF(m_pressAt, at).normalized());
    } else if ((at - m_outline.back()).manhattanLength() >= kCornerPixels) {
        m_outline.append(at);
    }
    update();
}

void SceneWidget::finishOutline(Qt::KeyboardModifiers keys) {
    const QPolygonF outline = m_outline;
    m_gesture = Gesture::None;  // a receiver may repaint
    update();
    if (outline.size() > 2) {
        Q_EMIT outlined(outline, keys);
    }
}

void SceneWidget::paintOutline(QPainter& painter) const {
    QColor inside = m_theme->accent;
    inside.setAlphaF(0.12F);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(inside);
    painter.setPen(QPen(m_theme->accent, 1.2 * m_theme->lineScale, Qt::DashLine));
    painter.drawPolygon(m_outline);
}

}  // namespace lx::ui
