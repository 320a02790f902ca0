// SPDX-License-Identifier: GPL-3.0-or-later
// Convergence and precision of one scalar quantity: R-hat, effective sample sizes and Monte-Carlo
// standard errors, equal to the R package posterior 1.6.1 to 1e-6.
// Ref: vehtari2021 (resources/docs/references.bib).
#pragma once

#include "core/diagnostics/autocovariance.h"

#include <algorithm>

namespace lx::diagnostics {

/// Split R-hat of normal scores. `folded` sees chains of equal centre and unequal spread.
struct Rhat {
    double bulk = 0, folded = 0;
    /// The larger one; NaN when either is, as in posterior.
    double value() const noexcept;
    /// The larger one of those that exist: a folded two-valued quantity may be constant.
    double known() const noexcept;
};

/// All estimates of one quantity. NaN where posterior gives NA: a draw is not finite, all draws are
/// equal, or a half chain has fewer than 3 draws (2 for R-hat). Chains in which nothing moves while
/// they differ give an infinite R-hat. Keeps what several estimates share, and scratch: not for two
/// threads at once. The draws must stay where they are.
///
/// Two corners are left to posterior: with 2 or 3 draws it loses a dimension when splitting and
/// takes chains for draws (here NaN), and pareto_khat of what cannot be fitted is -Inf (here NaN).
class ScalarDiagnostics {
public:
    explicit ScalarDiagnostics(Draws draws = {}) { reset(draws); }
    /// Goes on with another quantity and keeps the scratch.
    void reset(Draws);
    Draws draws() const noexcept { return m_draws; }

    double mean();
    double sd();
    double median() { return quantile(0.5); }
    double mad();  ///< median absolute deviation times 1.4826
    double quantile(double p);
    std::span<const double> sorted();  ///< all draws; empty when one is NaN

    Rhat rhat();
    double rhatBasic(bool splitChains = true);

    double essBasic(bool splitChains = true);
    double essBulk();
    double essTail();  ///< the smaller one of the 5 % and the 95 % quantile
    double essMean() { return essBasic(); }
    double essMedian() { return essQuantile(0.5); }
    double essSd();  ///< of (x - mean)^2, as posterior since 1.5
    double essQuantile(double p);
    /// Of the indicator that x lies between two quantiles. Ref: vehtari2021, section 4.3.
    double essLocal(double from, double to);

    double mcseMean();
    double mcseSd();
    double mcseMedian() { return mcseQuantile(0.5); }
    double mcseQuantile(double p);

private:
    double essOf(Draws whole);
    double essCore(Draws chains);
    Draws indicator(double from, double to);

    Draws m_draws;
    bool m_sortedKnown = false, m_meanKnown = false;
    double m_mean = 0, m_essMean = 0, m_essSquares = 0;
    bool m_essMeanKnown = false, m_essSquaresKnown = false;
    std::vector<double> m_sorted, m_values, m_halves, m_scores, m_rho;
    Draws m_bulk;  ///< normal scores of the halves, in m_bulkScores
    bool m_bulkKnown = false;
    std::vector<double> m_bulkScores;
    Autocovariance m_autocovariance;

    Draws bulkScores();
};

/// sqrt(((N - 1) / N W + Bn) / W) of the chains as they are; NaN as above. Ref: gelman1992.
double rhatOfChains(Draws);

/// One chain's share of nested R-hat; cheap to keep up to date with RunningMoments.
struct ChainMoments {
    double mean = 0, variance = 0;  ///< unbiased; ignored with one draw
};

/// Nested R-hat for many short chains: `superchains` groups of `chains / superchains` consecutive
/// chains that began at the same point. sqrt(1 + B / W). Works with one draw a chain. NaN for fewer
/// than 2 groups or when the chains cannot be shared out evenly. Ref: margossian2024.
double rhatNested(Draws, Index superchains);
double rhatNested(std::span<const ChainMoments>, Index draws, Index superchains);

/// Up to here nested R-hat is no sign of trouble: sqrt(1 + 1 / K + tolerance) for K chains a group.
/// Even perfect groups differ by the variance of a mean of K draws; with several draws a chain they
/// differ less. Ref: margossian2024, section 3.
double nestedRhatLimit(Index chainsPerSuperchain, double tolerance = 0.02) noexcept;

/// Effective sizes of the first draws, for the plot whose healthy shape is a straight line.
struct EssEvolution {
    std::vector<Index> draws;  ///< of a chain
    std::vector<double> bulk, tail;
};
EssEvolution essEvolution(Draws, Index points = 20);

}  // namespace lx::diagnostics
