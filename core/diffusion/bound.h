// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/diffusion/denoiser.h"

namespace lx::diffusion {

/// The variational bound of the diffusion model as a hierarchy of latent levels, in nats a row:
/// log p(x) >= reconstruction - prior - diffusion. Ref: kingma2021.
struct Bound {
    std::vector<double> reconstruction;  ///< [N] E log p(x | z_0), p = N(z_0 / alpha, ratio^2)
    std::vector<double> prior;           ///< [N] KL(q(z_T | x) | N(0, I))
    std::vector<double> diffusion;       ///< [N] sum of (SNR_s - SNR_t) |x - E[x | z_t]|^2 / 2
    std::vector<double> total() const;   ///< [N] the bound
};

/// levels: falling in SNR, the cleanest first; `draws` of the noise at each level by (key, row);
/// the other two terms are exact. x [N, D]. Throws UsageError.
Bound variationalBound(const Denoiser&, std::span<const NoiseLevel> levels,
                       std::span<const double> x, Key, Index draws = 1);

}  // namespace lx::diffusion
