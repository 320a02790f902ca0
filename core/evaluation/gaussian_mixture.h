// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/key.h"

#include <ATen/core/Tensor.h>

namespace lx {

/// sum_k weight_k N(mean_k, factor_k factor_k').
struct GaussianMixture {
    at::Tensor weights;  ///< [K] float64, sum 1
    at::Tensor means;    ///< [K, d] float64
    at::Tensor factors;  ///< [K, d, d] float64, lower triangular
    /// log p(x) in nats. x [N, d] -> [N] float64.
    at::Tensor logDensity(const at::Tensor& x) const;
    /// [count, d] float32; row i depends on (key, i) alone.
    at::Tensor sample(Key, Index count) const;
};

/// Maximum likelihood by expectation maximisation from k-means, so without randomness, full
/// covariances. x [N, d] with N > d; K is cut to the number of different rows. `floor` is added to
/// the variances in shares of the data's mean variance. Throws UsageError on other shapes and
/// NumericalError on rows that are not finite. Ref: dempster1977.
GaussianMixture fitMixture(const at::Tensor& x, Index components, Index iterations = 100,
                           double floor = 1e-4);

}  // namespace lx
