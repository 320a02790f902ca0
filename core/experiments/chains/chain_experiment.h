// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_array.h"
#include "core/chains/diagnostics_worker.h"
#include "core/experiments/chains/result_cache.h"
#include "core/experiments/chains/sampler_run.h"
#include "core/experiments/chains/statistics_channels.h"
#include "core/experiments/chains/tally.h"

#include <atomic>
#include <deque>

namespace lx::chains {

/// Our own chains: a kernel on an energy, its draws and what is said about them.
class ChainExperiment final : public Experiment {
public:
    ChainExperiment(const ParamSet& params, Key key, Index threads, const GpuChains&, SaveChains,
                    Energies, const LogSink&);
    ~ChainExperiment() override;

    void advance(Clock, Budget, std::stop_token, SeriesSink&) override;
    Index step(Clock) const override { return m_run.steps(); }
    bool waiting() const noexcept override { return m_run.midStep(); }
    std::uint64_t news() const noexcept override { return m_news + m_shared->results; }
    bool working() const noexcept override;
    void rest(bool) override;
    void set(const cmd::SetParam&) override;
    std::unique_ptr<Task> probe(const cmd::Probe&) override;
    std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const override;
    State capture() const override;
    void restore(const State&) override;
    std::map<std::string, double> metrics(Key, std::stop_token) const override;

private:
    /// Counted by the worker's thread.
    struct Shared {
        std::atomic<std::uint64_t> results = 0;
    };
    /// Since the phase (warm-up or sampling) began, of all chains.
    struct Sums {
        double acceptance = 0;
        Index transitions = 0, divergences = 0;
        Index gradients = 0;  ///< since the start of the run
    };

    void record(SeriesSink&);
    void store();
    void publishSeries(SeriesSink&);
    void publishMixing(SeriesSink&);
    void beginDraws();
    void startOver();
    void follow();
    ChainLayout layoutOf() const;
    ChainTruth truth() const;
    bool sampling() const { return !m_run.warming(); }
    std::shared_ptr<const DiagnosticsResult> newest() const;
    DiagnosticsResult exact() const;
    bool funnel() const;

    // observe.cpp
    using Result = std::shared_ptr<const DiagnosticsResult>;
    void publish(const std::string& channel, Detail, const Result&, SnapshotBuilder&) const;
    void publishFacts(SnapshotBuilder&) const;
    void publishEnergy(SnapshotBuilder&) const;
    void publishTrueDensity(SnapshotBuilder&) const;
    void publishNow(SnapshotBuilder&) const;
    void publishMarginals(SnapshotBuilder&) const;
    void publishMechanism(SnapshotBuilder&) const;
    void publishAdaptation(SnapshotBuilder&) const;
    std::vector<float> planeRow(const double* x, double energy, Index width) const;
    std::optional<std::vector<double>> radiusDensity(const Tally::Axis&) const;

    // probes.cpp
    std::vector<double> placeOf(const cmd::Probe&, Index chain) const;
    std::unique_ptr<Task> paint(const cmd::Probe&);
    std::unique_ptr<Task> recordTo(const cmd::Probe&);
    std::unique_ptr<Task> draws(const cmd::Probe&) const;
    void writeFiles(const std::filesystem::path& folder) const;

    Key m_key;
    SamplerRun m_run;
    Tally m_tally;
    Sums m_sums;
    std::deque<Divergence> m_diverged;
    std::shared_ptr<EngineChains> m_chains = std::make_shared<EngineChains>();
    ChainStore* m_store = nullptr;
    Index m_interval = 1;        ///< steps between two points of the series
    std::uint64_t m_news = 0;    ///< moves by hand
    std::uint64_t m_target = 0;  ///< rises when the energy changes
    std::vector<Index> m_focus;
    double m_seconds = 0;     ///< spent sampling
    std::size_t m_modes = 0;  ///< of the target
    mutable std::vector<double> m_row;
    mutable ResultCache m_cache;
    std::unique_ptr<ChainArrayWriter> m_writer;
    SaveChains m_saveNetCdf;

    std::shared_ptr<Shared> m_shared = std::make_shared<Shared>();
    DiagnosticsWorker m_worker;  // last: it ends before what it reads
};

}  // namespace lx::chains
