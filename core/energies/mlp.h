// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

namespace lx {

/// h(a) and its derivative: a sigmoid(a); tanh a; a or slope a below 0; log(1 + exp a).
enum class MlpActivation : std::uint8_t { Silu, Tanh, LeakyRelu, Softplus };

struct MlpLayer {
    std::vector<float> weight;  ///< [out, in]
    std::vector<float> bias;    ///< [out]
};

/// A network of full layers with the activation after all but the last.
struct MlpParts {
    Index dim = 0;  ///< inputs of the first layer
    std::vector<MlpLayer> layers;
    MlpActivation activation = MlpActivation::Silu;
    double slope = 0.01;  ///< of LeakyRelu below 0
};

/// Throws UsageError unless there are two layers or more, all sizes fit, the last layer has
/// `outputs` outputs and every number is finite.
void requireSane(const MlpParts&, Index outputs);

/// E(x) = the network's one output. The normaliser is not known.
class MlpEnergy : public Energy {
public:
    /// For executors that hold the network in their own layout.
    virtual const MlpParts& parts() const = 0;
};
/// `box`: where the network was trained; a frame of +-4 when empty. Throws as requireSane.
std::shared_ptr<const MlpEnergy> mlpEnergy(MlpParts, Box box = {});

}  // namespace lx
