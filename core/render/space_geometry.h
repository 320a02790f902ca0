// SPDX-License-Identifier: GPL-3.0-or-later
// Solids as seen by the camera: what our rasteriser and the device draw alike. Projection,
// lighting and sorting happen here, once, on the host.
#pragma once

#include "core/render/space.h"

#include <cstdint>
#include <vector>

namespace lx::render {

/// Mirrors `Vertex` of shaders/render/facet.vert.
struct FacetVertex {
    float x = 0, y = 0, z = 0;  ///< pixels, depth
    float inverse = 0;          ///< 1 / w with a perspective lens, else 1; 0: not to be drawn
    float value = 0, light = 1, gloss = 0, pad = 0;
};
static_assert(sizeof(FacetVertex) == 32);

/// Cells of a grid (vertices row by row), or triangles.
struct Facets {
    std::vector<FacetVertex> vertices;
    std::uint32_t columns = 0, rows = 0;   ///< of the grid
    std::vector<std::uint32_t> triangles;  ///< three each; empty: a grid
    std::array<std::uint32_t, 256> table{};
    float low = 0, range = 1, isoLines = 0, isoWidth = 1, wireStep = 0, wireWidth = 1, opacity = 1;
    std::uint32_t isoColor = 0, wireColor = 0;
};

/// A sprite (a == b, `shape` a Marker) or a segment (kSegment). Mirrors `Glyph` of
/// shaders/render/glyph.vert.
struct Glyph {
    float ax = 0, ay = 0, bx = 0, by = 0;  ///< pixels
    float az = 0, bz = 0;                  ///< depth
    float radius = 1;                      ///< half the width of a segment
    std::uint32_t color = 0, shape = 0;
};
static_assert(sizeof(Glyph) == 36);
inline constexpr std::uint32_t kSegment = 100;

struct SpaceGeometry {
    std::vector<Facets> facets;
    std::vector<Glyph> glyphs;  ///< far ones first
    bool perspective = true;
};

/// `ratio`: device pixels per logical pixel. Solids with a problem are left out.
SpaceGeometry geometryOf(const Space&, Size, float ratio, Color background);

/// Height of a surface at a data position as drawn, held within the box; NaN outside it.
double heightAt(const Surface3&, const Box3&, double x, double y);

}  // namespace lx::render
