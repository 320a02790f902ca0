// SPDX-License-Identifier: GPL-3.0-or-later
// What the shaders of shaders/render and shaders/compute receive; each struct mirrors the block of
// the same name there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lx::render {

using Vec2 = std::array<float, 2>;
using Vec4 = std::array<float, 4>;
using IVec2 = std::array<std::int32_t, 2>;
using IVec4 = std::array<std::int32_t, 4>;

struct PointsPush {
    Vec4 origin;
    Vec2 scale, size;
    float radius, opacity;
    std::uint32_t colors, markers, hasCategory;
};
static_assert(sizeof(PointsPush) == 52);

struct GridPush {
    IVec4 rect;
    Vec2 size, cellsPerPixel, fraction;
    IVec2 baseCell, extent;
    float base, range, perValue, isoLines, isoWidth, opacity;
    std::uint32_t isoColor, scaling, clip, levelCount;
    float linear, shade;
};
static_assert(sizeof(GridPush) == 104);

struct StyledPush {
    Vec4 origin;
    Vec2 scale, size;
};
static_assert(sizeof(StyledPush) == 32);

struct StyleWords {
    std::uint32_t rgba;
    float radius, opacity;
    std::uint32_t marker;
};
static_assert(sizeof(StyleWords) == 16);

struct TrailsPush {
    Vec4 origin;
    Vec2 scale, size;
    float width, opacity, fade;
    std::uint32_t first, segments, trails;
    std::uint32_t colors, hasCategory, hasValues;
    std::uint32_t scaling;
    float linear, base, range;
};
static_assert(sizeof(TrailsPush) == 84);

struct MeshPush {
    Vec4 origin;
    Vec2 scale, size;
    Vec4 fill, edge;
    float edgeWidth, opacity;
    std::uint32_t valuesPer, quads, scaling;
    float linear, base, range;
};
static_assert(sizeof(MeshPush) == 96);

struct EllipsesPush {
    Vec2 size;
    float width, fill, opacity;
    std::uint32_t colors;
};
static_assert(sizeof(EllipsesPush) == 24);

struct AtlasPush {
    Vec2 size;
    IVec2 extent;
    float opacity;
};
static_assert(sizeof(AtlasPush) == 20);

struct AtlasPlace {
    IVec4 rect;
    Vec2 texel, perPixel;
    std::uint32_t image, pad[3];
};
static_assert(sizeof(AtlasPlace) == 48);

struct DensityPush {
    IVec4 rect;
    Vec2 size;
    std::uint32_t channels, pad;
    Vec4 color;
    float exposure, opacity;
};
static_assert(sizeof(DensityPush) == 56);

struct SplatPush {
    Vec4 origin;
    Vec2 scale, size;
    std::uint32_t points, channels, colors, hasCategory;
};
static_assert(sizeof(SplatPush) == 48);

struct FacetPush {
    Vec2 size;
    std::uint32_t columns;
    float low, range, isoLines, isoWidth, wireStep, wireWidth, opacity;
    std::uint32_t isoColor, wireColor;
};
static_assert(sizeof(FacetPush) == 48);

struct HistogramPush {
    std::uint32_t pixels, channels;
};
static_assert(sizeof(HistogramPush) == 8);

}  // namespace lx::render
