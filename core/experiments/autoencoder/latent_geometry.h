// SPDX-License-Identifier: GPL-3.0-or-later
// Geodesics in the latent space of an autoencoder: parameters, channels, the probe of a dragged
// end, numbers.
#pragma once

#include "core/experiments/autoencoder/decoder_map.h"
#include "core/experiments/geometry/curve.h"
#include "core/experiments/sliced_task.h"

namespace lx::autoencoder {

/// Metrics that codes of this run can have; empty: none, as beyond `kMostUnits` latent units or in
/// one dimension. The first one, "none", is the default. `learned`: the codes move under one.
std::vector<std::string> metricKinds(const std::string& network, const std::string& decoder,
                                     bool stochastic, bool learned, Index latent);
inline constexpr Index kMostUnits = 16;

/// metric.*, geodesic.*, draws.* and the channels of a geodesic; nothing without kinds.
void describeGeometry(Description&, const ParamSet& given, const std::vector<std::string>& kinds,
                      bool stochastic, Index latent, const std::string& rowKind,
                      const std::string& rowShape);

/// Metric and curves over the weights of one moment, kept warm from moment to moment. Engine thread
/// only; tasks hold it.
class LatentGeometry : public std::enable_shared_from_this<LatentGeometry> {
public:
    explicit LatentGeometry(ParamSet params) : m_params(std::move(params)) {}
    bool available() const;

    /// True: the parameter was one of geometry's. Throws UsageError and changes nothing.
    bool set(const cmd::SetParam&);
    /// Weights are not those of before, whatever the step says.
    void forget();

    std::unique_ptr<Task> probe(const Moment&, Index step, const cmd::Probe&);
    void observe(SlicedTask&, const Moment&, Index step, std::span<const std::string> channels,
                 Detail);
    /// Of a curve that owes nothing to earlier ones.
    std::map<std::string, double> metrics(const Moment&, Key, std::stop_token) const;

private:
    struct Frame {
        MetricPtr metric;
        Box window;
        std::shared_ptr<const MetricInputs> inputs;
    };
    struct Seen;
    void observeDraws(SlicedTask&, const std::shared_ptr<Seen>&, const Moment&,
                      const std::string& channel, Detail);
    Frame frameOf(const std::shared_ptr<const MetricInputs>&) const;
    const Frame& frame(const Moment&, Index step);
    static Geodesic settled(const Frame&, const ParamSet&, std::stop_token);
    std::map<std::string, double> comparePaths(const Moment&, const Frame&, Key, Index pairs,
                                               std::stop_token) const;

    ParamSet m_params;
    std::optional<Frame> m_frame;
    Index m_step = -1;
    std::uint64_t m_version = 0;
    std::optional<GeodesicSolver> m_solver;
    std::shared_ptr<geometry::Dragged> m_dragged;
};

}  // namespace lx::autoencoder
