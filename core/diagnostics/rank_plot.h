// SPDX-License-Identifier: GPL-3.0-or-later
// Do all chains draw the same distribution? Ranks of each chain among all draws are uniform then.
#pragma once

#include "core/base/key.h"
#include "core/diagnostics/draws.h"

namespace lx::diagnostics {

struct RankHistogram {
    Index chains = 0, bins = 0;
    std::vector<Index> counts;  ///< [chains, bins]
    double expected = 0;        ///< draws a bin
};
/// Ties share their average rank, so a quantity of few values makes lumps that mean nothing. Throws
/// UsageError for fewer than 2 bins; empty when a draw is NaN.
RankHistogram rankHistogram(Draws, Index bins = 20);

/// Empirical distribution function of the ranks of each chain minus that of a uniform one, with a
/// band that all chains leave nowhere with the given probability if they draw independently from
/// one distribution. Autocorrelated draws leave it more often: thin by the autocorrelation time
/// first. Ref: sailynoja2022, section 3.
struct RankEcdf {
    Index chains = 0;
    std::vector<double> at;            ///< [points] shares of the pooled draws
    std::vector<double> difference;    ///< [chains, points]
    std::vector<double> lower, upper;  ///< [points]
    bool inside = true;
};
/// One chain is compared half with half. The band is simulated with at most 200 draws a chain, as
/// its level hardly depends on them, and is then exact at each point for the real number. Throws
/// UsageError for more than 64 chains; empty when a draw is NaN or a chain has none.
RankEcdf rankEcdf(Draws, Index points = 50, double probability = 0.95, Key = {1, 1});

}  // namespace lx::diagnostics
