// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diffusion/denoiser.h"

namespace lx::diffusion {

/// A denoiser at one noise level as an energy for every sampler: the gradient is -score, the value
/// its integral along the straight line from `origin`, by 16 panels of 4-point Gauss quadrature;
/// exact where the score is a gradient, and then E = -log p + constant. A learned score need not
/// be one: the value is still a function, so kernels with a Metropolis decision draw from
/// exp(-value) exactly, and those without follow the score. `frame`: what a picture should show.
/// Throws UsageError when sizes disagree.
EnergyPtr scoreEnergy(DenoiserPtr, const NoiseLevel&, std::vector<double> origin, Box frame);

}  // namespace lx::diffusion
