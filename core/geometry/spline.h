// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/geodesic.h"

namespace lx {

/// The curve of least energy among the straight line plus a natural cubic spline that is zero at
/// both ends and has `pieces` pieces of equal length (4 to 8 are usual): few unknowns, smooth, and
/// as good as the metric is smooth at that scale. The energy is taken at options.knots points,
/// which are also the path of the result.
Geodesic splineGeodesic(const MetricPtr&, std::span<const double> a, std::span<const double> b,
                        Index pieces = 6, const GeodesicOptions& = {}, const std::stop_token& = {});

}  // namespace lx
