// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/geodesic.h"

#include "core/geometry/block_tridiagonal.h"
#include "core/geometry/lbfgs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace lx {
namespace {

using Vector = std::vector<double>;

Vector stepSquares(const Metric& metric, std::span<const double> path) {
    const auto d = static_cast<std::size_t>(metric.dim());
    Vector squares(path.size() / d - 1);
    metric.steps(path, squares);
    return squares;
}

/// Energy of the interior points x [(K - 1) D] of a path.
class CurveEnergy final : public Objective {
public:
    CurveEnergy(const Metric& metric, Vector path, Index renewal)
        : m_metric(metric),
          m_dim(static_cast<std::size_t>(metric.dim())),
          m_renewal(renewal),
          m_path(std::move(path)),
          m_slope(m_path.size()),
          m_squares(m_path.size() / m_dim - 1) {}

    double evaluate(std::span<const double> x, std::span<double> gradient) override {
        insert(x);
        m_metric.steps(m_path, m_squares, m_slope);
        const double half = 0.5 * static_cast<double>(m_squares.size());
        for (std::size_t k = 0; k < gradient.size(); ++k) {
            gradient[k] = half * m_slope[k + m_dim];
        }
        return half * std::accumulate(m_squares.begin(), m_squares.end(), 0.0);
    }
    void precondition(std::span<double> v) override { m_hessian.solve(v); }
    void settle(std::span<const double> x, Index iteration) override {
        const std::size_t steps = m_squares.size();
        if (steps < 2 || iteration % m_renewal != 0) {
            return;
        }
        insert(x);
        Vector middle(steps * m_dim), g(middle.size() * m_dim);
        for (std::size_t k = 0; k < middle.size(); ++k) {
            middle[k] = 0.5 * (m_path[k] + m_path[k + m_dim]);
        }
        m_metric.at(middle, g);
        BlockTridiagonal next;
        if (next.factor(g, static_cast<Index>(steps), static_cast<Index>(m_dim),
                        static_cast<double>(steps))) {
            m_hessian = std::move(next);
        }
    }
    const Vector& path(std::span<const double> x) {
        insert(x);
        return m_path;
    }

private:
    void insert(std::span<const double> x) {
        std::ranges::copy(x, m_path.begin() + static_cast<std::ptrdiff_t>(m_dim));
    }

    const Metric& m_metric;
    std::size_t m_dim;
    Index m_renewal;
    Vector m_path, m_slope, m_squares;
    BlockTridiagonal m_hessian;
};

void requireInside(const Metric& metric, std::span<const double> z, const char* end) {
    if (static_cast<Index>(z.size()) != metric.dim()) {
        throw UsageError(std::string("the ") + end + " of a geodesic has " +
                         std::to_string(z.size()) + " coordinates where the metric has " +
                         std::to_string(metric.dim()));
    }
    if (!metric.inside(z)) {
        throw UsageError(std::string("the ") + end +
                         " of a geodesic lies outside the metric's chart");
    }
}

}  // namespace

const char* name(GeodesicEnd end) noexcept {
    switch (end) {
        case GeodesicEnd::Running: return "running";
        case GeodesicEnd::Converged: return "converged";
        case GeodesicEnd::IterationLimit: return "iteration limit";
        case GeodesicEnd::Stopped: return "stopped";
        case GeodesicEnd::Stalled: return "stalled";
        case GeodesicEnd::Unresolved: return "unresolved";
    }
    return "";
}

std::string warning(const Geodesic& g) {
    const bool underWay = g.end == GeodesicEnd::Running || g.end == GeodesicEnd::Stopped;
    if (!g.resolved()) {
        std::array<char, 16> times{};
        const bool finite = g.speedRatio < 1e6;
        const auto end = std::to_chars(times.data(), times.data() + times.size(),
                                       finite ? g.speedRatio : 1e6, std::chars_format::fixed, 1);
        const std::string fold =
            std::string(finite ? "" : "more than ") + std::string(times.data(), end.ptr) + "-fold";
        return underWay
                   ? "Not settled yet: speed varies " + fold + "."
                   : "Not resolved: speed varies " + fold +
                         ", so the curve leaps where the metric is large. More knots or a smoother "
                         "metric help.";
    }
    if (underWay) {
        return {};
    }
    if (g.end == GeodesicEnd::IterationLimit) {
        return "Not settled: the search reached its limit of iterations.";
    }
    if (g.end == GeodesicEnd::Stalled && g.excess > 1e-4) {
        return "Not settled: the search found no better curve, as at a kink of the metric.";
    }
    return {};
}

double pathLength(const Metric& metric, std::span<const double> path) {
    double sum = 0;
    for (const double s : stepSquares(metric, path)) {
        sum += std::sqrt(s);
    }
    return sum;
}

double pathEnergy(const Metric& metric, std::span<const double> path) {
    const Vector squares = stepSquares(metric, path);
    return 0.5 * static_cast<double>(squares.size()) *
           std::accumulate(squares.begin(), squares.end(), 0.0);
}

std::vector<double> pathSpeed(const Metric& metric, std::span<const double> path) {
    Vector out = stepSquares(metric, path);
    for (double& s : out) {
        s = static_cast<double>(out.size()) * std::sqrt(s);
    }
    return out;
}

double speedRatio(std::span<const double> speed) {
    const auto [low, high] = std::ranges::minmax(speed);
    return high == low ? 1 : low > 0 ? high / low : std::numeric_limits<double>::infinity();
}

std::vector<double> sphericalPath(std::span<const double> a, std::span<const double> b,
                                  Index knots) {
    const double size = std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0) *
                                  std::inner_product(b.begin(), b.end(), b.begin(), 0.0));
    if (!(size > 1e-12)) {
        return {};
    }
    const double cosine =
        std::clamp(std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / size, -1.0, 1.0);
    const double angle = std::acos(cosine), sine = std::sin(angle);
    constexpr double kParallel = 1e-6;
    if (sine < kParallel) {
        return cosine > 0 ? straightPath(a, b, knots) : Vector();
    }
    Vector path;
    for (Index k = 0; k < knots; ++k) {
        const double t = static_cast<double>(k) / static_cast<double>(knots - 1);
        const double from = std::sin((1 - t) * angle) / sine, to = std::sin(t * angle) / sine;
        for (std::size_t j = 0; j < a.size(); ++j) {
            path.push_back(k == 0 ? a[j] : k + 1 == knots ? b[j] : from * a[j] + to * b[j]);
        }
    }
    return path;
}

std::vector<double> straightPath(std::span<const double> a, std::span<const double> b,
                                 Index knots) {
    Vector path;
    for (Index k = 0; k < knots; ++k) {
        const double t = static_cast<double>(k) / static_cast<double>(knots - 1);
        for (std::size_t j = 0; j < a.size(); ++j) {
            path.push_back(k + 1 == knots ? b[j] : a[j] + t * (b[j] - a[j]));
        }
    }
    return path;
}

std::vector<double> resampled(const Metric& metric, std::span<const double> path, Index knots) {
    const auto d = static_cast<std::size_t>(metric.dim());
    const Vector squares = stepSquares(metric, path);
    Vector at(squares.size() + 1);
    for (std::size_t k = 0; k < squares.size(); ++k) {
        at[k + 1] = at[k] + std::sqrt(squares[k]);
    }
    Vector out;
    std::size_t k = 0;
    for (Index i = 0; i < knots; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(knots - 1);
        const double want = at.back() * t;
        while (k + 2 < at.size() && at[k + 1] < want) {
            ++k;
        }
        const double span = at[k + 1] - at[k];
        const double share = span > 0 ? std::clamp((want - at[k]) / span, 0.0, 1.0) : t;
        for (std::size_t j = 0; j < d; ++j) {
            const double from = path[k * d + j], to = path[(k + 1) * d + j];
            out.push_back(i + 1 == knots ? path[path.size() - d + j] : from + share * (to - from));
        }
    }
    return out;
}

struct GeodesicSolver::Impl {
    MetricPtr metric;
    GeodesicOptions options;
    Vector path;
    std::unique_ptr<CurveEnergy> curve;
    std::unique_ptr<Lbfgs> search;
    GeodesicEnd end = GeodesicEnd::Running;

    /// Begins a search at `path`; a curve that has left the chart falls back to the straight line.
    void begin() {
        const auto d = static_cast<std::size_t>(metric->dim());
        end = GeodesicEnd::Running;
        const auto interior = [&] {
            return Vector(path.begin() + static_cast<std::ptrdiff_t>(d),
                          path.end() - static_cast<std::ptrdiff_t>(d));
        };
        if (!std::isfinite(pathEnergy(*metric, path))) {
            const Vector a(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(d));
            const Vector b(path.end() - static_cast<std::ptrdiff_t>(d), path.end());
            path = straightPath(a, b, options.knots);
            if (!std::isfinite(pathEnergy(*metric, path))) {
                throw UsageError(
                    "the straight line between the ends of a geodesic leaves the metric's chart");
            }
        }
        search.reset();
        curve = std::make_unique<CurveEnergy>(*metric, path, options.renewal);
        search = std::make_unique<Lbfgs>(*curve, interior(),
                                         LbfgsOptions{.tolerance = options.tolerance});
    }
};

GeodesicSolver::GeodesicSolver(MetricPtr metric, const GeodesicOptions& options)
    : m_impl(std::make_unique<Impl>()) {
    if (metric == nullptr || options.knots < 2 || options.renewal < 1 ||
        !(options.tolerance >= 0)) {
        throw UsageError(
            "a geodesic needs a metric, two knots or more, and a tolerance that is not negative");
    }
    m_impl->metric = std::move(metric);
    m_impl->options = options;
}
GeodesicSolver::~GeodesicSolver() = default;
GeodesicSolver::GeodesicSolver(GeodesicSolver&&) noexcept = default;
GeodesicSolver& GeodesicSolver::operator=(GeodesicSolver&&) noexcept = default;

void GeodesicSolver::moveEnds(std::span<const double> a, std::span<const double> b) {
    requireInside(*m_impl->metric, a, "beginning");
    requireInside(*m_impl->metric, b, "end");
    Vector& path = m_impl->path;
    const std::size_t d = a.size();
    if (path.empty()) {
        path = straightPath(a, b, m_impl->options.knots);
    } else {
        const auto steps = static_cast<double>(m_impl->options.knots - 1);
        Vector first(d), last(d);
        for (std::size_t j = 0; j < d; ++j) {
            first[j] = a[j] - path[j];
            last[j] = b[j] - path[path.size() - d + j];
        }
        for (std::size_t k = 0; k < path.size(); ++k) {
            const double t = static_cast<double>(k / d) / steps;
            path[k] += (1 - t) * first[k % d] + t * last[k % d];
        }
        std::ranges::copy(a, path.begin());
        std::ranges::copy(b, path.end() - static_cast<std::ptrdiff_t>(d));
    }
    m_impl->begin();
}

void GeodesicSolver::setPath(std::span<const double> path) {
    const auto d = static_cast<std::size_t>(m_impl->metric->dim());
    if (path.size() < 2 * d || path.size() % d != 0) {
        throw UsageError("the start of a geodesic needs two points or more of " +
                         std::to_string(d) + " coordinates");
    }
    requireInside(*m_impl->metric, path.first(d), "beginning");
    requireInside(*m_impl->metric, path.last(d), "end");
    const auto knots = static_cast<std::size_t>(m_impl->options.knots);
    m_impl->path = path.size() == knots * d
                       ? Vector(path.begin(), path.end())
                       : resampled(*m_impl->metric, path, m_impl->options.knots);
    m_impl->begin();
}

void GeodesicSolver::setMetric(MetricPtr metric) {
    if (metric == nullptr || metric->dim() != m_impl->metric->dim()) {
        throw UsageError("a geodesic cannot go on with a metric of another dimension");
    }
    m_impl->search.reset();
    m_impl->curve.reset();
    m_impl->metric = std::move(metric);
    if (!m_impl->path.empty()) {
        m_impl->begin();
    }
}

bool GeodesicSolver::advance(Index iterations, const std::stop_token& stop) {
    Impl& at = *m_impl;
    if (at.search == nullptr) {
        throw UsageError("a geodesic has no ends yet");
    }
    const Index left = at.options.maxIterations - at.search->iterations();
    const LbfgsEnd end = at.search->advance(std::min(iterations, left), stop);
    at.path = at.curve->path(at.search->x());
    switch (end) {
        case LbfgsEnd::Converged:
            at.end = speedRatio(pathSpeed(*at.metric, at.path)) <= kLargestSpeedRatio
                         ? GeodesicEnd::Converged
                         : GeodesicEnd::Unresolved;
            break;
        case LbfgsEnd::Stalled: at.end = GeodesicEnd::Stalled; break;
        case LbfgsEnd::Stopped: at.end = GeodesicEnd::Stopped; break;
        case LbfgsEnd::Running:
            at.end = at.search->iterations() >= at.options.maxIterations
                         ? GeodesicEnd::IterationLimit
                         : GeodesicEnd::Running;
            break;
    }
    return at.end != GeodesicEnd::Running && at.end != GeodesicEnd::Stopped;
}

Geodesic GeodesicSolver::current() const {
    const Impl& at = *m_impl;
    if (at.search == nullptr) {
        throw UsageError("a geodesic has no ends yet");
    }
    Geodesic out;
    out.path = at.path;
    const Vector speed = pathSpeed(*at.metric, at.path);
    out.length =
        std::accumulate(speed.begin(), speed.end(), 0.0) / static_cast<double>(speed.size());
    out.speedRatio = speedRatio(speed);
    out.energy = at.search->value();
    out.excess = at.search->excess();
    out.iterations = at.search->iterations();
    out.end = at.end;
    return out;
}

Geodesic geodesic(const MetricPtr& metric, std::span<const double> a, std::span<const double> b,
                  const GeodesicOptions& options, const std::stop_token& stop) {
    GeodesicSolver solver(metric, options);
    solver.moveEnds(a, b);
    solver.advance(options.maxIterations, stop);
    return solver.current();
}

}  // namespace lx
