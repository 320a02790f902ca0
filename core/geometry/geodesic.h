// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/metric.h"

#include <stop_token>
#include <string>

namespace lx {

enum class GeodesicEnd : std::uint8_t {
    Running,
    Converged,
    IterationLimit,
    Stopped,     ///< asked to; the path is the best so far
    Stalled,     ///< no step of the search lowers the energy: the floor of rounding, or a kink
    Unresolved,  ///< least energy at these knots, but the curve leaps: see Geodesic::resolved()
};
const char* name(GeodesicEnd) noexcept;

/// A geodesic has one speed. A path whose fastest step is more than this many times as fast as its
/// slowest leaps over places where its metric is large, so what it minimises is not the length.
inline constexpr double kLargestSpeedRatio = 2;

/// A curve between two points.
struct Geodesic {
    std::vector<double> path;  ///< [knots, D], the ends exactly as asked for
    double length = 0;
    double energy = 0;  ///< half the integral of the squared speed over unit time; >= length^2 / 2
    double excess = 0;  ///< estimate of (energy - minimum) / energy, times two
    Index iterations = 0;
    double speedRatio = 1;  ///< fastest over slowest step; +infinity when one of several is of none
    GeodesicEnd end = GeodesicEnd::Running;

    bool resolved() const { return speedRatio <= kLargestSpeedRatio; }
};
/// What keeps a curve from being a geodesic, and what to do; empty: nothing, or it settles still.
std::string warning(const Geodesic&);

struct GeodesicOptions {
    Index knots = 64;  ///< points of the path, ends included; the length errs by O(knots^-2)
    Index maxIterations = 500;
    double tolerance = 1e-10;  ///< converged when the excess is below
    Index renewal = 6;         ///< iterations between two preconditioners
};

/// Length and energy of a path [K + 1, D] by the rule of Metric::steps.
double pathLength(const Metric&, std::span<const double> path);
double pathEnergy(const Metric&, std::span<const double> path);
/// Speed on each step, [K]: K times its length. Constant on a geodesic.
std::vector<double> pathSpeed(const Metric&, std::span<const double> path);
/// Fastest over slowest of `speed`: 1 when all are 0, +infinity when only some are.
double speedRatio(std::span<const double> speed);
/// [knots, D].
std::vector<double> straightPath(std::span<const double> a, std::span<const double> b, Index knots);
/// Spherical interpolation: turns from a to b at a steady angle, sin((1 - t) w) / sin w a + sin(t
/// w) / sin w b with w the angle between them, [knots, D]. Ref: white2016. Empty where no angle is
/// defined: an end at the origin, or ends in opposite directions.
std::vector<double> sphericalPath(std::span<const double> a, std::span<const double> b,
                                  Index knots);
/// The polygon resampled at equal lengths of the metric, [knots, D]; ends unchanged.
std::vector<double> resampled(const Metric&, std::span<const double> path, Index knots);

/// Minimises the discretised energy K / 2 sum |step|^2 with fixed ends by L-BFGS, preconditioned by
/// the block-tridiagonal Hessian of the metric frozen along the path: a constant metric is solved
/// in one step, and the number of iterations does not grow with knots. Minimisers have constant
/// speed, and one that has not, because its knots lie wider than the bumps of the metric, ends as
/// Unresolved and never as Converged. A local minimum in the homotopy class of the start: see
/// graph.h for a start that knows the map.
///
/// Warm-started: moveEnds() bends the present curve to the new ends. One thread at a time.
class GeodesicSolver {
public:
    /// Throws UsageError on a null metric or fewer than two knots.
    explicit GeodesicSolver(MetricPtr, const GeodesicOptions& = {});
    ~GeodesicSolver();
    GeodesicSolver(GeodesicSolver&&) noexcept;
    GeodesicSolver& operator=(GeodesicSolver&&) noexcept;

    /// Throws UsageError when an end lies outside the chart. The first call starts from the
    /// straight line of the chart.
    void moveEnds(std::span<const double> a, std::span<const double> b);
    /// Starts from `path` [points, D], resampled unless it has the right number of knots; its ends
    /// are the ends.
    void setPath(std::span<const double> path);
    /// The metric of the next iterations: a finer grid, newer weights. The curve stays.
    void setMetric(MetricPtr);

    /// Up to `iterations` more, none beyond the limit; true: no more is to be gained.
    bool advance(Index iterations, const std::stop_token& = {});
    Geodesic current() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// The curve from a to b [D]. Throws as GeodesicSolver.
Geodesic geodesic(const MetricPtr&, std::span<const double> a, std::span<const double> b,
                  const GeodesicOptions& = {}, const std::stop_token& = {});

}  // namespace lx
