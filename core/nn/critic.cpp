// SPDX-License-Identifier: GPL-3.0-or-later
// A convolutional energy of pictures, with classes and spectral normalisation.
#include "core/nn/convolution.h"
#include "core/nn/network.h"

#include <ATen/ATen.h>

namespace lx {
namespace {

/// Kernel, stride and padding of a layer.
struct Window {
    Index kernel, stride, padding;
    Index outputs(Index side) const { return (side + 2 * padding - kernel) / stride + 1; }
};
constexpr Window kFirst{3, 1, 1}, kOther{4, 2, 1};

/// Left singular vector of the largest singular value, [K].
Tensor largest(const Tensor& matrix) {
    const auto [values, vectors] = at::linalg_eigh(at::mm(matrix, matrix.t()).to(at::kDouble), "L");
    return vectors.select(1, -1).to(matrix.scalar_type());
}

class ConvCritic final : public Network {
public:
    ConvCritic(Parameters& parameters, CriticOptions options)
        : m_parameters(parameters), m_options(std::move(options)) {
        if (m_options.channels.empty() || m_options.features < 1) {
            throw UsageError("net.conv needs network.channels and network.features");
        }
        Index in = 1, height = m_options.height, width = m_options.width;
        for (std::size_t l = 0; l < m_options.channels.size(); ++l) {
            const Window window = windowOf(l);
            height = window.outputs(height);
            width = window.outputs(width);
            if (height < 1 || width < 1) {
                throw UsageError("net.conv with " + std::to_string(m_options.channels.size()) +
                                 " layers needs larger pictures");
            }
            const Index out = m_options.channels[l];
            if (out < 1) {
                throw UsageError("every entry of network.channels must be at least 1");
            }
            add(std::to_string(l), {out, in, window.kernel, window.kernel},
                in * window.kernel * window.kernel);
            in = out;
        }
        m_flat = in * height * width;
        add("dense", {m_options.features, m_flat}, m_flat);
        add("energy", {1, m_options.features}, m_options.features, false);
    }
    Index inputs() const override { return m_options.height * m_options.width + m_options.classes; }
    Index outputs() const override { return 1; }

    Tensor forward(const Tensor& x) const override {
        const Index pixels = m_options.height * m_options.width;
        Tensor h = x.narrow(1, 0, pixels).reshape({-1, 1, m_options.height, m_options.width});
        const Tensor told =
            m_options.classes > 0 ? x.narrow(1, pixels, m_options.classes) : Tensor();
        const std::size_t layers = m_options.channels.size();
        for (std::size_t l = 0; l < layers; ++l) {
            const Window window = windowOf(l);
            h = activate(convolve(h, weight(l), bias(l), window.stride, window.padding),
                         m_options.activation);
            if (told.defined()) {
                h = h * gains(l, told).unsqueeze(2).unsqueeze(3);
            }
        }
        h = activate(at::linear(channelsLast(h).flatten(1), weight(layers), bias(layers)),
                     m_options.activation);
        if (told.defined()) {
            h = h * gains(layers, told);
        }
        return at::linear(h, m_parameters.value(m_layers.back().weight), bias(layers + 1));
    }

private:
    struct Layer {
        std::size_t weight = 0, bias = 0, gains = 0;
    };

    static Window windowOf(std::size_t layer) { return layer == 0 ? kFirst : kOther; }
    void add(const std::string& part, std::vector<Index> shape, Index fan, bool told = true) {
        const std::string name = m_options.name + "." + part;
        const Index out = shape.front();
        Layer layer;
        layer.weight =
            m_parameters.declare({name + ".weight", std::move(shape), Init::Uniform, fan, 0});
        layer.bias = m_parameters.declare({name + ".bias", {out}, Init::Uniform, fan, 0});
        if (told && m_options.classes > 0) {
            layer.gains = m_parameters.declare(
                {name + ".gains", {out, m_options.classes}, Init::Constant, 1, 0});
        }
        m_layers.push_back(layer);
    }
    Tensor weight(std::size_t l) const {
        const Tensor& w = m_parameters.value(m_layers[l].weight);
        return m_options.spectral ? spectrallyNormalised(w) : w;
    }
    const Tensor& bias(std::size_t l) const { return m_parameters.value(m_layers[l].bias); }
    Tensor gains(std::size_t l, const Tensor& told) const {
        return 1 + at::mm(told, m_parameters.value(m_layers[l].gains).t());
    }

    Parameters& m_parameters;
    CriticOptions m_options;
    std::vector<Layer> m_layers;
    Index m_flat = 0;
};

}  // namespace

Tensor spectrallyNormalised(const Tensor& w) {
    const Tensor matrix = w.flatten(1);
    Tensor u, v;
    {
        const at::NoGradGuard off;
        const Tensor fixed = matrix.detach();
        u = largest(fixed);
        v = at::mv(fixed.t(), u);
        v = v / v.norm().clamp_min(1e-12);
    }
    // With u and v held, the derivative of u.Wv is that of the singular value.
    return w / at::dot(u, at::mv(matrix, v)).clamp_min(1e-12);
}

double spectralNorm(const Tensor& w) {
    // Another way than the one that normalises, or it would only confirm itself.
    const at::NoGradGuard off;
    const Tensor matrix = w.detach().flatten(1).to(at::kDouble);
    return std::get<1>(at::linalg_svd(matrix, false))[0].item<double>();
}

std::unique_ptr<Network> makeConvCritic(Parameters& parameters, CriticOptions options) {
    return std::make_unique<ConvCritic>(parameters, std::move(options));
}

}  // namespace lx
