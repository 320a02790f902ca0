// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/vulkan_program.h"

#include "core/executors/panels.h"

#include <algorithm>
#include <bit>

namespace lx::executors {
namespace {

constexpr std::uint32_t kMixture[] = {
#include "shaders/chains_mixture.comp.h"
};
constexpr std::uint32_t kFormula[] = {
#include "shaders/chains_formula.comp.h"
};
constexpr std::uint32_t kNetwork[] = {
#include "shaders/chains_network.comp.h"
};

constexpr std::size_t kPanel = 16;

void append(std::vector<std::uint32_t>& words, const std::vector<float>& values) {
    for (const float v : values) {
        words.push_back(std::bit_cast<std::uint32_t>(v));
    }
}

void pack(const MixtureProgram& body, ShaderProgram& out) {
    out.spirv = kMixture;
    out.components = static_cast<std::uint32_t>(body.scale.size());
    append(out.words, body.centres);
    append(out.words, body.scale);
    append(out.words, body.offset);
    out.scratchRows = 1;
    out.turns = 2 * out.words.size();
}

void pack(const Tape& tape, ShaderProgram& out) {
    out.spirv = kFormula;
    out.components = static_cast<std::uint32_t>(tape.steps.size());
    for (const TapeStep& s : tape.steps) {
        const auto a = static_cast<std::uint32_t>(std::max(s.a, 0));
        const bool second = s.op == TapeOp::IntPower || s.b >= 0;
        out.words.push_back(static_cast<std::uint32_t>(s.op));
        out.words.push_back(a);
        out.words.push_back(second ? static_cast<std::uint32_t>(s.b) : a);
        out.words.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(s.value)));
    }
    out.scratchRows = 2 * out.components;
    out.turns = 3 * out.components;
}

std::uint32_t unitOf(MlpActivation activation) {
    switch (activation) {
        case MlpActivation::Silu: return 0;
        case MlpActivation::Tanh: return 1;
        case MlpActivation::LeakyRelu: return 2;
        case MlpActivation::Softplus: return 3;
    }
    return 0;
}

void pack(const NetworkProgram& body, ShaderProgram& out) {
    const MlpParts& parts = body.parts;
    out.spirv = kNetwork;
    out.constants.unit = unitOf(parts.activation);
    out.constants.hidden = static_cast<std::uint32_t>(parts.layers.size()) - 1;
    out.constants.score = body.score ? 1 : 0;
    auto inputs = static_cast<std::size_t>(parts.dim);
    std::size_t wide = inputs, widest = 0;  // with padding, which the inputs do not have
    std::vector<float> first;
    for (std::size_t l = 0; l + 1 < parts.layers.size(); ++l) {
        const MlpLayer& layer = parts.layers[l];
        const std::size_t outputs = layer.bias.size();
        const auto weight = [&](std::size_t to, std::size_t from) {
            return to < outputs && from < inputs ? layer.weight[to * inputs + from] : 0.0F;
        };
        std::vector<float> bias = layer.bias;
        bias.resize(padded(outputs, kPanel));
        out.constants.widths[l] = static_cast<std::uint32_t>(bias.size());
        widest = std::max(widest, bias.size());
        append(out.words, panels(bias.size(), wide, kPanel, weight));
        append(out.words, bias);
        for (std::size_t i = 0; l == 0 && i < inputs; ++i) {
            for (std::size_t j = 0; j < bias.size(); ++j) {
                first.push_back(weight(j, i));
            }
        }
        if (l > 0) {
            append(out.words,
                   panels(wide, bias.size(), kPanel,
                          [&](std::size_t from, std::size_t to) { return weight(to, from); }));
        }
        inputs = outputs;
        wide = bias.size();
    }
    append(out.words, first);
    const MlpLayer& last = parts.layers.back();
    const float sign = body.score ? -1.0F : 1.0F;  // the gradient of E is minus the score
    std::vector<float> weight, bias;
    for (std::size_t r = 0; r < last.bias.size(); ++r) {
        for (std::size_t j = 0; j < wide; ++j) {
            weight.push_back(j < inputs ? sign * last.weight[r * inputs + j] : 0.0F);
        }
        bias.push_back(sign * last.bias[r]);
    }
    bias.push_back(static_cast<float>(parts.slope));
    // A panel takes a turn for each of its rows, a unit one each in four places.
    out.turns = out.words.size() / kPanel + first.size() + weight.size() + bias.size();
    for (const std::uint32_t width : out.constants.widths) {
        out.turns += 4 * width;
    }
    append(out.words, weight);
    append(out.words, bias);
    out.words.resize(padded(out.words.size(), 4));
    out.scratchRows = static_cast<std::uint32_t>((2 + parts.layers.size() - 1) * widest);
}

}  // namespace

ShaderProgram shaderProgram(const Program& program) {
    ShaderProgram out;
    out.constants.dim = static_cast<std::uint32_t>(program.dim());
    std::visit([&](const auto& body) { pack(body, out); }, program.body());
    return out;
}

}  // namespace lx::executors
