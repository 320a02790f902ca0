// SPDX-License-Identifier: GPL-3.0-or-later
// Geodesics as solutions of their differential equation: z'' = -Gamma(z', z').
#pragma once

#include "core/geometry/geodesic.h"

namespace lx {

/// Gamma(z)(v, w) = G^-1 (D_v G w + D_w G v - grad v' G w) / 2. Rows [N, D]; not-a-number where G
/// is not definite.
void christoffel(const Metric&, std::span<const double> z, std::span<const double> v,
                 std::span<const double> w, std::span<double> out);
/// z'' of a geodesic through z with velocity v: -Gamma(z)(v, v). Rows [N, D] -> [N, D].
std::vector<double> acceleration(const Metric&, std::span<const double> z,
                                 std::span<const double> v);
/// |a - b| on paper: in the coordinates of the chart, not in the metric.
double chartDistance(std::span<const double> a, std::span<const double> b);

/// Where rays ended. Rows that left the chart are not-a-number.
struct RayEnd {
    std::vector<double> z, v;      ///< [N, D], in the first chart wherever that has room for them
    std::vector<bool> otherChart;  ///< [N] z is given in the other chart of Metric::changeChart
};
/// exp_z(v) for rows z, v [N, D]: RK4 in `steps` steps of unit time, error O(steps^-4); the speed
/// |v| is constant along a ray. Changes the chart on the way where the metric knows another.
RayEnd exponential(const Metric&, std::span<const double> z, std::span<const double> v,
                   Index steps = 64);
/// Points of the rays exp_z(t v), t = 0, 1 / steps, ..., 1 from one z [D]: [N, steps + 1, D]. The
/// points of equal t of unit directions are a circle about z until rays meet.
std::vector<double> rays(const Metric&, std::span<const double> z, std::span<const double> v,
                         Index steps);
/// Unit directions at z of the plane, evenly spread for the metric: [count, 2].
std::vector<double> unitDirections(const Metric&, std::span<const double> z, Index count);

struct Logarithm {
    std::vector<double> v;  ///< [D], of length the distance
    double residual = 0;    ///< |exp_a(v) - b| in the chart
    Geodesic curve;         ///< what the search began from
};
/// log_a(b): the initial velocity of the minimising curve, sharpened by shooting (Newton) until
/// exp_a(v) = b. Where shooting does not help, as across a conjugate point, the curve's velocity.
Logarithm logarithm(const MetricPtr&, std::span<const double> a, std::span<const double> b,
                    const GeodesicOptions& = {}, const std::stop_token& = {});

/// Parallel transport of w [M, D] along a polygon [K + 1, D], RK4 on each step; error O(K^-2) for a
/// smooth curve. Angles and lengths are kept to that order.
std::vector<double> parallelTransport(const Metric&, std::span<const double> path,
                                      std::span<const double> w);

/// The geodesic equation by central differences on the knots, Newton from `path` [any points, D]
/// with damping. A solution need not be minimal. `excess` is the largest residual of the equation
/// relative to the squared speed.
Geodesic collocation(const MetricPtr&, std::span<const double> path, const GeodesicOptions& = {},
                     const std::stop_token& = {});

}  // namespace lx
