// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/ppca.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace lx {

Ppca fitPpca(const at::Tensor& x, Index latent) {
    if (x.dim() != 2 || x.size(0) < 2 || latent < 1 || latent >= x.size(1)) {
        throw UsageError("PPCA needs at least two rows and 0 < latent < columns");
    }
    const at::NoGradGuard off;
    const at::Tensor rows = x.to(at::kDouble);
    Ppca fit;
    fit.mean = rows.mean(0);
    const at::Tensor centred = rows - fit.mean;
    const at::Tensor covariance = centred.t().mm(centred) / static_cast<double>(rows.size(0));
    const auto [values, vectors] = at::linalg_eigh(covariance);  // ascending
    const Index dim = x.size(1), rest = dim - latent;
    fit.variance = values.narrow(0, 0, rest).mean().item<double>();
    if (!(fit.variance > 1e-12)) {
        throw NumericalError("PPCA noise variance", 0,
                             "is zero: the rows lie in a plane of the latent dimension");
    }
    const at::Tensor kept = (values.narrow(0, rest, latent) - fit.variance).clamp_min(0).sqrt();
    fit.weights = vectors.narrow(1, rest, latent) * kept;
    fit.logLikelihood = ppcaLogLikelihood(x, fit.mean, fit.weights, fit.variance);
    return fit;
}

double ppcaLogLikelihood(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& weights,
                         double variance) {
    const at::NoGradGuard off;
    const at::Tensor w = weights.to(at::kDouble);
    const Index dim = w.size(0);
    const at::Tensor covariance =
        w.mm(w.t()) + variance * at::eye(dim, at::TensorOptions().dtype(at::kDouble));
    const at::Tensor factor = at::linalg_cholesky(covariance);
    const at::Tensor centred = (x.to(at::kDouble) - mean.to(at::kDouble)).t();
    const at::Tensor u = at::linalg_solve_triangular(factor, centred, /*upper=*/false);
    const double logDet = 2 * factor.diagonal().log().sum().item<double>();
    const double squares = (u * u).sum().item<double>() / static_cast<double>(x.size(0));
    return -0.5 * (static_cast<double>(dim) * std::log(2 * std::numbers::pi) + logDet + squares);
}

}  // namespace lx
