// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/distribution.h"

#include <QtTest>
#include <cmath>

using namespace lx;

namespace {

struct Case {
    const char* name;
    DistributionPtr law;
    double half;  ///< quadrature box; 0: no plane quadrature
    bool light;   ///< tails light enough for z-scores of second moments
};

std::vector<Case> cases() {
    return {{"ring8", ring8(2, 0.2), 4, true},
            {"grid25", grid25(1, 0.1), 3, true},
            {"moons", moons(1, 0.1), 3, true},
            {"swiss-roll", swissRoll(2, 0.08), 3, true},
            {"spirals", spirals(2, 0.06), 3, true},
            {"rings", rings(2, 0.08), 3, true},
            {"circle-vm", circleVonMises(1, 2, 0.05), 2, true},
            {"pinwheel", pinwheel(1.5, 0.45, 0.12, 0.25), 4.5, true},
            {"checkerboard", checkerboard(2), 2.5, true},
            {"banana", banana(1, 0.7, 0.4), 12, true},
            {"funnel", funnel(3, 3), 0, false},
            {"lingauss", linearGaussian(8, 2, 0.5), 0, true}};
}

constexpr Index kDraws = 40'000;

/// Largest |z| of the sample mean and of the sample covariance against the stated moments.
double worstMoment(const Draws& draws, Index dim, const Moments& stated) {
    const auto d = static_cast<std::size_t>(dim);
    const std::size_t n = draws.values.size() / d;
    double worst = 0;
    const auto judge = [&](const auto& term, double expected) {
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double x = term(i);
            sum += x;
            squares += x * x;
        }
        const double mean = sum / static_cast<double>(n);
        const double variance = squares / static_cast<double>(n) - mean * mean;
        const double error = std::sqrt(variance / static_cast<double>(n)) + 1e-12;
        worst = std::max(worst, std::abs(mean - expected) / error);
    };
    const auto at = [&](std::size_t i, std::size_t k) {
        return static_cast<double>(draws.values[i * d + k]) - stated.mean[k];
    };
    for (std::size_t k = 0; k < d; ++k) {
        judge([&](std::size_t i) { return at(i, k); }, 0);
        for (std::size_t j = 0; j <= k; ++j) {
            judge([&](std::size_t i) { return at(i, k) * at(i, j); }, stated.covariance[k * d + j]);
        }
    }
    return worst;
}

/// Integral of the density and of its product with log density over the box.
std::pair<double, double> plane(const Distribution& law, double half, int cells) {
    const double step = 2 * half / cells;
    double mass = 0, entropy = 0;
    for (int i = 0; i < cells; ++i) {
        for (int j = 0; j < cells; ++j) {
            const double x[] = {-half + (i + 0.5) * step, -half + (j + 0.5) * step};
            const double logp = law.logDensity(x).value();
            if (std::isfinite(logp)) {
                mass += std::exp(logp) * step * step;
                entropy += std::exp(logp) * logp * step * step;
            }
        }
    }
    return {mass, entropy};
}

/// z-score of the mean log density of the draws against the quadrature of p log p.
double densityScore(const Draws& draws, const Distribution& law, double expected) {
    double sum = 0, squares = 0;
    const std::size_t n = draws.values.size() / 2;
    for (std::size_t i = 0; i < n; ++i) {
        const double x[] = {static_cast<double>(draws.values[2 * i]),
                            static_cast<double>(draws.values[2 * i + 1])};
        const double logp = law.logDensity(x).value();
        sum += logp;
        squares += logp * logp;
    }
    const double mean = sum / static_cast<double>(n);
    const double variance = squares / static_cast<double>(n) - mean * mean;
    return std::abs(mean - expected) / std::sqrt(variance / static_cast<double>(n) + 1e-9);
}

/// Twenty checks of a dozen laws at a level of 1e-6 each.
constexpr double kLimit = 5.5;

}  // namespace

class TestDistributions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void momentsOfDraws_data() {
        QTest::addColumn<int>("index");
        const auto all = cases();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            QTest::newRow(all[static_cast<std::size_t>(i)].name) << i;
        }
    }
    void momentsOfDraws() {
        QFETCH(int, index);
        const Case c = cases()[static_cast<std::size_t>(index)];
        const auto moments = c.law->moments();
        QVERIFY(moments);
        const Draws draws = c.law->sample(Key{11, 3}, kDraws);
        if (!c.light) {
            QVERIFY(moments->covariance[0] > 0);
            return;
        }
        QVERIFY2(worstMoment(draws, c.law->dim(), *moments) < kLimit, c.name);
        // Broken twin: moments off by a twentieth of the standard deviation.
        Moments wrong = *moments;
        wrong.mean[0] += 0.05 * std::sqrt(moments->covariance[0]);
        QVERIFY(worstMoment(draws, c.law->dim(), wrong) > kLimit);
    }
    void densitiesByQuadrature_data() { momentsOfDraws_data(); }
    void densitiesByQuadrature() {
        QFETCH(int, index);
        const Case c = cases()[static_cast<std::size_t>(index)];
        if (c.half == 0) {
            QSKIP("no plane quadrature for this law");
        }
        const auto [mass, entropy] = plane(*c.law, c.half, 200);
        QVERIFY2(std::abs(mass - 1) < 1e-3, qPrintable(QString::number(mass, 'g', 10)));
        if (std::string_view(c.name) == "checkerboard") {
            return;  // constant density: no spread to judge by
        }
        const Draws draws = c.law->sample(Key{12, 3}, 1000);
        QVERIFY2(densityScore(draws, *c.law, entropy) < kLimit, c.name);
        // Broken twin: a density without its 2 pi.
        QVERIFY(densityScore(draws, *c.law, entropy + std::log(2 * M_PI)) > kLimit);
    }
    void gaussianDensityAgreesWithItsFormula() {
        const auto law = linearGaussian(1, 1, 0.5);
        const auto m = law->moments().value();
        const double x[] = {0.3};
        const double v = m.covariance[0], u = x[0] - m.mean[0];
        const double expected = -0.5 * (std::log(2 * M_PI * v) + u * u / v);
        QVERIFY(std::abs(law->logDensity(x).value() - expected) < 1e-12);
    }
    void funnelNeckIsNormal() {
        const Draws draws = funnel(2, 3)->sample(Key{5, 5}, kDraws);
        double squares = 0, scaled = 0;
        for (std::size_t i = 0; i < draws.values.size(); i += 2) {
            const double v = static_cast<double>(draws.values[i]);
            const double x = static_cast<double>(draws.values[i + 1]) * std::exp(-0.5 * v);
            squares += v * v / 9;
            scaled += x * x;
        }
        const double error = std::sqrt(2.0 / kDraws);
        QVERIFY(std::abs(squares / kDraws - 1) < kLimit * error);
        QVERIFY(std::abs(scaled / kDraws - 1) < kLimit * error);
    }
    void drawsDependOnTheKeyAlone() {
        for (const auto& c : cases()) {
            const Draws a = c.law->sample(Key{1, 2}, 100), b = c.law->sample(Key{1, 2}, 100);
            const Draws other = c.law->sample(Key{2, 2}, 100);
            QVERIFY(a.values == b.values && a.labels == b.labels);
            QVERIFY(a.values != other.values);
        }
    }
    void pinwheelDensity() {
        // Strong twist, short and wide arms, and the plain one: mass, moments and log density.
        const auto laws = {pinwheel(1.5, 0.45, 0.12, 0.25), pinwheel(1, 0.3, 0.3, -0.8),
                           pinwheel(2, 0.2, 0.1, 0)};
        for (const auto& law : laws) {
            const int cells = 400;
            const double half = 5, step = 2 * half / cells;
            double mass = 0, mean[2] = {0, 0}, second[3] = {0, 0, 0};
            for (int i = 0; i < cells * cells; ++i) {
                const double x[] = {-half + (i / cells + 0.5) * step,
                                    -half + (i % cells + 0.5) * step};
                const double p = std::exp(law->logDensity(x).value()) * step * step;
                mass += p;
                for (int k = 0; k < 2; ++k) {
                    mean[k] += p * x[k];
                    second[k] += p * x[k] * x[k];
                }
                second[2] += p * x[0] * x[1];
            }
            const Moments stated = law->moments().value();
            QVERIFY2(std::abs(mass - 1) < 1e-4, qPrintable(QString::number(mass, 'g', 10)));
            QVERIFY(std::abs(mean[0]) < 1e-4 && std::abs(mean[1]) < 1e-4);
            QVERIFY(std::abs(second[0] - stated.covariance[0]) < 1e-3);
            QVERIFY(std::abs(second[1] - stated.covariance[3]) < 1e-3);
            QVERIFY(std::abs(second[2]) < 1e-3);
        }
        // The density belongs to these draws: one that twists the other way or a little more, or
        // has longer arms, does not fit them, though its mass is one too.
        const auto law = pinwheel(1.5, 0.45, 0.12, 0.25);
        const double entropy = plane(*law, 4.5, 400).second;
        const Draws draws = law->sample(Key{12, 7}, 4000);
        QVERIFY(densityScore(draws, *law, entropy) < kLimit);
        for (const auto& wrong : {pinwheel(1.5, 0.45, 0.12, -0.25), pinwheel(1.5, 0.45, 0.12, 0.27),
                                  pinwheel(1.5, 0.7, 0.12, 0.25)}) {
            QVERIFY(densityScore(draws, *wrong, entropy) > kLimit);
        }
        const double far[] = {1e200, 1e200};
        QVERIFY(law->logDensity(far).value() < -1e10);
    }
    void misuseIsRefused() {
        QVERIFY_EXCEPTION_THROWN(ring8(2, 0), UsageError);
        QVERIFY_EXCEPTION_THROWN(linearGaussian(2, 3, 1), UsageError);
        QVERIFY_EXCEPTION_THROWN(circleVonMises(1, -1, 0.1), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestDistributions)
#include "tst_distributions.moc"
