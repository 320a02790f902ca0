// SPDX-License-Identifier: GPL-3.0-or-later
// A small U-Net: residual blocks on every resolution, joined across. Ref: ronneberger2015, ho2020.
#include "core/nn/network.h"

#include <ATen/ATen.h>

#include <optional>

namespace lx {
namespace {

constexpr Index kEmbedding = 64;

class Unet final : public Network {
public:
    Unet(Parameters& parameters, UnetOptions options)
        : m_parameters(parameters), m_options(std::move(options)) {
        const auto& channels = m_options.channels;
        if (channels.empty()) {
            throw UsageError("net.unet needs at least one entry in network.channels");
        }
        m_sides.push_back({m_options.height, m_options.width});
        for (std::size_t l = 0; l < channels.size(); ++l) {
            if (channels[l] < 1) {
                throw UsageError("every entry of network.channels must be at least 1");
            }
            if (l > 0) {
                const auto [height, width] = m_sides.back();
                if (height < 4 || width < 4) {
                    throw UsageError("net.unet with " + std::to_string(channels.size()) +
                                     " resolutions needs larger pictures");
                }
                m_sides.emplace_back(height / 2, width / 2);
            }
        }
        m_embedding = affine("embedding", {kEmbedding, m_options.features}, m_options.features);
        m_first = conv("first", 1, channels[0], 3);
        for (std::size_t l = 0; l < channels.size(); ++l) {
            const std::string level = std::to_string(l);
            if (l > 0) {
                m_down.push_back(conv("down" + level, channels[l - 1], channels[l], 4));
            }
            m_before.push_back(block("before" + level, channels[l], channels[l]));
        }
        m_middle = block("middle", channels.back(), channels.back());
        for (std::size_t l = channels.size(); l-- > 1;) {
            const std::string level = std::to_string(l);
            // torch.nn.ConvTranspose2d counts its fan-in over the second axis of the weight.
            m_up.push_back(affine("up" + level, {channels[l], channels[l - 1], 4, 4},
                                  channels[l - 1] * 16, channels[l - 1]));
            m_after.push_back(block("after" + level, 2 * channels[l - 1], channels[l - 1]));
        }
        m_lastNorm = norm("last.norm", channels[0]);
        // It begins at 0, so that the first steps do not have to undo a random picture.
        m_last = conv("last", channels[0], 1, 3, Init::Constant);
    }
    Index inputs() const override {
        return m_options.height * m_options.width + m_options.features;
    }
    Index outputs() const override { return m_options.height * m_options.width; }

    Tensor forward(const Tensor& x) const override {
        const Tensor told =
            at::silu(at::linear(x.narrow(1, outputs(), m_options.features),
                                value(m_embedding.weight), value(m_embedding.bias)));
        Tensor h = convolved(
            m_first,
            x.narrow(1, 0, outputs()).reshape({x.size(0), 1, m_options.height, m_options.width}), 1,
            1);
        std::vector<Tensor> across;
        for (std::size_t l = 0; l < m_before.size(); ++l) {
            if (l > 0) {
                h = convolved(m_down[l - 1], h, 2, 1);
            }
            h = through(m_before[l], h, told);
            across.push_back(h);
        }
        h = through(m_middle, h, told);
        for (std::size_t k = 0; k < m_up.size(); ++k) {
            const std::size_t to = m_up.size() - 1 - k;
            const auto [height, width] = m_sides[to];
            h = at::conv_transpose2d(h, value(m_up[k].weight), value(m_up[k].bias), 2, 1,
                                     {height % 2, width % 2});
            h = through(m_after[k], at::cat({h, across[to]}, 1), told);
        }
        return convolved(m_last, at::silu(normalised(m_lastNorm, h)), 1, 1).flatten(1);
    }

private:
    struct Affine {
        std::size_t weight = 0, bias = 0;
        Index channels = 0;
    };
    struct Block {
        Affine firstNorm, first, told, secondNorm, second;
        std::optional<Affine> past;  ///< 1 x 1, where the channels change
    };

    Affine affine(const std::string& part, std::vector<Index> shape, Index fan, Index outputs = 0,
                  Init init = Init::Uniform) {
        const std::string name = m_options.name + "." + part;
        const Index out = outputs > 0 ? outputs : shape.front();
        const std::size_t weight =
            m_parameters.declare({name + ".weight", std::move(shape), init, fan, 0});
        return {weight, m_parameters.declare({name + ".bias", {out}, init, fan, 0}), out};
    }
    Affine conv(const std::string& part, Index in, Index out, Index side,
                Init init = Init::Uniform) {
        return affine(part, {out, in, side, side}, in * side * side, 0, init);
    }
    Affine norm(const std::string& part, Index channels) {
        const std::string name = m_options.name + "." + part;
        const std::size_t weight =
            m_parameters.declare({name + ".weight", {channels}, Init::Constant, 1, 1});
        return {weight, m_parameters.declare({name + ".bias", {channels}, Init::Constant, 1, 0}),
                channels};
    }
    Block block(const std::string& part, Index in, Index out) {
        Block b{norm(part + ".norm0", in),
                conv(part + ".conv0", in, out, 3),
                affine(part + ".told", {out, kEmbedding}, kEmbedding),
                norm(part + ".norm1", out),
                conv(part + ".conv1", out, out, 3),
                std::nullopt};
        if (in != out) {
            b.past = conv(part + ".past", in, out, 1);
        }
        return b;
    }

    const Tensor& value(std::size_t i) const { return m_parameters.value(i); }
    Tensor convolved(const Affine& a, const Tensor& x, Index stride, Index padding) const {
        return at::conv2d(x, value(a.weight), value(a.bias), stride, padding);
    }
    Tensor normalised(const Affine& a, const Tensor& x) const {
        return at::group_norm(x, a.channels % 8 == 0 ? 8 : 1, value(a.weight), value(a.bias));
    }
    Tensor through(const Block& b, const Tensor& x, const Tensor& told) const {
        Tensor h = convolved(b.first, at::silu(normalised(b.firstNorm, x)), 1, 1);
        h = h +
            at::linear(told, value(b.told.weight), value(b.told.bias)).unsqueeze(2).unsqueeze(3);
        h = convolved(b.second, at::silu(normalised(b.secondNorm, h)), 1, 1);
        return h + (b.past ? convolved(*b.past, x, 1, 0) : x);
    }

    Parameters& m_parameters;
    UnetOptions m_options;
    std::vector<std::pair<Index, Index>> m_sides;  ///< of each resolution
    Affine m_embedding, m_first, m_lastNorm, m_last;
    std::vector<Affine> m_down, m_up;
    std::vector<Block> m_before, m_after;
    Block m_middle;
};

}  // namespace

std::unique_ptr<Network> makeUnet(Parameters& parameters, UnetOptions options) {
    return std::make_unique<Unet>(parameters, std::move(options));
}

}  // namespace lx
