// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/many.h"

#include "core/geometry/ode.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

using Vector = std::vector<double>;
using In = std::span<const double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::size_t rows(const MetricPtr& metric, In points) {
    const auto d = static_cast<std::size_t>(metric != nullptr ? metric->dim() : 0);
    if (d == 0 || points.empty() || points.size() % d != 0) {
        throw UsageError("distances need a metric and points of its dimension");
    }
    return points.size() / d;
}

/// Sum of weighted squared distances from z, and the weighted mean of the logarithms. Distances are
/// the logarithms' lengths, so that one is the other's gradient.
double spread(const MetricPtr& metric, In z, In points, In weights, const GeodesicOptions& options,
              const std::stop_token& stop, Vector& mean) {
    const std::size_t d = z.size();
    double sum = 0;
    mean.assign(d, 0);
    for (std::size_t i = 0; i < weights.size() && !stop.stop_requested(); ++i) {
        const Logarithm log = logarithm(metric, z, points.subspan(i * d, d), options, stop);
        sum += weights[i] * metric->inner(z, log.v, log.v);
        for (std::size_t k = 0; k < d; ++k) {
            mean[k] += weights[i] * log.v[k];
        }
    }
    return sum;
}

}  // namespace

std::vector<double> distances(const MetricPtr& metric, In a, In b, const GeodesicOptions& options,
                              const std::stop_token& stop) {
    const std::size_t n = rows(metric, a), m = rows(metric, b), d = a.size() / n;
    Vector out(n * m, kNaN);
    for (std::size_t i = 0; i < n * m && !stop.stop_requested(); ++i) {
        const Geodesic g =
            geodesic(metric, a.subspan(i / m * d, d), b.subspan(i % m * d, d), options, stop);
        out[i] = g.end == GeodesicEnd::Stopped ? kNaN : g.length;
    }
    return out;
}

std::vector<double> distanceMatrix(const MetricPtr& metric, In points,
                                   const GeodesicOptions& options, const std::stop_token& stop) {
    const std::size_t n = rows(metric, points), d = points.size() / n;
    Vector out(n * n, kNaN);
    for (std::size_t i = 0; i < n; ++i) {
        out[i * n + i] = 0;
        for (std::size_t j = 0; j < i && !stop.stop_requested(); ++j) {
            const Geodesic g =
                geodesic(metric, points.subspan(i * d, d), points.subspan(j * d, d), options, stop);
            out[i * n + j] = out[j * n + i] = g.end == GeodesicEnd::Stopped ? kNaN : g.length;
        }
    }
    return out;
}

FrechetMean frechetMean(const MetricPtr& metric, In points, In given, double tolerance,
                        const GeodesicOptions& options, const std::stop_token& stop) {
    const std::size_t n = rows(metric, points), d = points.size() / n;
    Vector weights(given.begin(), given.end());
    weights.resize(n, 1);
    double total = 0;
    for (const double w : weights) {
        total += w >= 0 ? w : kNaN;
    }
    if ((!given.empty() && given.size() != n) || !(total > 0)) {
        throw UsageError("the weights of a mean must not be negative, one for each point");
    }
    FrechetMean out;
    out.point.assign(d, 0);
    for (std::size_t i = 0; i < n * d; ++i) {
        weights[i / d] /= i % d == 0 ? total : 1;
        out.point[i % d] += weights[i / d] * points[i];
    }
    Vector step;
    out.end = GeodesicEnd::IterationLimit;
    for (out.variance = spread(metric, out.point, points, weights, options, stop, step);
         out.iterations < options.maxIterations; ++out.iterations) {
        out.gradient = std::sqrt(metric->inner(out.point, step, step));
        if (stop.stop_requested()) {
            out.end = GeodesicEnd::Stopped;
            break;
        }
        if (out.gradient <= tolerance * std::sqrt(out.variance)) {
            out.end = GeodesicEnd::Converged;
            break;
        }
        bool better = false;
        for (double scale = 1; scale > 1e-3 && !better && !stop.stop_requested(); scale /= 2) {
            Vector v = step;
            for (double& x : v) {
                x *= scale;
            }
            const Vector next = exponential(*metric, out.point, v).z;
            if (!metric->inside(next)) {
                continue;
            }
            Vector nextStep;
            const double variance = spread(metric, next, points, weights, options, stop, nextStep);
            if (variance <= out.variance && !stop.stop_requested()) {
                better = true;
                out.point = next;
                out.variance = variance;
                step = std::move(nextStep);
            }
        }
        if (!better) {
            out.end = stop.stop_requested() ? GeodesicEnd::Stopped : GeodesicEnd::Stalled;
            break;
        }
    }
    return out;
}

std::vector<double> gaussCurvature(const Metric& metric, In z, double step) {
    if (metric.dim() != 2 || !(step > 0)) {
        throw UsageError("Gauss curvature is a quantity of surfaces");
    }
    const std::size_t n = z.size() / 2;
    // dG at z and at four points along each axis.
    constexpr double kOffsets[] = {0, 1, -1, 2, -2};
    Vector points;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t axis = 0; axis < 2; ++axis) {
            for (const double by : kOffsets) {
                points.push_back(z[2 * i] + (axis == 0 ? by * step : 0));
                points.push_back(z[2 * i + 1] + (axis == 1 ? by * step : 0));
            }
        }
    }
    Vector g(4 * n), slope(points.size() / 2 * 8), out(n);
    metric.at(z, g);
    metric.derivative(points, slope);
    for (std::size_t i = 0; i < n; ++i) {
        bool within = true;
        for (std::size_t p = 10 * i; p < 10 * (i + 1); ++p) {
            within = within && metric.inside(In(points).subspan(2 * p, 2));
        }
        if (!within) {
            out[i] = kNaN;
            continue;
        }
        /// d G_e / d x_k at offset o along an axis; e 0: E, 1: F, 3: G.
        const auto first = [&](std::size_t axis, std::size_t o, std::size_t k, std::size_t e) {
            return slope[((i * 2 + axis) * 5 + o) * 8 + k * 4 + e];
        };
        const auto second = [&](std::size_t axis, std::size_t k, std::size_t e) {
            return (8 * (first(axis, 1, k, e) - first(axis, 2, k, e)) -
                    (first(axis, 3, k, e) - first(axis, 4, k, e))) /
                   (12 * step);
        };
        const double e = g[4 * i], f = g[4 * i + 1], h = g[4 * i + 3];
        const double eu = first(0, 0, 0, 0), ev = first(0, 0, 1, 0), fu = first(0, 0, 0, 1),
                     fv = first(0, 0, 1, 1), hu = first(0, 0, 0, 3), hv = first(0, 0, 1, 3);
        const double mixed = -0.5 * second(1, 1, 0) + second(0, 1, 1) - 0.5 * second(0, 0, 3);
        const double det = e * h - f * f;
        // Determinants of Brioschi's two matrices.
        const double a01 = 0.5 * eu, a02 = fu - 0.5 * ev, a10 = fv - 0.5 * hu, a20 = 0.5 * hv;
        const double a = mixed * det - a01 * (a10 * h - f * a20) + a02 * (a10 * f - e * a20);
        const double b01 = 0.5 * ev, b02 = 0.5 * hu;
        const double b = -b01 * (b01 * h - f * b02) + b02 * (b01 * f - e * b02);
        out[i] = (a - b) / (det * det);
    }
    return out;
}

}  // namespace lx
