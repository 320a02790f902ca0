// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diagnostics/draws.h"

namespace lx::diagnostics {

enum class Tail : std::uint8_t { Left, Right, Both };

/// How heavy a tail is: the shape k of a generalised Pareto distribution fitted to it. Moments of
/// order 1 / k and above do not exist.
struct ParetoShape {
    double shape = 0;  ///< k; NaN when there is no tail to fit
    double minimumSize =
        0;                 ///< draws needed for a reliable mean: 10^(1 / (1 - k)), infinite from 1
    double threshold = 0;  ///< of reliability with the draws there are: min(1 - 1 / log10 S, 0.7)
    bool reliable() const noexcept { return shape < threshold; }
};

/// Fits the 3 sqrt(S / r) most extreme draws (20 % up to 225 draws), r = tail ESS / S, with the
/// weakly informative prior of posterior. With Both the heavier tail counts.
/// Ref: vehtari2024, zhang2009.
ParetoShape paretoShape(Draws, Tail = Tail::Both);

}  // namespace lx::diagnostics
