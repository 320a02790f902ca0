// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diagnostics/draws.h"

#include <memory>

namespace lx::diagnostics {

/// Autocovariances by FFT, zero-padded so that the end does not meet the beginning, divided by N at
/// every lag (the biased estimate that Geyer's sequences need). Keeps plans and buffers: one per
/// thread. Cost O(M N log N). Ref: geyer1992.
class Autocovariance {
public:
    Autocovariance();
    ~Autocovariance();
    Autocovariance(Autocovariance&&) noexcept;
    Autocovariance& operator=(Autocovariance&&) noexcept;

    /// Averaged over the chains, at lags 0 .. N - 1; valid until the next call. Values must be
    /// finite.
    std::span<const double> mean(Draws);

private:
    struct Plan;
    std::unique_ptr<Plan> m_plan;
};

/// Autocorrelation for plotting, at lags 0 .. maxLag (at most N - 1).
struct Autocorrelation {
    std::vector<double> perChain;  ///< [chains, lags], each about its own mean
    std::vector<double> combined;  ///< [lags], of all chains about the common mean, with V+
    Index lags = 0;
    double time = 0;  ///< integrated autocorrelation time S / ESS of the mean, in draws
};
/// Rows of constant chains are NaN, and all is when a value is not finite.
Autocorrelation autocorrelation(Draws, Index maxLag);

}  // namespace lx::diagnostics
