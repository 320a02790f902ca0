// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/outline.h"

#include "core/render/pick.h"
#include "core/render/pick3.h"
#include "ui/viewport/space_paint.h"

#include <cmath>

namespace lx::ui {

std::vector<Index> rowsInside(const QPolygonF& outline, Index rows,
                              const std::function<std::optional<QPointF>(Index)>& place) {
    std::vector<Index> out;
    if (outline.size() < 3) {
        return out;
    }
    const QRectF bounds = outline.boundingRect();
    for (Index row = 0; row < rows; ++row) {
        const auto at = place(row);
        if (at && bounds.contains(*at) && outline.containsPoint(*at, Qt::OddEvenFill)) {
            out.push_back(row);
        }
    }
    return out;
}

std::vector<Index> rowsUnder(const QPolygonF& outline, const SceneWidget& scene, const Array& xy,
                             const Array& category) {
    if (!xy.defined() || xy.shape().size() != 2 || xy.dtype() != DType::F32) {
        return {};
    }
    const auto values = xy.values<float>();
    const auto columns = static_cast<std::size_t>(xy.dim(1));
    const auto hidden = [&](Index row) {
        return category.defined() && category.values<Index>()[static_cast<std::size_t>(row)] < 0;
    };
    const QRectF plot = scene.plotRect();
    if (scene.figure().space && columns >= 3) {
        const SpaceFigure& space = *scene.figure().space;
        const render::Projection3 projection = projectionOf(space, plot.size());
        return rowsInside(outline, xy.dim(0), [&](Index row) -> std::optional<QPointF> {
            const std::size_t i = static_cast<std::size_t>(row) * columns;
            const auto p =
                projection.map(space.box.toWorld(values[i], values[i + 1], values[i + 2]));
            if (hidden(row) || !projection.sees(p) || !std::isfinite(p.x + p.y)) {
                return {};
            }
            return plot.topLeft() + QPointF(p.x, p.y);
        });
    }
    return rowsInside(outline, xy.dim(0), [&](Index row) -> std::optional<QPointF> {
        const std::size_t i = static_cast<std::size_t>(row) * columns;
        const QPointF p = scene.toPixel(values[i], columns > 1 ? values[i + 1] : 0.0F);
        if (hidden(row) || !std::isfinite(p.x() + p.y())) {
            return {};
        }
        return p;
    });
}

Index rowUnderMouse(QPointF at, const SceneWidget& scene, const Array& xy, const Array& category,
                    const render::PointCloud3& cloud, double radius) {
    if (scene.figure().space) {
        const QPointF cursor = scene.plotPixel(at);
        const auto hit = render::pickPoint(spaceOf(*scene.figure().space, scene.theme(), 1), cloud,
                                           scene.plotPixels(), 1, cursor.x(), cursor.y(), radius);
        return hit ? hit->index : -1;
    }
    const QRectF plot = scene.plotRect();
    const QPointF pixel = scene.toPixel(at.x(), at.y()) - plot.topLeft();
    const auto found =
        render::pickPoint(xy, category, scene.shown(),
                          {static_cast<int>(plot.width()), static_cast<int>(plot.height())},
                          pixel.x(), pixel.y(), radius);
    return found ? found->index : -1;
}

Combine combineOf(Qt::KeyboardModifiers keys) {
    return keys & Qt::ShiftModifier                         ? Combine::Add
           : keys & (Qt::AltModifier | Qt::ControlModifier) ? Combine::Subtract
                                                            : Combine::Replace;
}

SceneWidget::DragShape dragShapeOf(const ExploreState& explore) {
    if (explore.tool() != Tool::Select) {
        return SceneWidget::DragShape::None;
    }
    return explore.outline() == Outline::Lasso ? SceneWidget::DragShape::Lasso
                                               : SceneWidget::DragShape::Rectangle;
}

}  // namespace lx::ui
