// SPDX-License-Identifier: GPL-3.0-or-later
// The reverse pass of every kind of network against central differences in double precision, at
// 100 random weights and 100 random inputs. RELIABILITY B9.
#include "core/nn/network.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <QtTest>
#include <algorithm>
#include <functional>

using namespace lx;

namespace {

constexpr Index kRows = 3;
constexpr Index kPlaces = 100;
constexpr double kStep = 2e-6, kLimit = 1e-6;

struct Module {
    const char* name;
    Index inputs;
    std::function<std::unique_ptr<Network>(Parameters&)> make;
};

std::vector<Module> modules() {
    std::vector<Module> out;
    for (const auto& [name, activation] : {std::pair{"relu", Activation::Relu},
                                           {"leaky relu", Activation::LeakyRelu},
                                           {"silu", Activation::Silu},
                                           {"tanh", Activation::Tanh},
                                           {"identity", Activation::Identity}}) {
        out.push_back({name, 5, [activation](Parameters& p) {
                           return makeMlp(p, {"net", {5, 9, 8, 4}, activation});
                       }});
    }
    out.push_back({"convolutional encoder", 196, [](Parameters& p) {
                       return makeConvEncoder(p, {"e", 14, 14, {3, 4}, 5, Activation::Silu});
                   }});
    out.push_back({"convolutional decoder", 5, [](Parameters& p) {
                       return makeConvDecoder(p, {"d", 14, 14, {3, 4}, 5, Activation::Silu});
                   }});
    for (const bool spectral : {false, true}) {
        out.push_back(
            {spectral ? "critic, spectral" : "critic", 8 * 8 + 3, [spectral](Parameters& p) {
                 return makeConvCritic(p, {"c", 8, 8, 3, {3, 4}, 6, Activation::Silu, spectral});
             }});
    }
    out.push_back(
        {"U-Net", 8 * 8 + 2, [](Parameters& p) { return makeUnet(p, {"u", 8, 8, 2, {4, 8}}); }});
    return out;
}

struct Bench {
    Parameters parameters;
    std::unique_ptr<Network> network;
    Tensor x, weight;

    explicit Bench(const Module& module) : network(module.make(parameters)) {
        parameters.allocate(at::kDouble);
        parameters.initialise(Key{3, 4});
        {
            // Layers that begin at zero would hide what lies behind them.
            const at::NoGradGuard off;
            Tensor flat = parameters.flat();
            flat.add_(0.1 * normal(Key{3, 5}, {flat.numel()}).to(at::kDouble));
        }
        x = normal(Key{1, 1}, {kRows, module.inputs}).to(at::kDouble);
        weight = normal(Key{1, 2}, {kRows, network->outputs()}).to(at::kDouble);
    }
    Tensor loss(const Tensor& y) const { return (y * weight + 0.5 * y * y).sum(); }

    /// Of the weights and of the inputs.
    std::pair<Tensor, Tensor> gradients() {
        const Tensor at = x.clone().requires_grad_(true);
        parameters.beginStep();
        loss(network->train(at)).backward();
        parameters.endBackward();
        return {parameters.flatGradient().clone(), at.grad().clone()};
    }
    /// Largest difference at up to kPlaces places of `where`, relative to the number or to a
    /// thousandth of the largest.
    double error(Tensor where, const Tensor& gradient, Key key) const {
        const at::NoGradGuard off;
        auto* w = where.data_ptr<double>();
        const auto* g = gradient.data_ptr<double>();
        const double floor = 1e-3 * gradient.abs().max().item<double>();
        const Tensor places =
            (uniform(key, {kPlaces}).to(at::kDouble) * static_cast<double>(gradient.numel()))
                .to(at::kLong);
        double worst = 0;
        for (Index k = 0; k < kPlaces; ++k) {
            const auto i =
                std::min(places.data_ptr<std::int64_t>()[k], std::int64_t{gradient.numel() - 1});
            const double kept = w[i];
            const auto at = [&](double step) {
                w[i] = kept + step;
                const double value = loss(network->forward(x)).item<double>();
                w[i] = kept;
                return value;
            };
            const double numeric = (at(kStep) - at(-kStep)) / (2 * kStep);
            worst = std::max(worst, std::abs(numeric - g[i]) /
                                        std::max({std::abs(numeric), std::abs(g[i]), floor}));
        }
        return worst;
    }
};

}  // namespace

class TestModuleGradients : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void againstDifferences_data() {
        QTest::addColumn<int>("index");
        const auto all = modules();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            QTest::newRow(all[static_cast<std::size_t>(i)].name) << i;
        }
    }
    void againstDifferences() {
        QFETCH(int, index);
        Bench bench(modules()[static_cast<std::size_t>(index)]);
        const auto [weights, inputs] = bench.gradients();
        const Tensor flat = bench.parameters.flat();
        const double ofWeights = bench.error(flat, weights, Key{5, 1});
        const double ofInputs = bench.error(bench.x, inputs, Key{5, 2});
        QVERIFY2(ofWeights < kLimit, qPrintable(QString::number(ofWeights)));
        QVERIFY2(ofInputs < kLimit, qPrintable(QString::number(ofInputs)));
        // Broken twins.
        QVERIFY(bench.error(flat, weights * 1.00001, Key{5, 1}) > kLimit);
        QVERIFY(bench.error(bench.x, inputs * 0.99999, Key{5, 2}) > kLimit);
    }
};

QTEST_GUILESS_MAIN(TestModuleGradients)
#include "tst_module_gradients.moc"
