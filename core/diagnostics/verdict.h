// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all quantities and what it means, in words with a next step.
#pragma once

#include "core/diagnostics/sampler.h"
#include "core/diagnostics/scalar.h"

#include <string>

namespace lx::diagnostics {

struct Summary {
    std::string name;
    double mean = 0, median = 0, sd = 0, mad = 0, q5 = 0, q95 = 0;
    Rhat rhat;
    double essBulk = 0, essTail = 0, mcseMean = 0, mcseSd = 0;
    Fault fault = Fault::None;
};
Summary summarise(std::string name, ScalarDiagnostics&);

/// The recommendations of vehtari2021 and of the Stan reference manual.
struct Limits {
    double rhat = 1.01;
    double essPerChain = 100;
    double ebfmi = 0.3;
    double mcseOfSd = 0.05;  ///< standard error of the mean as a share of sd
    double acceptanceError = 0.15;
    Index drawsPerHalf = 50;  ///< fewer: R-hat is shown but not trusted
};

enum class Severity : std::uint8_t { Good, Note, Warning };

/// `id` names the flag for a glossary: rhat, rhat_scale, ess, tail_ess, few_draws, one_chain,
/// constant, not_finite, divergences, treedepth, ebfmi, acceptance, precision, antithetic, stuck,
/// fine, nothing; where the target is known also those of modeVerdict, truth, stein, nested_rhat,
/// r_star.
struct Finding {
    std::string id;
    Severity severity = Severity::Note;
    std::string sentence, nextStep;
};

/// Warnings first. A constant quantity is explained and never counts as not converged; nor does a
/// folded or tail estimate that does not exist because a quantity has few values.
std::vector<Finding> verdict(std::span<const Summary>, Index chains, Index draws,
                             const SamplerReport& = {}, const Limits& = {});

}  // namespace lx::diagnostics
