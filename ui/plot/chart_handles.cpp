// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/chart_handles.h"

#include "ui/plot/qcp.h"

#include <QMouseEvent>

#include <cmath>

namespace lx::ui {
namespace {

constexpr double kGrabPixels = 12;

}  // namespace

ChartHandles::ChartHandles(ChartPlot& plot)
    : QObject(&plot), m_plot(plot), m_canvas(plot.findChild<QCustomPlot*>()) {
    m_canvas->installEventFilter(this);
}

std::optional<int> ChartHandles::held() const {
    return m_grip ? std::optional(m_grip->id) : std::nullopt;
}

void ChartHandles::cancel() {
    m_grip.reset();
}

const ChartHandles::Handle* ChartHandles::under(QPointF at) const {
    const Handle* found = nullptr;
    double least = kGrabPixels;
    for (const Handle& handle : m_handles) {
        const QPointF away = m_plot.pixelOf(handle.panel, handle.x, handle.y) - at;
        if (const double apart = std::hypot(away.x(), away.y()); apart < least) {
            least = apart;
            found = &handle;
        }
    }
    return found;
}

bool ChartHandles::eventFilter(QObject*, QEvent* event) {
    const auto* mouse = dynamic_cast<QMouseEvent*>(event);
    if (!mouse) {
        return false;
    }
    const QPointF at = mouse->position();
    if (event->type() == QEvent::MouseButtonPress && mouse->button() == Qt::LeftButton) {
        const Handle* taken = under(at);
        if (!taken) {
            return false;
        }
        const double one = m_plot.pixelOf(taken->panel, taken->x, taken->y + 1).y() -
                           m_plot.pixelOf(taken->panel, taken->x, taken->y).y();
        m_grip = Grip{taken->id, taken->y, at.y(), 1 / one};
        return true;
    }
    if (event->type() == QEvent::MouseMove) {
        if (m_grip) {
            m_grip->moved = true;
            Q_EMIT moved(m_grip->id, m_grip->y + (at.y() - m_grip->pixel) * m_grip->perPixel);
            return true;
        }
        m_canvas->setCursor(under(at) ? Qt::SizeVerCursor : Qt::ArrowCursor);
        return false;
    }
    if (event->type() == QEvent::MouseButtonRelease && m_grip &&
        mouse->button() == Qt::LeftButton) {
        const Grip grip = *m_grip;
        m_grip.reset();
        if (grip.moved) {
            Q_EMIT released(grip.id);
        }
        return true;
    }
    return false;
}

}  // namespace lx::ui
