// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/renderer.h"

#include <span>
#include <string>
#include <vector>

namespace lx::render {

struct BenchRow {
    std::string name;
    double value = 0;
    std::string unit;
};

/// What bench() measures, at 1280x800 on a moving view: render.points1e4, render.density1e6,
/// render.field (256x256 values, 12 iso-lines), render.surface (the same in space, lit) and
/// render.trails1e5 (ten segments each, fading); each also as processor time, "….cpu".
std::vector<std::string> benchNames();

/// The rows of those names. Milliseconds from a scene to its finished picture, the median of 31
/// pictures (fewer where they take longer than two seconds) after a warm-up; and the least
/// processor time of all threads, which other programs disturb less.
std::vector<BenchRow> bench(Renderer&, std::span<const std::string> names);

}  // namespace lx::render
