// SPDX-License-Identifier: GPL-3.0-or-later
// Where chains are among known modes or levels, and how often they change: what R-hat cannot see
// when all chains sit in the same wrong mode.
#pragma once

#include "core/diagnostics/verdict.h"

namespace lx::diagnostics {

/// Index of the nearest centre per point, by squared distance; the first one when tied. `points`
/// [n, dim], `centres` [modes, dim]; -1 for a point that is not finite.
std::vector<Index> nearestMode(std::span<const double> points, std::span<const double> centres,
                               Index dim);

struct ModeReport {
    Index chains = 0, draws = 0, modes = 0;
    std::vector<double> occupancy;   ///< [chains, modes], shares of the draws that have a mode
    std::vector<Index> transitions;  ///< [modes, modes] from row to column, all chains; no diagonal
    std::vector<Index> hops;         ///< [chains] changes of mode
    std::vector<Index> sinceHop;     ///< [chains] draws since the last change, or since the start
    std::vector<double> weights, mcse;  ///< [modes] over all chains; mcse NaN if none or all there
};

/// `labels`: mode of draw n of chain m at [m * draws + n]; negative ones belong to no mode and are
/// passed over. Throws UsageError for a label that is not below `modes`.
ModeReport followModes(std::span<const Index> labels, Index chains, Index draws, Index modes);

/// Sentences on hops and on the weights against the truth (empty: unknown), beside those on R-hat.
/// A difference counts from `maxZ` standard errors, or from 0.02 in a mode that was never left.
std::vector<Finding> modeVerdict(const ModeReport&, std::span<const double> truth = {},
                                 double maxZ = 4);

/// Journeys low -> high -> low of one replica through temperatures or between two modes.
/// Ref: katzgraber2006.
Index roundTrips(std::span<const Index> levels, Index low, Index high);

}  // namespace lx::diagnostics
