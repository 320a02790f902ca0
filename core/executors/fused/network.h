// SPDX-License-Identifier: GPL-3.0-or-later
// Networks of full layers: forward, and backward by hand to the input. A layer is done in panels of
// outputs whose sums stay in registers while the inputs stream from the first-level cache.
// Included only by level.cpp.
#pragma once

#include "core/executors/fused/lanes.h"

namespace lx::executors::fused::LX_LEVEL {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
inline constexpr int kPart = 8, kNetworkVectors = 3;  // 24 sums of 32 registers
#elif defined(__AVX2__)
inline constexpr int kPart = 4, kNetworkVectors = 3;  // 12 of 16
#else
inline constexpr int kPart = 4, kNetworkVectors = 2;  // 8 of 16; products need some
#endif
static_assert(kPanel % kPart == 0);

/// sums[j][v] += sum_i weight[i][j] in[i][v]; `weight` has kPanel columns.
template <int NV>
LX_LANES void panel(const float* weight, const Floats* in, int rows, Floats (&sums)[kPart][NV]) {
#pragma GCC unroll 1
    for (int i = 0; i < rows; ++i) {
        Floats row[NV];
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) {
            row[v] = in[i * NV + v];
        }
#pragma GCC unroll 16
        for (int j = 0; j < kPart; ++j) {
            const Floats w = all(weight[i * kPanel + j]);
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                sums[j][v] = mulAdd(w, row[v], sums[j][v]);
            }
        }
    }
}

enum class Role : std::uint8_t {
    Inner,       ///< outputs and derivatives
    LastEnergy,  ///< derivatives times the last weights: what the backward pass starts from
    LastScore    ///< outputs
};

/// One layer and its activation: out and derivative [out, NV]. LastEnergy adds to energy [NV].
template <Unit U, Role R, int NV>
[[gnu::noinline]] void forward(const PackedLayer& layer, float slope, const float* last,
                               const Floats* in, Floats* out, Floats* derivative, Floats* energy) {
    for (int at = 0; at < layer.out; at += kPart) {
        const int within = at % kPanel;
        const float* weight = layer.weight + (at - within) * layer.in + within;
        Floats sums[kPart][NV];
#pragma GCC unroll 16
        for (int j = 0; j < kPart; ++j) {
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                sums[j][v] = all(layer.bias[at + j]);
            }
        }
        panel<NV>(weight, in, layer.in, sums);
#pragma GCC unroll 16
        for (int j = 0; j < kPart; ++j) {
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                Floats value, slopes;
                activate<U>(sums[j][v], slope, value, slopes);
                if constexpr (R == Role::LastEnergy) {
                    const Floats w = all(last[at + j]);
                    energy[v] = mulAdd(w, value, energy[v]);
                    derivative[(at + j) * NV + v] = w * slopes;
                } else {
                    out[(at + j) * NV + v] = value;
                }
                if constexpr (R == Role::Inner) {
                    derivative[(at + j) * NV + v] = slopes;
                }
            }
        }
    }
}

/// What a layer hands down of its deltas [out, NV], times the derivatives [in, NV] below, which it
/// replaces.
template <int NV>
[[gnu::noinline]] void backward(const PackedLayer& layer, const Floats* delta, Floats* below) {
    for (int at = 0; at < layer.in; at += kPart) {
        const int within = at % kPanel;
        Floats sums[kPart][NV];
#pragma GCC unroll 16
        for (int j = 0; j < kPart; ++j) {
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                sums[j][v] = Floats{};
            }
        }
        panel<NV>(layer.transposed + (at - within) * layer.out + within, delta, layer.out, sums);
#pragma GCC unroll 16
        for (int j = 0; j < kPart; ++j) {
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                below[(at + j) * NV + v] = below[(at + j) * NV + v] * sums[j][v];
            }
        }
    }
}

/// out[r][v] = base[r] + sum_j weight[r][j] in[j][v] for a few rows, two at a time; base may be
/// null. `count` is even.
template <int NV>
[[gnu::noinline]] void project(const float* weight, const float* base, int rows, int count,
                               const Floats* in, Floats (*out)[NV]) {
    for (int r = 0; r < rows; r += 2) {
        const bool both = r + 1 < rows;
        const float* upper = weight + r * count;
        const float* under = both ? upper + count : upper;
        Floats sums[4][NV];
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) {
            sums[0][v] = base != nullptr ? all(base[r]) : Floats{};
            sums[1][v] = base != nullptr && both ? all(base[r + 1]) : Floats{};
            sums[2][v] = Floats{};
            sums[3][v] = Floats{};
        }
#pragma GCC unroll 1
        for (int j = 0; j < count; j += 2) {
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) {
                const Floats a = in[j * NV + v], b = in[(j + 1) * NV + v];
                sums[0][v] = mulAdd(all(upper[j]), a, sums[0][v]);
                sums[1][v] = mulAdd(all(under[j]), a, sums[1][v]);
                sums[2][v] = mulAdd(all(upper[j + 1]), b, sums[2][v]);
                sums[3][v] = mulAdd(all(under[j + 1]), b, sums[3][v]);
            }
        }
        for (int v = 0; v < NV; ++v) {
            out[r][v] = sums[0][v] + sums[2][v];
            if (both) {
                out[r + 1][v] = sums[1][v] + sums[3][v];
            }
        }
    }
}

struct Network {
    static constexpr int kMaxVectors = kNetworkVectors;
    static constexpr bool kFinite = false;
    static constexpr int kDim = kMaxDim;
    const MlpField& field;
    bool score;
    Floats* memory;  ///< two layers of outputs, then each layer's derivatives
    int widest;

    static int widestOf(const MlpField& f) {
        int widest = 0;
        for (int l = 0; l < f.hidden; ++l) {
            widest = f.layers[l].out > widest ? f.layers[l].out : widest;
        }
        return widest;
    }
    static std::int64_t scratch(const MlpField& f) {
        return std::int64_t{f.hidden + 2} * widestOf(f) * kMaxVectors;
    }

    template <int NV>
    void evaluate(const Floats (*x)[NV], Floats* energy, Floats (*grad)[NV]) const {
        switch (field.unit) {
            case Unit::Silu: return run<Unit::Silu, NV>(x, energy, grad);
            case Unit::Tanh: return run<Unit::Tanh, NV>(x, energy, grad);
            case Unit::LeakyRelu: return run<Unit::LeakyRelu, NV>(x, energy, grad);
            case Unit::Softplus: return run<Unit::Softplus, NV>(x, energy, grad);
        }
    }

private:
    template <Unit U, int NV>
    void run(const Floats (*x)[NV], Floats* energy, Floats (*grad)[NV]) const {
        const Floats* in = &x[0][0];
        const int last = field.hidden - 1;
        Floats* const outputs[2] = {memory, memory + widest * NV};
        const auto slopes = [&](int l) { return memory + (l + 2) * widest * NV; };
        for (int l = 0; l < last; ++l) {
            forward<U, Role::Inner, NV>(field.layers[l], field.slope, nullptr, in, outputs[l % 2],
                                        slopes(l), nullptr);
            in = outputs[l % 2];
        }
        const PackedLayer& top = field.layers[last];
        Floats* delta = slopes(last);
        for (int v = 0; v < NV; ++v) {
            energy[v] = score ? Floats{} : all(field.lastBias[0]);
        }
        if (score) {
            forward<U, Role::LastScore, NV>(top, field.slope, nullptr, in, delta, nullptr, nullptr);
            project<NV>(field.last, field.lastBias, field.dim, top.out, delta, grad);
            return;
        }
        forward<U, Role::LastEnergy, NV>(top, field.slope, field.last, in, nullptr, delta, energy);
        for (int l = last; l > 0; --l) {
            backward<NV>(field.layers[l], slopes(l), slopes(l - 1));
        }
        project<NV>(field.first, nullptr, field.dim, field.layers[0].out, slopes(0), grad);
    }
};

}  // namespace lx::executors::fused::LX_LEVEL
