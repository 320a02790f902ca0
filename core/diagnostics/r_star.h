// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/diagnostics/draws.h"

namespace lx::diagnostics {

struct RStarOptions {
    Index trees = 100;
    Index maxDraws = 2000;  ///< of all chains together; more are thinned evenly
    double trainShare = 0.7;
    double probability = 0.99;  ///< of the interval
    Key key{1, 3};
};

/// How well a classifier guesses from a draw which chain it came from, as a multiple of pure guess:
/// 1 when all chains draw the same joint distribution, above 1 when they differ in anything, also
/// in what no single quantity shows. Noisy: judge by the interval.
struct RStar {
    double value = 0;          ///< accuracy on the draws left out, times the number of half chains
    double low = 0, high = 0;  ///< Wilson's interval of that share
    Index tested = 0;
    bool differs() const noexcept { return low > 1; }
};

/// `points` [chains, draws, dim]. Chains are split in halves, so that one is enough. The classifier
/// is a forest of extremely randomised trees; draws that follow each other closely help it, so thin
/// by the autocorrelation time first. NaN for fewer than 20 draws a half chain, a value that is not
/// finite, or more than 64 chains. Deviation from lambert2021: extremely randomised trees for
/// random forests, an interval from the test draws for one from class probabilities.
/// Ref: lambert2021, geurts2006, wilson1927.
RStar rStar(std::span<const double> points, Index chains, Index draws, Index dim,
            const RStarOptions& = {});

}  // namespace lx::diagnostics
