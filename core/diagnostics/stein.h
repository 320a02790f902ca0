// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/diagnostics/draws.h"

namespace lx::diagnostics {

struct SteinOptions {
    Index maxPoints = 500;   ///< more draws are thinned evenly: the cost grows as the square
    Index bootstraps = 500;  ///< for the p-value; 0: none
    double flip = 0.1;       ///< chance that the sign changes from draw to draw: below the rate at
                             ///< which draws forget; 0.5 for independent ones
    Key key{1, 2};
};

/// Kernel Stein discrepancy from draws to the density whose score is given: one number that also
/// sees the bias of unadjusted samplers, which R-hat and ESS never do. 0 when the draws fit.
struct SteinDiscrepancy {
    double value = 0;        ///< root of the V-statistic, in units of the score
    double probability = 1;  ///< p-value by the wild bootstrap; NaN without
    Index points = 0;        ///< that were used
};

/// `points` and `scores` (gradient of the log density there) [n, dim], in the order of the chain.
/// Inverse multiquadric kernel (c^2 + |x - y|^2)^(-1/2), c^2 the median squared distance; it also
/// notices draws that miss the tails. NaN for fewer than 2 points or a value that is not finite.
/// Like all local measures it hardly sees wrong weights of modes far apart. Cost n^2 dim.
/// Ref: gorham2017, liu2016stein, chwialkowski2016.
SteinDiscrepancy steinDiscrepancy(std::span<const double> points, std::span<const double> scores,
                                  Index dim, const SteinOptions& = {});

}  // namespace lx::diagnostics
