// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/importance.h"
#include "core/evaluation/ppca.h"
#include "core/experiments/autoencoder/run_data.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx::autoencoder {
namespace {

constexpr Index kBlock = 500;

/// A unit counts as used when its divergence exceeds a hundredth of a nat.
constexpr double kActive = 0.01;

void addUnits(std::map<std::string, double>& out, const Moment& m, Index rows) {
    Tensor sum = at::zeros({m.data->context.latent}, at::kDouble);
    for (Index first = 0; first < rows; first += kBlock) {
        const Index count = std::min(kBlock, rows - first);
        const Tensor x = m.model->prepared(m.data->heldout.narrow(0, first, count));
        sum += m.model->prior().divergence(m.model->encode(x)).sum(0).to(at::kCPU, at::kDouble);
    }
    const Tensor units = sum / static_cast<double>(rows);
    out["kl_min"] = units.min().item<double>();
    out["kl_max"] = units.max().item<double>();
    out["active_units"] = static_cast<double>(units.gt(kActive).sum().item<std::int64_t>());
}

double squaredError(const Moment& m, Index rows, std::stop_token stop) {
    double sum = 0;
    Index seen = 0;
    for (Index first = 0; first < rows && !stop.stop_requested(); first += kBlock) {
        const Index count = std::min(kBlock, rows - first);
        const Tensor x = m.model->prepared(m.data->heldout.narrow(0, first, count));
        const Tensor difference = m.model->decode(m.model->encode(x).mean) - x;
        sum += (difference * difference).sum().item<double>();
        seen += difference.numel();
    }
    return seen > 0 ? sum / static_cast<double>(seen) : 0;
}

double importance(const Moment& m, Key key, Index rows, Index samples, std::stop_token stop) {
    const Index d = m.model->noiseUnits();
    const auto weights = [&](Index first, Index count, Index sample, Index block) {
        const Tensor x = m.model->prepared(m.data->heldout.narrow(0, first, count));
        const Key at = derive(derive(key, static_cast<std::uint64_t>(first)),
                              static_cast<std::uint64_t>(sample));
        return m.model->logWeights(x, m.data->placed(normal(at, {count, block, d})));
    };
    const Tensor bounds = importanceBound(weights, rows, samples, stop);
    return bounds.numel() > 0 ? bounds.mean().item<double>() : 0;
}

/// How far the model is from the exact maximum likelihood of its own kind.
void addPpca(std::map<std::string, double>& out, const Moment& m, Key key, std::stop_token stop) {
    const auto [weights, offset] = m.model->linearDecoder();
    const double variance = m.model->likelihood().variance();
    const Index d = m.data->context.latent;
    if (!weights.defined() || variance <= 0 || d >= m.data->context.dim) {
        return;
    }
    const Tensor& x = m.data->train;
    const Tensor host = x.cpu();
    const Ppca fit = fitPpca(host, d);
    double bound = 0;
    constexpr std::uint64_t draws = 64;
    for (std::uint64_t k = 0; k < draws && !stop.stop_requested(); ++k) {
        const Losses losses =
            m.model->evaluate(x, m.data->placed(normal(derive(key, k), {x.size(0), d})));
        bound -= (losses.reconstruction + losses.divergence).mean().item<double>() / draws;
    }
    out["ppca_loglik"] = fit.logLikelihood;
    out["ppca_gap"] = fit.logLikelihood - bound;
    out["ppca_likelihood_gap"] =
        fit.logLikelihood - ppcaLogLikelihood(host, offset.cpu(), weights.cpu(), variance);
}

}  // namespace

HeldOut heldOut(const RunData& data, const Model& model, Index rows, Key key,
                std::stop_token stop) {
    HeldOut sum;
    Index seen = 0;
    rows = std::min(rows, data.heldout.size(0));
    for (Index first = 0; first < rows && !stop.stop_requested(); first += kBlock) {
        const Index count = std::min(kBlock, rows - first);
        const Tensor x = model.prepared(data.heldout.narrow(0, first, count));
        const Tensor noise = data.placed(
            normal(derive(key, static_cast<std::uint64_t>(first)), {count, model.noiseUnits()}));
        const Losses losses = model.evaluate(x, noise);
        sum.reconstruction += losses.reconstruction.sum().item<double>();
        if (losses.divergence.defined()) {
            sum.divergence += losses.divergence.sum().item<double>();
        }
        seen += count;
    }
    const double scale = seen > 0 ? 1.0 / static_cast<double>(seen) : 0.0;
    return {sum.reconstruction * scale, sum.divergence * scale};
}

std::map<std::string, double> evaluate(const Moment& m, Key key, std::stop_token stop) {
    const at::NoGradGuard off;
    std::map<std::string, double> out;
    const Index rows = m.data->heldout.size(0);
    const HeldOut terms = heldOut(*m.data, *m.model, rows, derive(key, "heldout"), stop);
    out["heldout_reconstruction"] = terms.reconstruction;
    out["heldout_mse"] = squaredError(m, rows, stop);
    if (!m.model->stochastic()) {
        return out;
    }
    out["heldout_kl"] = terms.divergence;
    out["heldout_elbo"] = -(terms.reconstruction + terms.divergence);
    addUnits(out, m, rows);
    const Index count = std::min(integer(m.data->params, "eval.iw_count"), rows);
    out["iw_bound"] = importance(m, derive(key, "importance"), count,
                                 integer(m.data->params, "eval.iw_samples"), stop);
    if (m.data->dataset->distribution && text(m.data->params, "data.scale") == "none") {
        // The entropy of the law is the best any model can do on its draws.
        const auto values = m.data->dataset->heldout.values<float>();
        const auto d = static_cast<std::size_t>(m.data->context.dim);
        std::vector<double> x(d);
        double sum = 0;
        Index seen = 0;
        for (; seen < count; ++seen) {
            std::copy_n(
                values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(seen) * d), d,
                x.begin());
            const auto logp = m.data->dataset->distribution->logDensity(x);
            if (!logp) {
                break;
            }
            sum += *logp;
        }
        if (seen == count && count > 0) {
            out["data_loglik"] = sum / static_cast<double>(count);
            out["density_gap"] = out["data_loglik"] - out["iw_bound"];
        }
    }
    if (m.data->dataset->source == "data.lingauss") {
        addPpca(out, m, derive(key, "ppca"), stop);
    }
    return out;
}

}  // namespace lx::autoencoder
