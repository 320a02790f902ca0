// SPDX-License-Identifier: GPL-3.0-or-later
// What lies under a pixel of a three-dimensional picture.
#pragma once

#include "core/render/space.h"

#include <optional>

namespace lx::render {

struct Pick3 {
    Index index = 0;           ///< row of `xyz`
    double pixels = 0;         ///< distance on the screen
    double w = 0;              ///< distance from the eye's plane
    std::array<double, 3> at;  ///< data coordinates
};

/// The point of a cloud under a pixel: the nearest to the viewer of those whose sprite covers it,
/// else the nearest on the screen within `radius` pixels. `ratio`: device pixels per logical one.
/// Hidden points, and those that `space` shows behind a surface, are not found. O(N).
std::optional<Pick3> pickPoint(const Space&, const PointCloud3&, Size, float ratio, double pixelX,
                               double pixelY, double radius);

struct SurfaceHit {
    std::array<double, 3> at;  ///< data coordinates
    double value = 0;          ///< of the tint when there is one, else the height
    double w = 0;
};

/// Where the line of sight through a pixel first meets a surface; nothing when it misses.
/// O(rows + columns).
std::optional<SurfaceHit> pickSurface(const Space&, const Surface3&, Size, double pixelX,
                                      double pixelY);

}  // namespace lx::render
