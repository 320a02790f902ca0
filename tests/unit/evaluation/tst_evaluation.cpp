// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/philox.h"
#include "core/data/distribution.h"
#include "core/evaluation/importance.h"
#include "core/evaluation/ppca.h"
#include "core/evaluation/ranking.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>
#include <numbers>

using namespace lx;
using at::Tensor;

namespace {

/// One-dimensional model with a known evidence: z ~ N(0,1), x | z ~ N(z, 1), q = N(x/2, s^2).
double boundOfToy(double x, double sd, Index samples, std::uint64_t seed) {
    const auto weights = [&](Index first, Index count, Index sample, Index block) {
        const Key key = derive(derive(Key{seed, 1}, static_cast<std::uint64_t>(first)),
                               static_cast<std::uint64_t>(sample));
        const Tensor e = normal(key, {count, block}).to(at::kDouble);
        const Tensor z = x / 2 + sd * e;
        const double log2Pi = std::log(2 * std::numbers::pi);
        return -0.5 * (z * z + log2Pi) - 0.5 * ((x - z).pow(2) + log2Pi) + 0.5 * (e * e + log2Pi) +
               std::log(sd);
    };
    return importanceBound(weights, 4000, samples).mean().item<double>();
}

double evidenceOfToy(double x) {
    return -0.5 * (std::log(4 * std::numbers::pi) + x * x / 2);
}

}  // namespace

class TestEvaluation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// Two normal laws a distance d apart: Phi(d / sqrt 2). Ties count half.
    void areaUnderTheCurve() {
        constexpr std::size_t kCount = 20'000;
        std::vector<float> a(kCount), b(kCount);
        fillNormal(Key{3, 1}, a);
        fillNormal(Key{3, 2}, b);
        for (const double apart : {0.0, 0.5, 2.0}) {
            std::vector<double> high, low(b.begin(), b.end());
            for (const float v : a) {
                high.push_back(static_cast<double>(v) + apart);
            }
            const double truth = 0.5 * std::erfc(-apart / 2);
            const double found = auroc(high, low);
            QVERIFY2(std::abs(found - truth) < 0.01, qPrintable(QString::number(found)));
            QVERIFY(std::abs(auroc(low, high) + found - 1) < 1e-12);
            QVERIFY(apart == 0 || std::abs(auroc(low, high) - truth) > 0.1);
        }
        const std::vector<double> some{1, 2, 2, 3}, others{2, 2, 0};
        QCOMPARE(auroc(some, others), 8.0 / 12);
        QCOMPARE(auroc({}, others), 0.5);
    }
    void initTestCase() { at::set_num_threads(1); }

    void importanceBoundRisesToTheEvidence() {
        const double exact = evidenceOfToy(1.3);
        const double one = boundOfToy(1.3, 1.4, 1, 1), many = boundOfToy(1.3, 1.4, 64, 1);
        // log evidence - KL(q || posterior), the posterior is N(x/2, 1/2)
        const double gap = 0.5 * (1.96 / 0.5 - 1 - std::log(1.96 / 0.5));
        QVERIFY(std::abs(one - (exact - gap)) < 0.1);
        QVERIFY(many > one + 0.3 && std::abs(many - exact) < 0.02);
        // With the true posterior every K is exact.
        QVERIFY(std::abs(boundOfToy(1.3, std::sqrt(0.5), 3, 1) - exact) < 1e-12);
    }
    void logMeanExpIsStable() {
        const Tensor w = at::full({1, 3}, -1e6, at::TensorOptions().dtype(at::kDouble));
        QCOMPARE(logMeanExp(w, 1).item<double>(), -1e6);
    }
    void gaussianDensityHasItsConstants() {
        const auto type = at::TensorOptions().dtype(at::kDouble);
        const Tensor zero = at::zeros({1, 3}, type);
        const double value = gaussianLogDensity(zero, zero, zero).item<double>();
        QVERIFY(std::abs(value + 1.5 * std::log(2 * std::numbers::pi)) < 1e-14);
    }
    void ppcaRecoversAKnownModel() {
        const auto law = linearGaussian(8, 2, 0.5);
        const Draws draws = law->sample(Key{1, 1}, 20'000);
        const Tensor x = at::tensor(at::ArrayRef<float>(draws.values)).view({20'000, 8});
        const Ppca fit = fitPpca(x, 2);
        QVERIFY(std::abs(fit.variance - 0.25) < 0.01);
        double exact = 0;
        std::vector<double> row(8);
        for (std::size_t i = 0; i < 2000; ++i) {
            for (std::size_t k = 0; k < 8; ++k) {
                row[k] = static_cast<double>(draws.values[8 * i + k]);
            }
            exact += law->logDensity(row).value() / 2000;
        }
        const Tensor some = x.narrow(0, 0, 2000);
        const double fitted = ppcaLogLikelihood(some, fit.mean, fit.weights, fit.variance);
        QVERIFY(std::abs(fitted - exact) < 0.02);
        // No other model of the family does better on the rows it was fitted to.
        for (const double factor : {0.9, 1.1}) {
            QVERIFY(ppcaLogLikelihood(x, fit.mean, fit.weights * factor, fit.variance) <
                    fit.logLikelihood);
            QVERIFY(ppcaLogLikelihood(x, fit.mean, fit.weights, fit.variance * factor) <
                    fit.logLikelihood);
            QVERIFY(ppcaLogLikelihood(x, fit.mean + 0.05, fit.weights, fit.variance) <
                    fit.logLikelihood);
        }
    }
    void ppcaRefusesWhatItCannotFit() {
        const Tensor x = normal(Key{1, 1}, {50, 3});
        QVERIFY_EXCEPTION_THROWN(fitPpca(x, 3), UsageError);
        QVERIFY_EXCEPTION_THROWN(fitPpca(x, 0), UsageError);
        const Tensor line = at::cat({x.narrow(1, 0, 1), x.narrow(1, 0, 1)}, 1);
        QVERIFY_EXCEPTION_THROWN(fitPpca(line, 1), NumericalError);
    }
};

QTEST_GUILESS_MAIN(TestEvaluation)
#include "tst_evaluation.moc"
