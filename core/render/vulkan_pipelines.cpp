// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan_recorder.h"

namespace lx::render {
namespace {

constexpr std::uint32_t kPointsVert[] = {
#include "shaders/points.vert.h"
};
constexpr std::uint32_t kPointsFrag[] = {
#include "shaders/points.frag.h"
};
constexpr std::uint32_t kQuadVert[] = {
#include "shaders/quad.vert.h"
};
constexpr std::uint32_t kGridFrag[] = {
#include "shaders/grid.frag.h"
};
constexpr std::uint32_t kAtlasVert[] = {
#include "shaders/atlas.vert.h"
};
constexpr std::uint32_t kAtlasFrag[] = {
#include "shaders/atlas.frag.h"
};
constexpr std::uint32_t kDensityFrag[] = {
#include "shaders/density.frag.h"
};
constexpr std::uint32_t kSplatComp[] = {
#include "shaders/density_splat.comp.h"
};
constexpr std::uint32_t kHistogramComp[] = {
#include "shaders/density_histogram.comp.h"
};
constexpr std::uint32_t kExposureComp[] = {
#include "shaders/density_exposure.comp.h"
};
constexpr std::uint32_t kStyledVert[] = {
#include "shaders/styled.vert.h"
};
constexpr std::uint32_t kStyledFrag[] = {
#include "shaders/styled.frag.h"
};
constexpr std::uint32_t kTrailsVert[] = {
#include "shaders/trails.vert.h"
};
constexpr std::uint32_t kTrailsFrag[] = {
#include "shaders/trails.frag.h"
};
constexpr std::uint32_t kMeshVert[] = {
#include "shaders/mesh.vert.h"
};
constexpr std::uint32_t kMeshFrag[] = {
#include "shaders/mesh.frag.h"
};
constexpr std::uint32_t kEllipsesVert[] = {
#include "shaders/ellipses.vert.h"
};
constexpr std::uint32_t kEllipsesFrag[] = {
#include "shaders/ellipses.frag.h"
};

constexpr std::uint32_t kFacetVert[] = {
#include "shaders/facet.vert.h"
};
constexpr std::uint32_t kFacetFrag[] = {
#include "shaders/facet.frag.h"
};
constexpr std::uint32_t kGlyphVert[] = {
#include "shaders/glyph.vert.h"
};
constexpr std::uint32_t kGlyphFrag[] = {
#include "shaders/glyph.frag.h"
};

using gpu::Texel;

}  // namespace

Pipelines::Pipelines(gpu::Device& d)
    : points(d.createGraphics({"points", kPointsVert, kPointsFrag, 4, sizeof(PointsPush)})),
      styled(d.createGraphics({"styled points", kStyledVert, kStyledFrag, 2, sizeof(StyledPush)})),
      grid(d.createGraphics({"grid",
                             kQuadVert,
                             kGridFrag,
                             4,
                             sizeof(GridPush),
                             {Texel::Float32, Texel::Rgba8, Texel::Float32, Texel::Float32}})),
      atlas(d.createGraphics(
          {"atlas", kAtlasVert, kAtlasFrag, 3, sizeof(AtlasPush), {Texel::R8, Texel::Rgba8}})),
      density(d.createGraphics({"density", kQuadVert, kDensityFrag, 2, sizeof(DensityPush)})),
      trails(d.createGraphics({"trails", kTrailsVert, kTrailsFrag, 4, sizeof(TrailsPush)})),
      mesh(d.createGraphics({"mesh",
                             kMeshVert,
                             kMeshFrag,
                             4,
                             sizeof(MeshPush),
                             {Texel::None, Texel::None, Texel::None, Texel::Rgba8}})),
      ellipses(
          d.createGraphics({"ellipses", kEllipsesVert, kEllipsesFrag, 2, sizeof(EllipsesPush)})),
      facet(d.createGraphics({"facet",
                              kFacetVert,
                              kFacetFrag,
                              3,
                              sizeof(FacetPush),
                              {Texel::None, Texel::None, Texel::Rgba8},
                              gpu::DepthUse::TestAndWrite})),
      glyph(d.createGraphics(
          {"glyph", kGlyphVert, kGlyphFrag, 1, sizeof(Vec2), {}, gpu::DepthUse::Test})),
      splat(d.createCompute({"density splat", kSplatComp, 4, sizeof(SplatPush)})),
      histogram(d.createCompute({"density histogram", kHistogramComp, 2, sizeof(HistogramPush)})),
      exposure(d.createCompute({"density exposure", kExposureComp, 2, 0})) {}

}  // namespace lx::render
