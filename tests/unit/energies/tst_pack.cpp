// SPDX-License-Identifier: GPL-3.0-or-later
// Elementary functions on packs against libm, in units of the last place.
#include "core/base/philox.h"
#include "core/energies/pack.h"

#include <QtTest>
#include <vector>

using namespace lx;

namespace {

/// Largest error of `ours` over `count` arguments spread over [low, high], relative to the last
/// place of the reference (at least of `floor`).
template <class T, class Ours, class Libm>
double worstUlp(double low, double high, double floor, const Ours& ours, const Libm& libm) {
    std::vector<float> uniform(80000);
    fillUniform(Key{61, 8}, uniform);
    double worst = 0;
    for (std::size_t i = 0; i + kLanes <= uniform.size(); i += kLanes) {
        Pack<T> x{};
        for (int k = 0; k < kLanes; ++k) {
            const auto u = static_cast<double>(uniform[i + static_cast<std::size_t>(k)]);
            x[k] = static_cast<T>(low + (high - low) * u);
        }
        const Pack<T> y = ours(x);
        for (int k = 0; k < kLanes; ++k) {
            const double exact = libm(static_cast<double>(x[k]));
            const double unit =
                std::max(std::abs(exact), floor) * std::numeric_limits<T>::epsilon();
            worst = std::max(worst, std::abs(static_cast<double>(y[k]) - exact) / unit);
        }
    }
    return worst;
}

template <class T>
void compare(double highest) {
    using V = Pack<T>;
    const auto expOf = [](const V& x) { return packExp<V>(x); };
    const auto logOf = [](const V& x) { return packLog<V>(x); };
    const auto sinOf = [](const V& x) {
        V s{}, c{};
        packSinCos<V>(x, s, c);
        return s;
    };
    const auto cosOf = [](const V& x) {
        V s{}, c{};
        packSinCos<V>(x, s, c);
        return c;
    };
    const auto libExp = [](double x) { return std::exp(x); };
    const auto libLog = [](double x) { return std::log(x); };
    const auto libSin = [](double x) { return std::sin(x); };
    const auto libCos = [](double x) { return std::cos(x); };
    QVERIFY((worstUlp<T>(-highest, highest, 0, expOf, libExp) < 3));
    QVERIFY((worstUlp<T>(-1, 1, 0, expOf, libExp) < 3));
    QVERIFY((worstUlp<T>(1e-6, 3, 0.1, logOf, libLog) < 4));
    QVERIFY((worstUlp<T>(0, 1e30, 0, logOf, libLog) < 4));
    QVERIFY((worstUlp<T>(-10, 10, 0.01, sinOf, libSin) < 4));
    QVERIFY((worstUlp<T>(-9e5, 9e5, 0.1, cosOf, libCos) < 4));
    QVERIFY((worstUlp<T>(-1e12, 1e12, 0.1, sinOf, libSin) < 4));
    // Broken twin: an exponential that is off by ten units is seen.
    const auto crooked = [](const V& x) {
        return packExp<V>(x) * (T{1} + T{10} * std::numeric_limits<T>::epsilon());
    };
    QVERIFY((worstUlp<T>(-1, 1, 0, crooked, libExp) > 5));
}

template <class T>
void edges() {
    using V = Pack<T>;
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const V x{0, -inf, inf, nan, -1000, 1000, -1, 1};
    const V e = packExp<V>(x), l = packLog<V>(x);
    QVERIFY(e[0] == 1 && e[1] == 0 && e[2] == inf && std::isnan(e[3]));
    QVERIFY(e[4] == 0 && e[5] == inf);
    QVERIFY(l[0] == -inf && std::isnan(l[1]) && l[2] == inf && std::isnan(l[3]));
    QVERIFY(std::isnan(l[6]) && l[7] == 0);
    const V small = V{} + std::numeric_limits<T>::denorm_min();
    QVERIFY(std::abs(packLog<V>(small)[0] - std::log(std::numeric_limits<T>::denorm_min())) <
            T(1e-4));
    V s{}, c{};
    packSinCos<V>(x, s, c);
    QVERIFY(s[0] == 0 && c[0] == 1 && std::isnan(s[2]) && std::isnan(c[3]));
    const V p = packPower<V>(x, -3);
    QVERIFY(p[7] == 1 && p[6] == -1 && p[0] == inf);
}

}  // namespace

class TestPack : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void single() { compare<float>(85); }
    void doubled() { compare<double>(700); }
    void singleEdges() { edges<float>(); }
    void doubleEdges() { edges<double>(); }
};

QTEST_GUILESS_MAIN(TestPack)
#include "tst_pack.moc"
