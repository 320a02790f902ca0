// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_store.h"
#include "core/chains/diagnostics_result.h"

namespace lx::detail {

/// Keeps the envelope of one variable up to date at the cost of the new draws alone: when there are
/// more than `buckets`, pairs are merged and a bucket covers twice as many draws.
class EnvelopeBuilder {
public:
    EnvelopeBuilder(Index variable, Index chains = 64, Index buckets = 1024)
        : m_variable(variable), m_chains(chains), m_most(buckets) {}
    Index variable() const noexcept { return m_variable; }
    /// Takes what is new in `view`; begins anew when it is no continuation.
    void update(const ChainView& view);
    const TraceEnvelope& envelope() const noexcept { return m_envelope; }

private:
    void restart(const ChainView&);
    void halve();

    Index m_variable, m_chains, m_most;
    TraceEnvelope m_envelope;
    std::vector<Index> m_slots;
    std::vector<std::vector<double>> m_low, m_high;  // of each chain
    std::uint64_t m_generation = 0;
    Index m_rows = 0, m_stride = 0, m_keptCount = 0;
};

}  // namespace lx::detail
