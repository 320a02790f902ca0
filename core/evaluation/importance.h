// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/key.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <stop_token>

namespace lx {

/// log (1/K sum_k exp w_k) along `axis`, without overflow. All-minus-infinity rows stay so.
at::Tensor logMeanExp(const at::Tensor& logWeights, Index axis);

/// Log importance weights log p(x, z) - log q(z | x) of one block of K samples: for rows
/// [first, first + count) and samples [k, k + block) returns [count, block].
using LogWeights = std::function<at::Tensor(Index first, Index count, Index sample, Index block)>;

/// Importance-weighted bound on log p(x) for each of `rows` rows, in nats, [rows]; K = 1 is the
/// evidence lower bound on the same draws. Stops early with fewer rows. Ref: burda2016, eq. 8.
at::Tensor importanceBound(const LogWeights&, Index rows, Index samples, std::stop_token = {});

/// Kullback-Leibler divergence of N(mean, exp(logVariance)) from N(0, I), per unit, in nats.
/// mean, logVariance [B, d] -> [B, d].
at::Tensor gaussianKl(const at::Tensor& mean, const at::Tensor& logVariance);

/// log N(x; mean, exp(logVariance)) summed over the last axis, with its 2 pi constants.
at::Tensor gaussianLogDensity(const at::Tensor& x, const at::Tensor& mean,
                              const at::Tensor& logVariance);

}  // namespace lx
