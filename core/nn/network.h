// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/nn/kernels.h"
#include "core/nn/parameters.h"

#include <memory>

namespace lx {

/// "relu", "leaky_relu", "silu", "tanh" or "identity". Throws UsageError.
Activation activationOf(const std::string& name);

/// A differentiable map between rows of numbers. Its tensors live in the Parameters it was made
/// with, which must outlive it and be allocated before the first call.
class Network {
public:
    virtual ~Network() = default;
    virtual Index inputs() const = 0;
    virtual Index outputs() const = 0;
    /// [B, inputs] -> [B, outputs] by operations that autograd follows, to any order.
    virtual Tensor forward(const Tensor& x) const = 0;
    /// The same values for one training step: a single autograd node with a hand-written reverse
    /// pass where the network has one. The result is valid until the graph is gone.
    virtual Tensor train(const Tensor& x) { return forward(x); }
};

struct MlpOptions {
    std::string name;          ///< tensors are <name>.<layer>.weight and .bias
    std::vector<Index> sizes;  ///< inputs, hidden ..., outputs; two entries: linear
    Activation activation = Activation::Relu;
};
/// Fully connected layers; no activation after the last.
std::unique_ptr<Network> makeMlp(Parameters&, MlpOptions);

struct ConvOptions {
    std::string name;
    Index height = 0, width = 0;
    std::vector<Index> channels;  ///< of each 4 x 4 layer of stride 2
    Index features = 0;           ///< outputs of the encoder, inputs of the decoder
    Activation activation = Activation::Relu;
};
/// Pictures [B, height * width] -> [B, features]: convolutions, then one dense layer.
std::unique_ptr<Network> makeConvEncoder(Parameters&, ConvOptions);
/// [B, features] -> [B, height * width]: one dense layer, then transposed convolutions.
std::unique_ptr<Network> makeConvDecoder(Parameters&, ConvOptions);

struct CriticOptions {
    std::string name;
    Index height = 0, width = 0;
    Index classes = 0;            ///< one-hot inputs behind the pixels
    std::vector<Index> channels;  ///< a 3 x 3 layer of stride 1, then 4 x 4 layers of stride 2
    Index features = 0;           ///< units of the full layer before the output
    Activation activation = Activation::LeakyRelu;
    bool spectral = false;  ///< all weights but the last layer's over their largest singular value
};
/// [B, height * width + classes] -> [B, 1]. A class multiplies channels and units by gains of its
/// own. Ref: du2019, miyato2018.
std::unique_ptr<Network> makeConvCritic(Parameters&, CriticOptions);

/// w [K, ...] as a matrix [K, rest] over its largest singular value, with its gradient.
Tensor spectrallyNormalised(const Tensor& w);
/// The largest singular value of w [K, ...] as a matrix [K, rest].
double spectralNorm(const Tensor& w);

struct UnetOptions {
    std::string name;
    Index height = 0, width = 0;
    Index features = 0;           ///< inputs besides the pixels: noise level, class
    std::vector<Index> channels;  ///< of each resolution, each with half the side of the last
};
/// A picture and what is told with it, [B, height * width + features] -> [B, height * width].
std::unique_ptr<Network> makeUnet(Parameters&, UnetOptions);

/// The activation by ATen operations.
Tensor activate(const Tensor&, Activation);

}  // namespace lx
