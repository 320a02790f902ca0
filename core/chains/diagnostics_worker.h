// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_source.h"
#include "core/chains/chain_truth.h"
#include "core/chains/diagnostics_result.h"

#include <functional>

namespace lx {

struct DiagnosticsOptions {
    double rate = 4;           ///< results a second at most
    double share = 0.2;        ///< of one core while the source still grows
    double growth = 1.1;       ///< recompute when the draws have grown by so much
    Index liveDraws = 65'536;  ///< of all chains, for one quantity of a live result
    Index liveChains = 64;     ///< that take part; more are chosen evenly
    diagnostics::Limits limits = {};
    /// Called on the worker's thread when a new result is there; must not block.
    std::function<void()> published = {};
};

/// One thread that keeps the diagnostics of a source up to date. It looks at the newest view on a
/// geometric schedule, publishes a result at most `rate` times a second, and rests so long that it
/// takes no more than `share` of a core. A source that stands still for a second is worked on
/// exactly, too. With thousands of quantities the table fills over several
/// results, those in focus first. All members belong to any thread and return at once.
class DiagnosticsWorker {
public:
    explicit DiagnosticsWorker(DiagnosticsOptions = {});
    ~DiagnosticsWorker();  ///< waits for at most one quantity
    DiagnosticsWorker(const DiagnosticsWorker&) = delete;
    DiagnosticsWorker& operator=(const DiagnosticsWorker&) = delete;

    /// Begins anew; null: nothing to diagnose.
    void setSource(std::shared_ptr<const ChainSource>, ChainTruth = {});
    /// Quantities whose plots are wanted, by their position among the rows.
    void setFocus(std::vector<Index> quantities);
    /// The sampler stands still: compute from all stored draws, at full speed.
    void pause();
    void resume();
    /// Time that the sampler has spent since warm-up, for ESS per second.
    void setSamplingSeconds(double);

    /// The newest one; null before the first.
    std::shared_ptr<const DiagnosticsResult> result() const;

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

/// The same computation at once, on the calling thread and exactly: what the worker publishes on
/// pause.
DiagnosticsResult diagnoseAll(const ChainSource&, const ChainTruth& = {},
                              std::span<const Index> focus = {}, const DiagnosticsOptions& = {});

}  // namespace lx
