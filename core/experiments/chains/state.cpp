// SPDX-License-Identifier: GPL-3.0-or-later
// What a run of chains saves: the chains, their warm-up, all stored draws and the running sums.
#include "core/experiments/chains/chain_experiment.h"

namespace lx::chains {
namespace {

const Array& required(const State& state, const std::string& name, DType type) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.dtype() != type) {
        throw UsageError("the saved state has no array '" + name + "'");
    }
    return found->second;
}

}  // namespace

State ChainExperiment::capture() const {
    State out = m_run.capture();
    out.merge(m_store->capture("draws."));
    out.merge(m_tally.capture("tally."));
    out["sums.acceptance"] = Array({1}, std::vector<double>{m_sums.acceptance});
    out["sums.counts"] =
        Array({3}, std::vector<Index>{m_sums.transitions, m_sums.divergences, m_sums.gradients});
    std::vector<Index> diverged;
    for (const Divergence& d : m_diverged) {
        diverged.insert(diverged.end(), {d.step, d.chain});
    }
    out["diverged"] = Array({std::ssize(m_diverged), 2}, diverged);
    return out;
}

void ChainExperiment::restore(const State& state) {
    const Array& acceptance = required(state, "sums.acceptance", DType::F64);
    const Array& counts = required(state, "sums.counts", DType::I64);
    const Array& diverged = required(state, "diverged", DType::I64);
    if (acceptance.count() != 1 || counts.count() != 3 || diverged.count() % 2 != 0) {
        throw UsageError("the sums of the saved state have other sizes");
    }
    Tally tally = m_tally;
    tally.restore(state, "tally.");
    // Whatever can fail has failed before anything changes.
    ChainStore::restored(layoutOf(), {}, state, "draws.");
    m_run.restore(state);
    m_store = &m_chains->restart(layoutOf(), state, "draws.");
    m_tally = std::move(tally);
    m_sums.acceptance = acceptance.values<double>()[0];
    m_sums.transitions = counts.values<Index>()[0];
    m_sums.divergences = counts.values<Index>()[1];
    m_sums.gradients = counts.values<Index>()[2];
    m_diverged.clear();
    const auto pairs = diverged.values<Index>();
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
        m_diverged.push_back({pairs[i], pairs[i + 1]});
    }
    m_cache.clear();
    follow();
}

}  // namespace lx::chains
