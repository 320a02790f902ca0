// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_truth.h"
#include "core/chains/diagnostics_result.h"
#include "core/chains/view_samples.h"

namespace lx::detail {

/// Rank plots, autocorrelation and efficiency of one variable from at most `most` draws of all
/// chains (0: all); trace and course are left to their keepers.
VariablePlots plotsOf(const ChainView&, Index variable, std::span<const Index> slots, Index most,
                      double trueMean);

/// From the last `most` draws of energy__; none without them or when nothing varies.
std::optional<EnergyPlot> energyPlot(const ChainView&, std::span<const Index> slots, Index most);

}  // namespace lx::detail
