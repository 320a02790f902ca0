// SPDX-License-Identifier: GPL-3.0-or-later
// Results of diagnostics and stored draws as channels (resources/docs/channels.md); the same for
// our own chains and for those of a file.
#pragma once

#include "core/chains/chain_source.h"
#include "core/chains/diagnostics_result.h"
#include "core/session/experiment.h"

namespace lx::chains {

inline constexpr Index kShownChains = 64, kTrailRows = 260, kMechanismChains = 16;

/// Slots of kept() that are shown: at most `most`, evenly spaced.
std::vector<Index> shownSlots(const ChainView&, Index most = kShownChains);

/// Positions of the variables shown when nobody has chosen: the first 8, derived ones, lp__.
std::vector<Index> firstFocus(const ChainLayout&);
/// All variables in the order of the table: quantities, then lp__ when it is reported.
std::vector<std::string> variableNames(const ChainLayout&);
/// Positions of the variables named, one a line, at most 16. Throws UsageError on an unknown name.
std::vector<Index> focusOf(const ChainLayout&, const std::string& names);
std::string namesOfFocus(const ChainLayout&, std::span<const Index> focus);

/// A step of the run and the chain that diverged in it.
struct Divergence {
    Index step = 0, chain = 0;
};

/// Channels of a result: trace, rank_ecdf, ..., diagnostics, verdict, occupancy, truth_error.
/// `whole`: all rows of the table, else the first 1 000.
struct StatisticsRequest {
    std::span<const Divergence> divergences = {};
    bool whole = false;
    bool funnel = false, tempered = false;
    Index warmingUntil = 0;  ///< last step of the warm-up under way; 0: it is over
};
void publishStatistics(const std::string& channel, const DiagnosticsResult&,
                       const StatisticsRequest&, SnapshotBuilder&);
/// Whether publishStatistics knows the channel.
bool isStatistics(std::string_view channel);

/// Channels of the draws themselves: chains_trail, draws, chains.
void publishDraws(const std::string& channel, const ChainView&, Detail, SnapshotBuilder&);
bool isDraws(std::string_view channel);

}  // namespace lx::chains
