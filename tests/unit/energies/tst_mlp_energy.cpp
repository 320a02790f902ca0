// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/philox.h"
#include "core/energies/mlp.h"
#include "core/energies/registry.h"
#include "core/energies/weighted_sum.h"
#include "tests/unit/energies/energy_checks.h"

#include <QtTest>

using namespace lx;

namespace {

MlpParts network(Index dim, std::vector<Index> widths, MlpActivation activation) {
    MlpParts parts;
    parts.dim = dim;
    parts.activation = activation;
    parts.slope = 0.2;
    widths.push_back(1);
    Index in = dim;
    for (std::size_t l = 0; l < widths.size(); ++l) {
        MlpLayer layer;
        layer.weight.resize(static_cast<std::size_t>(widths[l] * in));
        layer.bias.resize(static_cast<std::size_t>(widths[l]));
        fillNormal(derive(Key{4, 4}, 2 * l), layer.weight);
        fillNormal(derive(Key{4, 4}, 2 * l + 1), layer.bias);
        for (float& w : layer.weight) {
            w *= 1.3F / std::sqrt(static_cast<float>(in));
        }
        parts.layers.push_back(std::move(layer));
        in = widths[l];
    }
    return parts;
}

std::vector<double> points(Index dim, Index count) {
    std::vector<float> normal(static_cast<std::size_t>(dim * count));
    fillNormal(Key{6, 1}, normal);
    std::vector<double> x(normal.begin(), normal.end());
    for (double& v : x) {
        v *= 2;
    }
    return x;
}

/// h(a), written as in a text book.
double activation(const MlpParts& parts, double a) {
    switch (parts.activation) {
        case MlpActivation::Silu: return a / (1 + std::exp(-a));
        case MlpActivation::Tanh: return std::tanh(a);
        case MlpActivation::LeakyRelu: return a > 0 ? a : parts.slope * a;
        case MlpActivation::Softplus: return std::log1p(std::exp(a));
    }
    return 0;
}

double plainValue(const MlpParts& parts, std::vector<double> x) {
    for (std::size_t l = 0; l < parts.layers.size(); ++l) {
        const MlpLayer& layer = parts.layers[l];
        std::vector<double> out;
        for (std::size_t j = 0; j < layer.bias.size(); ++j) {
            double sum = static_cast<double>(layer.bias[j]);
            for (std::size_t i = 0; i < x.size(); ++i) {
                sum += x[i] * static_cast<double>(layer.weight[j * x.size() + i]);
            }
            out.push_back(l + 1 < parts.layers.size() ? activation(parts, sum) : sum);
        }
        x = out;
    }
    return x.front();
}

}  // namespace

class TestMlpEnergy : public QObject {
    Q_OBJECT

    static void rows() {
        QTest::addColumn<int>("activation");
        QTest::newRow("silu") << static_cast<int>(MlpActivation::Silu);
        QTest::newRow("tanh") << static_cast<int>(MlpActivation::Tanh);
        QTest::newRow("leaky") << static_cast<int>(MlpActivation::LeakyRelu);
        QTest::newRow("softplus") << static_cast<int>(MlpActivation::Softplus);
    }
    /// One to four hidden layers, in 1, 2, 3 and 8 dimensions.
    static std::vector<MlpParts> networks() {
        QFETCH(int, activation);
        const auto kind = static_cast<MlpActivation>(activation);
        return {network(2, {64, 64}, kind), network(1, {16}, kind), network(3, {9, 17, 5}, kind),
                network(8, {32, 20, 16, 24}, kind)};
    }

private Q_SLOTS:
    void value_data() { rows(); }
    void value() {
        for (const MlpParts& parts : networks()) {
            const auto energy = mlpEnergy(parts);
            const auto x = points(parts.dim, 21);
            std::vector<double> value(21);
            energy->evaluate(x, value);
            const std::vector<float> xf(x.begin(), x.end());
            std::vector<float> vf(21), gf(xf.size());
            energy->evaluate(xf, vf, gf);
            for (std::size_t i = 0; i < 21; ++i) {
                const auto d = static_cast<std::ptrdiff_t>(parts.dim);
                const auto at = x.begin() + static_cast<std::ptrdiff_t>(i) * d;
                const double truth = plainValue(parts, {at, at + d});
                QVERIFY(std::abs(value[i] - truth) < 1e-11 * (1 + std::abs(truth)));
                QVERIFY(std::abs(static_cast<double>(vf[i]) - truth) <
                        1e-4 * (1 + std::abs(truth)));
            }
        }
    }

    /// Networks side by side and sums of other energies: w1 E1 + w2 E2, with its gradient.
    void weightedSums_data() { rows(); }
    void weightedSums() {
        QFETCH(int, activation);
        const auto kind = static_cast<MlpActivation>(activation);
        const auto one = mlpEnergy(network(2, {9, 7}, kind)),
                   two = mlpEnergy(network(2, {5, 12}, kind)),
                   deep = mlpEnergy(network(2, {6, 5, 4}, kind));
        const auto gauss = makeEnergy("ring8");
        const auto x = points(2, 21);
        const auto errorOf = [&](const EnergyPtr& a, const EnergyPtr& b, double first,
                                 double second) {
            const auto sum = weightedSum({{a, 0.7}, {b, -1.3}});
            double worst = 0;
            for (std::size_t i = 0; i < x.size(); i += 2) {
                const auto at = std::span(x).subspan(i, 2);
                const double truth = first * a->at(at) + second * b->at(at);
                worst = std::max(worst, std::abs(sum->at(at) - truth) / (1 + std::abs(truth)));
            }
            return worst;
        };
        for (const auto& [a, b, network] : {std::tuple{EnergyPtr(one), EnergyPtr(two), true},
                                            {EnergyPtr(one), gauss, false},
                                            {EnergyPtr(one), EnergyPtr(deep), false}}) {
            QVERIFY(errorOf(a, b, 0.7, -1.3) < 1e-6);
            QVERIFY(errorOf(a, b, -1.3, 0.7) > 1e-3);
            const auto sum = weightedSum({{a, 0.7}, {b, -1.3}});
            QCOMPARE(dynamic_cast<const MlpEnergy*>(sum.get()) != nullptr, network);
            if (kind != MlpActivation::LeakyRelu) {
                QVERIFY(checks::worstGradient(*sum, x) < 1e-7);
            }
        }
        QCOMPARE(weightedSum({{one, 1}}), EnergyPtr(one));
        QVERIFY_EXCEPTION_THROWN(weightedSum({}), UsageError);
        const auto line = mlpEnergy(network(1, {4}, kind));
        QVERIFY_EXCEPTION_THROWN(weightedSum({{one, 1}, {line, 1}}), UsageError);
    }

    void gradient_data() { rows(); }
    void gradient() {
        for (const MlpParts& parts : networks()) {
            const auto energy = mlpEnergy(parts);
            const auto x = points(parts.dim, 21);
            const double worst = checks::worstGradient(*energy, x);
            // Central differences across an edge are no derivative.
            const bool edges = parts.activation == MlpActivation::LeakyRelu;
            const double limit = edges ? 0.5 : 1e-7;
            QVERIFY2(edges || worst < limit, qPrintable(QString::number(worst)));
            // The planted error: a gradient 0.1 % too long.
            QVERIFY(edges || checks::worstGradient(*energy, x, 1.001) > 1e-5);
        }
    }

    /// Away from its edges a piecewise linear network is linear: the gradient is exact there.
    void gradientBetweenEdges() {
        const MlpParts parts = network(2, {12, 7}, MlpActivation::LeakyRelu);
        const auto energy = mlpEnergy(parts);
        const auto x = points(2, 40);
        int exact = 0;
        for (std::size_t i = 0; i < x.size(); i += 2) {
            const std::vector<double> at(x.begin() + static_cast<std::ptrdiff_t>(i),
                                         x.begin() + static_cast<std::ptrdiff_t>(i) + 2);
            exact += checks::worstGradient(*energy, at) < 1e-9 ? 1 : 0;
        }
        QVERIFY2(exact >= 38, qPrintable(QString::number(exact)));
    }

    void rowsAreIndependent() {
        const auto energy = mlpEnergy(network(3, {9, 17}, MlpActivation::Silu));
        const auto x = points(3, 13);
        std::vector<double> value(13), grad(39), one(1), slope(3);
        energy->evaluate(x, value, grad);
        for (std::size_t i = 0; i < 13; ++i) {
            energy->evaluate(std::span(x).subspan(3 * i, 3), one, slope);
            QCOMPARE(one[0], value[i]);
            QVERIFY(std::ranges::equal(slope, std::span(grad).subspan(3 * i, 3)));
        }
    }

    void refusesWhatDoesNotFit() {
        const MlpParts good = network(2, {4}, MlpActivation::Silu);
        MlpParts bad = good;
        bad.layers[0].weight.pop_back();
        QVERIFY_EXCEPTION_THROWN(mlpEnergy(bad), UsageError);
        bad = good;
        bad.layers[1].bias.push_back(0);
        QVERIFY_EXCEPTION_THROWN(mlpEnergy(bad), UsageError);
        bad = good;
        bad.layers[0].weight[1] = NAN;
        QVERIFY_EXCEPTION_THROWN(mlpEnergy(bad), UsageError);
        bad = good;
        bad.layers.resize(1);
        QVERIFY_EXCEPTION_THROWN(mlpEnergy(bad), UsageError);
        QVERIFY_EXCEPTION_THROWN(mlpEnergy(good, {{0}, {1}}), UsageError);
        QVERIFY_EXCEPTION_THROWN(requireSane(good, 2), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestMlpEnergy)
#include "tst_mlp_energy.moc"
