// SPDX-License-Identifier: GPL-3.0-or-later
// From noise to data: the ways to follow a denoiser down the noise levels.
#pragma once

#include "core/base/key.h"
#include "core/diffusion/ode.h"

namespace lx::diffusion {

enum class Reverse : std::uint8_t {
    Ddpm,              ///< ancestral: the posterior of the noising step. Ref: ho2020
    Ddim,              ///< with eta between 0, no noise, and 1, Ddpm. Ref: song2021ddim
    Euler,             ///< probability flow, one step between two times
    Heun,              ///< the same, second order
    Rk45,              ///< the same, own steps between two times
    Corrected,         ///< Ddpm, then Langevin steps at the new level. Ref: song2021
    AnnealedLangevin,  ///< Langevin steps at every level, none between. Ref: song2019
    Langevin           ///< as many of them, all at the last level
};
/// "ddpm", "ddim", "euler", "heun", "rk45", "corrected", "annealed-langevin" or "langevin".
/// Throws UsageError on another word.
Reverse reverseNamed(std::string_view);

struct ReverseOptions {
    Reverse method = Reverse::Ddpm;
    double eta = 0;           ///< of Ddim
    Index corrections = 1;    ///< Langevin steps of Corrected at a level
    double snr = 0.16;        ///< of those steps: their size is (2 snr sigma)^2
    Index inner = 100;        ///< Langevin steps of AnnealedLangevin at a level
    double langevin = 0.1;    ///< size of those steps, in units of sigma^2
    double tolerance = 1e-5;  ///< of Rk45
    bool finish = true;       ///< the last step goes on to E[x | z]
};

/// A plan of steps down a grid of times. Immutable.
///
/// Row r of step i takes its noise from StepDraws(key, r, i * (1 + corrections) + part), so it
/// depends on (key, r, i) and on its own z alone; only Rk45 chooses its steps from all rows.
class ReverseProcess {
public:
    /// times: timeGrid(). Throws UsageError when an option is out of range or the times do not
    /// fall.
    ReverseProcess(SchedulePtr, std::vector<double> times, const ReverseOptions&);

    const NoiseSchedule& schedule() const { return *m_schedule; }
    /// Steps from noise to data; the last one finishes.
    Index steps() const;
    /// Time before step i; that of the data, first(), when i = steps().
    double timeBefore(Index step) const;
    /// Time of the noise in rows after so many steps: where the next step begins, or the level that
    /// Langevin steps walked on.
    double timeAfter(Index made) const;
    NoiseLevel levelBefore(Index step) const { return m_schedule->at(timeBefore(step)); }
    /// Normal rows first, first + 1, ... of the run [count, dim], of variance alpha^2 spread^2 +
    /// sigma^2 at the first time; row r by (key, r). `spread`: sd of the data.
    std::vector<double> start(Key, Index count, Index dim, double spread = 0,
                              Index first = 0) const;
    /// Step i of z [N, D]; the rows are first, first + 1, ... of the run. Returns evaluations of
    /// networks a row: a guided denoiser costs two. Throws NumericalError when a row is not finite.
    Index step(const Denoiser&, Key, Index i, std::span<double> z, Index first = 0) const;

    /// Langevin steps at a level, none from a level to the next.
    bool walksLevels() const;

private:
    SchedulePtr m_schedule;
    std::vector<double> m_times;  ///< falling, [steps + 1] or, of AnnealedLangevin, [levels]
    ReverseOptions m_options;
};

/// All steps from the start to the data: rows [count, dim] of (key).
std::vector<double> generate(const ReverseProcess&, const Denoiser&, Key, Index count,
                             double spread = 0);

/// z = alpha x + sigma eps for rows x [N, D]; row r by (key, r).
std::vector<double> noised(Key, const NoiseLevel&, std::span<const double> x, Index dim);

}  // namespace lx::diffusion
