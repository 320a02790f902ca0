// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/convolution.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>

namespace lx {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// With one channel both layouts are the same memory; the strides say which is meant.
Tensor stored(const Tensor& x) {
    const Tensor y = x.contiguous(at::MemoryFormat::ChannelsLast);
    const Index plane = y.size(2) * y.size(3);
    return y.size(1) == 1 ? y.as_strided(y.sizes(), {plane, 1, y.size(3), 1}) : y;
}

struct ChannelsLast : torch::autograd::Function<ChannelsLast> {
    static Tensor forward(AutogradContext*, const Tensor& x) { return stored(x).alias(); }
    static variable_list backward(AutogradContext*, variable_list gradients) {
        return {stored(gradients[0])};
    }
};

/// What a convolution from `picture` by `weight` gives back for the gradient `x` of its output.
Tensor gradientOf(const Tensor& x, const Tensor& picture, const Tensor& weight, Index stride,
                  Index padding, bool toPicture) {
    const std::array<Index, 2> strides{stride, stride}, paddings{padding, padding}, dilation{1, 1},
        none{0, 0};
    const auto all =
        at::convolution_backward(x, picture, weight, c10::nullopt, strides, paddings, dilation,
                                 false, none, 1, {toPicture, !toPicture, false});
    return toPicture ? std::get<0>(all) : std::get<1>(all);
}

struct Transposed : torch::autograd::Function<Transposed> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                          Index stride, Index padding, Index height, Index width) {
        context->save_for_backward({x, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        // With few channels to write oneDNN's own way is the faster one.
        constexpr Index kFew = 4;
        if (weight.size(1) < kFew) {
            const auto extra = [&](Index side, Index target) {
                return target - ((side - 1) * stride - 2 * padding + weight.size(2));
            };
            return at::conv_transpose2d(x, weight, {}, stride, padding,
                                        {extra(x.size(2), height), extra(x.size(3), width)});
        }
        // Only its shape and layout are read.
        const Tensor picture = at::empty({x.size(0), weight.size(1), height, width}, x.options(),
                                         at::MemoryFormat::ChannelsLast);
        return gradientOf(stored(x), picture, stored(weight), stride, padding, true);
    }
    // Of differentiable operations alone, so that a second derivative goes through.
    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        const Index stride = context->saved_data["stride"].toInt();
        const Index padding = context->saved_data["padding"].toInt();
        const Tensor gradient = stored(gradients[0]);
        Tensor dx, dw;
        if (context->needs_input_grad(0)) {
            dx = at::conv2d(gradient, stored(weight), {}, stride, padding);
        }
        if (context->needs_input_grad(1)) {
            dw = gradientOf(stored(x), gradient, weight, stride, padding, false);
        }
        return {dx, dw, {}, {}, {}, {}};
    }
};

}  // namespace

Tensor channelsLast(const Tensor& x) {
    return ChannelsLast::apply(x);
}

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, Index stride,
                Index padding) {
    return at::conv2d(channelsLast(x), stored(weight), bias, stride, padding);
}

Tensor convolveTransposed(const Tensor& x, const Tensor& weight, const Tensor& bias, Index stride,
                          Index padding, Index height, Index width) {
    return Transposed::apply(channelsLast(x), weight, stride, padding, height, width) +
           bias.view({1, -1, 1, 1});
}

}  // namespace lx
