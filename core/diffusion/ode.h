// SPDX-License-Identifier: GPL-3.0-or-later
// The probability-flow equation dz/dt = (alpha'/alpha) z + (sigma' - sigma alpha'/alpha) eps(z, t),
// whose solutions have the marginals of the noising process. Ref: song2021.
#pragma once

#include "core/diffusion/denoiser.h"

namespace lx::diffusion {

enum class Integrator : std::uint8_t {
    Euler,  ///< order 1
    Heun,   ///< order 2
    Rk45    ///< Dormand and Prince, order 5, own steps. Ref: dormand1980
};

/// Largest number of steps of Rk45 in one call.
inline constexpr Index kMaxOdeSteps = 20'000;

/// Moves rows z [N, D] from time `from` to `to`, in either direction. Euler and Heun make one step;
/// Rk45 makes its own, the same for all rows, with local errors below `tolerance` (absolute and
/// relative, root mean square over all rows). `logDensity` [N], when not empty, follows the density
/// along the paths. Returns evaluations of the denoiser a row. Throws NumericalError when a value
/// is not finite or Rk45 needs more than kMaxOdeSteps.
Index flow(const Denoiser&, const NoiseSchedule&, Integrator, double from, double to,
           std::span<double> z, std::span<double> logDensity = {}, double tolerance = 1e-5);

/// log p(z) [N] at time first() of the model that begins as N(0, variance I) at last(): exact up to
/// the tolerance of Rk45 and that beginning. `variance` of z at last(): 1 for variance-preserving
/// schedules; for others sigma^2 plus the data's.
std::vector<double> logLikelihood(const Denoiser&, const NoiseSchedule&, std::span<const double> z,
                                  double variance = 1, double tolerance = 1e-5);

}  // namespace lx::diffusion
