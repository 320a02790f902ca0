// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/selftest.h"

#include "core/base/philox.h"
#include "core/evaluation/importance.h"
#include "core/evaluation/ppca.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace lx::selftest {

using autoencoder::Model;

double planeIntegral(const Distribution& law, double half, Index cells) {
    const double step = 2 * half / static_cast<double>(cells);
    double sum = 0;
    for (Index i = 0; i < cells; ++i) {
        for (Index j = 0; j < cells; ++j) {
            const double x[] = {-half + (static_cast<double>(i) + 0.5) * step,
                                -half + (static_cast<double>(j) + 0.5) * step};
            sum += std::exp(law.logDensity(x).value());
        }
    }
    return sum * step * step;
}

double divergenceError(const Divergence& divergence) {
    double worst = 0;
    for (const double mean : {-1.5, 0.0, 0.7, 3.0}) {
        for (const double logVariance : {-4.0, -1.0, 0.0, 1.5}) {
            const double sd = std::exp(0.5 * logVariance);
            // integral of q log(q / p) with u = (z - mean) / sd on a wide fine grid
            double exact = 0;
            constexpr int nodes = 4000;
            constexpr double half = 12;
            for (int k = 0; k <= nodes; ++k) {
                const double u = -half + 2 * half * k / nodes, z = mean + sd * u;
                const double q = std::exp(-0.5 * u * u) / std::sqrt(2 * std::numbers::pi);
                exact += q * (-0.5 * u * u - 0.5 * logVariance + 0.5 * z * z) * (2 * half / nodes);
            }
            const auto type = at::TensorOptions().dtype(at::kDouble);
            const Tensor value =
                divergence(at::full({1, 1}, mean, type), at::full({1, 1}, logVariance, type));
            worst = std::max(worst, std::abs(value.item<double>() - exact));
        }
    }
    return worst;
}

double gradientError(const Tensor& values, const Tensor& gradient,
                     const std::function<double()>& loss, Index probes, Key key) {
    const at::NoGradGuard off;
    const double floor = 1e-3 * gradient.abs().max().item<double>();
    const Tensor where = subset(key, values.numel(), probes);
    auto* w = values.data_ptr<double>();
    const auto* g = gradient.data_ptr<double>();
    double worst = 0;
    for (Index k = 0; k < where.numel(); ++k) {
        const Index i = where.data_ptr<std::int64_t>()[k];
        const double kept = w[i], h = 1e-5 * std::max(1.0, std::abs(kept));
        w[i] = kept + h;
        const double up = loss();
        w[i] = kept - h;
        const double down = loss();
        w[i] = kept;
        const double numeric = (up - down) / (2 * h);
        const double scale = std::max({std::abs(numeric), std::abs(g[i]), floor});
        worst = std::max(worst, scale > 0 ? std::abs(numeric - g[i]) / scale : 0.0);
    }
    return worst;
}

double weightError(const Model& model, const WeightsOf& weights, Key key) {
    const Index rows = 7, d = model.context().latent;
    const auto type = model.parameters().flat().scalar_type();
    const Tensor x =
        model.prepared(uniform(derive(key, "x"), {rows, model.context().dim}).to(type));
    const Tensor noise = normal(derive(key, "noise"), {rows, 1, d}).to(type);
    const Tensor eps = noise.squeeze(1);
    const auto q = model.encode(x);
    const Tensor z = model.codes(q, eps);
    const double log2Pi = std::log(2 * std::numbers::pi);
    const Tensor logPrior = -0.5 * (z * z + log2Pi).sum(1);
    const Tensor logPosterior = -0.5 * (eps * eps + q.logVariance + log2Pi).sum(1);
    const Tensor expected = logPrior - logPosterior - model.evaluate(x, eps).reconstruction;
    return (weights(x, noise).squeeze(1) - expected).abs().max().item<double>();
}

ParamSet familyParams(const ParamSet& changes) {
    const DataLibrary library;
    return resolve(autoencoder::describe(library, changes).params, changes);
}

std::unique_ptr<Model> smallModel(const ParamSet& changes, Index dim, bool image, Key key) {
    const ParamSet params = familyParams(changes);
    const Index side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(dim))));
    const std::vector<Index> shape =
        image ? std::vector<Index>{side, side} : std::vector<Index>{dim};
    autoencoder::Context context = autoencoder::contextOf(params, shape);
    if (const Index anchors = valueOr(params, "posterior.anchors", Index{0}); anchors > 0) {
        context.anchors = uniform(derive(key, "anchors"), {anchors, dim});
    }
    auto model = std::make_unique<Model>(params, context, at::kDouble);
    model->parameters().initialise(key);
    return model;
}

namespace {

SelfTestRow row(std::string name, double value, double expected, double tolerance) {
    return {std::move(name), value, expected, tolerance, std::abs(value - expected) <= tolerance};
}

double elboGradientError(const ParamSet& changes, Index dim, bool image, Key key) {
    auto model = smallModel(changes, dim, image, key);
    const Tensor x = model->prepared(uniform(derive(key, "x"), {5, dim}).to(at::kDouble));
    const Tensor noise = normal(derive(key, "noise"), {5, model->context().latent}).to(at::kDouble);
    Parameters& p = model->parameters();
    p.beginStep();
    {
        const at::AutoGradMode on(true);
        const auto losses = model->train(x, noise);
        (losses.reconstruction + losses.divergence).mean().backward();
    }
    p.endBackward();
    const auto loss = [&] {
        const auto losses = model->evaluate(x, noise);
        return (losses.reconstruction + losses.divergence).mean().item<double>();
    };
    return gradientError(p.flat(), p.flatGradient(), loss, 300, derive(key, "probes"));
}

/// Log likelihood at the maximum, from the eigenvalues alone.
double ppcaIdentityError(Key key) {
    const auto law = linearGaussian(8, 2, 0.5);
    const Draws draws = law->sample(key, 500);
    const Tensor x = at::tensor(at::ArrayRef<float>(draws.values)).view({500, 8}).to(at::kDouble);
    const Ppca fit = fitPpca(x, 2);
    const Tensor centred = x - x.mean(0);
    const Tensor values = std::get<0>(at::linalg_eigh(centred.t().mm(centred) / 500.0));
    const double rest = values.narrow(0, 0, 6).mean().item<double>();
    const double logDet = values.narrow(0, 6, 2).log().sum().item<double>() + 6 * std::log(rest);
    const double exact = -0.5 * (8 * std::log(2 * std::numbers::pi) + logDet + 8);
    return std::abs(fit.logLikelihood - exact);
}

}  // namespace

std::vector<SelfTestRow> run() {
    const at::NoGradGuard off;
    const Key key{2026, 11};
    std::vector<SelfTestRow> rows;
    const Words words = philox4x32({0, 0, 0, 0}, 0);
    const Words known{0x6627E8D5U, 0xE169C58DU, 0xBC57AC4CU, 0x9B00DBD8U};
    rows.push_back(row("philox: known words", words == known ? 1 : 0, 1, 0));
    const std::vector<std::tuple<const char*, DistributionPtr, double>> laws{
        {"ring8", ring8(2, 0.2), 4},
        {"grid25", grid25(1, 0.1), 3},
        {"moons", moons(1, 0.1), 3},
        {"swiss-roll", swissRoll(2, 0.08), 3},
        {"spirals", spirals(2, 0.06), 3},
        {"rings", rings(2, 0.08), 3},
        {"circle-vm", circleVonMises(1, 2, 0.05), 2},
        {"checkerboard", checkerboard(2), 2.5},
        {"banana", banana(1, 0.7, 0.4), 24}};
    for (const auto& [name, law, half] : laws) {
        const Index cells = std::string_view(name) == "banana" ? 600 : 200;
        rows.push_back(row(std::string("density integrates to 1: ") + name,
                           planeIntegral(*law, half, cells), 1, 1e-3));
    }
    rows.push_back(row("divergence against quadrature", divergenceError(gaussianKl), 0, 1e-8));
    rows.push_back(row("PPCA: maximum from eigenvalues", ppcaIdentityError(key), 0, 1e-8));
    const ParamSet plane{{"data.source", std::string("data.ring8")},
                         {"network.hidden", std::vector<double>{9, 7}},
                         {"network.activation", std::string("silu")}};
    const ParamSet picture{{"data.source", std::string("data.shapes16")},
                           {"network", std::string("net.conv")},
                           {"network.channels", std::vector<double>{3, 4}},
                           {"network.activation", std::string("tanh")}};
    rows.push_back(
        row("gradient of the bound, dense", elboGradientError(plane, 2, false, key), 0, 1e-6));
    rows.push_back(row("gradient of the bound, convolutions",
                       elboGradientError(picture, 256, true, key), 0, 1e-6));
    const auto model = smallModel(plane, 2, false, key);
    const auto weights = [&](const Tensor& x, const Tensor& noise) {
        return model->logWeights(x, noise);
    };
    rows.push_back(
        row("importance bound, K = 1, is the bound", weightError(*model, weights, key), 0, 1e-10));
    const Tensor x = uniform(derive(key, "rows"), {50, 2}).to(at::kDouble);
    const Tensor many =
        model->logWeights(x, normal(derive(key, "many"), {50, 256, 2}).to(at::kDouble));
    const double gain = (logMeanExp(many, 1) - many.mean(1)).min().item<double>();
    rows.push_back(row("importance bound is not below the bound", std::min(gain, 0.0), 0, 1e-12));
    return rows;
}

}  // namespace lx::selftest
