// SPDX-License-Identifier: GPL-3.0-or-later
// Discrepancies of samples, against closed forms and against floors of exact draws.
#include "core/base/philox.h"
#include "core/energies/mixture.h"
#include "core/evaluation/two_sample.h"

#include <QtTest>

#include <cmath>
#include <numbers>

using namespace lx;

namespace {

std::vector<double> normals(std::uint64_t seed, Index count, double shift) {
    std::vector<float> noise(static_cast<std::size_t>(2 * count));
    fillNormal(Key{seed, 1}, noise);
    std::vector<double> out(noise.begin(), noise.end());
    for (std::size_t i = 0; i < out.size(); i += 2) {
        out[i] += shift;
    }
    return out;
}

/// Of N(0, I) and N((shift, 0), I) in the plane.
double exactMmd(double shift, std::span<const double> bandwidths) {
    double sum = 0;
    for (const double h : bandwidths) {
        const double wide = h * h + 2;
        sum += 2 * h * h / wide * (1 - std::exp(-shift * shift / (2 * wide)));
    }
    return sum / static_cast<double>(bandwidths.size());
}

MixtureParts ring() {
    MixtureParts out{2, {}, std::vector<double>(8, 0.125), std::vector<double>(8, 0.2)};
    for (int k = 0; k < 8; ++k) {
        out.centres.push_back(2 * std::cos(k * std::numbers::pi / 4));
        out.centres.push_back(2 * std::sin(k * std::numbers::pi / 4));
    }
    return out;
}

/// Mean of the divergence of `count` exact draws: sum over cells of the mean of s log(s / p) for
/// shares s of binomial counts.
double floorOf(const Energy& law, const Box& box, Index side, Index count) {
    const auto n = static_cast<double>(count);
    const double step = (box.upper[0] - box.lower[0]) / static_cast<double>(side);
    double sum = 0;
    for (Index cell = 0; cell < side * side; ++cell) {
        constexpr int kFine = 10;
        double p = 0;
        for (int k = 0; k < kFine * kFine; ++k) {
            const std::vector<double> x{box.lower[0] + step * (static_cast<double>(cell % side) +
                                                               (k % kFine + 0.5) / kFine),
                                        box.lower[1] + step * (static_cast<double>(cell / side) +
                                                               (k / kFine + 0.5) / kFine)};
            p += std::exp(-law.at(x) - *law.logNormaliser()) * step * step / (kFine * kFine);
        }
        double logMass = n * std::log1p(-p);  // of no draw in the cell
        for (int c = 1; c < 400; ++c) {
            logMass += std::log((n - c + 1) / c * p / (1 - p));
            sum += std::exp(logMass) * c / n * std::log(c / n / p);
        }
    }
    return sum;
}

}  // namespace

class TestTwoSample : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void discrepancyOfNormals() {
        const std::vector<double> bandwidths{0.1, 0.2, 0.5, 1, 2};
        const auto a = normals(1, 3000, 0);
        for (const double shift : {0.0, 0.5, 1.5}) {
            const double found = squaredMmd(a, normals(2, 3000, shift), 2, bandwidths),
                         wanted = exactMmd(shift, bandwidths);
            qInfo("shift %.1f: %.5f, exact %.5f", shift, found, wanted);
            QVERIFY(std::abs(found - wanted) < 1e-3 + 0.05 * wanted);
        }
        QVERIFY(squaredMmd(a, normals(2, 3000, 0.5), 2, bandwidths) > 0.01);
        QVERIFY_EXCEPTION_THROWN(squaredMmd(std::span(a).first(2), a, 2, bandwidths), UsageError);
    }
    /// Exact draws score what chance alone brings, a fifth of it with five times as many. Broken
    /// twins: a mode that is missing, and draws elsewhere.
    void histogramOfDraws() {
        const auto law = mixtureEnergy(ring());
        const Box box{{-3.5, -3.5}, {3.5, 3.5}};
        const double few = histogramKl(*law, box, law->sample(Key{3, 1}, 2000), 32),
                     many = histogramKl(*law, box, law->sample(Key{3, 2}, 10'000), 32);
        const double floor = floorOf(*law, box, 32, 10'000);
        qInfo("floors %.4f and %.4f, expected of many %.4f", few, many, floor);
        QVERIFY(std::abs(many - floor) < 0.1 * floor);
        QVERIFY(few > 4 * many && few < 6 * many);
        MixtureParts seven = ring();
        seven.weights[0] = 1e-9;
        const double lost =
            histogramKl(*law, box, mixtureEnergy(seven)->sample(Key{3, 3}, 10'000), 32);
        QVERIFY(std::abs(lost - many - std::log(8.0 / 7)) < 0.02);
        QVERIFY(histogramKl(*law, box, std::vector<double>(200, 9.0), 32) > 10);
    }
};

QTEST_GUILESS_MAIN(TestTwoSample)
#include "tst_two_sample.moc"
