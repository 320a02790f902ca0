// SPDX-License-Identifier: GPL-3.0-or-later
// Laws of random walks and draws on a metric. SYSTEMS 9 [C] and [M].
#include "core/base/philox.h"
#include "core/geometry/analytic.h"
#include "core/geometry/brownian.h"
#include "core/geometry/latent_metrics.h"
#include "core/samplers/published_hmc.h"
#include "core/samplers/registry.h"
#include "core/samplers/run.h"

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

using namespace lx;

namespace {

using Vector = std::vector<double>;

Index size(Index usual) {
    return qEnvironmentVariableIsSet("LX_LONG") ? 4 * usual : usual;
}

/// Mean of cos theta from the pole where all walkers began, and its standard error.
std::pair<double, double> meanCosine(const Vector& z) {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(z.size() / 2);
    for (std::size_t i = 0; i < z.size(); i += 2) {
        const double r = z[i] * z[i] + z[i + 1] * z[i + 1];
        const double c = (1 - r) / (1 + r);
        sum += c;
        squares += c * c;
    }
    const double mean = sum / n;
    return {mean, std::sqrt((squares / n - mean * mean) / n)};
}

/// Thirty codes on a half ring with narrow posteriors. SYSTEMS 9.
EncoderMetricParts halfRing(bool asPublished) {
    EncoderMetricParts parts;
    parts.dim = 2;
    for (int i = 0; i < 30; ++i) {
        const double angle = std::numbers::pi * i / 29;
        parts.means.insert(parts.means.end(), {2 * std::cos(angle), 2 * std::sin(angle)});
        parts.variances.insert(parts.variances.end(), {0.05, 0.05});
    }
    parts.rho = 2;
    parts.lambda = 0.1;
    parts.lambdaForEach = asPublished;
    return parts;
}

constexpr int kCells = 16;
const Box kWindow{{-3, -3}, {3, 3}};

std::size_t cellOf(double x, double y) {
    const auto at = [](double u) {
        return std::clamp(static_cast<int>((u + 3) / 6 * kCells), 0, kCells - 1);
    };
    return static_cast<std::size_t>(at(y) * kCells + at(x));
}

/// Shares of the cells under the uniform law, by the midpoint rule.
Vector exactShares(const EnergyPtr& energy) {
    constexpr int kFine = kCells * 12;
    Vector shares(kCells * kCells);
    for (int i = 0; i < kFine * kFine; ++i) {
        const double x = -3 + 6 * (i % kFine + 0.5) / kFine, y = -3 + 6 * (i / kFine + 0.5) / kFine;
        shares[cellOf(x, y)] += std::exp(-energy->at(Vector{x, y}));
    }
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& s : shares) {
        s /= total;
    }
    return shares;
}

double totalVariation(const Vector& points, const Vector& shares) {
    Vector counts(shares.size());
    for (std::size_t i = 0; i < points.size(); i += 2) {
        counts[cellOf(points[i], points[i + 1])] += 2 / static_cast<double>(points.size());
    }
    double sum = 0;
    for (std::size_t k = 0; k < shares.size(); ++k) {
        sum += 0.5 * std::abs(counts[k] - shares[k]);
    }
    return sum;
}

/// Total variation that exact draws of that number have: multinomial by inversion.
double floorOf(const Vector& shares, std::size_t draws) {
    std::vector<float> u(draws);
    fillUniform({8, 1}, u);
    Vector points, cumulative(shares.size());
    std::partial_sum(shares.begin(), shares.end(), cumulative.begin());
    for (const float x : u) {
        const auto cell = static_cast<int>(std::min<std::ptrdiff_t>(
            kCells * kCells - 1, std::ranges::lower_bound(cumulative, x) - cumulative.begin()));
        points.push_back(-3 + 6 * (cell % kCells + 0.5) / kCells);
        points.push_back(-3 + 6 * (cell / kCells + 0.5) / kCells);
    }
    return totalVariation(points, shares);
}

Vector draws(const Kernel& kernel, const Energy& energy, Index chains, Index steps) {
    const EncoderMetricParts codes = halfRing(false);
    Vector start;
    for (Index c = 0; c < chains; ++c) {
        const auto k = static_cast<std::size_t>(2 * (c % 30));
        start.push_back(codes.means[k]);
        start.push_back(codes.means[k + 1]);
    }
    ChainState state = kernel.init({8, 2}, energy, start);
    runChains(kernel, {8, 2}, 0, steps, energy, state, 1);
    return {state.positions().begin(), state.positions().end()};
}

}  // namespace

class TestRiemannian : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// E cos theta_t = exp(-t), across both charts; at large t the uniform law.
    void brownianMotionOnTheSphere() {
        const Index walkers = size(4000);
        constexpr double kStep = 0.005;
        BrownianMotion walk(sphereMetric(), Vector(static_cast<std::size_t>(2 * walkers)), {8, 3});
        double at = 0;
        for (const double t : {0.1, 0.5, 1.0, 2.0}) {
            walk.advance(static_cast<Index>(std::lround((t - at) / kStep)), kStep);
            at = t;
            const auto [mean, error] = meanCosine(walk.positions());
            qInfo("t %.1f: %.4f, truth %.4f, error %.4f", t, mean, std::exp(-t), error);
            QVERIFY(std::abs(mean - std::exp(-t)) < 4.6 * error + 0.4 * kStep);
            // Broken twin: a clock of twice the speed.
            QVERIFY(std::abs(mean - std::exp(-2 * t)) > 10 * error);
        }
        BrownianMotion again(sphereMetric(), Vector(10), {8, 3}), same = again;
        again.advance(3, kStep);
        same.advance(1, kStep);
        same.advance(2, kStep);
        QCOMPARE(again.positions(), same.positions());
    }
    /// Exact HMC reaches the grid density up to the floor of the histogram; the published one does
    /// not.
    void uniformByHmc() {
        const Index chains = size(2000);
        const auto exact = uniformEnergy(encoderMetric(halfRing(false)), kWindow);
        const Vector shares = exactShares(exact);
        const double floor = floorOf(shares, static_cast<std::size_t>(chains));
        const auto hmc =
            makeSampler("hmc", {{"sampler.step_size", 0.1}, {"sampler.leapfrog", Index{15}}});
        const double right = totalVariation(draws(*hmc, *exact, chains, 200), shares);
        const auto asPublished = uniformEnergy(encoderMetric(halfRing(true)), kWindow);
        const double wrong =
            totalVariation(draws(*publishedHmc(), *asPublished, chains, 200), shares);
        const double repaired =
            totalVariation(draws(*publishedHmc({.stepSize = 0.1, .momentumSd = 1, .forceScale = 1}),
                                 *exact, chains, 200),
                           shares);
        qInfo("floor %.3f, exact %.3f, as published %.3f, repaired %.3f", floor, right, wrong,
              repaired);
        QVERIFY(right < floor + 0.03);
        QVERIFY(repaired < floor + 0.03);
        QVERIFY(wrong > floor + 0.08);
    }
    /// What chadebec2020 samples: the volume of the inverse of a metric that is small at the data.
    /// Broken twin: the volume of the metric itself, which lies off the data.
    void uniformByHmcOnTheInverse() {
        const EncoderMetricParts codes = halfRing(false);
        RhvaeParts parts{2, codes.means, {}, 0.6, 0.05};
        for (std::size_t c = 0; c < codes.means.size() / 2; ++c) {
            const double bent = 0.02 * static_cast<double>(c);
            parts.factors.insert(parts.factors.end(), {1.0, 0.0, bent, 0.5 + bent});
        }
        const auto metric = rhvaeMetric(parts);
        const auto energy = uniformEnergy(metric, kWindow, /*inverse=*/true);
        const Index chains = size(2000);
        const Vector shares = exactShares(energy);
        const double floor = floorOf(shares, static_cast<std::size_t>(chains));
        const auto hmc =
            makeSampler("hmc", {{"sampler.step_size", 0.1}, {"sampler.leapfrog", Index{15}}});
        const double right = totalVariation(draws(*hmc, *energy, chains, 300), shares);
        const double wrong =
            totalVariation(draws(*hmc, *uniformEnergy(metric, kWindow), chains, 300), shares);
        qInfo("floor %.3f, inverse volume %.3f, volume %.3f", floor, right, wrong);
        QVERIFY(right < floor + 0.03);
        QVERIFY(wrong > floor + 0.2);
    }
};

QTEST_GUILESS_MAIN(TestRiemannian)
#include "tst_riemannian.moc"
