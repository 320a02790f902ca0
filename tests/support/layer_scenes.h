// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/render_support.h"

namespace lx::render::test {

/// One scene per layer of the plane and per way to use it, beyond those of points and densities;
/// gallery() ends with them.
std::vector<NamedScene> layerScenes(Theme);

/// A whirl with a saddle beside it: [side, side, 2] over `place`.
Array whirl(Index side, const Rect& place);

/// Trails that wind outwards: [states, trails, 2].
Array spirals(Index states, Index trails);

}  // namespace lx::render::test
