// SPDX-License-Identifier: GPL-3.0-or-later
// What the diagnostics worker publishes: plain values that never change.
#pragma once

#include "core/diagnostics/autocovariance.h"
#include "core/diagnostics/modes.h"
#include "core/diagnostics/r_star.h"
#include "core/diagnostics/rank_plot.h"
#include "core/diagnostics/stein.h"
#include "core/diagnostics/verdict.h"

namespace lx {

/// Sampled minus true, with half the width of the band that holds 95 % of what the finite number of
/// draws explains: 1.96 Monte-Carlo standard errors. NaN where the truth is not known.
struct TruthError {
    double mean = 0, meanBand = 0, sd = 0, sdBand = 0;
    bool known() const noexcept { return mean == mean; }
    bool meanInside() const noexcept { return !(mean > meanBand || mean < -meanBand); }
};

/// One quantity of the table.
struct VariableRow {
    diagnostics::Summary summary;
    double essPerSecond = 0;  ///< bulk ESS per second of sampling; NaN when not known
    double nestedRhat = 0;    ///< of all chains in their superchains; NaN without
    TruthError truth;
    Index draws = 0, step = 1;  ///< it was computed from so many draws a chain, each `step`-th
    bool trusted = false;       ///< at least 50 draws a half chain: below, show it grey
};

/// Smallest and largest value in buckets of `bucket` consecutive draws: the picture of a trace that
/// hides no excursion.
struct TraceEnvelope {
    Index bucket = 1, first = 0;  ///< bucket b covers draws first + b bucket, ... with warm-up
    Index warmup = 0;             ///< draws before this one are warm-up
    std::vector<Index> chains;    ///< numbers
    Index buckets = 0;
    std::vector<double> low, high;   ///< [chains, buckets]
    std::vector<Index> divergences;  ///< draws that diverged, ascending; at most 1000
};

/// Density of the energy about its mean, and of its change in a transition: where the second is
/// much narrower the sampler cannot reach the tails. Ref: betancourt2016.
struct EnergyPlot {
    double from = 0, width = 0;                ///< of the bins, in nats
    std::vector<double> marginal, transition;  ///< [bins], integrate to 1
    std::vector<double> bfmi;                  ///< per chain
};

/// Monte-Carlo estimate of the mean as draws arrive.
struct MeanCourse {
    std::vector<Index> draws;        ///< of a chain, after warm-up
    std::vector<double> mean, band;  ///< band: 1.96 standard errors
    double truth = 0;                ///< NaN when not known
};

/// R-hat and ESS as they were when they were computed.
struct LiveCourse {
    std::vector<Index> draws;
    std::vector<double> rhat, essBulk, essTail;
};

/// Everything that the plots of one quantity show.
struct VariablePlots {
    Index quantity = 0;
    std::string name;
    TraceEnvelope trace;
    diagnostics::RankHistogram ranks;
    diagnostics::RankEcdf rankEcdf;  ///< thinned by the autocorrelation time, as its band demands
    Index rankStep = 1;              ///< draws from one rank to the next
    diagnostics::Autocorrelation autocorrelation;
    diagnostics::EssEvolution essEvolution;
    std::vector<double> p;                          ///< for the next three
    std::vector<double> essQuantile, mcseQuantile;  ///< at p
    std::vector<double> essLocal;                   ///< between p and the one before (from 0)
    MeanCourse mean;
    LiveCourse live;
};

/// One immutable result. `exact`: of all stored draws; else live values from evenly thinned ones.
struct DiagnosticsResult {
    std::uint64_t generation = 0, sequence = 0;
    Index chains = 0, kept = 0;   ///< that run, and whose draws are stored
    Index draws = 0, warmup = 0;  ///< a chain, stored
    Index seen = 0;               ///< a chain, made
    bool exact = false, finished = false;
    std::vector<VariableRow> rows;  ///< in the order of the layout, then lp__ when it is reported
    Index pending = 0;              ///< rows that still wait for their first value
    diagnostics::SamplerReport sampler;
    std::vector<diagnostics::Finding> verdict;
    std::optional<diagnostics::ModeReport> modes;
    std::vector<double> modeWeights;  ///< true ones
    std::optional<diagnostics::SteinDiscrepancy> stein;
    std::optional<diagnostics::RStar> rStar;  ///< in exact results
    std::optional<EnergyPlot> energy;
    std::vector<VariablePlots> plots;  ///< of the focus
    std::vector<std::string> notes;    ///< of the store, the source, and on what was left out
    double cpuSeconds = 0;             ///< that the worker has spent on this source
};

}  // namespace lx
