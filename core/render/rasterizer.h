// SPDX-License-Identifier: GPL-3.0-or-later
// Draws scenes without any device. The definition of correct: the shaders repeat this arithmetic
// and are compared with it.
#pragma once

#include "core/render/projection.h"
#include "core/render/scene.h"

#include <string>

namespace lx::render {

/// For layers that name no colour: the first category of the light theme.
inline constexpr Color kDefaultColor{17 / 255.0F, 87 / 255.0F, 164 / 255.0F, 1};

/// Why the layer cannot be drawn, as a sentence; empty when it can.
std::string problem(const Layer&);

/// Draws everything; layers with a problem are left out. A size below 1 counts as 1.
Image rasterize(const Scene&, Size pixels);

/// Signed distance in pixels from (x, y), pixels from the centre with y downwards, to the edge of
/// a marker of `radius` pixels; negative inside. All markers but plus and cross have the area of
/// the circle.
float markerDistance(Marker, float x, float y, float radius) noexcept;
/// No marker reaches farther than this many radii.
inline constexpr float kMarkerExtent = 1.6F;

struct GridSample {
    bool inside = false;
    float value = 0;     ///< not-a-number when a corner of the cell is
    float gradient = 0;  ///< length of the gradient, per pixel
};
/// Bilinear look-up at a data position; the outermost values lie on the edge of `place`.
/// `pixelsPerX`, `pixelsPerY`: pixels per data unit. The layer must have no problem.
GridSample lookUp(const GridLayer&, double x, double y, double pixelsPerX, double pixelsPerY);

}  // namespace lx::render
