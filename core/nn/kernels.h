// SPDX-License-Identifier: GPL-3.0-or-later
// Inner loops on packed host memory, one pass each. Float versions become vector code for AVX-512,
// AVX2 and baseline with run-time dispatch; all three give the same bits.
#pragma once

#include "core/base/error.h"

#include <cstdint>

namespace lx {

enum class Activation : std::uint8_t { Identity, Relu, LeakyRelu, Silu, Tanh };

struct AdamStep {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    Index step = 1;            ///< counts from 1: bias correction
    double gradientScale = 1;  ///< from clipping
};

namespace kernels {

/// y <- act(y + bias) on [rows, columns]; `slope` takes act' where the activation needs it
/// (Silu, Tanh, LeakyRelu) and may be null otherwise. Not-a-number stays not-a-number.
template <class T>
void biasActivate(T* y, const T* bias, T* slope, Index rows, Index columns, Activation);
/// d <- d * act', from the activated values (Relu) or the stored slope.
template <class T>
void activateBackward(T* d, const T* y, const T* slope, Index count, Activation);

/// Adam with bias correction, as torch.optim.Adam. Ref: kingma2015.
template <class T>
void adam(T* w, const T* g, T* m, T* v, Index count, const AdamStep&);
/// average <- decay average + (1 - decay) w.
template <class T>
void average(T* average, const T* w, Index count, double decay);
/// Sum of squares in double precision.
template <class T>
double sumOfSquares(const T* x, Index count);

/// Bernoulli log likelihood from logits: logp[r] = sum_k x a - log(1 + e^a), and its gradient
/// x - sigmoid(a) with respect to a. logits, x, gradient [rows, columns].
template <class T>
void bernoulli(const T* logits, const T* x, T* logp, T* gradient, Index rows, Index columns);

}  // namespace kernels
}  // namespace lx
