// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B11: with the exact score every reverse process draws from the mixture.
#include "core/base/philox.h"
#include "core/diffusion/reverse.h"
#include "tests/unit/diffusion/mixtures.h"

#include <QtTest>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

struct Found {
    std::vector<double> weights;  ///< share of the rows nearest each centre
    double mean[2]{}, variance[2]{};
};

Found summary(std::span<const double> z, const MixtureParts& parts) {
    Found out;
    out.weights.assign(parts.weights.size(), 0);
    const auto energy = mixtureEnergy(parts);
    const double n = static_cast<double>(z.size() / 2);
    for (std::size_t r = 0; 2 * r < z.size(); ++r) {
        out.weights[static_cast<std::size_t>(energy->modeOf(z.subspan(2 * r, 2)))] += 1 / n;
        for (std::size_t i = 0; i < 2; ++i) {
            out.mean[i] += z[2 * r + i] / n;
            out.variance[i] += z[2 * r + i] * z[2 * r + i] / n;
        }
    }
    for (std::size_t i = 0; i < 2; ++i) {
        out.variance[i] -= out.mean[i] * out.mean[i];
    }
    return out;
}

/// Largest deviation from independent exact draws in standard errors, weights and moments alike.
double worst(std::span<const double> z, const MixtureParts& parts) {
    const Found got = summary(z, parts);
    // As many exact draws tenfold: their own error is small beside.
    const auto exact = mixtureEnergy(parts)->sample(Key{77, 1}, 5 * static_cast<Index>(z.size()));
    const Found truth = summary(exact, parts);
    const double n = static_cast<double>(z.size() / 2);
    double most = 0;
    for (std::size_t k = 0; k < truth.weights.size(); ++k) {
        const double p = truth.weights[k];
        most = std::max(most, std::abs(got.weights[k] - p) / std::sqrt(1.1 * p * (1 - p) / n));
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const double variance = truth.variance[i];
        double fourth = 0;
        for (std::size_t r = 0; 2 * r < exact.size(); ++r) {
            fourth += std::pow(exact[2 * r + i] - truth.mean[i], 4) /
                      static_cast<double>(exact.size() / 2);
        }
        most =
            std::max(most, std::abs(got.mean[i] - truth.mean[i]) / std::sqrt(1.1 * variance / n));
        most = std::max(most, std::abs(got.variance[i] - variance) /
                                  std::sqrt(1.1 * (fourth - variance * variance) / n));
    }
    return most;
}

constexpr Index kRows = 4000;

ReverseProcess process(Reverse method, Index steps, double eta = 0) {
    ReverseOptions options;
    options.method = method;
    options.eta = eta;
    options.finish = false;
    const auto schedule = logSnrSchedule(9, -9);
    return {schedule, timeGrid(*schedule, steps, Spacing::Time), options};
}

/// Share of the rows at the heavier of two unit Gaussians, 0.8 and 0.2 at -+(5, 5), from a uniform
/// start on [-8, 8]^2 and sigma from 20 to 0.1 in ten levels of `inner` steps.
double heavyShare(Reverse method, Index inner) {
    const MixtureParts parts{2, {-5, -5, 5, 5}, {0.8, 0.2}, {1, 1}};
    const auto denoiser = mixtureDenoiser(parts);
    const auto schedule = geometricSchedule(0.1, 20);
    ReverseOptions options;
    options.method = method;
    options.inner = inner;
    const ReverseProcess p(schedule, timeGrid(*schedule, 9, Spacing::LogSnr), options);
    std::vector<float> uniform(2 * kRows);
    fillUniform(Key{9, 2}, uniform);
    std::vector<double> z(uniform.begin(), uniform.end());
    for (double& v : z) {
        v = 16 * v - 8;
    }
    for (Index i = 0; i < p.steps(); ++i) {
        p.step(*denoiser, Key{9, 3}, i, z);
    }
    return summary(z, parts).weights[0];
}

}  // namespace

class TestDiffusion : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyProcessDrawsFromTheMixture() {
        const auto parts = uneven();
        const auto exact = mixtureDenoiser(parts);
        const auto equal = mixtureDenoiser({2, parts.centres, {1, 1, 1}, parts.sds});
        struct Row {
            const char* name;
            ReverseProcess process;
        };
        const Row rows[] = {{"ddpm", process(Reverse::Ddpm, 500)},
                            {"ddim 0", process(Reverse::Ddim, 250)},
                            {"ddim 0.5", process(Reverse::Ddim, 500, 0.5)},
                            {"euler", process(Reverse::Euler, 1000)},
                            {"heun", process(Reverse::Heun, 100)},
                            {"rk45", process(Reverse::Rk45, 4)},
                            {"corrected", process(Reverse::Corrected, 500)}};
        for (const Row& row : rows) {
            const auto clean = noisy(parts, row.process.schedule().at(0));
            const double good = worst(generate(row.process, *exact, Key{1, 2}, kRows, 1), clean);
            const double bad = worst(generate(row.process, *equal, Key{1, 2}, kRows, 1), clean);
            const double loud =
                worst(generate(row.process, Wrong(exact, 0.8, 1), Key{1, 2}, kRows, 1), clean);
            qInfo("%-9s %.2f se; equal weights %.1f, noise a fifth short %.1f", row.name, good, bad,
                  loud);
            QVERIFY2(good < 4, row.name);
            QVERIFY2(bad > 5, row.name);
            QVERIFY2(loud > 5, row.name);
        }
    }
    /// The stochastic process and the flow have one marginal at each of ten times.
    void marginalsOnTheWay() {
        const auto parts = uneven();
        const auto denoiser = mixtureDenoiser(parts);
        const auto sde = process(Reverse::Ddpm, 500), ode = process(Reverse::Heun, 500);
        auto a = sde.start(Key{4, 1}, kRows, 2, 1), b = a;
        for (Index i = 0; i < 500; ++i) {
            sde.step(*denoiser, Key{4, 1}, i, a);
            ode.step(*denoiser, Key{4, 1}, i, b);
            if ((i + 1) % 50 == 0) {
                const auto now = noisy(parts, sde.levelBefore(i + 1));
                const double one = worst(a, now), two = worst(b, now);
                qInfo("t %.2f: sde %.2f, ode %.2f se", sde.timeBefore(i + 1), one, two);
                QVERIFY(one < 4);
                QVERIFY(two < 4);
                // Fifty steps earlier it was another law.
                QVERIFY(i < 200 || i > 340 || worst(a, noisy(parts, sde.levelBefore(i - 49))) > 5);
            }
        }
    }
    void annealingFindsTheWeights() {
        const double annealed = heavyShare(Reverse::AnnealedLangevin, 100),
                     hasty = heavyShare(Reverse::AnnealedLangevin, 5),
                     plain = heavyShare(Reverse::Langevin, 100);
        qInfo("share of the mode of 0.8: annealed %.3f, in 5 steps a level %.3f, plain %.3f",
              annealed, hasty, plain);
        QVERIFY(annealed > 0.72 && annealed < 0.82);
        QVERIFY(!(hasty > 0.72 && hasty < 0.82));
        QVERIFY(std::abs(plain - 0.5) < 0.05);
    }
};

QTEST_GUILESS_MAIN(TestDiffusion)
#include "tst_diffusion.moc"
