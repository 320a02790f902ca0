// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/convolution.h"
#include "core/nn/network.h"
#include "core/nn/random.h"
#include "core/nn/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <QtTest>
#include <cmath>
#include <limits>

using namespace lx;

namespace {

struct Net {
    Parameters parameters;
    std::unique_ptr<Network> network;
};

std::unique_ptr<Net> mlp(Activation activation, at::ScalarType type) {
    auto net = std::make_unique<Net>();
    net->network = makeMlp(net->parameters, {"net", {5, 7, 6, 3}, activation});
    net->parameters.allocate(type);
    net->parameters.initialise(Key{3, 4});
    return net;
}

/// Difference of the hand-written reverse pass from autograd's, parameters and input.
double reverseError(Net& net, Index inputs, bool claimTwice) {
    Parameters& p = net.parameters;
    const auto type = p.flat().scalar_type();
    const Tensor x0 = normal(Key{1, 1}, {4, inputs}).to(type);
    const Tensor weight = normal(Key{1, 2}, {4, net.network->outputs()}).to(type);
    const auto gradients = [&](bool fast) {
        const Tensor x = x0.clone().requires_grad_(true);
        p.beginStep();
        if (!fast) {
            // Autograd adds to whatever is there.
            p.flatGradient().zero_();
        }
        Tensor y = fast ? net.network->train(x) : net.network->forward(x);
        if (claimTwice) {
            y = y + (fast ? net.network->train(2 * x) : net.network->forward(2 * x));
        }
        (y * weight).sum().backward();
        if (fast) {
            p.endBackward();
        }
        return std::pair(p.flatGradient().clone(), x.grad().clone());
    };
    const auto [fastP, fastX] = gradients(true);
    const auto [slowP, slowX] = gradients(false);
    return std::max((fastP - slowP).abs().max().item<double>(),
                    (fastX - slowX).abs().max().item<double>());
}

double finiteDifferenceError(Net& net, Index inputs, const Tensor& gradient, const Tensor& x) {
    (void)inputs;
    const at::NoGradGuard off;
    auto* w = net.parameters.flat().data_ptr<double>();
    const auto* g = gradient.data_ptr<double>();
    const double floor = 1e-3 * gradient.abs().max().item<double>();
    const auto loss = [&] { return net.network->forward(x).pow(2).sum().item<double>(); };
    double worst = 0;
    for (Index i = 0; i < gradient.numel(); i += 3) {
        const double kept = w[i], h = 1e-5;
        w[i] = kept + h;
        const double up = loss();
        w[i] = kept - h;
        const double down = loss();
        w[i] = kept;
        const double numeric = (up - down) / (2 * h);
        worst = std::max(
            worst, std::abs(numeric - g[i]) / std::max({std::abs(numeric), std::abs(g[i]), floor}));
    }
    return worst;
}

Tensor gradientOfSquares(Net& net, const Tensor& x) {
    net.parameters.beginStep();
    net.network->train(x).pow(2).sum().backward();
    net.parameters.endBackward();
    return net.parameters.flatGradient();
}

/// Reference Adam, one number at a time in double.
std::vector<double> referenceAdam(std::vector<double> w, const std::vector<double>& g, int steps,
                                  double rate, bool correct) {
    std::vector<double> m(w.size()), v(w.size());
    for (int t = 1; t <= steps; ++t) {
        for (std::size_t i = 0; i < w.size(); ++i) {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
            const double c1 = correct ? 1 - std::pow(0.9, t) : 1;
            const double c2 = correct ? 1 - std::pow(0.999, t) : 1;
            w[i] -= rate * (m[i] / c1) / (std::sqrt(v[i] / c2) + 1e-8);
        }
    }
    return w;
}

}  // namespace

class TestNn : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void reversePassEqualsAutograd_data() {
        QTest::addColumn<int>("activation");
        for (int a = 0; a < 5; ++a) {
            QTest::addRow("activation %d", a) << a;
        }
    }
    void reversePassEqualsAutograd() {
        QFETCH(int, activation);
        const auto net = mlp(static_cast<Activation>(activation), at::kDouble);
        QVERIFY(reverseError(*net, 5, false) < 1e-12);
        QVERIFY(reverseError(*net, 5, true) < 1e-12);
        const auto single = mlp(static_cast<Activation>(activation), at::kFloat);
        QVERIFY(reverseError(*single, 5, false) < 2e-5);
    }
    void trainAndForwardGiveTheSameValues() {
        for (int a = 0; a < 5; ++a) {
            const auto net = mlp(static_cast<Activation>(a), at::kFloat);
            const Tensor x = normal(Key{1, 1}, {9, 5});
            const Tensor y = net->network->train(x).detach().clone();
            QVERIFY((y - net->network->forward(x)).abs().max().item<double>() < 2e-6);
        }
    }
    void gradientsEqualCentralDifferences() {
        for (const Activation a : {Activation::Silu, Activation::Tanh, Activation::LeakyRelu}) {
            const auto net = mlp(a, at::kDouble);
            const Tensor x = normal(Key{1, 1}, {4, 5}).to(at::kDouble);
            const Tensor g = gradientOfSquares(*net, x).clone();
            QVERIFY(finiteDifferenceError(*net, 5, g, x) < 1e-6);
            // Broken twin: a factor that a forgotten bias derivative would leave.
            QVERIFY(finiteDifferenceError(*net, 5, g * 1.00001, x) > 1e-6);
        }
    }
    void convolutionsOfAnySide_data() {
        QTest::addColumn<int>("side");
        for (const int side : {28, 16, 14, 8, 7}) {
            QTest::addRow("%d", side) << side;
        }
    }
    void convolutionsOfAnySide() {
        QFETCH(int, side);
        Parameters p;
        const ConvOptions options{"e", side, side, {3, 4}, 6, Activation::Silu};
        auto encoder = makeConvEncoder(p, options);
        ConvOptions mirrored = options;
        mirrored.name = "d";
        auto decoder = makeConvDecoder(p, mirrored);
        p.allocate(at::kDouble);
        p.initialise(Key{1, 9});
        const Tensor x = uniform(Key{1, 1}, {2, Index{side} * side}).to(at::kDouble);
        const Tensor y = decoder->train(encoder->train(x));
        QCOMPARE(y.size(1), x.size(1));
        p.beginStep();
        y.pow(2).sum().backward();
        QVERIFY(p.flatGradient().abs().max().item<double>() > 0);
        QVERIFY_EXCEPTION_THROWN(makeConvEncoder(p, {"x", 4, 4, {1, 1, 1, 1}, 2}), UsageError);
    }
    void transposedConvolutionEqualsLibTorchs_data() {
        QTest::addColumn<int>("channels");
        QTest::addColumn<int>("side");
        for (const int channels : {1, 4, 6}) {
            for (const int side : {7, 8}) {
                QTest::addRow("%d channels, side %d", channels, side) << channels << side;
            }
        }
    }
    void transposedConvolutionEqualsLibTorchs() {
        QFETCH(int, channels);
        QFETCH(int, side);
        const Index out = 2 * side + (side == 7 ? 0 : 1), extra = side == 7 ? 0 : 1;
        const auto leaf = [](std::uint64_t key, std::vector<Index> shape) {
            return normal(Key{7, key}, shape).to(at::kDouble).requires_grad_(true);
        };
        const Tensor x = leaf(1, {3, 5, side, side}), w = leaf(2, {5, channels, 4, 4}),
                     b = leaf(3, {channels}), slope = leaf(4, {3, channels, out, out});
        // Value, first derivatives, and those of the first derivatives' squares.
        const auto all = [&](const Tensor& y) {
            const auto first = torch::autograd::grad({y.square()}, {x, w, b}, {slope}, true, true);
            const Tensor squares = first[0].square().sum() + first[1].square().sum();
            const auto second = torch::autograd::grad({squares}, {x, w});
            return std::vector<Tensor>{y, first[0], first[1], first[2], second[0], second[1]};
        };
        const auto ours = all(convolveTransposed(x, w, b, 2, 1, out, out));
        const auto theirs = all(at::conv_transpose2d(x, w, b, 2, 1, {extra, extra}));
        const auto worst = [&](double planted) {
            double most = 0;
            for (std::size_t i = 0; i < ours.size(); ++i) {
                const double scale = theirs[i].abs().max().item<double>();
                most = std::max(most,
                                (planted * ours[i] - theirs[i]).abs().max().item<double>() / scale);
            }
            return most;
        };
        QVERIFY2(worst(1) < 1e-12, qPrintable(QString::number(worst(1))));
        QVERIFY(worst(1 + 1e-9) > 1e-12);
    }
    void adamEqualsItsFormula_data() {
        QTest::addColumn<bool>("loops");
        QTest::newRow("loops") << true;
        QTest::newRow("operations") << false;
    }
    void adamEqualsItsFormula() {
        QFETCH(bool, loops);
        const Index n = 37;
        Parameters p;
        p.declare({"w", {n}, Init::Uniform, 4, 0});
        p.allocate(at::kFloat, {at::kCPU, loops});
        p.initialise(Key{1, 1});
        const Tensor g = normal(Key{2, 2}, {n});
        std::vector<double> w, grads;
        for (Index i = 0; i < n; ++i) {
            w.push_back(p.flat()[i].item<double>());
            grads.push_back(g[i].item<double>());
        }
        OptimiserOptions options;
        options.rate = 0.01;
        Trainer trainer(p, options, {{"s", 0, {{"all", "", 1, {}}}}}, [&](const Phase&, Index) {
            p.gradient(0).copy_(g);
            return StepResult{};
        });
        for (int i = 0; i < 5; ++i) {
            trainer.step();
        }
        const auto distance = [&](const std::vector<double>& expected) {
            double worst = 0;
            for (Index i = 0; i < n; ++i) {
                worst = std::max(worst, std::abs(p.flat()[i].item<double>() -
                                                 expected[static_cast<std::size_t>(i)]));
            }
            return worst;
        };
        QVERIFY(distance(referenceAdam(w, grads, 5, 0.01, true)) < 1e-6);
        // Broken twin: no bias correction.
        QVERIFY(distance(referenceAdam(w, grads, 5, 0.01, false)) > 1e-3);
    }
    void clippingShortensTheGradient() {
        Parameters p;
        p.declare({"w", {4}, Init::Constant, 1, 0});
        p.allocate();
        p.initialise(Key{});
        OptimiserOptions options;
        options.clip = 1;
        Trainer trainer(p, options, {{"s", 0, {{"all", "", 1, {}}}}}, [&](const Phase&, Index) {
            p.gradient(0).fill_(50);
            return StepResult{};
        });
        QCOMPARE(trainer.step().gradientNorm, 100.0);
        // first moment = 0.1 * 50 / 100
        QVERIFY(std::abs(trainer.optimiser().first()[0].item<double>() - 0.05) < 1e-7);
    }
    void schedules() {
        OptimiserOptions o;
        o.rate = 2;
        QCOMPARE(rateAt(o, 1000), 2.0);
        o.warmup = 10;
        QCOMPARE(rateAt(o, 0), 0.2);
        QCOMPARE(rateAt(o, 9), 2.0);
        o.warmup = 0;
        o.schedule = Schedule::Cosine;
        o.horizon = 100;
        QCOMPARE(rateAt(o, 50), 1.0);
        QVERIFY(std::abs(rateAt(o, 100)) < 1e-12 && std::abs(rateAt(o, 500)) < 1e-12);
        QVERIFY_EXCEPTION_THROWN(scheduleOf("linear"), UsageError);
    }
    void averageFollowsItsFormula() {
        Parameters p;
        p.declare({"w", {1}, Init::Constant, 1, 1});
        p.allocate();
        p.initialise(Key{});
        OptimiserOptions options;
        options.rate = 0.5;
        options.ema = 0.2;
        Trainer trainer(p, options, {{"s", 0, {{"all", "", 1, {}}}}}, [&](const Phase&, Index) {
            p.gradient(0).fill_(1);
            return StepResult{};
        });
        trainer.step();
        trainer.step();  // w: 1, 0.5, 0; decays 2/11, then 0.2, which is below 3/12
        const double expected = 0.2 * (2. / 11 * 1 + 9. / 11 * 0.5) + 0.8 * 0.0;
        QVERIFY(std::abs(trainer.optimiser().averaged()[0].item<double>() - expected) < 1e-6);
    }
    void frozenGroupsStayAndPhasesTakeTurns() {
        Parameters p;
        p.declare({"encoder.w", {3}, Init::Constant, 1, 1});
        p.declare({"decoder.w", {3}, Init::Constant, 1, 1});
        p.declare({"encoderish", {3}, Init::Constant, 1, 1});
        p.allocate();
        p.initialise(Key{});
        std::vector<std::string> order;
        const std::vector<Stage> plan{
            {"first", 1, {{"a", "encoder", 1, {}}}},
            {"second", 0, {{"b", "", 2, {"encoder"}}, {"c", "decoder", 1, {}}}}};
        Trainer trainer(p, {}, plan, [&](const Phase& phase, Index) {
            order.push_back(phase.name);
            p.flatGradient().fill_(1);
            return StepResult{};
        });
        trainer.step();
        QVERIFY(p.value(0)[0].item<double>() < 1 && p.value(1)[0].item<double>() == 1);
        const double encoder = p.value(0)[0].item<double>();
        trainer.step();
        trainer.step();
        QCOMPARE(order, (std::vector<std::string>{"a", "c", "b", "c"}));
        QCOMPARE(p.value(0)[0].item<double>(), encoder);
        QVERIFY(p.value(2)[0].item<double>() < 1);
        trainer.step("c");
        QCOMPARE(order.back(), std::string("c"));
        QVERIFY_EXCEPTION_THROWN(trainer.step("nothing"), UsageError);
        QVERIFY_EXCEPTION_THROWN(Trainer(p, {}, {{"s", 0, {{"x", "prior", 1, {}}}}}, {}),
                                 UsageError);
    }
    void badNumbersStopBeforeTheUpdate() {
        // A hundred poisons: kind x place x step.
        const double poisons[] = {NAN, INFINITY, -INFINITY, 1e38, -1e38};
        int stopped = 0;
        for (int run = 0; run < 100; ++run) {
            Parameters p;
            p.declare({"a", {20}, Init::Uniform, 4, 0});
            p.declare({"b", {30}, Init::Uniform, 4, 0});
            p.allocate();
            p.initialise(Key{static_cast<std::uint64_t>(run), 0});
            const double poison = poisons[run % 5];
            const bool inLoss = run % 10 < 3;  // only values that are not finite
            const Index when = run % 7;
            Trainer trainer(p, {}, {{"s", 0, {{"all", "", 1, {}}}}}, [&](const Phase&, Index step) {
                p.flatGradient().fill_(0.1);
                StepResult result;
                result.loss = 1;
                if (step == when) {
                    if (inLoss) {
                        result.loss = poison;
                    } else {
                        p.gradient(1)[run % 30] = poison;
                    }
                }
                return result;
            });
            for (Index s = 0; s < when; ++s) {
                trainer.step();
            }
            const Tensor before = p.flat().clone();
            const Tensor moment = trainer.optimiser().first().clone();
            try {
                trainer.step();
            } catch (const NumericalError& error) {
                const std::string text = error.what();
                stopped += at::equal(before, p.flat()) &&
                           at::equal(moment, trainer.optimiser().first()) &&
                           trainer.steps() == when &&
                           text.find(inLoss ? "loss" : "gradient of b") != std::string::npos &&
                           text.find("step " + std::to_string(when)) != std::string::npos;
            }
        }
        QCOMPARE(stopped, 100);
    }
    void initialisersFollowTheirLaw() {
        Parameters p;
        p.declare({"w", {200, 50}, Init::Uniform, 50, 0});
        p.allocate();
        p.initialise(Key{5, 5});
        const double bound = 1 / std::sqrt(50.0), n = 10'000;
        const Tensor w = p.value(0).detach();
        QVERIFY(w.abs().max().item<double>() <= bound);
        QVERIFY(std::abs(w.mean().item<double>()) < 5.5 * bound / std::sqrt(3 * n));
        const double variance = w.var(false).item<double>();
        QVERIFY(std::abs(variance / (bound * bound / 3) - 1) < 5.5 * std::sqrt(0.8 / n));
        Parameters q;
        q.declare({"other", {10}, Init::Uniform, 3, 0});
        q.declare({"w", {200, 50}, Init::Uniform, 50, 0});
        q.allocate();
        q.initialise(Key{5, 5});
        // The draws belong to the name, not to the order of declaration.
        QVERIFY(at::equal(w, q.value(1).detach()));
    }
    void hugeModelsAreRefusedBeforeMemoryIsAsked() {
        Parameters p;
        p.declare({"w", {1 << 20, 1 << 20}, Init::Uniform, 1, 0});
        QVERIFY_EXCEPTION_THROWN(p.allocate(), UsageError);
    }
    void subsetsArePrefixes() {
        const Tensor a = subset(Key{1, 1}, 100, 100), b = subset(Key{1, 1}, 100, 10);
        QVERIFY(at::equal(a.narrow(0, 0, 10), b));
        QVERIFY(at::equal(std::get<0>(a.sort()), at::arange(100)));
        const Tensor draws = below(Key{1, 2}, 7, 7000);
        QVERIFY(draws.min().item<std::int64_t>() == 0 && draws.max().item<std::int64_t>() == 6);
    }
};

QTEST_GUILESS_MAIN(TestNn)
#include "tst_nn.moc"
