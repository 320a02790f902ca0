// SPDX-License-Identifier: GPL-3.0-or-later
// Yardsticks of samples: mixtures fitted to codes, distances in the features of a classifier.
#include "core/evaluation/feature_distance.h"
#include "core/evaluation/gaussian_mixture.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>

using namespace lx;
using at::Tensor;

namespace {

/// Three flat discs of different shares.
Tensor cloud(std::uint64_t seed, Index count) {
    const Tensor u = uniform(derive(Key{seed, 0}, "which"), {count});
    const Tensor noise = normal(derive(Key{seed, 0}, "noise"), {count, 2});
    const Tensor which = u.gt(0.5).to(at::kLong) + u.gt(0.8).to(at::kLong);
    const Tensor centres = at::tensor({-3.F, 0.F, 2.F, 2.F, 2.F, -2.F}).view({3, 2});
    const Tensor spread = at::tensor({1.F, 0.2F, 0.3F, 0.3F, 0.2F, 0.8F}).view({3, 2});
    return centres.index_select(0, which) + spread.index_select(0, which) * noise;
}

/// Rows whose class shows in two of twelve coordinates, by sign.
std::pair<Tensor, Tensor> signs(std::uint64_t seed, Index count) {
    const Tensor x = normal(derive(Key{seed, 1}, "rows"), {count, 12});
    return {x, x.select(1, 0).gt(0).to(at::kLong) + 2 * x.select(1, 5).gt(0).to(at::kLong)};
}

}  // namespace

class TestSamples : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void mixtureRecoversTheLaw() {
        const Tensor x = cloud(1, 6000), fresh = cloud(2, 6000);
        const GaussianMixture fit = fitMixture(x, 3);
        const Tensor shares = std::get<0>(fit.weights.sort());
        QVERIFY(at::allclose(shares, at::tensor({0.2, 0.3, 0.5}, at::kDouble), 0, 0.02));
        GaussianMixture law;
        law.weights = at::tensor({0.5, 0.3, 0.2}, at::kDouble);
        law.means = at::tensor({-3., 0., 2., 2., 2., -2.}, at::kDouble).view({3, 2});
        law.factors =
            at::diag_embed(at::tensor({1., 0.2, 0.3, 0.3, 0.2, 0.8}, at::kDouble).view({3, 2}));
        const double truth = law.logDensity(fresh).mean().item<double>();
        const double found = fit.logDensity(fresh).mean().item<double>();
        qInfo("log likelihood %.4f of %.4f", found, truth);
        QVERIFY(std::abs(found - truth) < 0.005);
        // Broken twin: one Gaussian for all.
        QVERIFY(fitMixture(x, 1).logDensity(fresh).mean().item<double>() < truth - 0.5);
        // More steps never lower the likelihood of the rows it was fitted to.
        double last = -1e9;
        for (const Index steps : {0, 1, 3, 10, 40}) {
            const double now = fitMixture(x, 5, steps).logDensity(x).mean().item<double>();
            QVERIFY(now >= last - 1e-9);
            last = now;
        }
        const Tensor draws = fit.sample(Key{3, 1}, 6000);
        QVERIFY(frechetDistance(draws, x) < 0.02);
        QVERIFY(at::equal(fit.sample(Key{3, 1}, 100), fit.sample(Key{3, 1}, 100)));
    }
    void mixtureRefusesWhatItCannotFit() {
        QVERIFY_EXCEPTION_THROWN(fitMixture(at::zeros({2, 2}), 1), UsageError);
        QVERIFY_EXCEPTION_THROWN(fitMixture(at::zeros({9, 2}), 0), UsageError);
        QVERIFY_EXCEPTION_THROWN(fitMixture(at::full({9, 2}, NAN), 2), NumericalError);
        // Rows that are all alike have no variance and still a law.
        QVERIFY(fitMixture(at::ones({9, 2}), 3).logDensity(at::ones({1, 2})).item<double>() > 0);
    }
    void frechetIsKnownForGaussians() {
        const Index n = 40'000;
        const Tensor a = normal(Key{5, 1}, {n, 3});
        const Tensor scale = at::tensor({2.F, 1.F, 0.5F}), shift = at::tensor({1.F, 0.F, -2.F});
        const Tensor b = normal(Key{6, 1}, {n, 3}) * scale + shift;
        // |m|^2 + sum (s_a - s_b)^2
        const double truth = 5 + 1 + 0.25;
        QVERIFY(std::abs(frechetDistance(a, b) / truth - 1) < 0.03);
        QVERIFY(std::abs(frechetDistance(a, b) - frechetDistance(b, a)) < 1e-8);
        QVERIFY(std::abs(frechetDistance(a, a)) < 1e-9);
        // A turn changes both alike, although the covariances then do not commute with the axes.
        const Tensor turn = std::get<0>(at::linalg_qr(normal(Key{7, 1}, {3, 3})));
        QVERIFY(std::abs(frechetDistance(a.matmul(turn), b.matmul(turn)) - frechetDistance(a, b)) <
                1e-4);
        QVERIFY_EXCEPTION_THROWN(frechetDistance(a, b.narrow(1, 0, 2)), UsageError);
        QVERIFY_EXCEPTION_THROWN(frechetDistance(a, b.narrow(0, 0, 1)), UsageError);
        QVERIFY_EXCEPTION_THROWN(frechetDistance(a, b * NAN), NumericalError);
    }
    void featuresSeeWhatLabelsSay() {
        const auto [x, labels] = signs(1, 4000);
        const auto [fresh, truth] = signs(2, 2000);
        const PictureFeatures eye(x, labels, 4, Key{1, 2}), again(x, labels, 4, Key{1, 2});
        const double right = eye.accuracy(fresh, truth);
        qInfo("accuracy %.3f", right);
        QVERIFY(right > 0.9);
        QVERIFY(at::equal(eye.features(fresh), again.features(fresh)));
        // Rows of one class alone are far from all of them, in features as in rows.
        const Tensor seen = eye.features(x);
        const double same = frechetDistance(eye.features(fresh), seen);
        const Tensor one = fresh.index_select(0, truth.eq(3).nonzero().squeeze(1));
        const double other = frechetDistance(eye.features(one), seen);
        qInfo("same law %.4f, one class %.4f", same, other);
        QVERIFY(other > 20 * same);
        // Broken twin: with labels at random the classifier finds nothing.
        const PictureFeatures blind(x, below(Key{9, 9}, 4, 4000), 4, Key{1, 2});
        QVERIFY(blind.accuracy(fresh, truth) < 0.5);
        QVERIFY_EXCEPTION_THROWN(PictureFeatures(x, labels, 3, Key{1, 2}), UsageError);
        QVERIFY_EXCEPTION_THROWN(PictureFeatures(x, truth, 4, Key{1, 2}), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestSamples)
#include "tst_samples.moc"
