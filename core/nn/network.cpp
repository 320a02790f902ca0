// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/network.h"

#include <ATen/ATen.h>

namespace lx {
namespace {

struct Row {
    const char* name;
    Activation activation;
};
constexpr Row kActivations[] = {{"relu", Activation::Relu},
                                {"leaky_relu", Activation::LeakyRelu},
                                {"silu", Activation::Silu},
                                {"tanh", Activation::Tanh},
                                {"identity", Activation::Identity}};

}  // namespace

Activation activationOf(const std::string& name) {
    for (const auto& row : kActivations) {
        if (name == row.name) {
            return row.activation;
        }
    }
    throw UsageError("unknown activation '" + name +
                     "'; relu, leaky_relu, silu, tanh and identity are known");
}

Tensor activate(const Tensor& x, Activation activation) {
    switch (activation) {
        case Activation::Relu: return at::relu(x);
        case Activation::LeakyRelu: return at::leaky_relu(x, 0.01);
        case Activation::Silu: return at::silu(x);
        case Activation::Tanh: return at::tanh(x);
        case Activation::Identity: break;
    }
    return x;
}

}  // namespace lx
