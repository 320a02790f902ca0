// SPDX-License-Identifier: GPL-3.0-or-later
// The probability flow: order of its integrators, exact likelihood, and the variational bound.
#include "core/diffusion/bound.h"
#include "core/diffusion/ode.h"
#include "tests/unit/diffusion/mixtures.h"

#include <QtTest>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

const MixtureParts kGauss{1, {0.7}, {1}, {0.5}};

/// Error of `steps` steps from last() to first() on N(0.7, 0.5^2), whose flow is known: standard
/// scores stay.
double flowError(const NoiseSchedule& s, Integrator integrator, Index steps,
                 double tolerance = 1e-9) {
    const auto denoiser = mixtureDenoiser(kGauss);
    const auto score = [&](double t, double z) {
        const auto now = noisy(kGauss, s.at(t));
        return (z - now.centres[0]) / now.sds[0];
    };
    std::vector<double> z{-1.4, 0.2, 2.1};
    const auto start = z;
    const auto times = timeGrid(s, steps, Spacing::Time);
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
        flow(*denoiser, s, integrator, times[i], times[i + 1], z, {}, tolerance);
    }
    double most = 0;
    for (std::size_t r = 0; r < z.size(); ++r) {
        most = std::max(most, std::abs(score(s.first(), z[r]) - score(s.last(), start[r])));
    }
    return most;
}

double orderOf(const NoiseSchedule& s, Integrator integrator) {
    return std::log2(flowError(s, integrator, 256) / flowError(s, integrator, 512));
}

/// A tolerance that refuses nothing leaves Rk45 the same shares of every interval.
double orderOfRk45(const NoiseSchedule& s) {
    return std::log2(flowError(s, Integrator::Rk45, 32, 1e9) /
                     flowError(s, Integrator::Rk45, 64, 1e9));
}

/// Largest error on a grid of points, or the mean over draws of the law itself, nats.
struct LikelihoodError {
    double most = 0, typical = 0;
};

LikelihoodError likelihoodError(const Denoiser& denoiser, const MixtureParts& parts,
                                const NoiseSchedule& s, double variance) {
    const auto clean = noisy(parts, s.at(s.first()));
    std::vector<double> grid;
    for (int i = 0; i < 7; ++i) {
        for (int j = 0; j < 7; ++j) {
            grid.insert(grid.end(), {-1.8 + 0.6 * i, -1.8 + 0.6 * j});
        }
    }
    const auto draws = mixtureEnergy(clean)->sample(Key{8, 8}, 200);
    const auto errors = [&](std::span<const double> z) {
        auto got = logLikelihood(denoiser, s, z, variance, 1e-6);
        for (std::size_t r = 0; r < got.size(); ++r) {
            got[r] = std::abs(got[r] - logDensity(clean, z.subspan(2 * r, 2)));
        }
        return got;
    };
    LikelihoodError out;
    for (const double e : errors(grid)) {
        out.most = std::max(out.most, e);
    }
    for (const double e : errors(draws)) {
        out.typical += e / 200;
    }
    return out;
}

/// Mean of log p(x) minus the bound, nats.
double boundGap(const Denoiser& denoiser, Index levels) {
    const auto schedule = logSnrSchedule(10, -10);
    const auto parts = line();
    std::vector<NoiseLevel> at;
    for (Index l = 0; l <= levels; ++l) {
        at.push_back(schedule->at(static_cast<double>(l) / static_cast<double>(levels)));
    }
    const auto x = mixtureEnergy(parts)->sample(Key{3, 4}, 2000);
    const auto bound = variationalBound(denoiser, at, x, Key{5, 6}).total();
    double gap = 0;
    for (std::size_t r = 0; r < x.size(); ++r) {
        gap += (logDensity(parts, std::span(x).subspan(r, 1)) - bound[r]) /
               static_cast<double>(x.size());
    }
    return gap;
}

}  // namespace

class TestFlow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void orderOfConvergence() {
        for (const SchedulePtr& s : {continuousSchedule(), logSnrSchedule(), cosineSchedule(),
                                     geometricSchedule(0.05, 5)}) {
            const double euler = orderOf(*s, Integrator::Euler),
                         heun = orderOf(*s, Integrator::Heun);
            const double rk45 = orderOfRk45(*s);
            qInfo("order: Euler %.3f, Heun %.3f, RK45 %.3f with an error of %.1e", euler, heun,
                  rk45, flowError(*s, Integrator::Rk45, 4));
            // Of variance-preserving flows of a Gaussian the leading error is small: more than 5.
            QVERIFY(rk45 > 4.85);
            QVERIFY(s->variancePreserving() || std::abs(rk45 - 5) < 0.15);
            QVERIFY(std::abs(euler - 1) < 0.15);
            QVERIFY(std::abs(heun - 2) < 0.15);
            QVERIFY(std::abs(euler - 2) > 0.15);  // the test tells them apart
            QVERIFY(flowError(*s, Integrator::Rk45, 4) < 1e-6);
        }
    }
    void thereAndBack() {
        const auto s = continuousSchedule();
        const auto denoiser = mixtureDenoiser(uneven());
        std::vector<double> z{-1, 0.3, 1.2, -0.1}, start = z, density(2);
        const Index calls =
            flow(*denoiser, *s, Integrator::Rk45, s->first(), s->last(), z, density, 1e-8);
        QVERIFY(calls > 50);
        flow(*denoiser, *s, Integrator::Rk45, s->last(), s->first(), z, density, 1e-8);
        for (std::size_t i = 0; i < z.size(); ++i) {
            QVERIFY(std::abs(z[i] - start[i]) < 1e-5);
        }
        QVERIFY(std::abs(density[0]) < 1e-5 && std::abs(density[1]) < 1e-5);
    }
    void likelihood() {
        const auto parts = uneven();
        const auto exact = mixtureDenoiser(parts);
        // What is left of the data at last() is not in the beginning N(0, I): a few per cent of a
        // nat with the usual ends, nothing with ends far out.
        const auto vp = continuousSchedule();
        const auto usual = likelihoodError(*exact, parts, *vp, 1);
        const auto far = likelihoodError(*exact, parts, *logSnrSchedule(9, -18), 1);
        const auto exploding = likelihoodError(*exact, parts, *geometricSchedule(0.02, 2000), 4e6);
        qInfo("log-likelihood: error %.1e on draws, %.1e at most; far ends %.1e, exploding %.1e",
              usual.typical, usual.most, far.most, exploding.most);
        QVERIFY(usual.typical < 0.02);
        QVERIFY(far.most < 2e-3);  // 1e-3 nats a dimension
        QVERIFY(exploding.most < 2e-3);
        QVERIFY(likelihoodError(Wrong(exact, 1, 0.98), parts, *vp, 1).typical > 0.02);
        QVERIFY(likelihoodError(Wrong(exact, 0.98, 1), parts, *vp, 1).typical > 0.02);
    }
    void boundGaps() {
        const auto exact = mixtureDenoiser(line());
        const double few = boundGap(*exact, 250), many = boundGap(*exact, 1000);
        qInfo("gap of the bound: %.4f nats at 250 levels, %.4f at 1000", few, many);
        QVERIFY(std::abs(few - 0.17) < 0.03);
        QVERIFY(std::abs(many - 0.043) < 0.015);
        QVERIFY(std::abs(boundGap(Wrong(exact, 0.85, 1), 250) - 0.17) > 0.03);
    }
    void refusesNonsense() {
        const auto exact = mixtureDenoiser(line());
        const std::vector<double> x{0};
        const NoiseLevel rising[] = {{0.6, 0.8}, {0.8, 0.6}};
        QVERIFY_EXCEPTION_THROWN(variationalBound(*exact, rising, x, {}), UsageError);
        std::vector<double> z{0, 0, 0}, density(1);
        QVERIFY_EXCEPTION_THROWN(
            flow(*exact, *cosineSchedule(), Integrator::Heun, 0.5, 0.4, z, density), UsageError);
        const auto nan = Wrong(exact, std::nan(""), 1);
        QVERIFY_EXCEPTION_THROWN(flow(nan, *cosineSchedule(), Integrator::Rk45, 0.5, 0.4, z),
                                 NumericalError);
    }
};

QTEST_GUILESS_MAIN(TestFlow)
#include "tst_probability_flow.moc"
