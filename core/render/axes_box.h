// SPDX-License-Identifier: GPL-3.0-or-later
// Where the box around a three-dimensional picture carries its grid and its labels. Pure.
#pragma once

#include "core/render/camera.h"

#include <utility>
#include <vector>

namespace lx::render {

struct AxisPlace {
    bool shown = false;                     ///< false: seen end-on
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< the labelled edge from low to high, pixels
    double outX = 0, outY = 0;              ///< unit vector away from the box, where labels go
    struct TickPlace {
        double value = 0, x = 0, y = 0;  ///< data coordinate; pixels
    };
    std::vector<TickPlace> ticks;
};

struct AxesBox {
    using Segment = std::pair<Vec3, Vec3>;  ///< world
    std::vector<Segment> grid;              ///< at the ticks, on the faces seen from inside
    std::vector<Segment> edges;             ///< around those faces
    std::array<AxisPlace, 3> axes;          ///< x, y, z: a silhouette edge each
};

/// `ticks` in data coordinates; those outside the box are left out. The labelled edges of x and y
/// are the lower ones on the screen, that of z the left one.
AxesBox axesBox(const Box3&, const Projection3&, const std::array<std::vector<double>, 3>& ticks);

}  // namespace lx::render
