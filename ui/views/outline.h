// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/camera.h"
#include "core/render/space.h"
#include "ui/bridge/explore_state.h"
#include "ui/viewport/scene_widget.h"

#include <QPolygonF>

#include <functional>
#include <optional>
#include <vector>

namespace lx::ui {

/// Rows whose place lies inside the closed outline (odd-even rule). `place(row)` gives pixels, or
/// nothing for a row that is not on the picture. O(rows x corners), only within the bounding box.
std::vector<Index> rowsInside(const QPolygonF& outline, Index rows,
                              const std::function<std::optional<QPointF>(Index)>& place);

/// Rows of `xy` [N, 2] (a plane) or [N, 3] (the widget shows a space) float32 that an outline drawn
/// over `scene` holds. `category` [N] int64, or undefined: negative rows are not on the picture.
std::vector<Index> rowsUnder(const QPolygonF& outline, const SceneWidget& scene, const Array& xy,
                             const Array& category);

/// The row whose mark lies under `at`, as the signals of `scene` report places, within `radius`
/// pixels; -1: none. `cloud`: the same rows while the widget shows a space.
Index rowUnderMouse(QPointF at, const SceneWidget& scene, const Array& xy, const Array& category,
                    const render::PointCloud3& cloud, double radius);

/// Shift adds, Alt or Ctrl (where the desktop keeps Alt for itself) subtracts.
Combine combineOf(Qt::KeyboardModifiers);

/// What a left drag over a widget draws with this tool.
SceneWidget::DragShape dragShapeOf(const ExploreState&);

}  // namespace lx::ui
