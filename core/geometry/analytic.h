// SPDX-License-Identifier: GPL-3.0-or-later
// Metrics in closed form: the truth that solvers are held against.
#pragma once

#include "core/geometry/metric.h"

#include <functional>

namespace lx {

/// Identity: lengths are those of the eye.
MetricPtr euclideanMetric(Index dim);
/// Constant `matrix` [D, D]. Throws UsageError when it is not symmetric and positive definite.
MetricPtr constantMetric(std::vector<double> matrix, Index dim);
/// Sphere of that radius in R^(D + 1), seen from its north pole: G = 4 r^2 / (1 + |z|^2)^2 I. Its
/// other chart is z / |z|^2.
MetricPtr sphereMetric(Index dim = 2, double radius = 1);
/// Hyperbolic space of curvature -1 / radius^2 as the half-space z_D > 0: G = r^2 / z_D^2 I.
MetricPtr halfPlaneMetric(Index dim = 2, double radius = 1);
/// The same space as the unit ball: G = 4 r^2 / (1 - |z|^2)^2 I.
MetricPtr poincareMetric(Index dim = 2, double radius = 1);
/// The graph of bend |z|^2 over the plane: G = I + 4 bend^2 z z'.
MetricPtr paraboloidMetric(Index dim = 2, double bend = 0.5);

/// G = exp(f(z)) I. `logFactor` fills value [N] and, where it is not empty, slope [N, D] = grad f.
using LogFactor = std::function<void(std::span<const double> z, std::span<double> value,
                                     std::span<double> slope)>;
MetricPtr scaledIdentity(Index dim, LogFactor logFactor,
                         std::function<bool(std::span<const double>)> inside = {});

/// Distances in closed form. Points [D].
double sphereDistance(std::span<const double> a, std::span<const double> b, double radius = 1);
double halfPlaneDistance(std::span<const double> a, std::span<const double> b, double radius = 1);
double poincareDistance(std::span<const double> a, std::span<const double> b, double radius = 1);

}  // namespace lx
