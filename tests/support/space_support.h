// SPDX-License-Identifier: GPL-3.0-or-later
// Three-dimensional scenes shared by the tests of pictures.
#pragma once

#include "core/render/space.h"
#include "tests/support/render_support.h"

namespace lx::render::test {

/// Six pictures that together use every solid, lens, lighting and corner case.
std::vector<NamedScene> spaceGallery(Theme);

/// sum of hills over [-3, 3]^2 with heights in about [-6.5, 8]
double peaks(double x, double y);
Surface3 peaksSurface(Index side, Theme);
/// A space around `solids` with ticks, its camera fitted to `size`.
Space spaceAround(const Box3&, std::vector<Solid> solids, Theme, Size size);
Scene sceneOf(Space, Theme);

}  // namespace lx::render::test
