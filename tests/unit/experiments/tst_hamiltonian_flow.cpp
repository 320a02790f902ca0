// SPDX-License-Identifier: GPL-3.0-or-later
// Codes that move by Hamiltonian steps under a learned metric: the weights of a model whose
// likelihood is known, the metric against that of core/geometry, and wrong formulas.
#include "core/experiments/autoencoder/model.h"
#include "core/experiments/selftest.h"
#include "core/geometry/latent_metrics.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::autoencoder;

namespace {

const Key kKey{6, 2};
constexpr Index kDraws = 200'000;

/// Linear, with noise of sd 0.6, so that log p(x) is that of a normal law.
std::unique_ptr<Model> linearModel(Index leapfrogs, double step) {
    auto model = selftest::smallModel({{"data.source", std::string("data.ring8")},
                                       {"network.hidden", std::vector<double>{}},
                                       {"decoder.sigma", std::string("fixed")},
                                       {"decoder.sigma_value", 0.6},
                                       {"posterior", std::string("post.rhvae")},
                                       {"posterior.anchors", Index{8}},
                                       {"posterior.leapfrogs", leapfrogs},
                                       {"posterior.step", step},
                                       {"posterior.fixed_points", Index{8}},
                                       {"posterior.tempering", 0.5},
                                       {"posterior.temperature", 0.7},
                                       {"posterior.background", 0.1}},
                                      2, false, kKey);
    return model;
}

double logLikelihood(const Model& model, const Tensor& x) {
    const auto [w, b] = model.linearDecoder();
    const Tensor covariance = w.mm(w.t()) + at::eye(2, w.options()) * model.likelihood().variance();
    const Tensor gap = (x - b).t();
    return -0.5 * (gap.t().mm(covariance.inverse()).mm(gap).item<double>() +
                   at::logdet(covariance).item<double>()) -
           std::log(2 * std::numbers::pi);
}

MetricPtr metricOf(const Model& model) {
    const auto learned = model.learnedMetric().value();
    const auto plain = [](const Tensor& t) {
        const Tensor host = t.to(at::kDouble).contiguous();
        return std::vector<double>(host.data_ptr<double>(), host.data_ptr<double>() + host.numel());
    };
    return rhvaeMetric(
        {2, plain(learned.centres), plain(learned.factors), learned.temperature, learned.lambda});
}

/// log det G at codes [N, 2].
Tensor logDetOf(const Model& model, const Tensor& z) {
    const Tensor host = z.contiguous(), out = at::empty({z.size(0)}, z.options());
    metricOf(model)->logDet({host.data_ptr<double>(), static_cast<std::size_t>(host.numel())},
                            {out.data_ptr<double>(), static_cast<std::size_t>(out.numel())});
    return out;
}

/// log mean exp of weights [N], and its standard error.
std::pair<double, double> estimate(const Tensor& weights) {
    const double top = weights.max().item<double>();
    const Tensor w = (weights - top).exp();
    const double mean = w.mean().item<double>();
    return {top + std::log(mean),
            w.std().item<double>() / mean / std::sqrt(static_cast<double>(w.numel()))};
}

}  // namespace

class TestHamiltonianFlow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    /// E exp(weight) = p(x), whatever the metric and however far codes go.
    void weightsAverageToTheLikelihood() {
        for (const Index leapfrogs : {1, 5}) {
            const auto model = linearModel(leapfrogs, 0.05);
            const Tensor x = at::tensor({0.7, -0.4}, at::kDouble).view({1, 2});
            const Tensor noise = normal(derive(kKey, "draws"), {1, kDraws, 4}).to(at::kDouble);
            const Tensor weights = model->logWeights(x, noise).squeeze(0);
            const double truth = logLikelihood(*model, x);
            const auto [found, error] = estimate(weights);
            // Broken twin: as published, without the law of the first momentum.
            const Tensor z0 = model->codes(model->encode(x), noise.squeeze(0).narrow(1, 0, 2));
            const Tensor half = 0.5 * logDetOf(*model, z0);
            const auto [published, spread] = estimate(weights - half);
            qInfo("%d steps: %.5f +- %.5f, truth %.5f, as published %.5f", int(leapfrogs), found,
                  error, truth, published);
            QVERIFY(error < 0.01);
            QVERIFY(std::abs(found - truth) < 4 * error + 1e-3);
            QVERIFY(std::abs(published - truth) > 10 * (spread + 1e-3));
        }
    }
    /// The bound stays below the likelihood, and codes have moved.
    void boundIsBelowTheLikelihood() {
        const auto model = linearModel(3, 0.05);
        const Tensor x = at::tensor({0.7, -0.4}, at::kDouble).view({1, 2});
        const Tensor noise = normal(derive(kKey, "bound"), {20'000, 4}).to(at::kDouble);
        const Losses losses = model->evaluate(x.expand({20'000, 2}).contiguous(), noise);
        const Tensor bound = -(losses.reconstruction + losses.divergence);
        const double error = bound.std().item<double>() / std::sqrt(20'000.0);
        QVERIFY(bound.mean().item<double>() < logLikelihood(*model, x) + 4 * error);
        const Tensor again = model->logWeights(x, noise.unsqueeze(0)).squeeze(0);
        qInfo("%g", (again - bound).abs().max().item<double>());
        QVERIFY((again - bound).abs().max().item<double>() < 1e-9);
    }
    /// At no step at all the bound is that of the encoder alone: G cancels out.
    void withoutStepsItIsTheVae() {
        const auto model = linearModel(1, 1e-5);
        const Tensor x = uniform(derive(kKey, "x"), {50, 2}).to(at::kDouble);
        const Tensor noise = normal(derive(kKey, "n"), {50, 4}).to(at::kDouble);
        const Losses moved = model->evaluate(x, noise);
        const auto q = model->encode(x);
        const Tensor z = model->codes(q, noise.narrow(1, 0, 2));
        const Tensor logQ =
            -0.5 * (noise.narrow(1, 0, 2).square() + q.logVariance + std::log(2 * std::numbers::pi))
                       .sum(1);
        const Tensor expected = logQ - model->prior().logDensity(z);
        QVERIFY((moved.divergence - expected).abs().max().item<double>() < 1e-3);
        QVERIFY(
            (moved.divergence - expected - 0.5 * logDetOf(*model, z)).abs().max().item<double>() >
            0.1);
    }
    void contradictionsAreRefused() {
        const ParamSet many{{"data.source", std::string("data.ring8")},
                            {"posterior", std::string("post.rhvae")},
                            {"latent.dim", Index{40}}};
        QVERIFY_EXCEPTION_THROWN(selftest::familyParams(many), UsageError);
        const ParamSet plain{{"data.source", std::string("data.ring8")}, {"posterior.step", 0.1}};
        QVERIFY_EXCEPTION_THROWN(selftest::familyParams(plain), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestHamiltonianFlow)
#include "tst_hamiltonian_flow.moc"
