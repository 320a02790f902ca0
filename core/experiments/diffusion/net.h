// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diffusion/denoiser.h"
#include "core/diffusion/prediction.h"
#include "core/nn/network.h"

namespace lx::diffusion {

struct NetOptions {
    Index dim = 0;
    std::vector<Index> hidden;
    Activation activation = Activation::Silu;
    Index frequencies = 4;  ///< of the log SNR, 0.1 * 1.7^k rad
    Prediction prediction = Prediction::Epsilon;
};
NetOptions netOptions(const ParamSet& params, Index dim);

/// A network of full layers on z / sqrt(alpha^2 + sigma^2) and sines and cosines of the log SNR.
/// Its output is the noise, x0, v, or sigma times the score.
class Net {
public:
    Net(NetOptions, Placement, at::ScalarType = at::kFloat);
    Net(const Net&) = delete;
    Net& operator=(const Net&) = delete;

    const NetOptions& options() const { return m_options; }
    Parameters& parameters() noexcept { return m_parameters; }
    const Parameters& parameters() const noexcept { return m_parameters; }

    /// z [B, D], alpha and sigma [B, 1] -> output [B, D].
    Tensor forward(const Tensor& z, const Tensor& alpha, const Tensor& sigma) const;
    /// What the output should be, for the clean rows and their noise.
    Tensor wanted(const Tensor& x, const Tensor& eps, const Tensor& alpha,
                  const Tensor& sigma) const;
    /// Squared error of eps over squared error of the output, [B, 1].
    Tensor errorScale(const Tensor& alpha, const Tensor& sigma) const;
    /// The same forward pass with a hand-written reverse, for one training step.
    Tensor train(const Tensor& z, const Tensor& alpha, const Tensor& sigma);
    /// eps [B, D] from an output.
    Tensor epsilon(const Tensor& output, const Tensor& z, const Tensor& alpha,
                   const Tensor& sigma) const;

private:
    Tensor inputs(const Tensor& z, const Tensor& alpha, const Tensor& sigma) const;

    NetOptions m_options;
    Parameters m_parameters;
    std::unique_ptr<Network> m_network;
    Tensor m_frequencies;  ///< [1, F]
};

/// The network at one moment as a denoiser; its divergence by autograd, in single precision.
DenoiserPtr netDenoiser(std::shared_ptr<const Net>);

}  // namespace lx::diffusion
