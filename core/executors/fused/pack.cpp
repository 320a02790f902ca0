// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/fused/pack.h"

#include "core/executors/panels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace lx::executors::fused {
namespace {

Unit unitOf(MlpActivation activation) {
    switch (activation) {
        case MlpActivation::Silu: return Unit::Silu;
        case MlpActivation::Tanh: return Unit::Tanh;
        case MlpActivation::LeakyRelu: return Unit::LeakyRelu;
        case MlpActivation::Softplus: return Unit::Softplus;
    }
    return Unit::Silu;
}

}  // namespace

Packed::Packed(const Program& program) {
    std::visit([&](const auto& body) { pack(body, program.dim()); }, program.body());
}

const void* Packed::field() const {
    switch (m_kind) {
        case FieldKind::Mixture: return &m_mixture;
        case FieldKind::Tape: return &m_tape;
        case FieldKind::MlpEnergy:
        case FieldKind::MlpScore: return &m_network;
    }
    return nullptr;
}

const float* Packed::keep(const std::vector<float>& values) {
    auto& lines = m_arrays.emplace_back((values.size() + 15) / 16);
    std::memcpy(lines.data(), values.data(), values.size() * sizeof(float));
    return lines.front().values;
}

void Packed::pack(const MixtureProgram& body, Index dim) {
    m_kind = FieldKind::Mixture;
    constexpr float kLog2E = std::numbers::log2e_v<float>;
    const float peak = *std::ranges::max_element(body.offset);
    std::vector<float> slope, offset, pull;
    for (std::size_t k = 0; k < body.scale.size(); ++k) {
        slope.push_back(-kLog2E * body.scale[k]);
        offset.push_back(kLog2E * (body.offset[k] - peak));
        pull.push_back(2 * body.scale[k]);
    }
    m_mixture = {static_cast<std::int32_t>(dim),
                 static_cast<std::int32_t>(body.scale.size()),
                 peak,
                 keep(body.centres),
                 keep(slope),
                 keep(offset),
                 keep(pull),
                 0,
                 nullptr};
    if (std::ranges::all_of(body.scale, [&](float s) { return s == body.scale.front(); })) {
        m_mixture.shrinkage = std::sqrt(kLog2E * body.scale.front());
        std::vector<float> shrunk;
        for (const float c : body.centres) {
            shrunk.push_back(c * m_mixture.shrinkage);
        }
        m_mixture.shrunk = keep(shrunk);
    }
}

void Packed::pack(const Tape& tape, Index dim) {
    m_kind = FieldKind::Tape;
    for (const TapeStep& s : tape.steps) {
        m_instructions.push_back({s.op, s.a, s.b, s.value});
    }
    m_tape = {static_cast<std::int32_t>(dim), static_cast<std::int32_t>(m_instructions.size()),
              m_instructions.data()};
}

void Packed::pack(const NetworkProgram& body, Index dim) {
    const MlpParts& parts = body.parts;
    m_kind = body.score ? FieldKind::MlpScore : FieldKind::MlpEnergy;
    m_network.dim = static_cast<std::int32_t>(dim);
    m_network.hidden = static_cast<std::int32_t>(parts.layers.size()) - 1;
    m_network.unit = unitOf(parts.activation);
    m_network.slope = static_cast<float>(parts.slope);
    auto inputs = static_cast<std::size_t>(dim);
    std::size_t wide = inputs;  // with padding, which the first layer's inputs do not have
    for (std::size_t l = 0; l + 1 < parts.layers.size(); ++l) {
        const MlpLayer& layer = parts.layers[l];
        const std::size_t outputs = layer.bias.size();
        const auto weight = [&](std::size_t out, std::size_t in) {
            return out < outputs && in < inputs ? layer.weight[out * inputs + in] : 0.0F;
        };
        std::vector<float> bias = layer.bias;
        bias.resize(padded(outputs, kPanel));
        PackedLayer& packed = m_network.layers[l];
        packed.in = static_cast<std::int32_t>(wide);
        packed.out = static_cast<std::int32_t>(bias.size());
        packed.weight = keep(panels(bias.size(), wide, kPanel, weight));
        packed.bias = keep(bias);
        if (l == 0) {
            std::vector<float> first;
            for (std::size_t i = 0; i < inputs; ++i) {
                for (std::size_t j = 0; j < bias.size(); ++j) {
                    first.push_back(weight(j, i));
                }
            }
            m_network.first = keep(first);
        } else {
            packed.transposed =
                keep(panels(wide, bias.size(), kPanel,
                            [&](std::size_t in, std::size_t out) { return weight(out, in); }));
        }
        inputs = outputs;
        wide = bias.size();
    }
    const MlpLayer& last = parts.layers.back();
    const float sign = body.score ? -1.0F : 1.0F;  // the gradient of E is minus the score
    std::vector<float> weight, bias;
    for (std::size_t r = 0; r < last.bias.size(); ++r) {
        for (std::size_t j = 0; j < wide; ++j) {
            weight.push_back(j < inputs ? sign * last.weight[r * inputs + j] : 0.0F);
        }
        bias.push_back(sign * last.bias[r]);
    }
    m_network.last = keep(weight);
    m_network.lastBias = keep(bias);
}

}  // namespace lx::executors::fused
