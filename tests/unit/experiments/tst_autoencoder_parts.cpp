// SPDX-License-Identifier: GPL-3.0-or-later
// Closed forms and gradients of the parts, each with a wrong formula that must be refused.
#include "core/evaluation/importance.h"
#include "core/experiments/autoencoder/model.h"
#include "core/experiments/selftest.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::autoencoder;

namespace {

const Key kKey{4, 4};

/// Gradient of the loss of one batch against central differences; `twist` changes the gradient.
double errorOf(const ParamSet& changes, Index dim, bool image, double twist = 1) {
    const auto model = selftest::smallModel(changes, dim, image, kKey);
    const ParamSet params = selftest::familyParams(changes);
    const auto objective = rowOf(objectives(), text(params, "objective")).make(params);
    const Tensor x = model->prepared(uniform(derive(kKey, "x"), {5, dim}).to(at::kDouble));
    const Tensor noise = normal(derive(kKey, "noise"), {5, model->noiseUnits()}).to(at::kDouble);
    Parameters& p = model->parameters();
    p.beginStep();
    const Losses losses = model->train(x, noise);
    objective->loss(losses.reconstruction, losses.divergence, 10).backward();
    p.endBackward();
    const auto loss = [&] {
        const Losses now = model->evaluate(x, noise);
        return objective->loss(now.reconstruction, now.divergence, 10).item<double>();
    };
    return selftest::gradientError(p.flat(), p.flatGradient() * twist, loss, 400,
                                   derive(kKey, "probes"));
}

ParamSet plane(std::initializer_list<std::pair<const std::string, ParamValue>> more = {}) {
    ParamSet set{{"data.source", std::string("data.ring8")},
                 {"network.hidden", std::vector<double>{8, 6}},
                 {"network.activation", std::string("silu")}};
    for (const auto& [id, value] : more) {
        set[id] = value;
    }
    return set;
}

ParamSet moved(ParamSet set) {
    set["posterior"] = std::string("post.rhvae");
    set["posterior.anchors"] = Index{6};
    set["posterior.hidden"] = std::vector<double>{5};
    set["posterior.step"] = 0.1;
    return set;
}

ParamSet picture(std::initializer_list<std::pair<const std::string, ParamValue>> more = {}) {
    ParamSet set{{"data.source", std::string("data.shapes16")},
                 {"network", std::string("net.conv")},
                 {"network.channels", std::vector<double>{2, 3}},
                 {"network.activation", std::string("tanh")}};
    for (const auto& [id, value] : more) {
        set[id] = value;
    }
    return set;
}

}  // namespace

class TestParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void gradientsEqualCentralDifferences_data() {
        QTest::addColumn<ParamSet>("params");
        QTest::addColumn<bool>("image");
        QTest::newRow("gauss scalar") << plane() << false;
        QTest::newRow("gauss fixed") << plane({{"decoder.sigma", std::string("fixed")}}) << false;
        QTest::newRow("gauss pixel") << plane({{"decoder.sigma", std::string("pixel")}}) << false;
        QTest::newRow("beta") << plane({{"objective.beta", 4.0}, {"objective.warmup", Index{40}}})
                              << false;
        QTest::newRow("deterministic") << plane({{"encoder", std::string("enc.det")}}) << false;
        QTest::newRow("reconstruction only")
            << plane({{"objective", std::string("obj.rec")}}) << false;
        QTest::newRow("linear") << plane({{"network.hidden", std::vector<double>{}}}) << false;
        QTest::newRow("bernoulli conv") << picture() << true;
        QTest::newRow("gauss conv") << picture({{"decoder", std::string("dec.gauss")}}) << true;
        QTest::newRow("bernoulli mlp") << ParamSet{{"data.source", std::string("data.shapes16")},
                                                   {"network.hidden", std::vector<double>{7}},
                                                   {"network.activation", std::string("tanh")}}
                                       << true;
        QTest::newRow("rhvae points") << moved(plane()) << false;
        QTest::newRow("rhvae conv") << moved(picture()) << true;
        QTest::newRow("rhvae three units") << moved(plane({{"latent.dim", Index{3}}})) << false;
    }
    void gradientsEqualCentralDifferences() {
        QFETCH(ParamSet, params);
        QFETCH(bool, image);
        const double error = errorOf(params, image ? 256 : 2, image);
        QVERIFY2(error < 2e-6, qPrintable(QString::number(error)));
        QVERIFY(errorOf(params, image ? 256 : 2, image, 1.0001) > 2e-5);
    }
    void divergenceIsThatOfQuadrature() {
        QVERIFY(selftest::divergenceError(gaussianKl) < 1e-8);
        const auto wrongSign = [](const Tensor& m, const Tensor& lv) { return -gaussianKl(m, lv); };
        QVERIFY(selftest::divergenceError(wrongSign) > 0.1);
        const auto variance = [](const Tensor& m, const Tensor& lv) {
            return gaussianKl(m, 2 * lv);
        };
        QVERIFY(selftest::divergenceError(variance) > 0.1);
    }
    void oneImportanceSampleIsTheBound() {
        for (const bool image : {false, true}) {
            const auto model =
                selftest::smallModel(image ? picture() : plane(), image ? 256 : 2, image, kKey);
            const auto weights = [&](const Tensor& x, const Tensor& noise) {
                return model->logWeights(x, noise);
            };
            QVERIFY(selftest::weightError(*model, weights, kKey) < 1e-9);
            // Broken twin: the 2 pi of the posterior left out.
            const auto wrong = [&](const Tensor& x, const Tensor& noise) {
                return model->logWeights(x, noise) - std::log(2 * std::numbers::pi);
            };
            QVERIFY(selftest::weightError(*model, wrong, kKey) > 1);
        }
    }
    void meanLogWeightIsTheBoundWithAnalyticDivergence() {
        const auto model = selftest::smallModel(plane(), 2, false, kKey);
        const Index draws = 20'000;
        const Tensor x = uniform(kKey, {1, 2}).to(at::kDouble);
        const Tensor noise = normal(derive(kKey, "many"), {1, draws, 2}).to(at::kDouble);
        const Tensor sampled = model->logWeights(x, noise).squeeze(0);
        const Losses losses = model->evaluate(x.expand({draws, 2}).contiguous(), noise.squeeze(0));
        const Tensor analytic = -(losses.reconstruction + losses.divergence);
        const Tensor difference = sampled - analytic;
        const double error = difference.std().item<double>() / std::sqrt(double(draws));
        QVERIFY(std::abs(difference.mean().item<double>()) < 5.5 * error);
    }
    void betaOneIsTheVae() {
        const ParamSet one = selftest::familyParams(plane({{"objective.beta", 1.0}}));
        const auto objective = rowOf(objectives(), std::string("obj.elbo")).make(one);
        const Tensor rec = uniform(Key{1, 1}, {6}), kl = uniform(Key{1, 2}, {6});
        const auto value = [&] { return objective->loss(rec, kl, 0).item<double>(); };
        QVERIFY(std::abs(value() - (rec + kl).mean().item<double>()) < 1e-6);
        objective->set("objective.beta", 3.0);
        QVERIFY(std::abs(value() - (rec + 3 * kl).mean().item<double>()) < 1e-6);
        QVERIFY(std::abs(value() - (rec + kl).mean().item<double>()) > 1e-2);
    }
    void warmUpRisesLinearly() {
        const auto objective =
            rowOf(objectives(), std::string("obj.elbo"))
                .make(selftest::familyParams(plane({{"objective.warmup", Index{10}}})));
        const Tensor zero = at::zeros({1}), one = at::ones({1});
        for (const Index step : {0, 5, 10, 50}) {
            const double expected = std::min(1.0, static_cast<double>(step) / 10);
            QVERIFY(std::abs(objective->loss(zero, one, step).item<double>() - expected) < 1e-7);
        }
    }
    void likelihoodsAreNormalised() {
        // Bernoulli: both outcomes together have probability 1, at extreme logits too.
        for (const float logit : {-60.0F, -3.0F, 0.0F, 2.0F, 50.0F}) {
            const Tensor a = at::full({1, 1}, logit);
            const double p0 = std::exp(bernoulliLogDensity(a, at::zeros({1, 1})).item<double>());
            const double p1 = std::exp(bernoulliLogDensity(a, at::ones({1, 1})).item<double>());
            QVERIFY(std::abs(p0 + p1 - 1) < 1e-6);
        }
        // Gaussian: integral over one coordinate, its 2 pi included.
        const auto model = selftest::smallModel(
            plane({{"decoder.sigma", std::string("fixed")}, {"decoder.sigma_value", 0.7}}), 2,
            false, kKey);
        const auto type = at::TensorOptions().dtype(at::kDouble);
        const Tensor x = at::zeros({4001, 2}, type);
        x.select(1, 0).copy_(at::linspace(-10, 10, 4001, type));
        const Tensor logp = model->likelihood().logDensity(at::zeros({4001, 2}, type), x);
        const double other = -0.5 * std::log(2 * std::numbers::pi * 0.49);
        const double mass = (logp - other).exp().sum().item<double>() * 0.005;
        QVERIFY(std::abs(mass - 1) < 1e-9);
    }
    void floatAndDoubleKernelsAgree() {
        const Tensor a = 4 * normal(Key{1, 1}, {7, 83}), x = uniform(Key{1, 2}, {7, 83});
        const Tensor f = bernoulliLogDensity(a, x).to(at::kDouble);
        const Tensor d = bernoulliLogDensity(a.to(at::kDouble), x.to(at::kDouble));
        QVERIFY(((f - d) / d).abs().max().item<double>() < 2e-6);
        const Tensor reference = (x * a - at::softplus(a)).to(at::kDouble).sum(1);
        QVERIFY(((f - reference) / d).abs().max().item<double>() < 5e-6);
    }
    void contradictionsAreRefused() {
        QVERIFY_EXCEPTION_THROWN(
            selftest::familyParams(plane(
                {{"encoder", std::string("enc.det")}, {"objective", std::string("obj.elbo")}})),
            UsageError);
        QVERIFY_EXCEPTION_THROWN(selftest::familyParams({{"data.source", std::string("data.ring8")},
                                                         {"network", std::string("net.conv")}}),
                                 UsageError);
        // A parameter of a part that was not chosen.
        QVERIFY_EXCEPTION_THROWN(
            selftest::familyParams(picture({{"decoder.sigma", std::string("fixed")}})), UsageError);
        QVERIFY_EXCEPTION_THROWN(
            selftest::familyParams(plane({{"encoder", std::string("enc.none")}})), UsageError);
    }
    void everyDeclarationExplainsItself() {
        for (const ParamSet& choices :
             {plane(), picture(), plane({{"train.schedule", std::string("cosine")}})}) {
            const Description d = describe(DataLibrary(), choices);
            std::set<std::string> ids;
            for (const auto& decl : d.params) {
                QVERIFY2(!decl.label.empty() && decl.help.size() > 10, decl.id.c_str());
                QVERIFY(ids.insert(decl.id).second);
                checked(decl, decl.initial);
            }
            for (const auto& channel : d.channels) {
                QVERIFY(!channel.kind.empty() && !channel.shape.empty());
            }
        }
    }
    void selfTestPasses() {
        for (const auto& row : selftest::run()) {
            QVERIFY2(row.pass, row.name.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestParts)
#include "tst_autoencoder_parts.moc"
