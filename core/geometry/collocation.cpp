// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/dense_solve.h"
#include "core/geometry/ode.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

using Vector = std::vector<double>;
using In = std::span<const double>;

}  // namespace

Geodesic collocation(const MetricPtr& metric, In path, const GeodesicOptions& options,
                     const std::stop_token& stop) {
    if (metric == nullptr || options.knots < 3) {
        throw UsageError("collocation needs a metric and three knots or more");
    }
    const auto d = static_cast<std::size_t>(metric->dim());
    const auto knots = static_cast<std::size_t>(options.knots), inner = knots - 2;
    const double h = 1 / static_cast<double>(knots - 1);
    Vector curve = resampled(*metric, path, options.knots);
    /// Residual of the equation at the inner knots, [inner, D].
    const auto residual = [&](const Vector& c) {
        Vector z(c.begin() + static_cast<std::ptrdiff_t>(d),
                 c.end() - static_cast<std::ptrdiff_t>(d));
        Vector v(z.size()), out(z.size());
        for (std::size_t k = 0; k < z.size(); ++k) {
            v[k] = (c[k + 2 * d] - c[k]) / (2 * h);
        }
        const Vector a = acceleration(*metric, z, v);
        for (std::size_t k = 0; k < z.size(); ++k) {
            out[k] = (c[k + 2 * d] - 2 * c[k + d] + c[k]) / (h * h) - a[k];
        }
        return out;
    };
    const auto size = [](const Vector& x) {
        double most = 0;
        for (const double e : x) {
            most = std::isfinite(e) ? std::max(most, std::abs(e))
                                    : std::numeric_limits<double>::infinity();
        }
        return most;
    };
    Vector now = residual(curve);
    const double scale = std::max(chartDistance(path.first(d), path.last(d)), 1e-300);
    Geodesic out;
    out.end = GeodesicEnd::IterationLimit;
    for (; out.iterations < options.maxIterations; ++out.iterations) {
        if (size(now) <= 1e-9 * scale) {
            out.end = GeodesicEnd::Converged;
            break;
        }
        if (stop.stop_requested()) {
            out.end = GeodesicEnd::Stopped;
            break;
        }
        // A knot acts on its own residual and its neighbours': three colours of knots are moved at
        // once, and each column of the block-tridiagonal Jacobian is read off.
        Vector blocks(inner * 3 * d * d);
        for (std::size_t colour = 0; colour < 3; ++colour) {
            for (std::size_t j = 0; j < d; ++j) {
                Vector up = curve, down = curve;
                const double by = 1e-6 * scale;
                for (std::size_t k = colour; k < inner; k += 3) {
                    up[(k + 1) * d + j] += by;
                    down[(k + 1) * d + j] -= by;
                }
                const Vector plusR = residual(up), minusR = residual(down);
                for (std::size_t k = colour; k < inner; k += 3) {
                    for (std::size_t off = 0; off < 3; ++off) {
                        const std::size_t at = k + off;
                        if (at < 1 || at > inner) {
                            continue;
                        }
                        const std::size_t r = at - 1;  // residual row; the knot is off 0: right
                        for (std::size_t i = 0; i < d; ++i) {
                            blocks[((r * 3 + (2 - off)) * d + i) * d + j] =
                                (plusR[r * d + i] - minusR[r * d + i]) / (2 * by);
                        }
                    }
                }
            }
        }
        // Block elimination: U_k = D_k^-1 R_k, x_k = D_k^-1 (b_k - L_k x_{k-1}).
        Vector upper(inner * d * d), rhs(inner * d);
        bool fine = true;
        for (std::size_t k = 0; k < inner && fine; ++k) {
            const double* left = &blocks[k * 3 * d * d];
            Vector pivot(left + d * d, left + 2 * d * d), both(d * (d + 1));
            for (std::size_t i = 0; i < d; ++i) {
                double b = -now[k * d + i];
                for (std::size_t j = 0; k > 0 && j < d; ++j) {
                    b -= left[i * d + j] * rhs[(k - 1) * d + j];
                    for (std::size_t e = 0; e < d; ++e) {
                        pivot[i * d + e] -= left[i * d + j] * upper[((k - 1) * d + j) * d + e];
                    }
                }
                for (std::size_t j = 0; j < d; ++j) {
                    both[i * (d + 1) + j] = left[2 * d * d + i * d + j];
                }
                both[i * (d + 1) + d] = b;
            }
            fine = solveDense(pivot, both, d);
            for (std::size_t i = 0; i < d; ++i) {
                rhs[k * d + i] = both[i * (d + 1) + d];
                std::copy_n(&both[i * (d + 1)], d, &upper[(k * d + i) * d]);
            }
        }
        for (std::size_t k = inner - 1; k-- > 0;) {
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    rhs[k * d + i] -= upper[(k * d + i) * d + j] * rhs[(k + 1) * d + j];
                }
            }
        }
        bool better = false;
        for (double share = 1; fine && share > 1e-4 && !better; share /= 2) {
            Vector next = curve;
            for (std::size_t k = 0; k < rhs.size(); ++k) {
                next[k + d] += share * rhs[k];
            }
            Vector then = residual(next);
            if (size(then) < size(now)) {
                curve = std::move(next);
                now = std::move(then);
                better = true;
            }
        }
        if (!better) {
            out.end = size(now) <= 1e-6 * scale ? GeodesicEnd::Converged : GeodesicEnd::Stalled;
            break;
        }
    }
    out.length = pathLength(*metric, curve);
    out.energy = pathEnergy(*metric, curve);
    out.excess = size(now) / scale;
    out.speedRatio = speedRatio(pathSpeed(*metric, curve));
    out.path = std::move(curve);
    return out;
}

}  // namespace lx
