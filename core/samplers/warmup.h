// SPDX-License-Identifier: GPL-3.0-or-later
// Tunes a kernel while it warms up, as Stan does, and then leaves it alone.
#pragma once

#include "core/samplers/registry.h"

namespace lx {

/// Array [chains] of a state whose kernel tunes its step size by something else than the acceptance
/// probabilities of StepInfo.
inline constexpr std::string_view kTunedBy = "acceptance";

/// Steers the logarithm of the step size so that the mean acceptance probability becomes the wanted
/// one. Ref: hoffman2014, section 3.2 (gamma 0.05, t0 10, kappa 0.75).
class DualAveraging {
public:
    /// Begins again near `stepSize`.
    void restart(double stepSize);
    /// The step size to try next.
    double next(double acceptance, double wanted);
    /// The one to keep.
    double average() const;
    std::vector<double> numbers() const { return {m_mu, m_gap, m_mean, m_count}; }
    void setNumbers(std::span<const double>);

private:
    double m_mu = 0, m_gap = 0, m_mean = 0, m_count = 0;
};

struct WarmupOptions {
    Index iterations = 1000;
    double acceptance = 0;                       ///< wanted; 0: the step size stays
    std::string metric = "unit";                 ///< unit, diagonal or dense
    Index initial = 75, last = 50, window = 25;  ///< Stan's buffers and first window
};
/// What sampler.adapt, sampler.target_accept and sampler.metric say for a kernel.
WarmupOptions warmupOptions(const SamplerSpec&, const ParamSet& resolved, Index iterations);

/// How warm-up went.
struct WarmupCourse {
    std::vector<double> stepSize, acceptance;  ///< [iterations so far], mean over chains
    struct Window {
        Index iteration = 0;              ///< the matrix holds from the step after this one
        std::vector<double> inverseMass;  ///< [D] or [D, D]
    };
    std::vector<Window> windows;
};

/// All chains share one step size and one inverse mass matrix, learned from all of them (at most
/// 1024): Stan tunes every chain for itself. Windows of draws double in length; at the end of each
/// the (co)variance of its draws, drawn a little to 1e-3 I, becomes the inverse mass and the step
/// size is sought anew. Ref: stan2023, section 15.2.
class Warmup {
public:
    explicit Warmup(WarmupOptions options, Key key);

    /// Seeks a first step size by doubling or halving. Call it once, before the first step.
    void begin(const Kernel&, const Energy&, ChainState&);
    /// Call it after each step of warm-up; changes step_size and inverse_mass of the state.
    /// Without effect when finished.
    void after(const Kernel&, const Energy&, ChainState&, std::span<const StepInfo>);
    bool finished() const { return m_done >= m_options.iterations; }
    Index iterations() const { return m_options.iterations; }
    const WarmupCourse& course() const { return m_course; }

    State capture(std::string_view prefix) const;
    /// Options as at the capture. Throws UsageError when the arrays do not fit.
    void restore(const State&, std::string_view prefix);

private:
    void seek(const Kernel&, const Energy&, ChainState&);
    void collect(const ChainState&);
    std::vector<double> learned(std::size_t dim) const;
    void nextWindow();

    WarmupOptions m_options;
    Key m_key;
    Index m_done = 0, m_size = 0, m_end = 0;  ///< current window: its length, its last iteration
    DualAveraging m_average;
    double m_count = 0;
    std::vector<double> m_mean, m_squares;  ///< of the window: [D]; [D] or [D, D]
    WarmupCourse m_course;
};

}  // namespace lx
