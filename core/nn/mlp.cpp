// SPDX-License-Identifier: GPL-3.0-or-later
// Fully connected networks. The training path keeps its activations in workspaces that are reused
// from step to step and writes weight gradients straight into the flat buffer.
#include "core/nn/network.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lx {
namespace {

struct Tape : torch::CustomClassHolder {
    Tensor x;
    std::vector<Tensor> outputs, slopes, deltas;  ///< one per layer, [B, size]
};
using TapePtr = c10::intrusive_ptr<Tape>;

class Mlp final : public Network {
public:
    Mlp(Parameters& parameters, MlpOptions options)
        : m_parameters(parameters), m_options(std::move(options)) {
        if (m_options.sizes.size() < 2) {
            throw UsageError(m_options.name + " needs at least inputs and outputs");
        }
        for (std::size_t l = 0; l + 1 < m_options.sizes.size(); ++l) {
            const Index in = m_options.sizes[l], out = m_options.sizes[l + 1];
            if (in < 1 || out < 1) {
                throw UsageError(m_options.name + ": every layer needs at least one unit");
            }
            const std::string name = m_options.name + "." + std::to_string(l);
            m_weights.push_back(
                parameters.declare({name + ".weight", {out, in}, Init::Uniform, in, 0}));
            m_biases.push_back(parameters.declare({name + ".bias", {out}, Init::Uniform, in, 0}));
            parameters.writtenByHand(m_weights.back());
            parameters.writtenByHand(m_biases.back());
        }
    }

    Index inputs() const override { return m_options.sizes.front(); }
    Index outputs() const override { return m_options.sizes.back(); }

    Tensor forward(const Tensor& x) const override {
        Tensor h = x;
        for (std::size_t l = 0; l < layers(); ++l) {
            h = at::linear(h, weight(l), bias(l));
            h = activate(h, activation(l));
        }
        return h;
    }

    Tensor train(const Tensor& x) override;
    Tensor run(const Tensor& x, Tape&) const;
    Tensor reverse(const Tensor& gradient, Tape&, bool needInput);

private:
    std::size_t layers() const { return m_weights.size(); }
    const Tensor& weight(std::size_t l) const { return m_parameters.value(m_weights[l]); }
    const Tensor& bias(std::size_t l) const { return m_parameters.value(m_biases[l]); }
    Activation activation(std::size_t l) const {
        return l + 1 < layers() ? m_options.activation : Activation::Identity;
    }
    TapePtr freeTape();

    Parameters& m_parameters;
    MlpOptions m_options;
    std::vector<std::size_t> m_weights, m_biases;
    std::vector<TapePtr> m_tapes;
};

template <class Call>
void byType(const Tensor& t, Call call) {
    if (t.scalar_type() == at::kFloat) {
        call(float{});
    } else {
        call(double{});
    }
}

void fit(Tensor& t, Index rows, Index columns, const Tensor& like) {
    if (!t.defined() || t.size(0) != rows) {
        t = at::empty({rows, columns}, like.options().requires_grad(false));
    }
}

struct MlpNode : torch::autograd::Function<MlpNode> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                          const Tensor& anchor, Mlp* network, TapePtr tape) {
        context->saved_data["network"] = reinterpret_cast<std::int64_t>(network);
        context->saved_data["needInput"] = x.requires_grad();
        Tensor y = network->run(x, *tape);
        context->saved_data["tape"] = c10::IValue::make_capsule(std::move(tape));
        // The anchor makes autograd record this node although no parameter is an input.
        (void)anchor;
        return y.alias();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto* network = reinterpret_cast<Mlp*>(context->saved_data["network"].toInt());
        auto capsule = context->saved_data["tape"].toCapsule();
        auto& tape = static_cast<Tape&>(*capsule);
        const Tensor dx =
            network->reverse(gradients[0], tape, context->saved_data["needInput"].toBool());
        return {dx, Tensor(), Tensor(), Tensor()};
    }
};

TapePtr Mlp::freeTape() {
    for (const auto& tape : m_tapes) {
        if (tape.use_count() == 1) {
            return tape;
        }
    }
    m_tapes.push_back(c10::make_intrusive<Tape>());
    m_tapes.back()->outputs.resize(layers());
    m_tapes.back()->slopes.resize(layers());
    m_tapes.back()->deltas.resize(layers());
    return m_tapes.back();
}

Tensor Mlp::train(const Tensor& x) {
    if (!at::GradMode::is_enabled() || !m_parameters.placement().loops()) {
        return forward(x);
    }
    return MlpNode::apply(x, weight(0), this, freeTape());
}

Tensor Mlp::run(const Tensor& x, Tape& tape) const {
    tape.x = x.contiguous();
    Tensor h = tape.x;
    for (std::size_t l = 0; l < layers(); ++l) {
        const Index out = m_options.sizes[l + 1];
        fit(tape.outputs[l], x.size(0), out, weight(l));
        Tensor& y = tape.outputs[l];
        const Activation act = activation(l);
        const bool slope = act != Activation::Identity && act != Activation::Relu;
        if (slope) {
            fit(tape.slopes[l], x.size(0), out, weight(l));
        }
        at::mm_out(y, h, weight(l).t());
        byType(y, [&]<class T>(T) {
            kernels::biasActivate(y.data_ptr<T>(), bias(l).data_ptr<T>(),
                                  slope ? tape.slopes[l].data_ptr<T>() : nullptr, x.size(0), out,
                                  act);
        });
        h = y;
    }
    return h;
}

Tensor Mlp::reverse(const Tensor& gradient, Tape& tape, bool needInput) {
    const at::NoGradGuard off;
    Tensor delta = gradient.contiguous();
    for (std::size_t l = layers(); l-- > 0;) {
        const Tensor& below = l == 0 ? tape.x : tape.outputs[l - 1];
        Tensor dw = m_parameters.gradient(m_weights[l]);
        Tensor db = m_parameters.gradient(m_biases[l]);
        const bool first = m_parameters.claim(m_weights[l]);
        m_parameters.claim(m_biases[l]);
        if (first) {
            at::mm_out(dw, delta.t(), below);
            at::sum_out(db, delta, {0});
        } else {
            at::addmm_out(dw, dw, delta.t(), below);
            db.add_(delta.sum(0));
        }
        if (l == 0 && !needInput) {
            return {};
        }
        fit(tape.deltas[l], delta.size(0), m_options.sizes[l], weight(l));
        at::mm_out(tape.deltas[l], delta, weight(l).detach());
        delta = tape.deltas[l];
        if (l > 0 && activation(l - 1) != Activation::Identity) {
            byType(delta, [&]<class T>(T) {
                kernels::activateBackward(
                    delta.data_ptr<T>(), below.data_ptr<T>(),
                    tape.slopes[l - 1].defined() ? tape.slopes[l - 1].data_ptr<T>() : nullptr,
                    delta.numel(), activation(l - 1));
            });
        }
    }
    return delta;
}

}  // namespace

std::unique_ptr<Network> makeMlp(Parameters& parameters, MlpOptions options) {
    return std::make_unique<Mlp>(parameters, std::move(options));
}

}  // namespace lx
