// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/energy_net.h"

#include "core/energies/mlp.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

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

CriticOptions criticOf(const Choices& choices) {
    return {"energy",         choices.height,   choices.width,      choices.classes,
            choices.channels, choices.features, choices.activation, choices.spectral};
}

class NetworkEnergy final : public PictureEnergy {
public:
    NetworkEnergy(const Parameters& from, const Tensor& flat, const Choices& choices)
        : m_choices(choices) {
        // The weights are normalised once, here, and not in every call.
        CriticOptions options = criticOf(choices);
        options.spectral = false;
        m_network = makeConvCritic(m_parameters, options);
        m_parameters.allocate(at::kFloat);
        const at::NoGradGuard off;
        m_parameters.flat().copy_(flat.detach());
        for (std::size_t i = 0; i < m_parameters.size(); ++i) {
            const Tensor& w = m_parameters.value(i);
            if (choices.spectral && w.dim() > 1 && w.size(0) > 1 && isWeight(from, i)) {
                w.copy_(spectrallyNormalised(w));
                m_normalised.push_back(w);
            }
            w.requires_grad_(false);
        }
    }
    Index dim() const override { return m_choices.height * m_choices.width; }
    Index classes() const override { return m_choices.classes; }
    std::vector<double> spectralNorms() const override {
        std::vector<double> out;
        std::ranges::transform(m_normalised, std::back_inserter(out), spectralNorm);
        return out;
    }
    Box box() const override {
        const auto d = static_cast<std::size_t>(dim());
        return {std::vector<double>(d, m_choices.low), std::vector<double>(d, m_choices.high)};
    }
    Box frame() const override { return box(); }

    void evaluateAt(std::span<const float> x, std::span<const std::int64_t> labels,
                    std::span<float> value, std::span<float> grad) const override {
        const Index count = std::ssize(value);
        Tensor told;
        if (classes() > 0) {
            told = at::zeros({count, classes()});
            const Tensor chosen =
                at::from_blob(const_cast<std::int64_t*>(labels.data()), {count, 1},
                              at::kLong);  // only read
            told.scatter_(1, chosen, 1.0);
        }
        run(x.data(), count, value.data(), grad.empty() ? nullptr : grad.data(),
            [&](const Tensor& rows) {
                return told.defined() ? m_network->forward(at::cat({rows, told}, 1))
                                      : m_network->forward(rows);
            });
    }

protected:
    void compute(const float* x, Index count, float* value, float* grad) const override {
        run(x, count, value, grad, [&](const Tensor& rows) { return marginal(rows); });
    }
    void compute(const double* x, Index count, double* value, double* grad) const override {
        const auto n = static_cast<std::size_t>(count), d = n * static_cast<std::size_t>(dim());
        const std::vector<float> rows(x, x + d);
        std::vector<float> e(n), g(grad != nullptr ? d : 0);
        compute(rows.data(), count, e.data(), grad != nullptr ? g.data() : nullptr);
        std::ranges::copy(e, value);
        if (grad != nullptr) {
            std::ranges::copy(g, grad);
        }
    }

private:
    static bool isWeight(const Parameters& from, std::size_t i) {
        return from.options(i).name.ends_with(".weight");
    }
    Tensor marginal(const Tensor& rows) const {
        if (classes() == 0) {
            return m_network->forward(rows);
        }
        const Index count = rows.size(0);
        const Tensor told = at::eye(classes()).repeat({count, 1});
        const Tensor e =
            m_network->forward(at::cat({rows.repeat_interleave(classes(), 0), told}, 1));
        return -at::logsumexp(-e.view({count, classes()}), 1);
    }
    template <class Forward>
    void run(const float* x, Index count, float* value, float* grad, const Forward& forward) const {
        const at::AutoGradMode on(grad != nullptr);
        const Tensor rows = at::from_blob(const_cast<float*>(x), {count, dim()},
                                          at::kFloat)  // only read
                                .clone()
                                .requires_grad_(grad != nullptr);
        const Tensor e = forward(rows).flatten();
        Tensor slope;
        if (grad != nullptr) {
            slope = torch::autograd::grad({e.sum()}, {rows})[0].contiguous();
        }
        const Tensor flat = e.detach().contiguous();
        for (Index i = 0; i < count; ++i) {
            const float v = flat.data_ptr<float>()[i];
            value[i] = std::isfinite(v) ? v : std::numeric_limits<float>::infinity();
        }
        if (grad != nullptr) {
            for (Index i = 0; i < count * dim(); ++i) {
                const float g = slope.data_ptr<float>()[i];
                grad[i] = std::isfinite(g) ? g : 0.0F;
            }
        }
    }

    Choices m_choices;
    Parameters m_parameters;
    std::unique_ptr<Network> m_network;
    std::vector<Tensor> m_normalised;
};

}  // namespace

std::unique_ptr<Network> makeNetwork(Parameters& parameters, const Choices& choices) {
    if (choices.pictures()) {
        return makeConvCritic(parameters, criticOf(choices));
    }
    return makeMlp(parameters, {"energy", choices.sizes, choices.activation});
}

EnergyPtr energyOf(const Parameters& parameters, const Tensor& flat, const Choices& choices) {
    const Tensor host = flat.detach().to(at::kCPU, at::kFloat).contiguous();
    if (choices.pictures()) {
        return std::make_shared<NetworkEnergy>(parameters, host, choices);
    }
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
                     {std::vector<double>(d, choices.low), std::vector<double>(d, choices.high)});
}

}  // namespace lx::learned
