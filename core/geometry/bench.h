// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/timing.h"

#include <span>
#include <vector>

namespace lx::geometry {

/// geometry.metric64: the pull-back metric of a decoder 2-256-512-784 on 64 x 64 points;
/// geometry.geodesic_exact: a geodesic of 64 points on it, from the straight line to convergence;
/// geometry.geodesic_cached: the same on a grid of 65 x 65 matrices that is at hand. The work of
/// tests/support/baseline/geometry.py, one thread.
std::vector<std::string> benchNames();

/// Milliseconds of each of `names`, and for each a row NAME.cpu of processor time.
std::vector<BenchResult> bench(std::span<const std::string> names);

}  // namespace lx::geometry
