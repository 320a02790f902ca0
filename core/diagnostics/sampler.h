// SPDX-License-Identifier: GPL-3.0-or-later
// What the sampler itself reports: energies, divergences, depth, acceptance.
#pragma once

#include "core/diagnostics/draws.h"

#include <optional>

namespace lx::diagnostics {

/// Mean squared energy step divided by the energy variance, per chain; below 0.3 the momentum
/// refreshment cannot cross the energy levels. NaN for a constant or non-finite chain.
/// Ref: betancourt2016.
std::vector<double> energyBfmi(Draws energy);

/// Counts over the draws after warm-up; absent where the sampler has no such thing.
struct SamplerReport {
    Index transitions = 0;
    std::optional<Index> divergences, maxDepthHits;
    std::vector<double> ebfmi;                   ///< per chain; empty when unknown
    std::optional<double> acceptance, wanted;    ///< mean, and what the step size was tuned for
    std::vector<Index> divergencesOfChain = {};  ///< empty when unknown
};

/// From the columns that the sampler wrote, each [chains, draws]; a default Draws is absent.
struct SamplerColumns {
    Draws divergent, depth, energy, acceptance;
    Index maxDepth = 10;
};
SamplerReport samplerReport(const SamplerColumns&);

/// Best mean acceptance probabilities of a kernel in high dimension: "rwm" 0.234, "mala" 0.574,
/// "hmc" and "nuts" 0.8; absent for others. Ref: roberts2001, betancourt2016.
std::optional<double> wantedAcceptance(std::string_view kernel) noexcept;

}  // namespace lx::diagnostics
