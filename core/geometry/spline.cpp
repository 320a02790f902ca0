// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/spline.h"

#include "core/base/cholesky.h"
#include "core/geometry/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace lx {
namespace {

using Vector = std::vector<double>;

/// basis [points, pieces - 1]: the natural cubic splines that are 1 at one inner knot and 0 at all
/// other knots, at evenly spread t in [0, 1].
Vector cardinalSplines(std::size_t pieces, std::size_t points) {
    const std::size_t inner = pieces - 1;
    const double h = 1 / static_cast<double>(pieces);
    Vector basis(points * inner);
    for (std::size_t j = 0; j < inner; ++j) {
        Vector y(pieces + 1), m(pieces + 1), slope(inner), rhs(inner);
        y[j + 1] = 1;
        // Second derivatives: m_{i-1} + 4 m_i + m_{i+1} = 6 (y_{i-1} - 2 y_i + y_{i+1}) / h^2.
        for (std::size_t i = 0; i < inner; ++i) {
            const double share = i > 0 ? 1 / slope[i - 1] : 0;
            slope[i] = 4 - (i > 0 ? share : 0);
            rhs[i] = 6 * (y[i] - 2 * y[i + 1] + y[i + 2]) / (h * h);
            rhs[i] -= i > 0 ? share * rhs[i - 1] : 0;
        }
        for (std::size_t i = inner; i-- > 0;) {
            m[i + 1] = (rhs[i] - m[i + 2]) / slope[i];
        }
        for (std::size_t p = 0; p < points; ++p) {
            const double t = static_cast<double>(p) / static_cast<double>(points - 1);
            const auto i = std::min(pieces - 1, static_cast<std::size_t>(t / h));
            const double u = t - h * static_cast<double>(i), w = h - u;
            basis[p * inner + j] = (m[i] * w * w * w + m[i + 1] * u * u * u) / (6 * h) +
                                   (y[i] / h - m[i] * h / 6) * w +
                                   (y[i + 1] / h - m[i + 1] * h / 6) * u;
        }
    }
    return basis;
}

class SplineEnergy final : public Objective {
public:
    SplineEnergy(const Metric& metric, Vector line, std::size_t pieces, Index renewal)
        : m_metric(metric),
          m_dim(static_cast<std::size_t>(metric.dim())),
          m_points(line.size() / m_dim),
          m_inner(pieces - 1),
          m_renewal(renewal),
          m_line(std::move(line)),
          m_basis(cardinalSplines(pieces, m_points)) {}

    Vector path(std::span<const double> x) const {
        Vector out = m_line;
        for (std::size_t p = 1; p + 1 < m_points; ++p) {
            for (std::size_t j = 0; j < m_inner; ++j) {
                for (std::size_t k = 0; k < m_dim; ++k) {
                    out[p * m_dim + k] += m_basis[p * m_inner + j] * x[j * m_dim + k];
                }
            }
        }
        return out;
    }
    double evaluate(std::span<const double> x, std::span<double> gradient) override {
        const Vector c = path(x);
        Vector squares(m_points - 1), slope(c.size());
        m_metric.steps(c, squares, slope);
        const double half = 0.5 * static_cast<double>(squares.size());
        std::ranges::fill(gradient, 0.0);
        for (std::size_t p = 1; p + 1 < m_points; ++p) {
            for (std::size_t j = 0; j < m_inner; ++j) {
                for (std::size_t k = 0; k < m_dim; ++k) {
                    gradient[j * m_dim + k] +=
                        half * m_basis[p * m_inner + j] * slope[p * m_dim + k];
                }
            }
        }
        return half * std::accumulate(squares.begin(), squares.end(), 0.0);
    }
    void precondition(std::span<double> v) override {
        if (!m_factor.empty()) {
            choleskySolve(m_factor, v);
        }
    }
    /// The Hessian of the metric frozen along the curve.
    void settle(std::span<const double> x, Index iteration) override {
        if (iteration % m_renewal != 0) {
            return;
        }
        const Vector c = path(x);
        const std::size_t steps = m_points - 1, d = m_dim, n = m_inner * d;
        Vector middle(steps * d), g(steps * d * d), hessian(n * n), factor(n * n);
        for (std::size_t k = 0; k < middle.size(); ++k) {
            middle[k] = 0.5 * (c[k] + c[k + d]);
        }
        m_metric.at(middle, g);
        for (std::size_t s = 0; s < steps; ++s) {
            for (std::size_t i = 0; i < m_inner; ++i) {
                const double bi = m_basis[(s + 1) * m_inner + i] - m_basis[s * m_inner + i];
                for (std::size_t j = 0; j < m_inner; ++j) {
                    const double bj = m_basis[(s + 1) * m_inner + j] - m_basis[s * m_inner + j];
                    for (std::size_t e = 0; e < d * d; ++e) {
                        hessian[(i * d + e / d) * n + j * d + e % d] +=
                            static_cast<double>(steps) * bi * bj * g[s * d * d + e];
                    }
                }
            }
        }
        if (choleskyInto(hessian, n, factor)) {
            m_factor = std::move(factor);
        }
    }

private:
    const Metric& m_metric;
    std::size_t m_dim, m_points, m_inner;
    Index m_renewal;
    Vector m_line, m_basis, m_factor;
};

}  // namespace

Geodesic splineGeodesic(const MetricPtr& metric, std::span<const double> a,
                        std::span<const double> b, Index pieces, const GeodesicOptions& options,
                        const std::stop_token& stop) {
    if (metric == nullptr || pieces < 2 || options.knots < 3) {
        throw UsageError("a spline needs a metric, two pieces and three knots or more");
    }
    if (static_cast<Index>(a.size()) != metric->dim() || a.size() != b.size() ||
        !metric->inside(a) || !metric->inside(b)) {
        throw UsageError("the ends of a spline must lie in the metric's chart");
    }
    SplineEnergy curve(*metric, straightPath(a, b, options.knots), static_cast<std::size_t>(pieces),
                       options.renewal);
    Lbfgs search(curve, Vector(static_cast<std::size_t>(pieces - 1) * a.size()),
                 {.tolerance = options.tolerance});
    const LbfgsEnd end = search.advance(options.maxIterations, stop);
    Geodesic out;
    out.path = curve.path(search.x());
    out.length = pathLength(*metric, out.path);
    out.energy = search.value();
    out.excess = search.excess();
    out.iterations = search.iterations();
    out.speedRatio = speedRatio(pathSpeed(*metric, out.path));
    out.end = end == LbfgsEnd::Converged ? GeodesicEnd::Converged
              : end == LbfgsEnd::Stopped ? GeodesicEnd::Stopped
              : end == LbfgsEnd::Stalled ? GeodesicEnd::Stalled
                                         : GeodesicEnd::IterationLimit;
    return out;
}

}  // namespace lx
