// SPDX-License-Identifier: GPL-3.0-or-later
// Included only by level.cpp.
#pragma once

#include "core/executors/fused/lanes.h"

namespace lx::executors::fused::LX_LEVEL {

/// A mixture of round Gaussians in Dim dimensions; kMaxDim: as many as the field says. Equal: all
/// components are as wide, and what that makes common is computed once.
template <int Dim, bool Equal = false>
struct Mixture {
    static constexpr int kMaxVectors = 2;
    static constexpr int kDim = Dim;
    static constexpr bool kFinite = true;  ///< evaluate() itself sees to that, where it must
    static constexpr float kLn2 = 0.693147181F;
    /// Below this the shares of components, which end at 2^-125, would lose digits.
    static constexpr float kFaint = 0x1p-100F;
    const MixtureField& field;
    Floats* logits;  ///< [K, NV], to base 2

    static std::int64_t scratch(const MixtureField& f) { return f.components * kMaxVectors; }

    [[gnu::always_inline]] inline int dim() const { return Dim == kMaxDim ? field.dim : Dim; }

    template <int NV>
    [[gnu::always_inline]] inline Floats logit(const Floats (*x)[NV], int k, int v) const {
        const float* centre = field.centres + k * dim();
        Floats square{};
        for (int i = 0; i < dim(); ++i) {
            const Floats u = x[i][v] - centre[i];
            square = mulAdd(u, u, square);
        }
        return mulAdd(square, all(field.slope[k]), all(field.offset[k]));
    }

    /// In units of the components' common width, times the root of log2 e / 2.
    template <int NV>
    [[gnu::always_inline]] inline void shrink(const Floats (*x)[NV], Floats (*y)[NV]) const {
        for (int i = 0; i < dim(); ++i) {
            for (int v = 0; v < NV; ++v) {
                y[i][v] = x[i][v] * field.shrinkage;
            }
        }
    }
    template <int NV>
    [[gnu::always_inline]] inline Floats logitOf(const Floats (*y)[NV], int k, int v) const {
        const float* centre = field.shrunk + k * dim();
        Floats out = all(field.offset[k]);
        for (int i = 0; i < dim(); ++i) {
            const Floats u = y[i][v] - centre[i];
            out = mulAdd(-u, u, out);
        }
        return out;
    }

    /// Gradient, and the sum of 2^term(k, v) that energyOf() wants.
    template <int NV, class Term>
    [[gnu::always_inline]] inline void gather(const Floats (*x)[NV], const Term& term,
                                              Floats (*grad)[NV], Floats* sum) const {
        Floats whole[NV];
        for (int v = 0; v < NV; ++v) {
            sum[v] = whole[v] = Floats{};
            for (int i = 0; i < dim(); ++i) {
                grad[i][v] = Floats{};
            }
        }
        const float* centre = field.centres;
        for (int k = 0; k < field.components; ++k, centre += dim()) {
            for (int v = 0; v < NV; ++v) {
                const Floats p = powerOfTwo(term(k, v));
                sum[v] = sum[v] + p;
                const Floats pull = Equal ? p : p * field.pull[k];
                if constexpr (!Equal) {
                    whole[v] = whole[v] + pull;
                }
                for (int i = 0; i < dim(); ++i) {
                    grad[i][v] = mulAdd(pull, all(-centre[i]), grad[i][v]);
                }
            }
        }
        for (int v = 0; v < NV; ++v) {
            const Floats share = Equal ? reciprocal(sum[v]) * field.pull[0] : reciprocal(sum[v]);
            if constexpr (Equal) {
                whole[v] = sum[v];
            }
            // x W - sum pull_k c_k: as exact as x itself.
            for (int i = 0; i < dim(); ++i) {
                grad[i][v] = mulAdd(x[i][v], whole[v], grad[i][v]) * share;
            }
        }
    }

    /// Anywhere: the largest logit is found first.
    template <int NV>
    [[gnu::noinline, gnu::cold]] void farAway(const Floats (*x)[NV], Floats* energy,
                                              Floats (*grad)[NV]) const {
        Floats top[NV], sum[NV];
        for (int v = 0; v < NV; ++v) {
            top[v] = all(-__builtin_inff());
        }
        for (int k = 0; k < field.components; ++k) {
            for (int v = 0; v < NV; ++v) {
                logits[k * NV + v] = logit<NV>(x, k, v);
                top[v] = higher(top[v], logits[k * NV + v]);
            }
        }
        gather<NV>(x, [&](int k, int v) { return logits[k * NV + v] - top[v]; }, grad, sum);
        for (int v = 0; v < NV; ++v) {
            energy[v] = -mulAdd(top[v], all(kLn2), logarithm(sum[v])) - field.peak;
        }
    }

    /// Where chains usually are one pass does: the gradient, and `sum`, from which energyOf() makes
    /// the energy. False where a chain is too far from all components for that.
    template <int NV>
    [[gnu::always_inline]] inline bool slopes(const Floats (*x)[NV], Floats (*grad)[NV],
                                              Floats* sum) const {
        if constexpr (Equal) {
            Floats y[Dim][NV];
            shrink<NV>(x, y);
            gather<NV>(x, [&](int k, int v) { return logitOf<NV>(y, k, v); }, grad, sum);
        } else {
            gather<NV>(x, [&](int k, int v) { return logit<NV>(x, k, v); }, grad, sum);
        }
        bool near = true;
        for (int v = 0; v < NV; ++v) {
            near = near && !anyNotAbove(sum[v], kFaint);
        }
        return near;
    }
    /// Between -ln K - peak and 70 - peak.
    [[gnu::always_inline]] inline Floats energyOf(Floats sum) const {
        return -logarithm(sum) - field.peak;
    }

    /// x, grad [dim][NV], energy [NV].
    template <int NV>
    [[gnu::always_inline]] inline void evaluate(const Floats (*x)[NV], Floats* energy,
                                                Floats (*grad)[NV]) const {
        Floats sum[NV];
        const bool near = slopes<NV>(x, grad, sum);
        for (int v = 0; v < NV; ++v) {
            energy[v] = energyOf(sum[v]);
        }
        if (!near) [[unlikely]] {
            // Copies: what another function may write to would not stay in registers.
            Floats there[Dim][NV], slope[Dim][NV], height[NV];
            for (int i = 0; i < dim(); ++i) {
                for (int w = 0; w < NV; ++w) {
                    there[i][w] = x[i][w];
                }
            }
            farAway<NV>(there, height, slope);
            // Lane by lane: what a chain does must not depend on its neighbours.
            for (int w = 0; w < NV; ++w) {
                const Ints close = sum[w] > kFaint;
                energy[w] = close ? energy[w] : height[w];
                for (int i = 0; i < dim(); ++i) {
                    grad[i][w] = close ? grad[i][w] : slope[i][w];
                }
            }
            makeFinite<NV>(dim(), energy, grad);
        }
    }
};

}  // namespace lx::executors::fused::LX_LEVEL
