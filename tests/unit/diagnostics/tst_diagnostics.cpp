// SPDX-License-Identifier: GPL-3.0-or-later
// Against closed forms and known truth; each check has a planted error that it must notice.
#include "core/diagnostics/live.h"
#include "core/diagnostics/modes.h"
#include "core/diagnostics/pareto.h"
#include "core/diagnostics/selftest.h"
#include "core/diagnostics/special_functions.h"
#include "support.h"

#include <QElapsedTimer>
#include <QTest>

#include <limits>
#include <numeric>

using namespace lx;
using namespace lx::diagnostics;
using namespace lx::test;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool close(double a, double b, double relative) {
    return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

}  // namespace

class TestDiagnostics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void selfTestPassesAndNotices() {
        for (const auto& row : diagnosticSelftest()) {
            QVERIFY2(row.pass, row.name.c_str());
        }
        auto draws = selftestDraws();
        draws[300] += 0.01;
        QVERIFY(std::ranges::any_of(diagnosticSelftest(draws),
                                    [](const auto& row) { return !row.pass; }));
    }
    void normalQuantileInvertsTheDistribution() {
        for (const double x : {-37.0, -8.0, -3.2, -1.0, -0.3, 0.0, 0.7, 1.0, 3.0, 5.0}) {
            QVERIFY2(std::abs(normalQuantile(normalCdf(x)) - x) < 1e-9 * std::max(1.0, std::abs(x)),
                     qPrintable(QString::number(x)));
        }
        QVERIFY(close(normalQuantile(0.975), 1.959963984540054, 1e-15));
        QVERIFY(std::isinf(normalQuantile(0)) && normalQuantile(0) < 0);
        QVERIFY(std::isinf(normalQuantile(1)) && std::isnan(normalQuantile(1.1)));
    }

    void betaAgainstClosedForms() {
        // a = 1: 1 - (1 - x)^b; b = 1: x^a; R: pbeta(0.3, 20.5, 41.25) and qbeta.
        for (const double x : {1e-6, 0.1, 0.5, 0.9}) {
            QVERIFY(close(betaCdf(x, 1, 7.5), -std::expm1(7.5 * std::log1p(-x)), 1e-12));
            QVERIFY(close(betaCdf(x, 3.25, 1), std::pow(x, 3.25), 1e-12));
        }
        QVERIFY(std::abs(betaCdf(0.5, 1e5, 1e5) - 0.5) < 1e-9);
        for (const double p : {1e-8, 0.1586553, 0.5, 0.8413447, 0.999}) {
            for (const double a : {1.0, 2.5, 380.0, 2e4}) {
                const double x = betaQuantile(p, a, 40.0);
                QVERIFY2(std::abs(betaCdf(x, a, 40.0) - p) < 1e-10, qPrintable(QString::number(a)));
            }
        }
        QVERIFY(std::isnan(betaQuantile(0.5, -1, 2)));
    }

    void tailsOfTests() {
        QVERIFY(close(chiSquareTail(3.841458820694124, 1), 0.05, 1e-9));
        QVERIFY(close(chiSquareTail(50.79, 19), 1.0e-4, 0.01));
        QVERIFY(close(chiSquareTail(4, 2), std::exp(-2), 1e-12));
        QVERIFY(close(chiSquareTail(60, 4), 31 * std::exp(-30), 1e-10));
        QVERIFY(close(kolmogorovTail(1.3581 / std::sqrt(1e6), 1e6), 0.05, 0.01));
        QCOMPARE(kolmogorovTail(0, 100), 1.0);
    }

    // Variance of a mean of an AR(1): ESS = S (1 - rho) / (1 + rho).
    void effectiveSizeOfAutoregressions() {
        for (const double rho : {-0.5, 0.0, 0.5, 0.9}) {
            const Chains x = autoregression(rho, 4, 20'000);
            ScalarDiagnostics s(x.view());
            const double truth = 80'000 * (1 - rho) / (1 + rho);
            const double found = s.essMean();
            qInfo("rho %g: ESS %.0f, truth %.0f", rho, found, truth);
            // The cap S log10 S lies above all of these.
            QVERIFY(close(found, truth, 0.1));
            QVERIFY(close(s.essBulk(), truth, 0.1));
            QVERIFY(close(s.mcseMean(), std::sqrt(1 / truth), 0.06));
            QVERIFY(!close(found, 80'000.0, 0.1) || rho == 0);  // the size itself would not do
            // (x - mean)^2 has correlation rho^2.
            const double squares = 80'000 * (1 - rho * rho) / (1 + rho * rho);
            QVERIFY(close(s.essSd(), squares, 0.1));
            // Variance of the sample variance 2 / ESS, and of the root of it a quarter of that.
            QVERIFY(close(s.mcseSd(), std::sqrt(2 / squares / 4), 0.08));
            QVERIFY(s.rhat().value() < 1.01);
        }
    }

    void standardErrorsCover() {
        // In 200 replicas the mean lies within 2 standard errors about 95 % of the time.
        int inside = 0, insideMedian = 0, insideWrong = 0;
        for (std::uint64_t seed = 1; seed <= 200; ++seed) {
            const Chains x = autoregression(0.8, 4, 400, seed);
            ScalarDiagnostics s(x.view());
            inside += std::abs(s.mean()) < 2 * s.mcseMean() ? 1 : 0;
            insideMedian += std::abs(s.median()) < 2 * s.mcseMedian() ? 1 : 0;
            insideWrong += std::abs(s.mean()) < 2 * s.sd() / std::sqrt(1600.0) ? 1 : 0;
        }
        qInfo("coverage: mean %d, median %d, without autocorrelation %d of 200", inside,
              insideMedian, insideWrong);
        QVERIFY(inside >= 178 && insideMedian >= 176);
        QVERIFY(insideWrong < 150);  // the planted error: S instead of the effective size
    }

    void autocorrelationOfAutoregressions() {
        const Chains x = autoregression(0.7, 4, 20'000);
        const Autocorrelation a = autocorrelation(x.view(), 10);
        QCOMPARE(a.lags, Index{11});
        for (Index t = 0; t <= 10; ++t) {
            const double truth = std::pow(0.7, static_cast<double>(t));
            QVERIFY(std::abs(a.combined[static_cast<std::size_t>(t)] - truth) < 0.02);
            for (Index m = 0; m < 4; ++m) {
                QVERIFY(std::abs(a.perChain[static_cast<std::size_t>(m * 11 + t)] - truth) < 0.05);
            }
        }
        QVERIFY(close(a.time, 1.7 / 0.3, 0.1));
        // Against the sum itself: the end of a chain must not meet its beginning.
        const Chains y = autoregression(0.7, 1, 37);
        const Autocorrelation b = autocorrelation(y.view(), 36);
        const double mean = meanOf(y.values);
        double zero = 0;
        for (const double v : y.values) {
            zero += (v - mean) * (v - mean);
        }
        for (std::size_t t = 0; t < 37; ++t) {
            double sum = 0;
            for (std::size_t n = 0; n + t < 37; ++n) {
                sum += (y.values[n] - mean) * (y.values[n + t] - mean);
            }
            QVERIFY(std::abs(b.perChain[t] - sum / zero) < 1e-12);
        }
        const Autocorrelation c = autocorrelation({std::vector<double>(8, 1.0), 2, 4}, 99);
        QVERIFY(c.lags == 4 && std::isnan(c.perChain[0]) && std::isnan(c.time));
    }

    void rhatSeesWhatItShould() {
        const Chains good = autoregression(0.3, 4, 1000);
        QVERIFY(ScalarDiagnostics(good.view()).rhat().value() < 1.01);
        Chains shifted = good, scaled = good, drift = good;
        for (Index n = 0; n < 1000; ++n) {
            shifted.at(2, n) += 0.8;
            scaled.at(1, n) *= 3;
            for (Index m = 0; m < 4; ++m) {
                drift.at(m, n) += static_cast<double>(n) / 700;
            }
        }
        const auto rhat = [](const Chains& c) { return ScalarDiagnostics(c.view()).rhat(); };
        QVERIFY(rhat(shifted).bulk > 1.05);
        QVERIFY(rhat(scaled).bulk < 1.01 && rhat(scaled).folded > 1.05);
        QVERIFY(rhat(drift).bulk > 1.05);  // needs the split: chain means agree
        QVERIFY(ScalarDiagnostics(drift.view()).rhatBasic(false) < 1.01);
    }

    void constantsAndNaN() {
        const std::vector<double> constant(40, 1e12);
        ScalarDiagnostics s({constant, 4, 10});
        QVERIFY(std::isnan(s.rhat().value()) && std::isnan(s.essBulk()) &&
                std::isnan(s.essTail()) && std::isnan(s.mcseMean()));
        QCOMPARE(faultOf(s.draws()), Fault::Constant);
        std::vector<double> holed = normals("hole", 400);
        holed[7] = kNaN;
        s.reset({holed, 4, 100});
        QVERIFY(std::isnan(s.rhat().value()) && std::isnan(s.essBulk()) && std::isnan(s.mean()));
        QCOMPARE(faultOf(s.draws()), Fault::NotANumber);
        holed[7] = std::numeric_limits<double>::infinity();
        QCOMPARE(faultOf({holed, 4, 100}), Fault::Infinite);
        QCOMPARE(faultOf({std::span(holed).last(20), 4, 5}), Fault::TooFewDraws);
        QCOMPARE(faultOf({std::span(holed).last(24), 4, 6}), Fault::None);
        s.reset({});
        QVERIFY(std::isnan(s.mean()) && std::isnan(s.rhat().value()) && std::isnan(s.mcseSd()));
        QVERIFY(throwsNaming<UsageError>([&] { Draws(holed, 3, 100); }, "3 chains of 100"));
        QVERIFY(throwsNaming<UsageError>([&] { Draws(holed, -1, -400); }, "400 draws"));
        // Chains that never move, at different values.
        std::vector<double> stuck;
        for (int i = 0; i < 40; ++i) {
            stuck.push_back(0.1 * (i / 10));
        }
        QVERIFY(std::isinf(ScalarDiagnostics({stuck, 4, 10}).rhat().value()));
    }

    void unequalLengths() {
        const std::vector<std::vector<double>> chains{{1, 2, 3}, {4, 5}, {6, 7, 8, 9}};
        const Trimmed t = shortest(chains);
        QCOMPARE(t.values, (std::vector<double>{1, 2, 4, 5, 6, 7}));
        QVERIFY(t.chains == 3 && t.draws == 2 && t.cut == 3);
        QCOMPARE(shortest({}).chains, Index{0});
    }

    void localEfficiency() {
        // Slices partition the draws, and that of independent draws is about S each.
        const Chains x = autoregression(0, 4, 5000);
        ScalarDiagnostics s(x.view());
        for (double p = 0; p < 0.95; p += 0.1) {
            QVERIFY(close(s.essLocal(p, p + 0.1), 20'000, 0.1));
        }
        // A chain that rarely visits the right tail is worst there.
        Chains y = x;
        for (Index m = 0; m < 4; ++m) {
            std::ranges::sort(y.values.begin() + m * 5000 + 100, y.values.begin() + m * 5000 + 600);
        }
        QVERIFY(ScalarDiagnostics(y.view()).essLocal(0.4, 0.5) < 10'000);
        QVERIFY(std::isnan(s.essLocal(0.5, 0.5)));
    }

    void essGrowsInAStraightLine() {
        const EssEvolution e = essEvolution(autoregression(0.5, 4, 4000).view(), 10);
        QCOMPARE(e.draws.size(), std::size_t{10});
        for (std::size_t i = 2; i < 10; ++i) {
            QVERIFY(close(e.bulk[i] / static_cast<double>(e.draws[i]), 4.0 / 3, 0.2));
        }
    }

    void nestedRhat() {
        // 64 superchains of 16 chains with one draw: about sqrt(1 + 1 / 16) when stationary.
        const std::vector<double> x = normals("nested", 1024);
        const double good = rhatNested({x, 1024, 1}, 64);
        QVERIFY(close(good, std::sqrt(1 + 1.0 / 16), 0.01));
        QVERIFY(good < nestedRhatLimit(16));
        std::vector<double> bad = x;  // each superchain remembers its start
        const std::vector<double> starts = normals("starts", 64);
        for (std::size_t i = 0; i < bad.size(); ++i) {
            bad[i] += starts[i / 16];
        }
        QVERIFY(rhatNested({bad, 1024, 1}, 64) > 1.3);
        QVERIFY(std::isnan(rhatNested({x, 1024, 1}, 1)));
        QVERIFY(std::isnan(rhatNested({x, 1024, 1}, 63)));
    }

    void paretoTails() {
        // |t| with v degrees has tail index 1 / v; Cauchy 1, normal 0.
        const auto a = normals("a", 20'000), b = normals("b", 20'000);
        std::vector<double> cauchy(a.size());
        std::ranges::transform(a, b, cauchy.begin(), std::divides<>());
        const ParetoShape heavy = paretoShape({cauchy, 4, 5000});
        const ParetoShape light = paretoShape({a, 4, 5000});
        QVERIFY2(std::abs(heavy.shape - 1) < 0.2, qPrintable(QString::number(heavy.shape)));
        QVERIFY(!heavy.reliable() && heavy.minimumSize > 1e5);
        QVERIFY(light.shape < 0.2 && light.reliable() && light.minimumSize < 20);
    }

    void energyOfHmc() {
        // Independent energies: mean squared step 2 Var, so 2; a random walk of step s: s^2 / Var.
        const Chains free = autoregression(0, 3, 5000), slow = autoregression(0.9, 3, 5000);
        for (const double value : energyBfmi(free.view())) {
            QVERIFY(close(value, 2, 0.06));
        }
        for (const double value : energyBfmi(slow.view())) {
            QVERIFY(close(value, 2 * (1 - 0.9), 0.15));
        }
        QVERIFY(std::isnan(energyBfmi({std::vector<double>(10, 1.0), 1, 10})[0]));
        const std::vector<double> divergent{0, 1, 0, 0, 0, 0, 1, 1},
            depth{3, 10, 2, 9, 10, 11, 1, 1};
        const SamplerReport r = samplerReport({.divergent = {divergent, 2, 4},
                                               .depth = {depth, 2, 4},
                                               .energy = {},
                                               .acceptance = {}});
        QVERIFY(r.divergences == 3 && r.maxDepthHits == 3 && r.transitions == 8);
        QCOMPARE(r.divergencesOfChain, (std::vector<Index>{1, 2}));
        QVERIFY(r.ebfmi.empty() && !samplerReport({}).divergences);
    }

    void modesAndHops() {
        const std::vector<Index> labels{0, 0, 1, 1, 0, -1, 2, 2, 2, 2, 2, 2};
        const ModeReport r = followModes(labels, 2, 6, 3);
        QCOMPARE(r.hops, (std::vector<Index>{2, 0}));
        QCOMPARE(r.sinceHop, (std::vector<Index>{1, 5}));
        QCOMPARE(r.transitions, (std::vector<Index>{0, 1, 0, 1, 0, 0, 0, 0, 0}));
        QVERIFY(close(r.occupancy[0], 0.6, 1e-12) && close(r.weights[2], 6.0 / 11, 1e-12));
        QVERIFY(throwsNaming<UsageError>([&] { followModes(labels, 2, 6, 2); }, "mode 2"));
        QCOMPARE(nearestMode(std::vector<double>{1, 1, -4, 0, kNaN, 0},
                             std::vector<double>{-5, 0, 5, 0}, 2),
                 (std::vector<Index>{1, 0, -1}));
        QCOMPARE(roundTrips(std::vector<Index>{1, 0, 1, 2, 1, 0, 0, 2, 2, 0, 1}, 0, 2), Index{2});
        QCOMPARE(roundTrips(std::vector<Index>{2, 1, 0, 1, 2, 1}, 0, 2), Index{0});
    }

    void modesAgainstTruth() {
        // A fair walk between two modes with weights 0.8 and 0.2, flip rates 0.025 and 0.1.
        std::vector<Index> labels;
        const std::vector<double> z = normals("flip", 4 * 10'000);
        Index mode = 0;
        for (const double x : z) {
            mode = normalCdf(x) < (mode == 0 ? 0.025 : 0.1) ? 1 - mode : mode;
            labels.push_back(mode);
        }
        const ModeReport fair = followModes(labels, 4, 10'000, 2);
        const std::vector<double> right{0.8, 0.2}, wrong{0.6, 0.4};
        QVERIFY(modeVerdict(fair, right).empty());
        QVERIFY(!modeVerdict(fair, wrong).empty());
        const ModeReport trapped = followModes(std::vector<Index>(4000, 0), 4, 1000, 2);
        const auto said = modeVerdict(trapped, right);
        QVERIFY(said.size() == 3 && said[0].id == "no_hops" && said[1].id == "mode_weight");
        QVERIFY(said[0].sentence.find("R-hat") != std::string::npos);
    }

    void runningMomentsEqualTheWhole() {
        std::vector<double> x = normals("running", 1001);
        for (double& v : x) {
            v += 1e7;
        }
        RunningMoments all, first, second;
        for (std::size_t i = 0; i < x.size(); ++i) {
            all.add(x[i]);
            (i < 300 ? first : second).add(x[i]);
        }
        first.merge(second);
        first.merge({});
        QVERIFY(close(all.mean(), meanOf(x), 1e-14) && close(all.variance(), varianceOf(x), 1e-8));
        QVERIFY(close(first.variance(), all.variance(), 1e-8) && first.count() == 1001);
        const Chains c = autoregression(0.5, 12, 50);
        RunningRhat running(12);
        for (Index n = 0; n < 50; ++n) {
            std::vector<double> step;
            for (Index m = 0; m < 12; ++m) {
                step.push_back(c.values[static_cast<std::size_t>(m * 50 + n)]);
            }
            running.add(step);
        }
        QVERIFY(close(running.basic(), rhatOfChains(c.view()), 1e-12));
        QVERIFY(close(running.nested(3), rhatNested(c.view(), 3), 1e-12));
        QVERIFY(
            throwsNaming<UsageError>([&] { running.add(std::vector<double>(3)); }, "12 chains"));
    }

    void thinningKeepsAnEvenGrid() {
        ThinnedDraws kept(1, 8);
        for (int n = 0; n < 1000; ++n) {
            kept.add(std::vector<double>{static_cast<double>(n)});
            const Trimmed t = kept.snapshot();
            QVERIFY(t.draws <= 8);
            for (Index i = 0; i < t.draws; ++i) {
                QCOMPARE(t.values[static_cast<std::size_t>(i)],
                         static_cast<double>(i * kept.stride()));
            }
        }
        QVERIFY(kept.draws() >= 4 && kept.seen() == 1000 && kept.stride() == 128);
        QVERIFY(throwsNaming<UsageError>([] { ThinnedDraws(1, 7); }, "even"));
    }

    void liveAgreesOnPause() {
        const Chains c = autoregression(0.6, 4, 3000);
        LiveDiagnostics live(4, 4096);
        int computed = 0;
        for (Index n = 0; n < 3000; ++n) {
            const std::vector<double> step{c.values[static_cast<std::size_t>(n)],
                                           c.values[static_cast<std::size_t>(3000 + n)],
                                           c.values[static_cast<std::size_t>(6000 + n)],
                                           c.values[static_cast<std::size_t>(9000 + n)]};
            computed += live.add(step) ? 1 : 0;
        }
        ScalarDiagnostics s(c.view());
        QCOMPARE(live.exact().rhat, s.rhat().value());
        QCOMPARE(live.exact().essBulk, s.essBulk());
        QCOMPARE(live.exact().draws, Index{3000});
        // Growth by a tenth from 8 to 3000: about log(375) / log(1.1), far from 3000.
        QVERIFY2(computed > 40 && computed < 80, qPrintable(QString::number(computed)));
        QCOMPARE(live.course().size(), static_cast<std::size_t>(computed));
        QVERIFY(!live.course().front().trusted && live.course().back().trusted);
        GrowthSchedule schedule(2, 4);
        QVERIFY(!schedule.due(7) && schedule.due(8) && !schedule.due(8) && !schedule.due(15));
        QVERIFY(schedule.due(16));
    }

    void speedOfTenThousandQuantities() {
        const Chains x = autoregression(0.5, 4, 1000);
        ScalarDiagnostics scalar;
        QElapsedTimer timer;
        timer.start();
        double sum = 0;
        for (int i = 0; i < 100; ++i) {
            scalar.reset(x.view());
            const Summary s = summarise("x", scalar);
            sum += s.essBulk;
        }
        const double seconds = 100 * 1e-9 * static_cast<double>(timer.nsecsElapsed());
        qInfo("10 000 quantities of 4 x 1000 draws: %.1f s on one core", seconds);
        QVERIFY(sum > 0);
    }
};

QTEST_GUILESS_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
