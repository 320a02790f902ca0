// SPDX-License-Identifier: GPL-3.0-or-later
// Draws of one scalar quantity and the transforms that the diagnostics start from.
#pragma once

#include "core/base/error.h"

#include <span>
#include <vector>

namespace lx::diagnostics {

/// A view of the draws after warm-up, chain after chain: draw n of chain m is
/// values[m * draws + n]. All chains are equally long; shortest() trims those that are not.
struct Draws {
    std::span<const double> values;
    Index chains = 0, draws = 0;

    Draws() = default;
    /// Throws UsageError when the sizes do not fit.
    Draws(std::span<const double> values, Index chains, Index draws);
    Index size() const noexcept { return chains * draws; }
    std::span<const double> chain(Index m) const {
        return values.subspan(static_cast<std::size_t>(m * draws), static_cast<std::size_t>(draws));
    }
};

/// Equally long chains of unequal ones: the end of the longer ones is cut.
struct Trimmed {
    std::vector<double> values;
    Index chains = 0, draws = 0, cut = 0;  ///< cut: draws left out, of all chains together
    Draws view() const { return {values, chains, draws}; }
};
Trimmed shortest(std::span<const std::vector<double>> chains);

/// Why an estimate does not exist, or is not to be judged.
enum class Fault : std::uint8_t { None, NotANumber, Infinite, Constant, TooFewDraws };

/// The first of the faults that holds. Constant: the range is below 2^-52, as in posterior.
/// TooFewDraws: fewer than `least` in a half chain.
Fault faultOf(Draws, Index least = 3) noexcept;

/// No estimate is made of such values: one of them is not finite, or all are equal.
bool undefinedFor(std::span<const double>) noexcept;

/// Halves of every chain as chains of their own; the middle draw of an odd number is dropped.
/// With one draw the chains stay whole. `out` receives 2 M halves of N / 2 draws.
Draws split(Draws, std::vector<double>& out);

/// |x - median of all draws|. Folding comes before splitting, as in posterior: with odd N the
/// middle draws take part in the median.
Draws fold(Draws, double median, std::vector<double>& out);

/// Ranks from 1, ties averaged; all NaN when a value is. `order`, if not null, receives the indices
/// that sort the values.
void averageRanks(std::span<const double> values, std::vector<double>& ranks,
                  std::vector<std::uint32_t>* order = nullptr);

/// Normal scores PhiInverse((r - 3/8) / (S + 1/4)) of the ranks. Ref: vehtari2021, eq. 14.
Draws rankNormalise(Draws, std::vector<double>& out);

/// Quantile of sorted values by linear interpolation (type 7 of hyndman1996); NaN when empty.
double quantileOfSorted(std::span<const double> sorted, double p) noexcept;

/// Sums twice, so that a mean far from zero keeps its digits.
double meanOf(std::span<const double>) noexcept;
/// Unbiased; NaN below two values, exactly 0 when all are equal.
double varianceOf(std::span<const double>) noexcept;

}  // namespace lx::diagnostics
