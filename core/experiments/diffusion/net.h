// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diffusion/denoiser.h"
#include "core/diffusion/prediction.h"
#include "core/nn/network.h"

namespace lx::diffusion {

struct NetOptions {
    Index dim = 0;
    std::vector<Index> hidden{};
    std::vector<Index> channels{};  ///< of a U-Net on pictures of these sides; empty: full layers
    Index height = 0, width = 0;
    Activation activation = Activation::Silu;
    Index frequencies = 4;  ///< of the log SNR, 0.1 * 1.7^k rad
    Prediction prediction = Prediction::Epsilon;
    Index classes = 0;  ///< that the network is told of; 0: none
};
NetOptions netOptions(const ParamSet& params, std::span<const Index> sampleShape, Index classes);

/// A network of full layers, or a U-Net, on z / sqrt(alpha^2 + sigma^2), sines and cosines of the
/// log SNR, and the class where there are any. Its output is the noise, x0, v, or sigma times the
/// score.
class Net {
public:
    Net(NetOptions, Placement, at::ScalarType = at::kFloat);
    Net(const Net&) = delete;
    Net& operator=(const Net&) = delete;

    const NetOptions& options() const { return m_options; }
    Parameters& parameters() noexcept { return m_parameters; }
    const Parameters& parameters() const noexcept { return m_parameters; }

    /// z [B, D], alpha and sigma [B, 1], classes [B, K] with a 1 at the class, a row of zeros where
    /// it is not told; undefined: nowhere -> output [B, D].
    Tensor forward(const Tensor& z, const Tensor& alpha, const Tensor& sigma,
                   const Tensor& classes) const;
    /// What the output should be, for the clean rows and their noise.
    Tensor wanted(const Tensor& x, const Tensor& eps, const Tensor& alpha,
                  const Tensor& sigma) const;
    /// Squared error of eps over squared error of the output, [B, 1].
    Tensor errorScale(const Tensor& alpha, const Tensor& sigma) const;
    /// The same forward pass with a hand-written reverse, for one training step.
    Tensor train(const Tensor& z, const Tensor& alpha, const Tensor& sigma, const Tensor& classes);
    /// eps [B, D] from an output.
    Tensor epsilon(const Tensor& output, const Tensor& z, const Tensor& alpha,
                   const Tensor& sigma) const;

private:
    Tensor inputs(const Tensor& z, const Tensor& alpha, const Tensor& sigma,
                  const Tensor& classes) const;

    NetOptions m_options;
    Parameters m_parameters;
    std::unique_ptr<Network> m_network;
    Tensor m_frequencies;  ///< [1, F]
};

/// The network at one moment as a denoiser of the class `label`, or of all data where it is -1; its
/// divergence by autograd, in single precision.
DenoiserPtr netDenoiser(std::shared_ptr<const Net>, Index label = -1);

}  // namespace lx::diffusion
