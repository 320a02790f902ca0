// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions of pictures, stored channels last: oneDNN then copies neither pictures nor weights.
#pragma once

#include "core/nn/parameters.h"

namespace lx {

/// x [B, C, H, W], stored so, and its gradient too: an operation that meets both layouts is slower
/// by an order of magnitude.
Tensor channelsLast(const Tensor& x);

/// at::conv2d of x [B, C, H, W] with weight [K, C, k, k] and bias [K].
Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, Index stride,
                Index padding);

/// at::conv_transpose2d of x [B, K, h, w] with weight [K, C, k, k] and bias [C] to pictures of
/// `height` x `width`. It is the gradient of a convolution with respect to its input, and is
/// computed as that: three times as fast as LibTorch's own on a processor. Twice differentiable.
Tensor convolveTransposed(const Tensor& x, const Tensor& weight, const Tensor& bias, Index stride,
                          Index padding, Index height, Index width);

}  // namespace lx
