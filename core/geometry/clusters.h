// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <span>
#include <vector>

namespace lx {

struct Clusters {
    std::vector<double> centres;  ///< [K, D]
    std::vector<Index> member;    ///< [N], cluster of each point
};

/// Lloyd's k-means of points [N, D], started from points chosen farthest first; no randomness. K is
/// cut to the number of different points. Throws UsageError without points.
Clusters kMeans(std::span<const double> points, Index dim, Index count, Index iterations = 50);

/// Indices of K points that stand for all: the point nearest to each k-means centre, each once.
std::vector<Index> medoids(std::span<const double> points, Index dim, Index count);

/// The largest distance from one of the points to its nearest other one: rho of the encoder metric.
double largestNearestDistance(std::span<const double> points, Index dim);

}  // namespace lx
