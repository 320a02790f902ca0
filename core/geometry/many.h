// SPDX-License-Identifier: GPL-3.0-or-later
// Quantities of many curves.
#pragma once

#include "core/geometry/geodesic.h"

namespace lx {

/// Lengths of the geodesics between all points a [N, D] and b [M, D]: [N, M]; not-a-number where a
/// stop request came first.
std::vector<double> distances(const MetricPtr&, std::span<const double> a,
                              std::span<const double> b, const GeodesicOptions& = {},
                              const std::stop_token& = {});
/// The same among the points themselves, [N, N], symmetric; each pair is solved once.
std::vector<double> distanceMatrix(const MetricPtr&, std::span<const double> points,
                                   const GeodesicOptions& = {}, const std::stop_token& = {});

struct FrechetMean {
    std::vector<double> point;  ///< [D]
    double variance = 0;        ///< mean squared distance to it
    double gradient = 0;        ///< metric length of the mean of the logarithms there
    Index iterations = 0;
    GeodesicEnd end = GeodesicEnd::Running;
};
/// The point of least sum of squared distances, by Riemannian gradient descent from the mean in the
/// chart: exp of the mean of the logarithms, halved until the sum falls. Converged when `gradient`
/// is below tolerance times the root of the variance. Weights [N] may be empty.
FrechetMean frechetMean(const MetricPtr&, std::span<const double> points,
                        std::span<const double> weights = {}, double tolerance = 1e-6,
                        const GeodesicOptions& = {}, const std::stop_token& = {});

/// Gauss curvature at z [N, 2] of a metric of the plane, [N], by Brioschi's formula: first
/// derivatives exact, second ones by five-point differences of those with spacing `step`;
/// not-a-number within two steps of the chart's edge.
std::vector<double> gaussCurvature(const Metric&, std::span<const double> z, double step = 1e-3);

}  // namespace lx
