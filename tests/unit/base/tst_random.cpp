// SPDX-License-Identifier: GPL-3.0-or-later
// Keys, Philox4x32-10 and the transforms on it. Vectors: salmon2011, file kat_vectors of Random123.
#include "core/base/philox.h"

#include <QtTest>
#include <cmath>
#include <set>
#include <vector>

using namespace lx;

namespace {

struct Moments {
    double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
};

Moments momentsOf(const std::vector<float>& x) {
    Moments m;
    const double n = static_cast<double>(x.size());
    for (const float v : x) {
        m.mean += v / n;
    }
    for (const float v : x) {
        const double d = v - m.mean;
        m.variance += d * d / n;
        m.skewness += d * d * d / n;
        m.kurtosis += d * d * d * d / n;
    }
    m.skewness /= std::pow(m.variance, 1.5);
    m.kurtosis /= m.variance * m.variance;
    return m;
}

}  // namespace

class TestRandom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knownAnswers() {
        QCOMPARE(philox4x32({0, 0, 0, 0}, 0),
                 (Words{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
        QCOMPARE(philox4x32({~0U, ~0U, ~0U, ~0U}, ~std::uint64_t{0}),
                 (Words{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
        QCOMPARE(
            philox4x32({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}, 0x299f31d0a4093822ULL),
            (Words{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}));
        // The twin: one round too few would give other words.
        QVERIFY(philox4x32({1, 0, 0, 0}, 0) != philox4x32({0, 0, 0, 0}, 0));
    }

    void keysAreStreams() {
        const Key root{7, 0};
        QCOMPARE(derive(root, "train"), derive(root, "train"));
        std::set<std::uint64_t> streams;
        for (const char* name : {"data", "init", "train", "sample", "view", ""}) {
            streams.insert(derive(root, name).stream);
        }
        for (std::uint64_t step = 0; step < 10000; ++step) {
            streams.insert(derive(root, step).stream);
        }
        QCOMPARE(streams.size(), std::size_t{10006});
        QCOMPARE(derive(root, "train").seed, root.seed);
    }

    void elementsDependOnKeyAndIndexOnly() {
        std::vector<float> whole(1003), part(17);
        fillNormal({1, 2}, whole);
        fillNormal({1, 2}, part);
        QVERIFY(std::equal(part.begin(), part.end(), whole.begin()));
        fillNormal({1, 3}, part);
        QVERIFY(!std::equal(part.begin(), part.end(), whole.begin()));
    }

    /// Any part of a stream is that part of the whole, wherever it begins.
    void partsOfAStream() {
        constexpr std::size_t kCount = 200;
        std::vector<float> normals(kCount), uniforms(kCount);
        std::vector<std::int64_t> integers(kCount);
        fillNormal({1, 2}, normals);
        fillUniform({1, 2}, uniforms);
        fillBelow({1, 2}, 1000, integers);
        const auto agree = [](const auto& part, const auto& whole, std::size_t from) {
            return std::equal(part.begin(), part.end(),
                              whole.begin() + static_cast<std::ptrdiff_t>(from));
        };
        for (std::size_t from = 0; from < 9; ++from) {
            for (const std::size_t count : {0, 1, 2, 5, 64}) {
                std::vector<float> x(count);
                std::vector<std::int64_t> n(count);
                fillNormal({1, 2}, x, from);
                QVERIFY(agree(x, normals, from));
                QVERIFY(count == 0 || !agree(x, normals, from + 1));
                fillUniform({1, 2}, x, from);
                QVERIFY(agree(x, uniforms, from));
                fillBelow({1, 2}, 1000, n, from);
                QVERIFY(agree(n, integers, from));
            }
        }
        // Beyond 32 bits the counter goes on: no repetition.
        std::vector<float> near(8), far(8);
        fillNormal({1, 2}, near, 0);
        fillNormal({1, 2}, far, std::uint64_t{1} << 34);
        QVERIFY(near != far);
    }

    void normalMoments() {
        // Standard errors for n = 4e6: mean 5e-4, variance 7e-4, skewness 1.2e-3, kurtosis 2.5e-3.
        std::vector<float> x(4000000);
        fillNormal({20, 1}, x);
        const Moments m = momentsOf(x);
        QVERIFY(std::abs(m.mean) < 2.5e-3);
        QVERIFY(std::abs(m.variance - 1) < 3.5e-3);
        QVERIFY(std::abs(m.skewness) < 6e-3);
        QVERIFY(std::abs(m.kurtosis - 3) < 1.25e-2);
        double lag = 0;
        for (std::size_t i = 1; i < x.size(); ++i) {
            lag += static_cast<double>(x[i]) * x[i - 1] / static_cast<double>(x.size());
        }
        QVERIFY(std::abs(lag) < 2.5e-3);
        // The twin: twice the noise under the root must be seen.
        for (float& v : x) {
            v *= 1.01F;
        }
        QVERIFY(std::abs(momentsOf(x).variance - 1) > 3.5e-3);
    }

    void uniforms() {
        std::vector<float> u(1000000);
        fillUniform({3, 4}, u);
        double mean = 0, square = 0;
        for (const float v : u) {
            QVERIFY(v > 0.0F && v < 1.0F);
            mean += v / 1e6;
            square += static_cast<double>(v) * v / 1e6;
        }
        QVERIFY(std::abs(mean - 0.5) < 1.5e-3);
        QVERIFY(std::abs(square - 1.0 / 3) < 1.5e-3);
        QVERIFY(toUnit(0) > 0.0F);
        QVERIFY(toUnit(~0U) < 1.0F);
    }

    void belowIsEven() {
        std::vector<std::int64_t> x(700000);
        fillBelow({5, 6}, 7, x);
        std::array<double, 7> counts{};
        for (const auto v : x) {
            QVERIFY(v >= 0 && v < 7);
            counts[static_cast<std::size_t>(v)] += 1;
        }
        double chi2 = 0;
        for (const double count : counts) {
            chi2 += (count - 1e5) * (count - 1e5) / 1e5;
        }
        QVERIFY2(chi2 < 33, qPrintable(QString::number(chi2)));  // p = 1e-5 at 6 degrees
        fillBelow({5, 6}, 0xFFFFFFFFULL, x);
        QVERIFY(*std::ranges::max_element(x) > 0xFFFF0000LL);
        fillBelow({5, 6}, 1, x);
        QCOMPARE(*std::ranges::max_element(x), std::int64_t{0});
    }

    void logIsAccurate() {
        // Every 61st float of the range of toUnit, and beyond it to 2^64.
        double worst = 0;
        for (std::uint32_t bits = std::bit_cast<std::uint32_t>(1.1e-10F);
             bits < std::bit_cast<std::uint32_t>(1.8e19F); bits += 61) {
            const float x = std::bit_cast<float>(bits);
            const double exact = std::log(static_cast<double>(x));
            if (exact != 0) {
                worst = std::max(worst, std::abs(portableLog(x) - exact) / std::abs(exact));
            }
        }
        qInfo("log: worst relative error %.3g", worst);
        QVERIFY(worst < 2.5e-7);
        QCOMPARE(portableLog(1.0F), 0.0F);
    }

    void sineAndCosineAreAccurate() {
        double worst = 0;
        const auto look = [&](float u) {
            float s = 0, c = 0;
            portableSinCos2Pi(u, s, c);
            const double angle = 2 * M_PI * static_cast<double>(u);
            worst = std::max({worst, std::abs(s - std::sin(angle)), std::abs(c - std::cos(angle))});
        };
        for (std::uint32_t i = 0; i < (1U << 24); i += 7) {
            look(static_cast<float>(i) * 5.9604644775390625e-8F);
        }
        for (const float u : {0.0F, 0.125F, 0.25F, 0.375F, 0.5F, 0.625F, 0.75F, 0.875F, 1e-30F,
                              std::nextafter(1.0F, 0.0F), std::nextafter(0.125F, 0.0F)}) {
            look(u);
        }
        qInfo("sine and cosine: worst absolute error %.3g", worst);
        QVERIFY(worst < 2e-7);
    }
};

QTEST_APPLESS_MAIN(TestRandom)
#include "tst_random.moc"
