// SPDX-License-Identifier: GPL-3.0-or-later
// Draws scenes without any device. The definition of correct: the shaders repeat this arithmetic
// and are compared with it.
#pragma once

#include "core/render/projection.h"
#include "core/render/scene.h"

#include <optional>
#include <string>
#include <vector>

namespace lx::render {

/// For layers that name no colour: the first category of the light theme.
inline constexpr Color kDefaultColor{17 / 255.0F, 87 / 255.0F, 164 / 255.0F, 1};

/// Why the layer cannot be drawn, as a sentence; empty when it can.
std::string problem(const Layer&);

/// Draws everything; layers with a problem are left out. A size below 1 counts as 1.
Image rasterize(const Scene&, Size pixels);

/// Draws the layers from `first` on over RGBA8 `pixels` of that size.
Image rasterizeOver(Size, std::vector<std::uint8_t> pixels, const Scene&, std::size_t first);

/// Signed distance in pixels from (x, y), pixels from the centre with y downwards, to the edge of
/// a marker of `radius` pixels; negative inside. All markers but plus and cross have the area of
/// the circle.
float markerDistance(Marker, float x, float y, float radius) noexcept;
/// How many radii a marker reaches from its centre.
float markerExtent(Marker) noexcept;

/// Value of a layer without problem at a data position, bilinear; the outermost values lie on the
/// edge of `place`. Nothing outside it or where a corner of the cell is not a number.
std::optional<float> valueAt(const GridLayer&, double x, double y);

}  // namespace lx::render
