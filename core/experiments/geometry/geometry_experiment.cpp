// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/geometry/geometry_experiment.h"

#include "core/experiments/chains/list_task.h"
#include "core/experiments/geometry/pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lx::geometry {
namespace {

using Vector = std::vector<double>;

}  // namespace

GeometryExperiment::GeometryExperiment(const ParamSet& params)
    : m_params(params),
      m_spec(metricSpec(text(params, "metric.kind"))),
      m_metric(makeMetric(m_spec.id, only(params, m_spec.params))),
      m_solver(m_metric, curveOptions(params)) {
    begin(startPath(params, m_metric, window()));
}

void GeometryExperiment::begin(std::span<const double> path) {
    m_solver.setPath(path);
    m_start = m_solver.current().path;
    m_iterations = 0;
    m_settled = false;
}

Box GeometryExperiment::window() const {
    Box out{{-2, -2}, {2, 2}};
    if (m_spec.id == "poincare") {
        return {{-1, -1}, {1, 1}};
    }
    if (m_spec.id == "half-plane") {
        out = {{-2, 0}, {2, 4}};
    }
    for (const char* id : {"geodesic.from", "geodesic.to"}) {
        const Vector& z = numbers(m_params, id);
        for (std::size_t k = 0; k < std::min<std::size_t>(2, z.size()); ++k) {
            out.lower[k] = std::min(out.lower[k], z[k] - 0.5);
            out.upper[k] = std::max(out.upper[k], z[k] + 0.5);
        }
    }
    if (m_spec.id == "half-plane") {
        out.lower[1] = 0;
    }
    return out;
}

void GeometryExperiment::advance(Clock, Budget budget, std::stop_token stop, SeriesSink& sink) {
    const auto began = std::chrono::steady_clock::now();
    Index made = 0;
    const auto late = [&] {
        return budget.maxTime.count() > 0 &&
               std::chrono::steady_clock::now() - began >= budget.maxTime;
    };
    do {
        if (!m_settled) {
            m_settled = m_solver.advance(1, {});
            ++m_iterations;
        }
        ++m_step;
        ++made;
        const Geodesic now = m_solver.current();
        sink.add(0, Clock::Sample, m_step, now.length);
        sink.add(1, Clock::Sample, m_step, now.energy);
    } while (made < budget.maxSteps && !stop.stop_requested() && !late());
}

void GeometryExperiment::set(const cmd::SetParam& change) {
    ParamSet next = m_params;
    next[change.id] = change.value;
    if (change.id.starts_with("metric.")) {
        const MetricPtr metric = makeMetric(m_spec.id, only(next, m_spec.params));
        GeodesicSolver solver(metric, curveOptions(next));
        solver.setPath(m_solver.current().path);
        m_solver = std::move(solver);
        m_metric = metric;
        m_dragged.reset();
        begin(m_solver.current().path);
    } else if (change.id == "geodesic.from" || change.id == "geodesic.to") {
        startPath(next, m_metric, window());  // refuses bad ends
        m_solver.moveEnds(numbers(next, "geodesic.from"), numbers(next, "geodesic.to"));
        begin(m_solver.current().path);
    }
    m_params = std::move(next);
    ++m_news;
}

std::unique_ptr<Task> GeometryExperiment::probe(const cmd::Probe& probe) {
    if (probe.kind != "geodesic") {
        return nullptr;
    }
    const Vector a = pointOf(probe, "from", 2), b = pointOf(probe, "to", 2);
    if (m_dragged == nullptr) {
        m_dragged = std::make_shared<Dragged>(
            Dragged{GeodesicSolver(m_metric, curveOptions(m_params)), m_metric, nullptr});
        m_dragged->solver.setPath(m_solver.current().path);
    }
    m_dragged->solver.moveEnds(a, b);
    return std::make_unique<DragTask>(m_dragged);
}

std::unique_ptr<Task> GeometryExperiment::observe(std::span<const std::string> channels,
                                                  Detail detail) const {
    auto task = std::make_unique<chains::ListTask>();
    for (const std::string& channel : channels) {
        task->add([this, channel, detail](SnapshotBuilder& out) { publish(channel, detail, out); });
    }
    return task;
}

void GeometryExperiment::publish(const std::string& channel, Detail detail,
                                 SnapshotBuilder& out) const {
    const Geodesic g = m_solver.current();
    const auto knots = std::ssize(g.path) / 2;
    const Vector& from = numbers(m_params, "geodesic.from");
    const double radius = number(m_params, "view.radius");
    const auto line = [&] { return straightBetweenEnds(g, 2); };
    const Index side = detail == Detail::Export ? 193 : 97;
    if (channel == "geodesic") {
        out.set(channel, pathArray(g.path, 2));
    } else if (channel == "straight") {
        out.set(channel, pathArray(line(), 2));
    } else if (channel == "speed") {
        Vector both = pathSpeed(*m_metric, g.path);
        const Vector other = pathSpeed(*m_metric, line());
        both.insert(both.end(), other.begin(), other.end());
        out.set(channel, doubles({2, knots - 1}, both));
    } else if (channel == "magnification") {
        out.set(channel, magnification(*m_metric, window(), side));
        out.set("magnification.extent", extent(window()));
    } else if (channel == "curvature") {
        out.set(channel, curvature(*m_metric, window(), (side + 1) / 2));
        out.set("curvature.extent", extent(window()));
    } else if (channel == "indicatrix") {
        constexpr double kLength = 0.1;
        out.set(channel, indicatrices(*m_metric, window(), 9, kLength));
        out.set("indicatrix.length", doubles({1}, Vector{kLength}));
    } else if (channel == "equidistance") {
        out.set(channel, rings(*m_metric, window(), from, radius, 8, 96));
        Vector at;
        for (int ring = 1; ring <= 8; ++ring) {
            at.push_back(radius * ring / 8);
        }
        out.set("equidistance.radius", doubles({8}, at));
    } else if (channel == "fan") {
        out.set(channel, fan(*m_metric, window(), from, radius, 24, 48));
    } else if (channel == "geometry") {
        out.set(channel, textArray(facts()));
    }
}

std::string GeometryExperiment::facts() const {
    const Geodesic g = m_solver.current();
    std::string out = curveFacts(m_spec, g) + "\niterations\t" + std::to_string(m_iterations);
    if (const auto known =
            knownDistance(m_spec.id, only(m_params, m_spec.params),
                          numbers(m_params, "geodesic.from"), numbers(m_params, "geodesic.to"))) {
        out += "\ndistance\t" + format(ParamValue(*known));
    }
    return out;
}

State GeometryExperiment::capture() const {
    return {{"start", pathArray(m_start, 2)},
            {"clock", Array({3}, std::vector<Index>{m_step, m_iterations, m_settled ? 1 : 0})}};
}

void GeometryExperiment::restore(const State& state) {
    const auto start = state.find("start"), clock = state.find("clock");
    const auto knots = integer(m_params, "geodesic.knots");
    if (start == state.end() || clock == state.end() || start->second.dtype() != DType::F64 ||
        start->second.count() != 2 * knots || clock->second.dtype() != DType::I64 ||
        clock->second.count() != 3) {
        throw UsageError("the saved state is not one of a geodesic with " + std::to_string(knots) +
                         " knots");
    }
    const auto numbersOfClock = clock->second.values<Index>();
    if (numbersOfClock[0] < 0 || numbersOfClock[1] < 0 || numbersOfClock[1] > 100000) {
        throw UsageError("the saved state counts steps that cannot be");
    }
    const auto path = start->second.values<double>();
    begin(path);
    // The search is a function of its beginning: repeated, it ends at the same bits.
    for (Index i = 0; i < numbersOfClock[1] && !m_settled; ++i) {
        m_settled = m_solver.advance(1, {});
    }
    m_iterations = numbersOfClock[1];
    m_step = numbersOfClock[0];
    m_params["geodesic.from"] = Vector{path[0], path[1]};
    m_params["geodesic.to"] = Vector(path.end() - 2, path.end());
    m_dragged.reset();
}

std::map<std::string, double> GeometryExperiment::metrics(Key, std::stop_token) const {
    const Geodesic g = m_solver.current();
    const auto ends = std::span(g.path);
    std::map<std::string, double> out = curveMetrics(*m_metric, g);
    out["geodesic_iterations"] = static_cast<double>(m_iterations);
    const auto known =
        knownDistance(m_spec.id, only(m_params, m_spec.params), ends.first(2), ends.last(2));
    if (known && *known > 0) {
        out["distance"] = *known;
        out["length_error"] = std::abs(g.length / *known - 1);
    }
    return out;
}

}  // namespace lx::geometry
