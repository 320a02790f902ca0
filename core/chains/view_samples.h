// SPDX-License-Identifier: GPL-3.0-or-later
// Draws of one variable out of a view. Private to core/chains.
#pragma once

#include "core/chains/chain_store.h"

namespace lx::detail {

/// Variables are the quantities of the layout, then lp__ where it is reported and no quantity.
Index variableCount(const ChainLayout&);
std::string variableName(const ChainLayout&, Index variable);
void copyVariable(const ChainView&, Index variable, Index slot, Index from, Index step,
                  std::span<double> out);

/// At most `most` slots of kept(), evenly.
std::vector<Index> evenSlots(const ChainView&, Index most);

/// Draws after warm-up, chain after chain.
struct Sample {
    std::vector<double> values;
    Index chains = 0, draws = 0;
    Index from = 0, step = 1;  ///< rows of the view
    diagnostics::Draws view() const { return {values, chains, draws}; }
};

/// Every step-th draw up to the last one, with the smallest step for at most `most` values (but at
/// least 16 a chain); most 0: all.
Sample thinned(const ChainView&, Index variable, std::span<const Index> slots, Index most);
/// The last consecutive draws, at most `most` values (at least 16 a chain); most 0: all.
Sample recent(const ChainView&, Index variable, std::span<const Index> slots, Index most);
/// The same for a scalar of the sampler.
Sample recentScalar(const ChainView&, std::size_t scalar, std::span<const Index> slots, Index most);

}  // namespace lx::detail
