// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diffusion/schedule.h"
#include "core/energies/mixture.h"

namespace lx::diffusion {

/// What is known of the noise in z: E[eps | z] at a noise level. Immutable; any thread may call any
/// member at the same time. The clean datum and the score follow by conversion().
class Denoiser {
public:
    virtual ~Denoiser() = default;
    virtual Index dim() const = 0;
    /// Evaluations of a network that one of this costs.
    virtual Index cost() const { return 1; }

    /// z [N, D] -> eps [N, D]. Row i depends on row i of z alone. Throws UsageError when the sizes
    /// disagree.
    void epsilon(const NoiseLevel&, std::span<const double> z, std::span<double> eps) const;
    /// Also sum_i d eps_i / d z_i, [N].
    void epsilon(const NoiseLevel&, std::span<const double> z, std::span<double> eps,
                 std::span<double> divergence) const;
    /// E[x | z] = (z - sigma eps) / alpha: Tweedie's formula, [N, D]. Ref: efron2011.
    void clean(const NoiseLevel&, std::span<const double> z, std::span<double> x) const;
    /// grad log p(z) = -eps / sigma, [N, D].
    void score(const NoiseLevel&, std::span<const double> z, std::span<double> score) const;

protected:
    virtual void compute(const NoiseLevel&, const double* z, Index count, double* eps) const = 0;
    /// By central differences of compute(), errors about 1e-9; a network knows better.
    virtual void computeDivergence(const NoiseLevel&, const double* z, Index count,
                                   double* divergence) const;
};

using DenoiserPtr = std::shared_ptr<const Denoiser>;

/// The exact denoiser of a mixture of Gaussians: at every level z is a mixture again.
/// Throws UsageError as mixtureEnergy.
DenoiserPtr mixtureDenoiser(MixtureParts);
/// The law of z at a level when x has the law of `parts`.
MixtureParts noisy(MixtureParts parts, const NoiseLevel&);

/// sum_i w_i eps_i. Throws UsageError when the dimensions disagree.
struct WeightedDenoiser {
    DenoiserPtr denoiser;
    double weight = 1;
};
DenoiserPtr combination(std::vector<WeightedDenoiser>);
/// Classifier-free guidance: (1 + w) conditional - w unconditional. With the exact pair this is
/// classifier guidance of weight 1 + w: eps - (1 + w) sigma grad log p(c | z). Guided trajectories
/// do not sample p(x | c) p(c | x)^w. Ref: ho2022.
DenoiserPtr guided(DenoiserPtr conditional, DenoiserPtr unconditional, double weight);

}  // namespace lx::diffusion
