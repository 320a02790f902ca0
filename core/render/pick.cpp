// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/pick.h"

#include "core/render/projection.h"
#include "core/render/rasterizer.h"

#include <algorithm>

namespace lx::render {

std::optional<PickInfo> pickPoint(const Array& xy, const Array& category, const Rect& view,
                                  Size pixels, double pixelX, double pixelY, double radius) {
    const Projection projection(view, pixels);
    PointsLayer layer;
    layer.xy = xy;
    layer.category = category;
    if (!problem(layer).empty() || !projection.valid() || xy.count() == 0) {
        return {};
    }
    const auto points = xy.values<float>();
    const auto categories =
        category.defined() ? category.values<Index>() : std::span<const Index>{};
    std::optional<PickInfo> best;
    double limit = radius * radius;
    const auto stride = static_cast<std::size_t>(xy.dim(1));
    for (Index i = 0; i < xy.dim(0); ++i) {
        const auto k = static_cast<std::size_t>(i);
        const double dx = projection.x(points[stride * k]) - pixelX;
        const double dy = projection.y(points[stride * k + 1]) - pixelY;
        const double squared = dx * dx + dy * dy;
        if (squared <= limit && (categories.empty() || categories[k] >= 0)) {
            limit = squared;
            best = PickInfo{i, std::sqrt(squared), points[stride * k], points[stride * k + 1]};
        }
    }
    return best;
}

std::optional<float> pickValue(const GridLayer& layer, const Rect& view, Size pixels, double pixelX,
                               double pixelY) {
    const Projection projection(view, pixels);
    if (!problem(layer).empty() || !projection.valid()) {
        return {};
    }
    return valueAt(layer, projection.dataX(pixelX), projection.dataY(pixelY));
}

std::optional<Index> pickImage(const AtlasLayer& layer, const Rect& view, Size pixels,
                               double pixelX, double pixelY) {
    const Projection projection(view, pixels);
    if (!problem(layer).empty() || !projection.valid()) {
        return {};
    }
    const double x = projection.dataX(pixelX), y = projection.dataY(pixelY);
    for (auto i = static_cast<Index>(layer.places.size()) - 1; i >= 0; --i) {
        const Rect& place = layer.places[static_cast<std::size_t>(i)];
        if (x >= place.x0 && x < place.x1 && y >= place.y0 && y < place.y1) {
            return i;
        }
    }
    return {};
}

}  // namespace lx::render
