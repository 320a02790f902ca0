// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_store.h"
#include "core/diagnostics/live.h"
#include "core/diagnostics/sampler.h"

namespace lx::detail {

/// diagnostics::samplerReport of a growing view, at the cost of the new draws alone. Counts are of
/// all chains, also those whose draws are not kept; E-BFMI is of the kept ones (at most 64), and
/// only while consecutive draws are kept.
class SamplerTally {
public:
    void update(const ChainView&);
    const diagnostics::SamplerReport& report() const noexcept { return m_report; }

private:
    struct Energy {
        diagnostics::RunningMoments moments;
        double last = 0, squares = 0;
    };
    void restart(const ChainView&);

    diagnostics::SamplerReport m_report;
    std::vector<Index> m_slots;
    std::vector<Energy> m_energies;
    std::vector<Index> m_divergences;
    std::uint64_t m_generation = 0;
    Index m_rows = 0, m_warmup = -1, m_stride = 0, m_kept = 0;
};

}  // namespace lx::detail
