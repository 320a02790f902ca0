// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/scene_widget.h"

#include "ui/viewport/space_paint.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPaintEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace lx::ui {
namespace {

constexpr int kPollMs = 4, kTroubleMs = 20'000;
constexpr double kZoomPerNotch = 1.2;
constexpr double kFilled = 0.8;  ///< share of a picture in space that its box takes

bool usable(const render::Rect& r) {
    return std::isfinite(r.x0) && std::isfinite(r.y0) && std::isfinite(r.x1) &&
           std::isfinite(r.y1) && r.x1 > r.x0 && r.y1 > r.y0;
}

bool same(const render::Rect& a, const render::Rect& b) {
    return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
}

}  // namespace

SceneWidget::SceneWidget(RendererSource source, QWidget* parent)
    : QWidget(parent), m_source(std::move(source)), m_theme(&currentTheme()) {
    setMouseTracking(true);
    setFocusPolicy(Qt::ClickFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setMinimumSize(60, 60);
    setAccessibleName(tr("Plot"));
    setContextMenuPolicy(Qt::PreventContextMenu);  // a right drag zooms: see mouseReleaseEvent
    m_poll.setInterval(kPollMs);
    connect(&m_poll, &QTimer::timeout, this, &SceneWidget::takePicture);
    m_settle.setSingleShot(true);
    connect(&m_settle, &QTimer::timeout, this, &SceneWidget::settled);
    m_troubleEnds.setSingleShot(true);
    m_troubleEnds.setInterval(kTroubleMs);
    connect(&m_troubleEnds, &QTimer::timeout, this, [this] {
        m_trouble.clear();
        update();
    });
}

SceneWidget::~SceneWidget() = default;

void SceneWidget::layersChanged() {
    m_dirty = true;
    m_read = m_readAt ? readoutAt(*m_readAt) : QString();
    relayout();
    update();
}

void SceneWidget::overlayChanged() {
    update();
}

void SceneWidget::setTheme(const Theme& theme) {
    m_theme = &theme;
    layersChanged();
}

void SceneWidget::setHome(const render::Rect& home) {
    if (usable(home) && !same(home, m_figure.home)) {
        m_figure.home = home;
        if (m_follows) {
            fit();
        }
    }
}

void SceneWidget::fit() {
    if (!m_follows || (m_figure.space && !m_figure.space->follows)) {
        rememberCamera("fit");
    }
    m_follows = true;
    if (m_figure.space) {
        m_figure.space->follows = true;
    }
    m_wanted = m_figure.home;
    m_dirty = true;
    relayout();
    update();
    Q_EMIT viewChanged();
}

void SceneWidget::setShown(const render::Rect& rect) {
    if (!usable(rect)) {
        return;
    }
    m_follows = false;
    m_wanted = rect;
    m_dirty = true;
    relayout();
    update();
    Q_EMIT viewChanged();
}

void SceneWidget::relayout() {
    if (!usable(m_wanted)) {
        m_wanted = usable(m_figure.home) ? m_figure.home : render::Rect{0, 0, 1, 1};
    }
    // Tick labels depend on the range, the range (with equal axes) on the room they leave.
    m_layout = layoutFigure(m_figure, *m_theme, QSizeF(size()), m_wanted, false);
    m_shown = shownRect(m_figure, m_wanted, m_layout.plot);
    m_layout = layoutFigure(m_figure, *m_theme, QSizeF(size()), m_shown, false);
    m_shown = shownRect(m_figure, m_wanted, m_layout.plot);
    fitSpace(m_figure, m_layout.plot);
}

void SceneWidget::fitSpace(Figure& figure, const QRectF& plot) const {
    if (figure.space && figure.space->follows) {
        figure.space->camera =
            render::fit(figure.space->camera, figure.space->box,
                        {static_cast<int>(plot.width()), static_cast<int>(plot.height())}, kFilled);
    }
}

render::Scene SceneWidget::sceneFor(const Figure& figure, const render::Rect& rect,
                                    float pixelRatio, int samples) const {
    render::Scene scene{rect, toRender(m_theme->panel), pixelRatio, styledLayers(figure)};
    if (figure.space) {
        render::Space space = spaceOf(*figure.space, *m_theme, samples);
        space.solids = styledSolids(figure);
        scene.space = std::make_shared<const render::Space>(std::move(space));
    }
    return scene;
}

void SceneWidget::submitIfNeeded() {
    if (!m_dirty || m_inFlight || !isVisible()) {
        return;
    }
    m_dirty = false;
    if (m_figure.layers.empty() && !m_figure.space) {
        m_picture = {};
        return;
    }
    if (!m_target) {
        m_troubles = m_source().troubles();  // earlier ones are no news
        m_target = m_source().createTarget();
    }
    const double ratio = devicePixelRatioF();
    const render::Size pixels{static_cast<int>(std::lround(m_layout.plot.width() * ratio)),
                              static_cast<int>(std::lround(m_layout.plot.height() * ratio))};
    m_flightRect = m_shown;
    m_inFlight = true;
    ++m_submitted;
    m_target->submit(sceneFor(m_figure, m_shown, static_cast<float>(ratio), m_moving ? 1 : 2),
                     pixels);
    m_poll.start();
}

void SceneWidget::takePicture() {
    if (!m_target) {
        m_poll.stop();
        return;
    }
    const bool busy = m_target->busy();  // asked first: the picture may be finished in between
    if (const auto image = m_target->take()) {
        m_picture = toQImage(*image).convertToFormat(QImage::Format_RGB32);
        m_pictureRect = m_flightRect;
        m_inFlight = false;
        noticeTrouble();
        update();
    } else if (!busy) {
        m_inFlight = false;  // the device gave up on that picture
    }
    if (!m_inFlight) {
        m_poll.stop();
        submitIfNeeded();
    }
}

void SceneWidget::noticeTrouble() {
    if (m_source().troubles() != m_troubles) {
        const render::RendererInfo info = m_source().info();
        m_troubles = info.troubles;
        m_trouble = QString::fromStdString(info.trouble);
        m_troubleEnds.start();
    }
}

void SceneWidget::paintEvent(QPaintEvent*) {
    ++m_painted;
    if (m_inFlight) {
        takePicture();
    }
    submitIfNeeded();
    QPainter painter(this);
    painter.fillRect(rect(), m_theme->panel);
    paintFigure(painter, m_figure, *m_theme, m_layout, m_shown, m_picture, m_pictureRect);
    if (outlining()) {
        paintOutline(painter);
    }
    paintReadout(painter);
    if (!m_trouble.isEmpty()) {
        painter.setFont(m_theme->font(11));
        painter.setPen(m_theme->warning);
        painter.drawText(m_layout.plot.adjusted(8, 8, -8, -8),
                         Qt::AlignLeft | Qt::AlignBottom | Qt::TextWordWrap, m_trouble);
    }
}

void SceneWidget::paintTo(QPainter& painter, QSizeF size, double rasterScale, bool withTitle) {
    const render::Rect wanted = usable(m_wanted) ? m_wanted : m_figure.home;
    Figure figure = m_figure;  // the camera is fitted to another size
    FigureLayout layout = layoutFigure(figure, *m_theme, size, wanted, withTitle);
    render::Rect shown = shownRect(figure, wanted, layout.plot);
    layout = layoutFigure(figure, *m_theme, size, shown, withTitle);
    shown = shownRect(figure, wanted, layout.plot);
    fitSpace(figure, layout.plot);
    QImage picture;
    if (!figure.layers.empty() || figure.space) {
        const render::Size pixels{
            static_cast<int>(std::lround(layout.plot.width() * rasterScale)),
            static_cast<int>(std::lround(layout.plot.height() * rasterScale))};
        picture = toQImage(
            m_source().draw(sceneFor(figure, shown, static_cast<float>(rasterScale), 2), pixels));
    }
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    paintFigure(painter, figure, *m_theme, layout, shown, picture, shown);
}

void SceneWidget::resizeEvent(QResizeEvent*) {
    m_dirty = true;
    relayout();
    Q_EMIT viewChanged();
}

void SceneWidget::showEvent(QShowEvent*) {
    m_dirty = true;
}

void SceneWidget::mousePressEvent(QMouseEvent* event) {
    for (std::size_t i = 0; i < m_layout.legendCells.size(); ++i) {
        if (event->button() == Qt::LeftButton &&
            m_layout.legendCells[i].contains(event->position())) {
            Q_EMIT legendClicked(static_cast<int>(i));
            return;
        }
    }
    if (!m_layout.plot.contains(event->position())) {
        return;
    }
    const bool draws = m_dragShape != DragShape::None;
    const bool turns = draws && m_figure.space && event->button() == Qt::RightButton;
    if (event->button() == Qt::RightButton && !turns) {
        m_gesture = Gesture::Box;
        m_moved = false;
        m_pressAt = m_lastAt = event->position();
        return;
    }
    const bool leftButton = event->button() == Qt::LeftButton;
    const bool pans =
        event->button() == Qt::MiddleButton ||
        (leftButton && !draws && (m_leftPans || event->modifiers() & Qt::ShiftModifier));
    if (!pans && !leftButton && !turns) {
        event->ignore();
        return;
    }
    const bool orbits = turns || (m_figure.space && leftButton && !draws &&
                                  !(event->modifiers() & Qt::ShiftModifier));
    m_gesture = orbits                ? Gesture::Orbit
                : draws && leftButton ? Gesture::Outline
                : pans                ? Gesture::Pan
                                      : Gesture::Drag;
    m_outline = {event->position()};
    m_moved = false;
    m_pressAt = m_lastAt = event->position();
    m_pressRect = m_shown;
    updateReadout({});
    if (m_gesture == Gesture::Drag) {
        Q_EMIT pressed(toData(m_pressAt));
    }
}

void SceneWidget::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    if (m_gesture == Gesture::None) {
        const bool now = m_layout.plot.contains(at);
        updateReadout(now ? std::optional(at) : std::nullopt);
        if (now) {
            Q_EMIT hovered(toData(at));
        } else if (m_inside) {
            Q_EMIT left();
        }
        m_inside = now;
        return;
    }
    if (!m_moved && (at - m_pressAt).manhattanLength() < QApplication::startDragDistance() / 2) {
        return;
    }
    const bool first = !std::exchange(m_moved, true);
    if (m_gesture == Gesture::Box) {
        m_lastAt = at;
        update();
        return;
    }
    if (first && (m_gesture == Gesture::Pan || m_gesture == Gesture::Orbit)) {
        rememberCamera("drag");
        m_lastMove = "";  // the next drag is another move
    }
    if (outlining()) {
        extendOutline(at);
    } else if (m_figure.space) {
        setCursor(Qt::ClosedHandCursor);
        moveCamera(m_lastAt, at, m_gesture == Gesture::Pan);
        m_lastAt = at;
    } else if (m_gesture == Gesture::Drag) {
        const QRectF& plot = m_layout.plot;
        Q_EMIT dragged(toData({std::clamp(at.x(), plot.left(), plot.right()),
                               std::clamp(at.y(), plot.top(), plot.bottom())}));
    } else if (m_zoomable) {
        setCursor(Qt::ClosedHandCursor);
        const PlotTransform to(m_pressRect, m_layout.plot);
        const double dx = (at.x() - m_pressAt.x()) / to.scaleX();
        const double dy = (at.y() - m_pressAt.y()) / to.scaleY();
        setShown(
            {m_pressRect.x0 - dx, m_pressRect.y0 + dy, m_pressRect.x1 - dx, m_pressRect.y1 + dy});
    }
}

void SceneWidget::mouseReleaseEvent(QMouseEvent* event) {
    if (m_gesture == Gesture::None) {
        return;
    }
    if (m_gesture == Gesture::Box) {
        if (event->button() == Qt::RightButton) {
            m_gesture = Gesture::None;
            if (m_moved) {
                finishBox();
            } else {
                Q_EMIT menuAsked(event->globalPosition().toPoint());
            }
        }
        return;
    }
    if (!m_moved && event->button() == Qt::LeftButton) {
        Q_EMIT clicked(toData(m_pressAt));
    } else if (outlining() && event->button() == Qt::LeftButton) {
        finishOutline(event->modifiers());
    }
    const bool drag = m_gesture == Gesture::Drag && event->button() == Qt::LeftButton;
    m_gesture = Gesture::None;
    m_outline.clear();
    unsetCursor();
    if (drag) {
        Q_EMIT released();
    }
}

void SceneWidget::mouseDoubleClickEvent(QMouseEvent* event) {
    if (m_figure.space && event->button() == Qt::LeftButton &&
        m_layout.plot.contains(event->position())) {
        resetCamera();
    } else if (m_zoomable && m_leftPans && event->button() == Qt::LeftButton &&
               m_layout.plot.contains(event->position())) {
        fit();
    } else {
        mousePressEvent(event);
    }
}

void SceneWidget::wheelEvent(QWheelEvent* event) {
    if (!m_zoomable || !m_layout.plot.contains(event->position())) {
        event->ignore();
        return;
    }
    if (m_figure.space) {
        zoomCamera(event->position(), event->angleDelta().y() / 120.0);
        event->accept();
        return;
    }
    const double factor = std::pow(kZoomPerNotch, -event->angleDelta().y() / 120.0);
    const QPointF at = toData(event->position());
    const render::Rect r{
        at.x() + (m_shown.x0 - at.x()) * factor, at.y() + (m_shown.y0 - at.y()) * factor,
        at.x() + (m_shown.x1 - at.x()) * factor, at.y() + (m_shown.y1 - at.y()) * factor};
    // Beyond these widths float32 coordinates would show their rounding.
    const double size = std::max({std::abs(r.x0), std::abs(r.x1), std::abs(r.y0), std::abs(r.y1)});
    if (r.x1 - r.x0 > 1e-5 * size && r.x1 - r.x0 < 1e9) {
        rememberCamera("wheel");
        setShown(r);
    }
    event->accept();
}

void SceneWidget::leaveEvent(QEvent*) {
    updateReadout({});
    if (m_inside) {
        m_inside = false;
        Q_EMIT left();
    }
}

}  // namespace lx::ui
