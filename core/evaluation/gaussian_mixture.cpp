// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/gaussian_mixture.h"

#include "core/geometry/clusters.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace lx {
namespace {

/// log weight_k + log N(x; mean_k, factor_k factor_k'), [N, K].
at::Tensor jointLogDensity(const GaussianMixture& m, const at::Tensor& x) {
    const Index count = m.weights.size(0), d = m.means.size(1);
    std::vector<at::Tensor> columns;
    for (Index k = 0; k < count; ++k) {
        const at::Tensor factor = m.factors[k];
        const at::Tensor scaled =
            at::linalg_solve_triangular(factor, (x - m.means[k]).t(), /*upper=*/false);
        const at::Tensor half = factor.diagonal().log().sum();
        columns.push_back(m.weights[k].log() - half - 0.5 * scaled.square().sum(0) -
                          0.5 * static_cast<double>(d) * std::log(2 * std::numbers::pi));
    }
    return at::stack(columns, 1);
}

/// Means, covariances and weights of rows that belong to the components by `share` [N, K].
GaussianMixture weighted(const at::Tensor& x, const at::Tensor& share, const at::Tensor& ridge) {
    const at::Tensor mass = share.sum(0) + 1e-9;
    GaussianMixture out;
    out.weights = mass / mass.sum();
    out.means = share.t().matmul(x) / mass.unsqueeze(1);
    std::vector<at::Tensor> factors;
    for (Index k = 0; k < mass.size(0); ++k) {
        const at::Tensor centred = x - out.means[k];
        const at::Tensor covariance =
            (centred * share.select(1, k).unsqueeze(1)).t().matmul(centred) / mass[k];
        factors.push_back(at::linalg_cholesky(covariance + ridge));
    }
    out.factors = at::stack(factors);
    return out;
}

}  // namespace

at::Tensor GaussianMixture::logDensity(const at::Tensor& x) const {
    return at::logsumexp(jointLogDensity(*this, x.to(at::kCPU, at::kDouble)), 1);
}

at::Tensor GaussianMixture::sample(Key key, Index count) const {
    const Index d = means.size(1);
    const at::Tensor u = uniform(derive(key, "component"), {count}).to(at::kDouble);
    const at::Tensor upper = weights.cumsum(0);
    const at::Tensor which =
        u.unsqueeze(1).ge(upper.unsqueeze(0)).sum(1).clamp_max(weights.size(0) - 1);
    const at::Tensor noise = normal(derive(key, "noise"), {count, d}).to(at::kDouble);
    const at::Tensor moved = factors.index_select(0, which).matmul(noise.unsqueeze(2)).squeeze(2);
    return (means.index_select(0, which) + moved).to(at::kFloat);
}

GaussianMixture fitMixture(const at::Tensor& rows, Index components, Index iterations,
                           double floor) {
    if (rows.dim() != 2 || rows.size(0) <= rows.size(1) || rows.size(1) < 1 || components < 1) {
        throw UsageError("a mixture needs more rows than coordinates, and a component");
    }
    const at::NoGradGuard off;
    const at::Tensor x = rows.to(at::kCPU, at::kDouble).contiguous();
    if (!x.isfinite().all().item<bool>()) {
        throw NumericalError("mixture", 0, "the rows are not finite");
    }
    const Index n = x.size(0), d = x.size(1);
    const double spread = (x - x.mean(0)).square().mean().item<double>();
    const at::Tensor ridge = at::eye(d, at::kDouble) * std::max(floor * spread, 1e-12);
    const Clusters start =
        kMeans({x.data_ptr<double>(), static_cast<std::size_t>(n * d)}, d, std::min(components, n));
    const Index count = std::ssize(start.centres) / d;
    at::Tensor share = at::zeros({n, count}, at::kDouble);
    auto one = share.accessor<double, 2>();
    for (Index i = 0; i < n; ++i) {
        one[i][start.member[static_cast<std::size_t>(i)]] = 1;
    }
    GaussianMixture out = weighted(x, share, ridge);
    double last = -std::numeric_limits<double>::infinity();
    for (Index k = 0; k < iterations; ++k) {
        const at::Tensor joint = jointLogDensity(out, x);
        const at::Tensor total = at::logsumexp(joint, 1);
        const double mean = total.mean().item<double>();
        if (mean - last < 1e-7) {
            break;
        }
        last = mean;
        out = weighted(x, (joint - total.unsqueeze(1)).exp(), ridge);
    }
    return out;
}

}  // namespace lx
