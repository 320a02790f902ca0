// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

#include <optional>

namespace lx::render {

struct PickInfo {
    Index index = 0;      ///< row of `xy`
    double pixels = 0;    ///< distance on the screen
    double x = 0, y = 0;  ///< the point, data coordinates
};

/// The point of `xy` [N, 2] nearest on the screen to (pixelX, pixelY), not farther than `radius`
/// pixels, or nothing. `category` as in PointsLayer: hidden points are not found. O(N): some
/// 0.1 ms for 10^5 points. Of equally near points the later one wins, as it is drawn on top.
std::optional<PickInfo> pickPoint(const Array& xy, const Array& category, const Rect& view,
                                  Size pixels, double pixelX, double pixelY, double radius);

/// The value under a pixel of a grid layer, as drawn (bilinear); nothing outside it.
std::optional<float> pickValue(const GridLayer&, const Rect& view, Size pixels, double pixelX,
                               double pixelY);

/// The uppermost image of an atlas under a pixel.
std::optional<Index> pickImage(const AtlasLayer&, const Rect& view, Size pixels, double pixelX,
                               double pixelY);

}  // namespace lx::render
