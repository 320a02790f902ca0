// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/geometry/curve.h"

namespace lx::geometry {

class GeometryExperiment final : public Experiment {
public:
    explicit GeometryExperiment(const ParamSet& params);

    void advance(Clock, Budget, std::stop_token, SeriesSink&) override;
    Index step(Clock) const override { return m_step; }
    std::uint64_t news() const noexcept override { return m_news; }
    void set(const cmd::SetParam&) override;
    std::unique_ptr<Task> probe(const cmd::Probe&) override;
    std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const override;
    State capture() const override;
    void restore(const State&) override;
    std::map<std::string, double> metrics(Key, std::stop_token) const override;

private:
    void begin(std::span<const double> path);
    void publish(const std::string& channel, Detail, SnapshotBuilder&) const;
    std::string facts() const;
    Box window() const;

    ParamSet m_params;
    MetricSpec m_spec;
    MetricPtr m_metric;
    GeodesicSolver m_solver;
    std::shared_ptr<Dragged> m_dragged;  ///< of the probe, kept warm from drag to drag
    std::vector<double> m_start;  ///< path of the search's beginning: with the number of iterations
                                  ///< it says everything
    Index m_step = 0, m_iterations = 0;
    bool m_settled = false;
    std::uint64_t m_news = 0;
};

}  // namespace lx::geometry
