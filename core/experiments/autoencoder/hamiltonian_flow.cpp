// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/hamiltonian_flow.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

namespace lx::autoencoder {
namespace {

/// Logarithms of a factor's diagonal: beyond, neighbouring anchors would differ a million fold.
constexpr double kLargestLog = 4;

/// Of log p(x, z) with respect to z [B, d]; with a graph of its own where `z` has one.
Tensor slopeOf(const LogJoint& logJoint, const Tensor& z) {
    const at::AutoGradMode on(true);
    const bool graph = z.requires_grad();
    const Tensor leaf = graph ? z : z.detach().requires_grad_();
    const Tensor out =
        torch::autograd::grad({logJoint(leaf).sum()}, {leaf}, {}, graph, graph).front();
    return graph ? out : out.detach();
}

/// G^-1 and what the steps need of it, at codes z [B, d].
struct MetricAt {
    Tensor inverse;  ///< A = G^-1 [B, d, d]
    Tensor slopes;   ///< dA / dz_j [B, d (j), d, d]
    Tensor factor;   ///< C with C C' = A
    Tensor logDet;   ///< of A [B]; not a number where A is not positive definite
};

class LearnedMetric {
public:
    LearnedMetric(Tensor centres, const Tensor& factors, double temperature, double lambda)
        : m_centres(std::move(centres)),
          m_outer(at::matmul(factors, factors.transpose(1, 2)).flatten(1)),
          m_scale(1 / (temperature * temperature)),
          m_lambda(lambda) {}

    /// A alone.
    Tensor inverse(const Tensor& z) const { return inverseOf(weights(away(z)), z.size(1)); }

    MetricAt at(const Tensor& z) const {
        const Index d = z.size(1);
        const Tensor from = away(z), weight = weights(from);
        MetricAt out;
        out.inverse = inverseOf(weight, d);
        const Tensor bend = from * (weight.unsqueeze(2) * (-2 * m_scale));
        out.slopes = at::matmul(bend.transpose(1, 2), m_outer).view({z.size(0), d, d, d});
        const auto [factor, info] = at::linalg_cholesky_ex(out.inverse);
        out.factor = factor;
        out.logDet = (2 * factor.diagonal(0, -2, -1).log().sum(-1))
                         .masked_fill(info.ne(0), std::numeric_limits<double>::quiet_NaN());
        return out;
    }

private:
    /// From each anchor to each code: [B, C, d].
    Tensor away(const Tensor& z) const { return z.unsqueeze(1) - m_centres.unsqueeze(0); }
    /// [B, C, d] -> [B, C]
    Tensor weights(const Tensor& from) const { return (from.square().sum(2) * -m_scale).exp(); }
    Tensor inverseOf(const Tensor& weight, Index d) const {
        return at::matmul(weight, m_outer).view({-1, d, d}) +
               at::eye(d, weight.options()) * m_lambda;
    }

    Tensor m_centres, m_outer;
    double m_scale, m_lambda;
};

/// a' M a for M [B, ..., d, d] and a [B, d].
Tensor form(const Tensor& matrix, const Tensor& a) {
    return matrix.dim() == 3
               ? (at::matmul(matrix, a.unsqueeze(2)).squeeze(2) * a).sum(1)
               : (at::matmul(matrix, a.unsqueeze(1).unsqueeze(3)).squeeze(3) * a.unsqueeze(1))
                     .sum(2);
}

class HamiltonianFlow final : public CodeFlow {
public:
    HamiltonianFlow(Parameters& parameters, Index dim, Index latent, FlowOptions options)
        : m_options(std::move(options)), m_latent(latent) {
        std::vector<Index> sizes{dim};
        sizes.insert(sizes.end(), m_options.hidden.begin(), m_options.hidden.end());
        sizes.push_back(latent * (latent + 1) / 2);
        m_network = makeMlp(parameters, {"metric", std::move(sizes), Activation::Relu});
    }

    Index noise() const override { return m_latent; }

    Moved move(const Tensor& z0, const Tensor& noise, const Anchors& anchors,
               const LogJoint& logJoint) const override {
        const LearnedMetric metric(anchors.codes, factors(anchors.rows), m_options.temperature,
                                   m_options.background);
        const double half = 0.5 * m_options.step;
        Tensor z = z0;
        MetricAt at = metric.at(z);
        const Tensor startLogDet = at.logDet;
        // R R' = G with R = C^-T.
        Tensor rho = at::linalg_solve_triangular(at.factor.transpose(1, 2), noise.unsqueeze(2),
                                                 /*upper=*/true)
                         .squeeze(2) /
                     std::sqrt(m_options.tempering);
        Tensor force = forceOf(at, slopeOf(logJoint, z));
        double before = std::sqrt(m_options.tempering);
        for (Index k = 1; k <= m_options.leapfrogs; ++k) {
            const Tensor start = rho;
            for (Index i = 0; i < m_options.fixedPoints; ++i) {
                rho = start + (force - 0.5 * form(at.slopes, rho)) * half;
            }
            const Tensor from = z, drift = velocity(at.inverse, rho);
            z = from + drift * (2 * half);
            for (Index i = 0; i < m_options.fixedPoints; ++i) {
                z = from + (drift + velocity(metric.inverse(z), rho)) * half;
            }
            at = metric.at(z);
            force = forceOf(at, slopeOf(logJoint, z));
            rho = rho + (force - 0.5 * form(at.slopes, rho)) * half;
            const double now = temperingAt(k);
            rho = rho * (before / now);
            before = now;
        }
        // The volume that tempering takes from the momenta is the one that beta_0 gave them.
        return {z, 0.5 * (at.logDet - startLogDet - form(at.inverse, rho) + noise.square().sum(1))};
    }

    Learned learned(const Anchors& anchors) const override {
        return {anchors.codes, factors(anchors.rows), m_options.temperature, m_options.background};
    }

private:
    static Tensor velocity(const Tensor& inverse, const Tensor& rho) {
        return at::matmul(inverse, rho.unsqueeze(2)).squeeze(2);
    }
    /// -dH/dz without the part that the momentum has in it.
    static Tensor forceOf(const MetricAt& at, const Tensor& slope) {
        const Tensor metric = at::cholesky_inverse(at.factor);
        return slope + 0.5 * (metric.unsqueeze(1) * at.slopes).sum({2, 3});
    }
    /// sqrt(beta_k), from sqrt(beta_0) to 1. Ref: chadebec2020, the quadratic schedule.
    double temperingAt(Index k) const {
        const double first = 1 / std::sqrt(m_options.tempering);
        const auto share = static_cast<double>(k) / static_cast<double>(m_options.leapfrogs);
        return 1 / ((1 - first) * share * share + first);
    }
    /// Lower triangular with a positive diagonal: [C, D] -> [C, d, d]. Over the root of C, so that
    /// G^-1 begins near the identity among the anchors, however many there are.
    Tensor factors(const Tensor& rows) const {
        const Tensor out = m_network->forward(rows);
        const Index d = m_latent;
        Tensor lower = at::zeros({rows.size(0), d, d}, out.options());
        const Tensor below = at::tril_indices(d, d, -1).to(out.device());
        lower.index_put_({at::indexing::Slice(), below[0], below[1]},
                         out.narrow(1, d, d * (d - 1) / 2));
        const Tensor logs = out.narrow(1, 0, d).clamp(-kLargestLog, kLargestLog);
        return (lower + at::diag_embed(logs.exp())) / std::sqrt(static_cast<double>(rows.size(0)));
    }

    FlowOptions m_options;
    Index m_latent;
    std::unique_ptr<Network> m_network;
};

}  // namespace

std::unique_ptr<CodeFlow> makeHamiltonianFlow(Parameters& parameters, Index dim, Index latent,
                                              FlowOptions options) {
    return std::make_unique<HamiltonianFlow>(parameters, dim, latent, std::move(options));
}

}  // namespace lx::autoencoder
