// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/rank_plot.h"
#include "core/diagnostics/special_functions.h"
#include "core/diagnostics/stein.h"
#include "support.h"

#include <QTest>

#include <limits>
#include <numeric>

using namespace lx;
using namespace lx::diagnostics;
using namespace lx::test;

class TestRanksAndStein : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void histogramOfRanks() {
        Chains c = autoregression(0, 4, 500);
        const RankHistogram h = rankHistogram(c.view(), 20);
        QVERIFY(h.chains == 4 && h.bins == 20 && h.expected == 25);
        double chiSquare = 0;
        for (std::size_t b = 0; b < 20; ++b) {
            Index column = 0;
            for (std::size_t m = 0; m < 4; ++m) {
                const Index count = h.counts[m * 20 + b];
                column += count;
                chiSquare += std::pow(static_cast<double>(count) - 25, 2) / 25;
            }
            QCOMPARE(column, Index{100});  // ranks are shared out exactly
        }
        QVERIFY(chiSquareTail(chiSquare, 57) > 1e-4);
        for (Index n = 0; n < 500; ++n) {
            c.at(1, n) += 5;
        }
        const RankHistogram shifted = rankHistogram(c.view(), 20);
        QVERIFY(shifted.counts[20] == 0 && shifted.counts[39] == 100);
        c.at(0, 0) = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(rankHistogram(c.view()).counts.empty());
        QVERIFY(throwsNaming<UsageError>([&] { rankHistogram(c.view(), 1); }, "2 bins"));
    }

    // The band holds everywhere at once with its probability, which pointwise bands do not.
    void bandsHoldTogether() {
        int inside = 0, pointwise = 0;
        constexpr int kRuns = 150;
        for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
            const Chains c = autoregression(0, 4, 120, seed);
            const RankEcdf e = rankEcdf(c.view(), 30, 0.9, {7, 1});
            inside += e.inside ? 1 : 0;
            bool all = true;
            for (std::size_t m = 0; m < 4; ++m) {
                for (std::size_t i = 0; i < e.at.size(); ++i) {
                    const double p = e.at[i];
                    // 1.645 standard deviations of a draw without replacement
                    const double sd = std::sqrt(p * (1 - p) / 120 * 360 / 479);
                    all = all && std::abs(e.difference[m * e.at.size() + i]) < 1.645 * sd;
                }
            }
            pointwise += all ? 1 : 0;
        }
        qInfo("inside: %d of %d, of pointwise bands %d", inside, kRuns, pointwise);
        // 0.9 with 4 standard deviations of 150 trials; discreteness makes the band a little wide.
        QVERIFY(inside >= 120 && inside <= 148);
        QVERIFY(pointwise < 75);
    }

    void bandsSeeDifferences() {
        Chains c = autoregression(0, 4, 500);
        const RankEcdf good = rankEcdf(c.view());
        QVERIFY(good.inside && good.at.size() == 49 && good.difference.size() == 4 * 49);
        for (std::size_t i = 0; i < good.at.size(); ++i) {
            QVERIFY(good.lower[i] < 0 && good.upper[i] > 0);
            double sum = 0;  // what one chain has less, the others have more
            for (std::size_t m = 0; m < 4; ++m) {
                sum += good.difference[m * 49 + i];
            }
            QVERIFY(std::abs(sum) < 1e-12);
        }
        Chains shifted = c, scaled = c;
        for (Index n = 0; n < 500; ++n) {
            shifted.at(2, n) += 0.4;
            scaled.at(0, n) *= 1.6;
        }
        QVERIFY(!rankEcdf(shifted.view()).inside);
        QVERIFY(!rankEcdf(scaled.view()).inside);
        QVERIFY(!rankEcdf(autoregression(0.95, 4, 500).view()).inside);
        // One chain: its halves.
        QCOMPARE(rankEcdf(autoregression(0, 1, 400).view()).chains, Index{2});
        QCOMPARE(rankEcdf({}).chains, Index{0});
        QVERIFY(throwsNaming<UsageError>([&] { rankEcdf(autoregression(0, 65, 4).view()); },
                                         "64 chains"));
    }

    void manyDrawsAreQuick() {
        const Chains c = autoregression(0, 8, 50'000);
        QVERIFY(rankEcdf(c.view(), 100).inside);
    }

    void logGammaAgainstFactorials() {
        double sum = 0;
        for (int n = 2; n < 60; ++n) {
            sum += std::log(n - 1);
            QVERIFY(std::abs(logGamma(n) - sum) <= 1e-13 * std::max(1.0, sum));
        }
        QVERIFY(std::abs(logGamma(0.5) - 0.5 * std::log(3.141592653589793)) < 1e-14);
    }

    // Draws of the target, of a too wide one (what an unadjusted step leaves), and shifted ones.
    void steinSeesBias_data() {
        QTest::addColumn<double>("scale");
        QTest::addColumn<double>("shift");
        QTest::addColumn<bool>("fits");
        QTest::newRow("exact") << 1.0 << 0.0 << true;
        QTest::newRow("wide") << 1.25 << 0.0 << false;
        QTest::newRow("narrow") << 0.75 << 0.0 << false;
        QTest::newRow("shifted") << 1.0 << 0.25 << false;
    }
    void steinSeesBias() {
        QFETCH(double, scale);
        QFETCH(double, shift);
        QFETCH(bool, fits);
        int rejected = 0;
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            std::vector<double> x = normals("stein", 2 * 500, seed), score;
            for (double& v : x) {
                v = scale * v + shift;
            }
            for (const double v : x) {
                score.push_back(-v);  // of N(0, 1) in 2 dimensions
            }
            SteinOptions options;
            options.flip = 0.5;
            options.bootstraps = 300;
            const SteinDiscrepancy s = steinDiscrepancy(x, score, 2, options);
            QCOMPARE(s.points, Index{500});
            rejected += s.probability < 0.02 ? 1 : 0;
        }
        QVERIFY2(fits ? rejected <= 2 : rejected >= 9, qPrintable(QString::number(rejected)));
    }

    // The expectation of the kernel under the target is 0: the value falls as n^(-1/2).
    void steinVanishesWithDraws() {
        const auto value = [](Index count) {
            std::vector<double> x = normals("falls", count), score;
            std::ranges::transform(x, std::back_inserter(score), std::negate<>());
            SteinOptions options;
            options.maxPoints = count;
            options.bootstraps = 0;
            return steinDiscrepancy(x, score, 1, options).value;
        };
        const double few = value(100), many = value(1600);
        QVERIFY2(many < 0.6 * few, qPrintable(QString("%1 %2").arg(few).arg(many)));
    }

    void steinEdges() {
        const std::vector<double> x{0, 1, 2, 3}, nan{0, std::nan(""), 1, 1};
        QVERIFY(std::isnan(steinDiscrepancy(x, nan, 2).value));
        QVERIFY(
            std::isnan(steinDiscrepancy(std::vector<double>{1}, std::vector<double>{1}, 1).value));
        QVERIFY(throwsNaming<UsageError>([&] { steinDiscrepancy(x, x, 3); }, "[n, 3]"));
        QVERIFY(std::isfinite(
            steinDiscrepancy(std::vector<double>(6, 1.0), std::vector<double>(6, -1.0), 1).value));
    }
};

QTEST_GUILESS_MAIN(TestRanksAndStein)
#include "tst_ranks_and_stein.moc"
