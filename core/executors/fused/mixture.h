// SPDX-License-Identifier: GPL-3.0-or-later
// Included only by level.cpp.
#pragma once

#include "core/executors/fused/lanes.h"

namespace lx::executors::fused::LX_LEVEL {

/// A mixture of round Gaussians in Dim dimensions; kMaxDim: as many as the field says.
template <int Dim>
struct Mixture {
    static constexpr int kMaxVectors = 2;
    static constexpr int kDim = Dim;
    static constexpr float kLog2E = 1.44269504F;
    const MixtureField& field;
    Floats* logits;  ///< [K, NV], to base 2

    static std::int64_t scratch(const MixtureField& f) { return f.components * kMaxVectors; }

    /// x, grad [dim][NV], energy [NV].
    template <int NV>
    [[gnu::always_inline]] inline void evaluate(const Floats (*x)[NV], Floats* energy,
                                                Floats (*grad)[NV]) const {
        const int dim = Dim == kMaxDim ? field.dim : Dim, count = field.components;
        Floats top[NV], sum[NV];
        for (int v = 0; v < NV; ++v) {
            top[v] = all(-__builtin_inff());
            sum[v] = Floats{};
        }
        const float* centre = field.centres;
        for (int k = 0; k < count; ++k, centre += dim) {
            const Floats scale = all(-kLog2E * field.scale[k]);
            const Floats offset = all(kLog2E * field.offset[k]);
            for (int v = 0; v < NV; ++v) {
                Floats square{};
                for (int i = 0; i < dim; ++i) {
                    const Floats u = x[i][v] - centre[i];
                    square = mulAdd(u, u, square);
                }
                const Floats logit = mulAdd(square, scale, offset);
                logits[k * NV + v] = logit;
                top[v] = higher(top[v], logit);
            }
        }
        for (int i = 0; i < dim; ++i) {
            for (int v = 0; v < NV; ++v) {
                grad[i][v] = Floats{};
            }
        }
        centre = field.centres;
        for (int k = 0; k < count; ++k, centre += dim) {
            const float twice = 2.0F * field.scale[k];
            for (int v = 0; v < NV; ++v) {
                const Floats p = powerOfTwo(logits[k * NV + v] - top[v]);
                sum[v] = sum[v] + p;
                const Floats pull = p * twice;
                for (int i = 0; i < dim; ++i) {
                    grad[i][v] = mulAdd(pull, x[i][v] - centre[i], grad[i][v]);
                }
            }
        }
        for (int v = 0; v < NV; ++v) {
            energy[v] = -mulAdd(top[v], all(1 / kLog2E), logarithm(sum[v]));
            const Floats share = reciprocal(sum[v]);
            for (int i = 0; i < dim; ++i) {
                grad[i][v] = grad[i][v] * share;
            }
        }
    }
};

}  // namespace lx::executors::fused::LX_LEVEL
