// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/geometry/curve.h"

#include "core/base/decls.h"
#include "core/geometry/graph.h"

#include <algorithm>
#include <iterator>

namespace lx::geometry {
namespace {

using Vector = std::vector<double>;

/// A drag follows the hand on a grid of this many nodes a side, and fills finer ones meanwhile.
constexpr Index kCachedSide = 33, kNodesOfASlice = 600;

}  // namespace

std::vector<ParamDecl> curveParams(std::vector<double> from, std::vector<double> to) {
    using namespace decl;
    return {live(make("geodesic.from", "From", std::move(from), "Where the curve begins.")),
            live(make("geodesic.to", "To", std::move(to), "Where it ends.")),
            within(make("geodesic.knots", "Knots", Index{64},
                        "Points of the curve; the error of its length falls as their square."),
                   3, 2048, Scale::Log),
            advanced(oneOf(make("geodesic.start", "Start", std::string("straight"),
                                "What the solver begins from: the straight line of the chart, or "
                                "the shortest path over a grid, which knows ways round."),
                           {"straight", "graph"}))};
}

GeodesicOptions curveOptions(const ParamSet& params) {
    return {.knots = integer(params, "geodesic.knots"), .maxIterations = 100000};
}

std::vector<double> startPath(const ParamSet& params, const MetricPtr& metric, const Box& window) {
    const Vector& a = numbers(params, "geodesic.from");
    const Vector& b = numbers(params, "geodesic.to");
    for (const auto* end : {&a, &b}) {
        const char* id = end == &a ? "geodesic.from" : "geodesic.to";
        if (std::ssize(*end) != metric->dim()) {
            throw UsageError(std::string(id) + " needs " +
                             (metric->dim() == 2 ? std::string("two coordinates, as in 0.3,-1.1")
                                                 : std::to_string(metric->dim()) + " coordinates"));
        }
        if (!metric->inside(*end)) {
            throw UsageError(std::string(id) +
                             " lies outside the chart of this metric; move it inside");
        }
    }
    if (text(params, "geodesic.start") == "graph" && metric->dim() == 2) {
        return LatentGraph::grid(metric, window).path(a, b);
    }
    return straightPath(a, b, integer(params, "geodesic.knots"));
}

std::vector<double> straightBetweenEnds(const Geodesic& g, Index dim) {
    const auto d = static_cast<std::size_t>(dim);
    const std::span<const double> path(g.path);
    return straightPath(path.first(d), path.last(d), std::ssize(g.path) / dim);
}

Array doubles(std::vector<Index> shape, std::span<const double> values) {
    return {std::move(shape), values};
}
Array pathArray(std::span<const double> path, Index dim) {
    return doubles({std::ssize(path) / dim, dim}, path);
}
Array textArray(std::string_view text) {
    return {DType::U8, {std::ssize(text)}, std::as_bytes(std::span(text))};
}

std::vector<double> pointOf(const cmd::Probe& probe, const char* name, Index dim) {
    const auto found = probe.arrays.find(name);
    const bool there = found != probe.arrays.end() && found->second.count() == dim;
    if (there && found->second.dtype() == DType::F32) {
        const auto v = found->second.values<float>();
        return {v.begin(), v.end()};
    }
    if (there && found->second.dtype() == DType::F64) {
        const auto v = found->second.values<double>();
        return {v.begin(), v.end()};
    }
    throw UsageError(std::string("probe 'geodesic' needs the array '") + name + "' of " +
                     std::to_string(dim) + " coordinates");
}

std::string curveFacts(const MetricSpec& spec, const Geodesic& g) {
    const auto line = [](const char* key, const std::string& value) {
        return std::string("\n") + key + "\t" + value;
    };
    const std::string wrong = warning(g);
    return "metric\t" + spec.id + line("title", spec.title) + line("large", spec.makesLarge) +
           line("length", format(ParamValue(g.length))) +
           line("energy", format(ParamValue(g.energy))) + line("state", name(g.end)) +
           line("resolved", g.resolved() ? "yes" : "no") +
           (wrong.empty() ? std::string() : line("warning", wrong));
}

std::map<std::string, double> curveMetrics(const Metric& metric, const Geodesic& g) {
    // Numbers travel as JSON, which knows no infinity.
    return {{"geodesic_length", g.length},
            {"geodesic_energy", g.energy},
            {"converged", g.end == GeodesicEnd::Converged ? 1.0 : 0.0},
            {"resolved", g.resolved() ? 1.0 : 0.0},
            {"speed_variation", std::min(g.speedRatio - 1, 1e9)},
            {"straight_length", pathLength(metric, straightBetweenEnds(g, metric.dim()))}};
}

DragTask::DragTask(std::shared_ptr<Dragged> dragged)
    : m_dragged(std::move(dragged)), m_exact(m_dragged->grid == nullptr) {}

bool DragTask::advance(Budget, std::stop_token stop, SnapshotBuilder& out) {
    Dragged& d = *m_dragged;
    if (!m_exact) {
        d.grid->advance(kNodesOfASlice, stop);
        if (d.grid->side() < kCachedSide) {
            return false;
        }
        d.solver.setMetric(d.grid->current());
    }
    const bool settled = d.solver.advance(25, stop);
    const Geodesic g = d.solver.current();
    const Index dim = d.exact->dim(), steps = std::ssize(g.path) / dim - 1;
    m_metric = m_exact ? d.exact : d.grid->current();
    const Metric& metric = *m_metric;
    const Vector line = straightBetweenEnds(g, dim);
    out.set("path", pathArray(g.path, dim));
    out.set("straight", pathArray(line, dim));
    Vector both = pathSpeed(metric, g.path);
    std::ranges::copy(pathSpeed(metric, line), std::back_inserter(both));
    out.set("speed", doubles({2, steps}, both));
    out.set("length", doubles({3}, Vector{g.length, g.energy, pathLength(metric, line)}));
    out.set("state", textArray(name(g.end)));
    out.set("warning", textArray(warning(g)));
    out.set("metric", textArray(m_exact ? "exact" : "cached"));
    if (settled && !m_exact) {
        m_exact = true;
        d.solver.setMetric(d.exact);
        return false;
    }
    return settled;
}

}  // namespace lx::geometry
