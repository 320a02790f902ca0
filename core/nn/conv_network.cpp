// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/convolution.h"
#include "core/nn/network.h"

#include <ATen/ATen.h>

namespace lx {
namespace {

constexpr Index kKernel = 4, kStride = 2, kPadding = 1;

struct Sides {
    Index height, width;
};

/// Sides after each layer, the picture first. Throws UsageError when a side would vanish.
std::vector<Sides> sidesOf(const ConvOptions& options) {
    if (options.channels.empty()) {
        throw UsageError("net.conv needs at least one entry in network.channels");
    }
    std::vector<Sides> sides{{options.height, options.width}};
    for (std::size_t l = 0; l < options.channels.size(); ++l) {
        const auto shrink = [](Index side) {
            return (side + 2 * kPadding - kKernel) / kStride + 1;
        };
        const Sides last = sides.back();
        if (last.height < 2 || last.width < 2) {
            throw UsageError("net.conv with " + std::to_string(options.channels.size()) +
                             " layers needs larger pictures");
        }
        if (options.channels[l] < 1) {
            throw UsageError("every entry of network.channels must be at least 1");
        }
        sides.push_back({shrink(last.height), shrink(last.width)});
    }
    return sides;
}

class ConvEncoder final : public Network {
public:
    ConvEncoder(Parameters& parameters, ConvOptions options)
        : m_parameters(parameters), m_options(std::move(options)), m_sides(sidesOf(m_options)) {
        Index in = 1;
        for (std::size_t l = 0; l < m_options.channels.size(); ++l) {
            const Index out = m_options.channels[l], fan = in * kKernel * kKernel;
            const std::string name = m_options.name + "." + std::to_string(l);
            m_weights.push_back(parameters.declare(
                {name + ".weight", {out, in, kKernel, kKernel}, Init::Uniform, fan, 0}));
            m_biases.push_back(parameters.declare({name + ".bias", {out}, Init::Uniform, fan, 0}));
            in = out;
        }
        const Index flat = in * m_sides.back().height * m_sides.back().width;
        m_weights.push_back(parameters.declare({m_options.name + ".dense.weight",
                                                {m_options.features, flat},
                                                Init::Uniform,
                                                flat,
                                                0}));
        m_biases.push_back(parameters.declare(
            {m_options.name + ".dense.bias", {m_options.features}, Init::Uniform, flat, 0}));
    }
    Index inputs() const override { return m_options.height * m_options.width; }
    Index outputs() const override { return m_options.features; }

    Tensor forward(const Tensor& x) const override {
        Tensor h = x.view({x.size(0), 1, m_options.height, m_options.width});
        for (std::size_t l = 0; l < m_options.channels.size(); ++l) {
            h = convolve(h, m_parameters.value(m_weights[l]), m_parameters.value(m_biases[l]),
                         kStride, kPadding);
            h = activate(h, m_options.activation);
        }
        return at::linear(channelsLast(h).flatten(1), m_parameters.value(m_weights.back()),
                          m_parameters.value(m_biases.back()));
    }

private:
    Parameters& m_parameters;
    ConvOptions m_options;
    std::vector<Sides> m_sides;
    std::vector<std::size_t> m_weights, m_biases;
};

class ConvDecoder final : public Network {
public:
    ConvDecoder(Parameters& parameters, ConvOptions options)
        : m_parameters(parameters), m_options(std::move(options)), m_sides(sidesOf(m_options)) {
        const Sides small = m_sides.back();
        const Index last = m_options.channels.back(), flat = last * small.height * small.width;
        const Index in = m_options.features;
        m_weights.push_back(parameters.declare(
            {m_options.name + ".dense.weight", {flat, in}, Init::Uniform, in, 0}));
        m_biases.push_back(
            parameters.declare({m_options.name + ".dense.bias", {flat}, Init::Uniform, in, 0}));
        for (std::size_t l = m_options.channels.size(); l-- > 0;) {
            const Index out = l == 0 ? 1 : m_options.channels[l - 1];
            // torch.nn.ConvTranspose2d counts its fan-in over the second axis of the weight.
            const Index fan = out * kKernel * kKernel;
            const std::string name = m_options.name + "." + std::to_string(l);
            m_weights.push_back(parameters.declare({name + ".weight",
                                                    {m_options.channels[l], out, kKernel, kKernel},
                                                    Init::Uniform,
                                                    fan,
                                                    0}));
            m_biases.push_back(parameters.declare({name + ".bias", {out}, Init::Uniform, fan, 0}));
        }
    }
    Index inputs() const override { return m_options.features; }
    Index outputs() const override { return m_options.height * m_options.width; }

    Tensor forward(const Tensor& z) const override {
        Tensor h = at::linear(z, m_parameters.value(m_weights[0]), m_parameters.value(m_biases[0]));
        const std::size_t layers = m_options.channels.size();
        h = channelsLast(h.view(
            {z.size(0), m_options.channels.back(), m_sides.back().height, m_sides.back().width}));
        for (std::size_t k = 1; k <= layers; ++k) {
            h = activate(h, m_options.activation);
            const Sides to = m_sides[layers - k];
            h = convolveTransposed(h, m_parameters.value(m_weights[k]),
                                   m_parameters.value(m_biases[k]), kStride, kPadding, to.height,
                                   to.width);
        }
        return h.flatten(1);
    }

private:
    Parameters& m_parameters;
    ConvOptions m_options;
    std::vector<Sides> m_sides;
    std::vector<std::size_t> m_weights, m_biases;
};

}  // namespace

std::unique_ptr<Network> makeConvEncoder(Parameters& parameters, ConvOptions options) {
    return std::make_unique<ConvEncoder>(parameters, std::move(options));
}
std::unique_ptr<Network> makeConvDecoder(Parameters& parameters, ConvOptions options) {
    return std::make_unique<ConvDecoder>(parameters, std::move(options));
}

}  // namespace lx
