// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/geometry/pictures.h"

#include "core/geometry/many.h"
#include "core/geometry/ode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lx::geometry {
namespace {

using Vector = std::vector<double>;

/// Nodes side x side over the window, or the middles of that many cells.
Vector nodes(const Box& window, Index side, bool middles) {
    Vector out;
    for (Index i = 0; i < side * side; ++i) {
        for (std::size_t k = 0; k < 2; ++k) {
            const auto step = static_cast<double>(k == 0 ? i % side : i / side);
            const double t = middles ? (step + 0.5) / static_cast<double>(side)
                                     : step / static_cast<double>(side - 1);
            out.push_back(window.lower[k] + t * (window.upper[k] - window.lower[k]));
        }
    }
    return out;
}

Array picture(const Metric& metric, const Vector& z, Index side, const Vector& values) {
    std::vector<float> out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool fine = std::isfinite(values[i]) && metric.inside(std::span(z).subspan(2 * i, 2));
        out.push_back(fine ? static_cast<float>(values[i])
                           : std::numeric_limits<float>::quiet_NaN());
    }
    return {{side, side}, out};
}

Vector scaled(Vector v, double by) {
    for (double& x : v) {
        x *= by;
    }
    return v;
}

Array floats(std::vector<Index> shape, const Vector& values) {
    return {std::move(shape), std::vector<float>(values.begin(), values.end())};
}

/// Rays [count, steps + 1, 2] that end where they leave the box twice as wide as `window`.
Vector raysWithin(const Metric& metric, const Box& window, std::span<const double> z, double radius,
                  Index count, Index steps) {
    Vector all = rays(metric, z, scaled(unitDirections(metric, z, count), radius), steps);
    const auto outside = [&](double at, std::size_t axis) {
        const double half = 0.5 * (window.upper[axis] - window.lower[axis]);
        return !(at >= window.lower[axis] - half && at <= window.upper[axis] + half);
    };
    const auto points = static_cast<std::size_t>(steps + 1);
    bool ended = false;
    for (std::size_t i = 0; 2 * i < all.size(); ++i) {
        ended = (ended && i % points != 0) || outside(all[2 * i], 0) || outside(all[2 * i + 1], 1);
        if (ended) {
            all[2 * i] = all[2 * i + 1] = std::numeric_limits<double>::quiet_NaN();
        }
    }
    return all;
}

}  // namespace

Array magnification(const Metric& metric, const Box& window, Index side) {
    const Vector z = nodes(window, side, false);
    Vector value(z.size() / 2);
    metric.logDet(z, value);
    return picture(metric, z, side, scaled(std::move(value), 0.5 / std::numbers::ln10));
}

Array curvature(const Metric& metric, const Box& window, Index side) {
    const Vector z = nodes(window, side, false);
    return picture(metric, z, side, gaussCurvature(metric, z));
}

Array extent(const Box& window) {
    return floats({4}, {window.lower[0], window.lower[1], window.upper[0], window.upper[1]});
}

Array indicatrices(const Metric& metric, const Box& window, Index side, double length) {
    const Vector z = nodes(window, side, true);
    Vector g(z.size() * 2), out;
    metric.at(z, g);
    for (std::size_t i = 0; i < z.size() / 2; ++i) {
        const double a = g[4 * i], b = g[4 * i + 1], c = g[4 * i + 3];
        if (!metric.inside(std::span(z).subspan(2 * i, 2)) || !std::isfinite(a + c)) {
            continue;
        }
        // Eigenvectors of a symmetric matrix of the plane; the least eigenvalue is the long axis.
        const double angle = 0.5 * std::atan2(2 * b, a - c);
        const double mean = 0.5 * (a + c), spread = std::hypot(0.5 * (a - c), b);
        const double shorter = length / std::sqrt(mean + spread);
        const double longer = length / std::sqrt(std::max(mean - spread, 1e-12 * mean));
        const double x = std::cos(angle), y = std::sin(angle);
        out.insert(out.end(),
                   {z[2 * i], z[2 * i + 1], -y * longer, x * longer, x * shorter, y * shorter});
    }
    return floats({std::ssize(out) / 6, 6}, out);
}

Array fan(const Metric& metric, const Box& window, std::span<const double> z, double radius,
          Index count, Index steps) {
    return floats({count, steps + 1, 2}, raysWithin(metric, window, z, radius, count, steps));
}

Array rings(const Metric& metric, const Box& window, std::span<const double> z, double radius,
            Index count, Index points) {
    constexpr Index kSteps = 8;  // of the integration from ring to ring
    const Vector all = raysWithin(metric, window, z, radius, points, count * kSteps);
    const auto row = static_cast<std::size_t>(count * kSteps + 1);
    Vector out;
    for (std::size_t ring = 1; ring <= static_cast<std::size_t>(count); ++ring) {
        for (Index p = 0; p <= points; ++p) {
            const double* point =
                &all[(static_cast<std::size_t>(p % points) * row + ring * kSteps) * 2];
            out.insert(out.end(), point, point + 2);
        }
    }
    return floats({count, points + 1, 2}, out);
}

}  // namespace lx::geometry
