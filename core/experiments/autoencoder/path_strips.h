// SPDX-License-Identifier: GPL-3.0-or-later
// What is seen along the paths between two codes: film strips, speed, uncertainty.
#pragma once

#include "core/experiments/autoencoder/decoder_map.h"
#include "core/experiments/sliced_task.h"
#include "core/geometry/geodesic.h"

#include <array>

namespace lx::autoencoder {

/// Of each film strip, ends included.
inline constexpr Index kFrames = 11;

/// Geodesic, straight line and spherical interpolation between the same ends, [knots, D] each: the
/// order of the rows of `speed` and `uncertainty`. The last one is empty where it is not defined.
using PathTriple = std::array<std::vector<double>, 3>;
PathTriple pathsOf(const Geodesic&, Index dim);

/// Decodes at equal steps of the metric along a path; no rows of an empty path.
void addStrip(SnapshotBuilder&, const std::string& channel, const Moment&, const Metric&,
              const std::vector<double>& path);
/// [3, knots - 1] metric speed on each step; rows of an empty path are not numbers.
Array speedRows(const Metric&, const PathTriple&);
/// [3, knots] standard deviation of the decoder's whole law at each knot, the root of the trace of
/// its covariance; not numbers where the decoder gives none.
Array uncertaintyRows(const MetricInputs&, Index dim, const PathTriple&);

}  // namespace lx::autoencoder
