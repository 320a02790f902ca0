// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/renderer.h"

#include <string>
#include <vector>

namespace lx::render {

struct BenchRow {
    std::string name;
    double value = 0;
    std::string unit;
};

/// Median milliseconds from a scene to its finished 1280x800 picture, over 31 pictures of a
/// moving view after a warm-up: render.points1e4, render.density1e6, render.field (256x256 values,
/// 12 iso-lines) and render.surface (the same in space, lit). Blocks for about a second.
std::vector<BenchRow> bench(Renderer&);

}  // namespace lx::render
