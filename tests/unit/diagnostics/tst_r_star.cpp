// SPDX-License-Identifier: GPL-3.0-or-later
// R*: near 1 for equal chains, above for those that differ, also where R-hat sees nothing.
#include "core/diagnostics/r_star.h"
#include "core/diagnostics/scalar.h"
#include "tests/unit/diagnostics/support.h"

#include <QTest>

#include <chrono>
#include <limits>

using namespace lx;
using namespace lx::diagnostics;

namespace {

std::vector<double> equalChains(Index chains, Index draws, Index dim, std::uint64_t seed = 1) {
    return test::normals("r-star", chains * draws * dim, seed);
}

}  // namespace

class TestRStar : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalChainsGiveOne() {
        int outside = 0;
        double sum = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const RStar r = rStar(equalChains(4, 400, 3, seed), 4, 400, 3);
            QCOMPARE(r.tested, 480);
            QVERIFY(r.low < r.value && r.value < r.high);
            outside += r.low > 1 || r.high < 1;
            sum += r.value / 20;
        }
        QVERIFY(outside <= 1);  // of 20 at 99 %
        QVERIFY2(std::abs(sum - 1) < 0.1, qPrintable(QString::number(sum)));
    }

    void aShiftedChainIsGuessed() {
        auto points = equalChains(4, 400, 3);
        for (std::size_t i = 0; i < 400 * 3; ++i) {
            points[i] += 1;
        }
        const RStar r = rStar(points, 4, 400, 3);
        QVERIFY(r.differs() && r.value > 1.2);
    }

    // Equal marginals, another correlation: every R-hat is fine.
    void jointDifferencesAreSeen() {
        auto points = equalChains(4, 500, 2);
        for (std::size_t m = 0; m < 4; ++m) {
            for (std::size_t n = 0; n < 500; ++n) {
                double* const x = &points[(m * 500 + n) * 2];
                x[1] = (m == 0 ? -0.9 : 0.9) * x[0] + std::sqrt(1 - 0.81) * x[1];
            }
        }
        std::vector<double> second;
        for (std::size_t i = 1; i < points.size(); i += 2) {
            second.push_back(points[i]);
        }
        ScalarDiagnostics scalar({second, 4, 500});
        QVERIFY(scalar.rhat().value() < 1.01);
        QVERIFY(rStar(points, 4, 500, 2).differs());
    }

    void oneChainThatDriftsIsSeen() {
        auto points = equalChains(1, 500, 2);
        QVERIFY(!rStar(points, 1, 500, 2).differs());
        for (std::size_t n = 250; n < 500; ++n) {
            points[2 * n] += 1;
        }
        QVERIFY(rStar(points, 1, 500, 2).differs());
    }

    void theSameKeyGivesTheSame() {
        const auto points = equalChains(3, 100, 2);
        const RStar a = rStar(points, 3, 100, 2), b = rStar(points, 3, 100, 2);
        QCOMPARE(a.value, b.value);
        const RStar many = rStar(equalChains(2, 20'000, 2), 2, 20'000, 2);
        QVERIFY(many.tested <= 600);  // thinned
    }

    void whatCannotBeJudgedIsNotANumber() {
        QVERIFY(std::isnan(rStar(equalChains(4, 39, 2), 4, 39, 2).value));
        auto points = equalChains(2, 100, 2);
        points[7] = std::numeric_limits<double>::infinity();
        QVERIFY(std::isnan(rStar(points, 2, 100, 2).value) && !rStar(points, 2, 100, 2).differs());
        QVERIFY(test::throwsNaming<UsageError>([&] { rStar(points, 3, 100, 2); }, "[chains"));
        // Nothing varies: no cut is possible, and no chain can be told.
        QVERIFY(!rStar(std::vector<double>(400, 1.0), 2, 100, 2).differs());
    }

    void cost() {
        const auto begin = std::chrono::steady_clock::now();
        rStar(equalChains(4, 500, 100), 4, 500, 100);
        qInfo(
            "2000 draws of 100 quantities: %.0f ms",
            1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
};

QTEST_GUILESS_MAIN(TestRStar)
#include "tst_r_star.moc"
