// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/mlp.h"

#include "core/base/error.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// The activation at `a` and its derivative.
template <class V>
void activate(MlpActivation kind, Lane<V> slope, const V& a, V& value, V& derivative) {
    using T = Lane<V>;
    const T one = 1;
    switch (kind) {
        case MlpActivation::Silu: {
            const V s = one / (one + packExp<V>(-a));
            value = a * s;
            derivative = s + value * (one - s);
            return;
        }
        case MlpActivation::Tanh:
            value = one - T{2} / (one + packExp<V>(T{2} * a));
            derivative = one - value * value;
            return;
        case MlpActivation::LeakyRelu:
            value = a > T{0} ? a : a * slope;
            derivative = a > T{0} ? all<V>(1) : all<V>(static_cast<double>(slope));
            return;
        case MlpActivation::Softplus:
            value = packMax<V>(a, V{}) + packLog<V>(one + packExp<V>(-packAbs<V>(a)));
            derivative = one / (one + packExp<V>(-a));
            return;
    }
}

class Mlp final : public MlpEnergy {
public:
    Mlp(MlpParts parts, Box box) : m_parts(std::move(parts)), m_box(std::move(box)) {
        requireSane(m_parts, 1);
        if (m_box.lower.empty() && m_box.upper.empty()) {
            const auto d = static_cast<std::size_t>(m_parts.dim);
            m_box = {std::vector<double>(d, -4.0), std::vector<double>(d, 4.0)};
        }
        if (static_cast<Index>(m_box.lower.size()) != m_parts.dim ||
            m_box.upper.size() != m_box.lower.size()) {
            throw UsageError(
                "the box of a network's energy needs a lower and an upper end for "
                "each coordinate");
        }
        for (const MlpLayer& layer : m_parts.layers) {
            m_units += layer.bias.size();
        }
    }
    Index dim() const override { return m_parts.dim; }
    const MlpParts& parts() const override { return m_parts; }
    Box box() const override { return m_box; }
    Box frame() const override { return m_box; }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        run(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        run(x, count, value, grad);
    }

private:
    template <class T>
    void run(const T* x, Index count, T* value, T* grad) const {
        using V = Pack<T>;
        const auto d = static_cast<std::size_t>(m_parts.dim);
        std::vector<V> lanes(d), slopes(d), outputs(m_units), derivatives(m_units);
        for (Index first = 0; first < count; first += kLanes) {
            gatherRows(x, count, m_parts.dim, first, lanes.data());
            V e = forward<V>(lanes.data(), outputs.data(), derivatives.data());
            if (grad != nullptr) {
                backward<V>(derivatives.data(), slopes.data());
            }
            settle<V>(e, grad != nullptr ? slopes.data() : nullptr, m_parts.dim);
            const Index have = std::min<Index>(kLanes, count - first);
            for (Index i = 0; i < have; ++i) {
                value[first + i] = e[i];
                for (std::size_t k = 0; grad != nullptr && k < d; ++k) {
                    grad[static_cast<std::size_t>(first + i) * d + k] = slopes[k][i];
                }
            }
        }
    }

    /// Fills the outputs and derivatives of all hidden units, layer after layer.
    template <class V>
    V forward(const V* in, V* outputs, V* derivatives) const {
        using T = Lane<V>;
        auto inputs = static_cast<std::size_t>(m_parts.dim);
        for (std::size_t l = 0;; ++l) {
            const MlpLayer& layer = m_parts.layers[l];
            const bool last = l + 1 == m_parts.layers.size();
            for (std::size_t j = 0; j < layer.bias.size(); ++j) {
                V a = all<V>(static_cast<double>(layer.bias[j]));
                const float* weight = &layer.weight[j * inputs];
                for (std::size_t i = 0; i < inputs; ++i) {
                    a = a + in[i] * static_cast<T>(weight[i]);
                }
                if (last) {
                    return a;
                }
                activate<V>(m_parts.activation, static_cast<T>(m_parts.slope), a, outputs[j],
                            derivatives[j]);
            }
            in = outputs;
            inputs = layer.bias.size();
            outputs += inputs;
            derivatives += inputs;
        }
    }

    /// Turns the hidden units' derivatives into those of the output by their inputs, from the last
    /// layer down, and then by x.
    template <class V>
    void backward(V* derivatives, V* slopes) const {
        using T = Lane<V>;
        const auto& layers = m_parts.layers;
        const V one = all<V>(1);
        const V* above = &one;  // dE / d(output of the layer above)
        std::size_t rows = 1;
        V* hidden = derivatives + (m_units - 1);  // the end of the last hidden layer
        for (std::size_t l = layers.size(); l-- > 0;) {
            const std::size_t inputs = layers[l].weight.size() / layers[l].bias.size();
            V* below = l > 0 ? hidden - inputs : slopes;
            for (std::size_t i = 0; i < inputs; ++i) {
                V sum{};
                for (std::size_t j = 0; j < rows; ++j) {
                    sum = sum + above[j] * static_cast<T>(layers[l].weight[j * inputs + i]);
                }
                below[i] = l > 0 ? sum * below[i] : sum;
            }
            hidden = below;
            above = below;
            rows = inputs;
        }
    }

    MlpParts m_parts;
    Box m_box;
    std::size_t m_units = 0;  ///< of all layers, the output among them
};

}  // namespace

void requireSane(const MlpParts& parts, Index outputs) {
    if (parts.dim < 1 || parts.layers.size() < 2) {
        throw UsageError("a network needs an input and a hidden layer");
    }
    auto inputs = static_cast<std::size_t>(parts.dim);
    for (std::size_t l = 0; l < parts.layers.size(); ++l) {
        const MlpLayer& layer = parts.layers[l];
        const std::string name = "layer " + std::to_string(l + 1) + " of a network";
        if (layer.bias.empty() || layer.weight.size() != layer.bias.size() * inputs) {
            throw UsageError(name + " has " + std::to_string(layer.weight.size()) +
                             " weights for " + std::to_string(inputs) + " inputs and " +
                             std::to_string(layer.bias.size()) + " outputs");
        }
        const auto bad = [](float w) { return !std::isfinite(w); };
        if (std::ranges::any_of(layer.weight, bad) || std::ranges::any_of(layer.bias, bad)) {
            throw UsageError(name + " holds a weight that is not a finite number");
        }
        inputs = layer.bias.size();
    }
    if (static_cast<Index>(inputs) != outputs) {
        throw UsageError("a network with " + std::to_string(inputs) + " outputs stands where " +
                         std::to_string(outputs) + " are needed");
    }
}

std::shared_ptr<const MlpEnergy> mlpEnergy(MlpParts parts, Box box) {
    return std::make_shared<Mlp>(std::move(parts), std::move(box));
}

}  // namespace lx
