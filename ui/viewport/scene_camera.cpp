// SPDX-License-Identifier: GPL-3.0-or-later
// The scene widget's layer list, the history and the sharing of its camera, box zoom and read-out.
#include "core/render/rasterizer.h"
#include "ui/shell/numbers.h"
#include "ui/viewport/scene_widget.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lx::ui {
namespace {

constexpr std::size_t kMostMoves = 100;
constexpr qint64 kOneMoveMs = 600;
constexpr double kLeastBox = 6;
/// Beyond this share of its coordinates a box is finer than float32 tells apart.
constexpr double kFinest = 1e-5;

QString pointText(const Figure& figure, double x, double y) {
    const auto name = [](const QString& label, const char* other) {
        return label.isEmpty() ? QLatin1String(other) : label.section(QStringLiteral(" ("), 0, 0);
    };
    return QStringLiteral("%1 = %2, %3 = %4")
        .arg(name(figure.xLabel, "x"), formatShort(x), name(figure.yLabel, "y"), formatShort(y));
}

}  // namespace

void SceneWidget::setPart(const PartStyle& style) {
    ui::setStyle(m_figure.choices, style);
    layersChanged();
    Q_EMIT partsChanged();
}

bool SceneWidget::movePart(const QString& id, int by) {
    const bool moved = ui::movePart(m_figure, id, by);
    if (moved) {
        layersChanged();
        Q_EMIT partsChanged();
    }
    return moved;
}

void SceneWidget::setChoices(const PartChoices& choices) {
    if (!(choices == m_figure.choices)) {
        m_figure.choices = choices;
        layersChanged();
        Q_EMIT partsChanged();
    }
}

SceneWidget::CameraState SceneWidget::cameraState() const {
    CameraState state{m_follows, true, m_wanted};
    if (m_figure.space) {
        state.camera = m_figure.space->camera;
        state.spaceFollows = m_figure.space->follows;
    }
    return state;
}

void SceneWidget::rememberCamera(const char* kind) {
    const bool same = std::strcmp(kind, m_lastMove) == 0 && m_sinceMove.isValid() &&
                      m_sinceMove.elapsed() < kOneMoveMs;
    m_lastMove = kind;
    m_sinceMove.restart();
    if (same) {
        return;
    }
    m_redo.clear();
    m_undo.push_back(cameraState());
    if (m_undo.size() > kMostMoves) {
        m_undo.erase(m_undo.begin());
    }
}

void SceneWidget::restoreCamera(const CameraState& state) {
    m_lastMove = "";
    m_follows = state.follows;
    m_wanted = state.follows ? m_figure.home : state.wanted;
    // A chart of another number of axes has come since: its camera stays.
    if (m_figure.space && state.camera) {
        m_figure.space->camera = *state.camera;
        m_figure.space->follows = state.spaceFollows;
    }
    m_dirty = true;
    relayout();
    update();
    Q_EMIT viewChanged();
}

bool SceneWidget::undoCamera() {
    if (m_undo.empty()) {
        return false;
    }
    m_redo.push_back(cameraState());
    const CameraState back = m_undo.back();
    m_undo.pop_back();
    restoreCamera(back);
    return true;
}

bool SceneWidget::redoCamera() {
    if (m_redo.empty()) {
        return false;
    }
    m_undo.push_back(cameraState());
    const CameraState on = m_redo.back();
    m_redo.pop_back();
    restoreCamera(on);
    return true;
}

QString SceneWidget::cameraSpan() const {
    if (!m_zoomable) {
        return {};
    }
    // "component 1 (43 %)" of two runs is the same axis.
    const auto name = [](const QString& label) {
        return label.section(QStringLiteral(" ("), 0, 0);
    };
    QStringList axes{name(m_figure.xLabel), name(m_figure.yLabel)};
    if (m_figure.space) {
        axes.clear();
        for (const QString& label : m_figure.space->labels) {
            axes << name(label);
        }
    }
    return axes.contains(QString()) ? QString() : axes.join(QLatin1Char('|'));
}

void SceneWidget::followCamera(const SceneWidget& other) {
    if (m_figure.space && other.m_figure.space) {
        setCamera(other.m_figure.space->camera);
    } else if (!m_figure.space && !other.m_figure.space) {
        const render::Rect& r = other.m_shown;
        if (r.x0 != m_shown.x0 || r.x1 != m_shown.x1 || r.y0 != m_shown.y0 || r.y1 != m_shown.y1) {
            setShown(r);
        }
    }
}

void SceneWidget::finishBox() {
    update();
    const QRectF box = QRectF(m_pressAt, m_lastAt).normalized() & m_layout.plot;
    if (m_figure.space || !m_zoomable || box.width() < kLeastBox || box.height() < kLeastBox) {
        return;
    }
    const QPointF a = toData(box.bottomLeft()), b = toData(box.topRight());
    const double size =
        std::max({std::abs(a.x()), std::abs(a.y()), std::abs(b.x()), std::abs(b.y())});
    if (b.x() - a.x() > kFinest * size && b.y() - a.y() > kFinest * size) {
        rememberCamera("box");
        m_lastMove = "";
        setShown({a.x(), a.y(), b.x(), b.y()});
    }
}

QString SceneWidget::readoutAt(QPointF at) const {
    if (m_figure.space || !m_readsOut) {
        return {};  // a position of the mouse is a line there
    }
    const std::vector<std::size_t> shown = shownLayers(m_figure);
    for (std::size_t n = shown.size(); n-- > 0;) {
        const auto* grid = std::get_if<render::GridLayer>(&m_figure.layers[shown[n]]);
        if (const auto value = grid ? render::valueAt(*grid, at.x(), at.y()) : std::nullopt) {
            return QStringLiteral("%1: %2\n%3")
                .arg(partOfLayer(m_figure, shown[n]).name, formatShort(double(*value), 5),
                     pointText(m_figure, at.x(), at.y()));
        }
    }
    return {};
}

void SceneWidget::updateReadout(std::optional<QPointF> pixel) {
    m_readAt = pixel ? std::optional(toData(*pixel)) : std::nullopt;
    const QString text = m_readAt ? readoutAt(*m_readAt) : QString();
    if (text != m_read || !text.isEmpty()) {
        m_read = text;
        update();
    }
}

void SceneWidget::paintReadout(QPainter& painter) const {
    std::vector<OverlayItem> items;
    if (m_readAt && !m_read.isEmpty()) {
        items.push_back(TextItem{m_readAt->x(), m_readAt->y(), m_read, m_theme->text,
                                 QPointF(14, -20), 11, true});
    }
    if (m_gesture == Gesture::Box && m_moved && m_zoomable && !m_figure.space) {
        const QPointF a = toData(m_pressAt), b = toData(m_lastAt);
        QColor inside = m_theme->accent;
        inside.setAlphaF(0.12F);
        items.push_back(RectItem{{std::min(a.x(), b.x()), std::min(a.y(), b.y()),
                                  std::max(a.x(), b.x()), std::max(a.y(), b.y())},
                                 inside,
                                 m_theme->accent,
                                 1});
    }
    if (!items.empty()) {
        paintOverlay(painter, items, *m_theme, m_layout.plot, m_shown);
    }
}

}  // namespace lx::ui
