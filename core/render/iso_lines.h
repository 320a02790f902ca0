// SPDX-License-Identifier: GPL-3.0-or-later
// Contours as curves: for labels, vector figures and measuring. The renderer draws the lines of a
// GridLayer per pixel; these are the same lines.
#pragma once

#include "core/render/geometry2d.h"
#include "core/render/scene.h"

#include <span>
#include <vector>

namespace lx::render {

struct IsoLine {
    double level = 0;
    std::vector<Point2> points;  ///< data coordinates; a closed line does not repeat its first
    bool closed = false;
};

/// Marching squares over `values` [rows, columns] float32 whose outermost nodes lie on the edges of
/// `place`. Lines end at the border and at nodes that are no number; where a cell is ambiguous, the
/// bilinear value at its saddle decides (nielson1991). Higher values lie to the right of a line's
/// direction as y grows upwards. O(cells) per level. Throws UsageError for another shape.
std::vector<IsoLine> isoLines(const Array& values, const Rect& place,
                              std::span<const double> levels);
/// Those that the layer's picture shows.
std::vector<IsoLine> isoLines(const GridLayer&);

struct IsoLabel {
    Point2 at;         ///< data coordinates
    double angle = 0;  ///< on the picture, radians counter-clockwise, in (-pi/2, pi/2]
    double level = 0;
};

/// One place on each line of at least twice `room` pixels within the view, straight enough for a
/// text `room` pixels long, none nearer than `room` to another; long lines first.
std::vector<IsoLabel> isoLabels(std::span<const IsoLine>, const Rect& view, Size pixels,
                                double room);

}  // namespace lx::render
