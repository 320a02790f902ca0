// SPDX-License-Identifier: GPL-3.0-or-later
// The three-dimensional mode of the scene widget: camera, mouse and keys.
#include "ui/viewport/scene_widget.h"
#include "ui/viewport/space_paint.h"

#include <QKeyEvent>
#include <QWheelEvent>

#include <cmath>

namespace lx::ui {
namespace {

constexpr double kTurnPerPixel = 0.009, kTurnPerKey = 0.0872664626;  // 5 degrees
constexpr double kPixelsPerKey = 24, kZoomPerNotch = 1.2;
constexpr int kSettleMs = 160;

}  // namespace

void SceneWidget::setSpace(std::optional<SpaceFigure> space) {
    const bool entered = space && !m_figure.space;
    if (space && m_figure.space) {
        space->camera = m_figure.space->camera;
        space->follows = m_figure.space->follows;
    }
    const bool left = !space && m_figure.space;
    m_figure.space = std::move(space);
    setFocusPolicy(m_figure.space ? Qt::StrongFocus : Qt::ClickFocus);
    layersChanged();
    if (entered || left) {
        m_picture = {};
        Q_EMIT viewChanged();
    }
}

render::Size SceneWidget::plotPixels() const {
    return {std::max(1, static_cast<int>(std::lround(m_layout.plot.width()))),
            std::max(1, static_cast<int>(std::lround(m_layout.plot.height())))};
}

void SceneWidget::setCamera(const render::Camera& camera) {
    if (m_figure.space) {
        m_figure.space->camera = camera;
        m_figure.space->follows = false;
        cameraMoved();
    }
}

void SceneWidget::cameraMoved() {
    m_moving = true;  // rough edges while it moves
    m_settle.start(kSettleMs);
    m_dirty = true;
    relayout();
    update();
    Q_EMIT viewChanged();
}

void SceneWidget::settled() {
    m_moving = false;
    m_dirty = true;
    update();
}

void SceneWidget::resetCamera() {
    if (m_figure.space) {
        rememberCamera("reset");
        const render::Lens lens = m_figure.space->camera.lens;
        m_figure.space->camera = {};
        m_figure.space->camera.lens = lens;
        m_figure.space->follows = true;
        cameraMoved();
    }
}

QPointF SceneWidget::plotPixel(QPointF at) const {
    return {at.x(), m_layout.plot.height() - at.y()};
}

void SceneWidget::moveCamera(QPointF from, QPointF to, bool pans) {
    const QPointF by = to - from;
    SpaceFigure& space = *m_figure.space;
    if (pans) {
        space.camera = render::pan(space.camera, plotPixels(), by.x(), by.y());
        space.follows = false;
    } else {
        space.camera = render::orbit(space.camera, -kTurnPerPixel * by.x(), kTurnPerPixel * by.y());
    }
    cameraMoved();
}

void SceneWidget::zoomCamera(QPointF pixel, double notches) {
    rememberCamera("wheel");
    SpaceFigure& space = *m_figure.space;
    const QPointF at = pixel - m_layout.plot.topLeft();
    space.camera =
        render::zoom(space.camera, plotPixels(), at.x(), at.y(), std::pow(kZoomPerNotch, -notches));
    space.follows = false;
    cameraMoved();
}

bool SceneWidget::isCameraKey(const QKeyEvent& event) const {
    if (!m_figure.space || event.modifiers() & (Qt::ControlModifier | Qt::AltModifier)) {
        return false;
    }
    switch (event.key()) {
        case Qt::Key_Left:
        case Qt::Key_Right:
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_Plus:
        case Qt::Key_Minus: return true;
        default: return false;
    }
}

bool SceneWidget::event(QEvent* event) {
    // The window scrubs with the arrow keys; a picture in space that has the focus comes first.
    if (event->type() == QEvent::ShortcutOverride && isCameraKey(*static_cast<QKeyEvent*>(event))) {
        event->accept();
        return true;
    }
    return QWidget::event(event);
}

void SceneWidget::keyPressEvent(QKeyEvent* event) {
    if (!isCameraKey(*event)) {
        QWidget::keyPressEvent(event);
        return;
    }
    const int key = event->key();
    if (key == Qt::Key_Plus || key == Qt::Key_Minus) {
        zoomCamera(m_layout.plot.center(), key == Qt::Key_Plus ? 1 : -1);
        return;
    }
    const QPointF way(key == Qt::Key_Right  ? 1
                      : key == Qt::Key_Left ? -1
                                            : 0,
                      key == Qt::Key_Down ? 1
                      : key == Qt::Key_Up ? -1
                                          : 0);
    const bool pans = event->modifiers() & Qt::ShiftModifier;
    rememberCamera("keys");
    moveCamera({}, way * (pans ? kPixelsPerKey : kTurnPerKey / kTurnPerPixel), pans);
}

}  // namespace lx::ui
