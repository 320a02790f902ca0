// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/energy_net.h"

#include <ATen/ATen.h>

namespace lx::learned {
namespace {

MlpActivation activationOf(Activation activation) {
    switch (activation) {
        case Activation::Silu: return MlpActivation::Silu;
        case Activation::Tanh: return MlpActivation::Tanh;
        case Activation::LeakyRelu: return MlpActivation::LeakyRelu;
        case Activation::Relu:
        case Activation::Identity: break;
    }
    throw UsageError("an energy needs the activation silu, tanh or leaky_relu");
}

}  // namespace

std::shared_ptr<const MlpEnergy> energyOf(const Parameters& parameters, const Tensor& flat,
                                          const Choices& choices) {
    const Tensor host = flat.detach().to(at::kCPU, at::kFloat).contiguous();
    const float* values = host.data_ptr<float>();
    MlpParts parts;
    parts.dim = choices.sizes.front();
    parts.activation = activationOf(choices.activation);
    // makeMlp declares weight and bias of each layer in turn.
    for (std::size_t i = 0; i + 1 < parameters.size(); i += 2) {
        const auto tensor = [&](std::size_t at) {
            const float* begin = values + parameters.offset(at);
            return std::vector<float>(begin, begin + parameters.count(at));
        };
        parts.layers.push_back({tensor(i), tensor(i + 1)});
    }
    const auto d = static_cast<std::size_t>(parts.dim);
    return mlpEnergy(std::move(parts),
                     {std::vector<double>(d, -choices.box), std::vector<double>(d, choices.box)});
}

}  // namespace lx::learned
