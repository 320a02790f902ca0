// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/importance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx {

at::Tensor logMeanExp(const at::Tensor& logWeights, Index axis) {
    return at::logsumexp(logWeights, {axis}) - std::log(static_cast<double>(logWeights.size(axis)));
}

at::Tensor importanceBound(const LogWeights& weights, Index rows, Index samples,
                           std::stop_token stop) {
    constexpr Index rowBlock = 64, sampleBlock = 16;
    std::vector<at::Tensor> bounds;
    for (Index first = 0; first < rows && !stop.stop_requested(); first += rowBlock) {
        const Index count = std::min(rowBlock, rows - first);
        std::vector<at::Tensor> blocks;
        for (Index k = 0; k < samples; k += sampleBlock) {
            blocks.push_back(weights(first, count, k, std::min(sampleBlock, samples - k)));
        }
        bounds.push_back(logMeanExp(at::cat(blocks, 1).to(at::kDouble), 1));
    }
    return bounds.empty() ? at::empty({0}, at::kDouble) : at::cat(bounds);
}

at::Tensor gaussianKl(const at::Tensor& mean, const at::Tensor& logVariance) {
    return 0.5 * (mean * mean + logVariance.exp() - 1 - logVariance);
}

at::Tensor gaussianLogDensity(const at::Tensor& x, const at::Tensor& mean,
                              const at::Tensor& logVariance) {
    const at::Tensor difference = x - mean;
    return -0.5 * (difference * difference * (-logVariance).exp() + logVariance +
                   std::log(2 * std::numbers::pi))
                      .sum(-1);
}

}  // namespace lx
