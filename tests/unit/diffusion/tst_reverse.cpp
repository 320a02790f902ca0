// SPDX-License-Identifier: GPL-3.0-or-later
// One step of each reverse process against its formula. Their laws: tests/stat/tst_diffusion.cpp.
#include "core/diffusion/reverse.h"
#include "core/samplers/draws.h"
#include "core/samplers/registry.h"
#include "tests/unit/diffusion/mixtures.h"

#include <QtTest>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

constexpr Key kKey{11, 5};

ReverseProcess process(Reverse method, Index steps = 20, double eta = 0) {
    ReverseOptions options;
    options.method = method;
    options.eta = eta;
    options.inner = 3;
    options.finish = false;
    const auto schedule = logSnrSchedule();
    return {schedule, timeGrid(*schedule, steps, Spacing::Time), options};
}

double farthest(std::span<const double> a, std::span<const double> b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
    }
    return most;
}

}  // namespace

class TestReverse : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// z_s from the mean and variance of q(z_s | z_t, x) as they are printed, with x = E[x | z].
    void ancestralStep() {
        const auto denoiser = mixtureDenoiser(uneven());
        const auto p = process(Reverse::Ddpm);
        auto z = p.start(kKey, 50, 2, 1);
        const auto before = z;
        std::vector<double> x(z.size()), expected(z.size());
        const NoiseLevel t = p.levelBefore(7), s = p.levelBefore(8);
        denoiser->clean(t, before, x);
        p.step(*denoiser, kKey, 7, z);
        const double ratio = t.alpha / s.alpha;
        const double v = t.sigma * t.sigma - ratio * ratio * s.sigma * s.sigma;
        const double variance = t.sigma * t.sigma;
        std::array<double, 2> xi{};
        for (std::size_t i = 0; i < z.size(); ++i) {
            if (i % 2 == 0) {
                StepDraws(kKey, static_cast<Index>(i / 2), 14).normals(xi);
            }
            expected[i] = ratio * s.sigma * s.sigma / variance * before[i] +
                          s.alpha * v / variance * x[i] +
                          std::sqrt(v * s.sigma * s.sigma / variance) * xi[i % 2];
        }
        QVERIFY(farthest(z, expected) < 1e-12);
        // Another step's noise.
        auto other = before;
        p.step(*denoiser, derive(kKey, "other"), 7, other);
        QVERIFY(farthest(other, expected) > 1e-2);
    }
    void etaJoinsTheTwo() {
        const auto denoiser = mixtureDenoiser(ring());
        const auto ddpm = process(Reverse::Ddpm), one = process(Reverse::Ddim, 20, 1),
                   half = process(Reverse::Ddim, 20, 0.5), none = process(Reverse::Ddim);
        const auto start = ddpm.start(kKey, 50, 2, 1);
        auto a = start, b = start, c = start, d = start, e = start;
        ddpm.step(*denoiser, kKey, 4, a);
        one.step(*denoiser, kKey, 4, b);
        half.step(*denoiser, kKey, 4, c);
        none.step(*denoiser, kKey, 4, d);
        none.step(*denoiser, derive(kKey, "other"), 4, e);
        QCOMPARE(a, b);
        QVERIFY(farthest(a, c) > 1e-3);
        QCOMPARE(d, e);  // no noise at all
        const NoiseLevel t = none.levelBefore(4), s = none.levelBefore(5);
        std::vector<double> x(start.size()), eps(start.size()), expected(start.size());
        denoiser->clean(t, start, x);
        denoiser->epsilon(t, start, eps);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            expected[i] = s.alpha * x[i] + s.sigma * eps[i];
        }
        QVERIFY(farthest(d, expected) < 1e-12);
    }
    /// Langevin at a level is the kernel `ula` on the blurred mixture, path for path.
    void langevinIsUla() {
        const auto denoiser = mixtureDenoiser(ring());
        const auto p = process(Reverse::AnnealedLangevin, 4);
        QCOMPARE(p.steps(), Index{15});
        QCOMPARE(p.timeBefore(2), p.timeBefore(0));
        QVERIFY(p.timeBefore(3) < p.timeBefore(2));
        QCOMPARE(p.timeBefore(15), p.schedule().first());
        auto z = p.start(kKey, 30, 2, 1);
        const NoiseLevel level = p.levelBefore(4);
        const auto energy = mixtureEnergy(noisy(ring(), level));
        const auto kernel =
            makeSampler("ula", {{"sampler.step_size", 0.1 * level.sigma * level.sigma}});
        ChainState state = kernel->init(kKey, *energy, z);
        p.step(*denoiser, kKey, 4, z);
        // The run numbers its steps by i (1 + corrections).
        kernel->step(kKey, 8, *energy, state, {});
        QVERIFY(farthest(z, state.positions()) < 1e-11);
        auto next = std::vector<double>(state.positions().begin(), state.positions().end());
        kernel->step(kKey, 9, *energy, state, {});
        p.step(*denoiser, kKey, 5, next);
        QVERIFY(farthest(next, state.positions()) > 1e-3);
    }
    /// Rows that have walked on a level have its noise, also after the last step there, when the
    /// next one goes on at a lower level.
    void noiseAfterLangevinSteps() {
        const double sd = 0.01;
        const auto denoiser = mixtureDenoiser({1, {0}, {1}, {sd}});
        const auto schedule = geometricSchedule(0.05, 5);
        ReverseOptions options;
        options.method = Reverse::AnnealedLangevin;
        options.inner = 60;
        options.langevin = 0.2;
        options.finish = false;
        const ReverseProcess p(schedule, timeGrid(*schedule, 4, Spacing::LogSnr), options);
        constexpr Index kRows = 20'000;
        auto z = p.start(kKey, kRows, 1, sd);
        double worst = 0, planted = 1e9;
        for (Index i = 0; i < p.steps(); ++i) {
            p.step(*denoiser, kKey, i, z);
            if ((i + 1) % options.inner == 0 && i + 1 < p.steps()) {
                double square = 0;
                for (const double v : z) {
                    square += v * v / kRows;
                }
                const auto off = [&](double time) {
                    const double sigma = schedule->at(time).sigma;
                    return std::abs(std::log(square / (sd * sd + sigma * sigma)));
                };
                worst = std::max(worst, off(p.timeAfter(i + 1)));
                planted = std::min(planted, off(p.timeBefore(i + 1)));
            }
        }
        qInfo("log ratio of the variance to that of the level: %.3f; of the next level %.2f", worst,
              planted);
        QVERIFY(worst < 0.1);
        QVERIFY(planted > 0.3);
        // Others end a step where the next one begins.
        const auto ddim = process(Reverse::Ddim);
        QCOMPARE(ddim.timeAfter(5), ddim.timeBefore(5));
        QCOMPARE(p.timeAfter(0), p.timeBefore(0));
    }
    void rowsStandAlone() {
        const auto denoiser = mixtureDenoiser(uneven());
        for (const Reverse method :
             {Reverse::Ddpm, Reverse::Ddim, Reverse::Euler, Reverse::Heun, Reverse::Corrected,
              Reverse::AnnealedLangevin, Reverse::Langevin}) {
            const auto p = process(method, 20, 0.3);
            auto all = p.start(kKey, 20, 2, 1);
            std::vector<double> part(all.begin() + 24, all.end());
            QCOMPARE(p.start(kKey, 5, 2, 1), std::vector<double>(all.begin(), all.begin() + 10));
            for (Index i = 0; i < 4; ++i) {
                p.step(*denoiser, kKey, i, all);
                p.step(*denoiser, kKey, i, part, 12);
            }
            QCOMPARE(part, std::vector<double>(all.begin() + 24, all.end()));
            p.step(*denoiser, kKey, 4, all);
            p.step(*denoiser, kKey, 4, part, 11);  // numbered wrongly
            const bool random = method != Reverse::Euler && method != Reverse::Heun;
            QCOMPARE(part == std::vector<double>(all.begin() + 24, all.end()), !random);
        }
    }
    void lastStepDenoises() {
        const auto denoiser = mixtureDenoiser(uneven());
        const auto schedule = logSnrSchedule();
        const auto times = timeGrid(*schedule, 10, Spacing::Time);
        ReverseOptions options;
        const ReverseProcess whole(schedule, times, options);
        options.finish = false;
        const ReverseProcess bare(schedule, times, options);
        auto a = whole.start(kKey, 30, 2, 1), b = a;
        for (Index i = 0; i < 9; ++i) {
            QCOMPARE(whole.step(*denoiser, kKey, i, a), Index{1});
            bare.step(*denoiser, kKey, i, b);
        }
        QCOMPARE(a, b);
        QCOMPARE(whole.step(*denoiser, kKey, 9, a), Index{2});
        bare.step(*denoiser, kKey, 9, b);
        std::vector<double> x(b.size());
        denoiser->clean(schedule->at(schedule->first()), b, x);
        QVERIFY(farthest(a, x) < 1e-15);
        QVERIFY(farthest(a, b) > 1e-4);
    }
    /// Evaluations of networks: two where guidance asks the class and all data, whatever the
    /// method.
    void guidedStepsCostTwo() {
        const auto one = mixtureDenoiser(uneven());
        const auto both = guided(one, one, 1.5);
        QCOMPARE(one->cost(), Index{1});
        QCOMPARE(both->cost(), Index{2});
        for (const Reverse method :
             {Reverse::Ddpm, Reverse::Heun, Reverse::Corrected, Reverse::AnnealedLangevin}) {
            const auto s = continuousSchedule();
            ReverseOptions options;
            options.method = method;
            options.inner = 3;
            const ReverseProcess process(s, timeGrid(*s, 5, Spacing::Time), options);
            auto z = process.start(Key{1, 1}, 4, 2), w = z;
            const Index plain = process.step(*one, Key{1, 2}, 0, z);
            QVERIFY(plain > 0);
            QCOMPARE(process.step(*both, Key{1, 2}, 0, w), 2 * plain);
        }
    }
    void refusesNonsense() {
        const auto schedule = logSnrSchedule();
        ReverseOptions bad;
        bad.eta = 1.5;
        QVERIFY_EXCEPTION_THROWN(ReverseProcess(schedule, {1, 0}, bad), UsageError);
        QVERIFY_EXCEPTION_THROWN(ReverseProcess(schedule, {0, 1}, {}), UsageError);
        QVERIFY_EXCEPTION_THROWN(ReverseProcess(schedule, {1.2, 0}, {}), UsageError);
        QVERIFY_EXCEPTION_THROWN(reverseNamed("euler2"), UsageError);
        const auto nan = std::make_shared<Wrong>(mixtureDenoiser(ring()), std::nan(""), 1);
        const ReverseProcess p(schedule, {1, 0}, {});
        auto z = p.start(kKey, 3, 2);
        QVERIFY_EXCEPTION_THROWN(p.step(*nan, kKey, 0, z), NumericalError);
    }
};

QTEST_GUILESS_MAIN(TestReverse)
#include "tst_reverse.moc"
