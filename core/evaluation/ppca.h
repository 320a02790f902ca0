// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <ATen/core/Tensor.h>

namespace lx {

/// p(z) = N(0, I), p(x | z) = N(W z + mean, variance I).
struct Ppca {
    at::Tensor mean;           ///< [D] float64
    at::Tensor weights;        ///< [D, d] float64
    double variance = 0;       ///< mean of the discarded eigenvalues
    double logLikelihood = 0;  ///< nats per row of the data it was fitted to
};

/// Exact maximum likelihood. x [N, D], 0 < d < D, N > 1. Throws UsageError on other shapes and
/// NumericalError when the rows lie in a d-dimensional plane. Ref: tipping1999, eq. 3.7.
Ppca fitPpca(const at::Tensor& x, Index latent);

/// Mean log likelihood in nats per row of x [N, D] under N(mean, weights weights^T + variance I).
double ppcaLogLikelihood(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& weights,
                         double variance);

}  // namespace lx
