// SPDX-License-Identifier: GPL-3.0-or-later
// A geodesic between two ends as every family offers it: parameters, the probe of a hand that drags
// an end, arrays and numbers.
#pragma once

#include "core/geometry/geodesic.h"
#include "core/geometry/metric_grid.h"
#include "core/geometry/registry.h"
#include "core/session/experiment.h"

namespace lx::geometry {

/// geodesic.from, .to (live), .knots and .start.
std::vector<ParamDecl> curveParams(std::vector<double> from, std::vector<double> to);
GeodesicOptions curveOptions(const ParamSet&);
/// What the solver begins from. Throws UsageError naming the parameter when an end has not `dim()`
/// coordinates or lies outside the chart. `window` bounds the grid of geodesic.start=graph, which
/// needs two dimensions.
std::vector<double> startPath(const ParamSet&, const MetricPtr&, const Box& window);
std::vector<double> straightBetweenEnds(const Geodesic&, Index dim);

/// [points, dim] float64, and the bytes of a text.
Array pathArray(std::span<const double> path, Index dim);
Array textArray(std::string_view);
Array doubles(std::vector<Index> shape, std::span<const double>);
/// The array `name` [dim] of a probe, float32 or float64. Throws UsageError.
std::vector<double> pointOf(const cmd::Probe&, const char* name, Index dim);

/// Lines `key<TAB>value` of a curve in a metric: metric, title, large, length, energy, state,
/// resolved (yes or no) and, when there is one, warning.
std::string curveFacts(const MetricSpec&, const Geodesic&);

/// geodesic_length, geodesic_energy, converged, resolved, speed_variation, straight_length.
std::map<std::string, double> curveMetrics(const Metric&, const Geodesic&);

/// The curve that follows a hand, kept warm from drag to drag.
struct Dragged {
    GeodesicSolver solver;
    MetricPtr exact;
    std::shared_ptr<MetricGrid> grid;  ///< null: the metric itself is fast enough
};
/// Settles a curve slice by slice and shows it after each: on the cached grid first, so that it
/// follows the hand, then on the metric itself. Answers `path`, `straight`, `speed`, `length`
/// [3] (length, energy, length of the straight path), `state`, `warning` and `metric` ("cached" or
/// "exact").
class DragTask final : public Task {
public:
    explicit DragTask(std::shared_ptr<Dragged> dragged);
    bool advance(Budget, std::stop_token, SnapshotBuilder&) override;
    /// In which the last answer was measured; null before the first.
    const MetricPtr& metric() const { return m_metric; }

private:
    std::shared_ptr<Dragged> m_dragged;
    MetricPtr m_metric;
    bool m_exact;
};

}  // namespace lx::geometry
