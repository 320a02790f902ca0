// SPDX-License-Identifier: GPL-3.0-or-later
// Eight chains side by side. The compiler's vector types cut a pack to whatever registers the
// target has; without fused multiply-add every target computes the same bits.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace lx {

inline constexpr int kLanes = 8;
using Float8 [[gnu::vector_size(32)]] = float;
using Double8 [[gnu::vector_size(64)]] = double;
using Bits32x8 [[gnu::vector_size(32)]] = std::uint32_t;
using Bits64x8 [[gnu::vector_size(64)]] = std::uint64_t;

namespace detail {
template <class T>
struct PackOf;
template <>
struct PackOf<float> {
    using type = Float8;
    using bits = Bits32x8;
};
template <>
struct PackOf<double> {
    using type = Double8;
    using bits = Bits64x8;
};
}  // namespace detail

template <class T>
using Pack = typename detail::PackOf<T>::type;
template <class V>
using Lane = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;

#define LX_PACK [[gnu::always_inline]] inline

template <class V>
LX_PACK V all(double value) {
    return V{} + static_cast<Lane<V>>(value);
}

/// f on each lane, for functions that are not worth a polynomial.
template <class V, class F>
LX_PACK V lanewise(const V& x, F f) {
    V out{};
    for (int i = 0; i < kLanes; ++i) {
        out[i] = static_cast<Lane<V>>(f(x[i]));
    }
    return out;
}
template <class V, class F>
LX_PACK V lanewise(const V& x, const V& y, F f) {
    V out{};
    for (int i = 0; i < kLanes; ++i) {
        out[i] = static_cast<Lane<V>>(f(x[i], y[i]));
    }
    return out;
}

template <class V>
LX_PACK V packMin(const V& a, const V& b) {
    return a < b ? a : b;
}
template <class V>
LX_PACK V packMax(const V& a, const V& b) {
    return a > b ? a : b;
}
template <class V>
LX_PACK V packAbs(const V& a) {
    return a < Lane<V>{0} ? -a : a;
}
template <class V>
LX_PACK V packSqrt(const V& a) {
    return lanewise(a, [](auto x) { return std::sqrt(x); });
}

namespace detail {

template <class T>
struct Format;
template <>
struct Format<float> {
    static constexpr int mantissa = 23, bias = 127, expTerms = 7, logTerms = 5;
    static constexpr float magic = 12582912.0F;  // 1.5 2^23: adding it rounds to an integer
    static constexpr float lowest = -86.0F, highest = 89.0F;
    static constexpr float ln2High = 0.693359375F, ln2Low = -2.12194440e-4F;
    static constexpr float tiny = 1.17549435e-38F, lift = 33554432.0F;
    static constexpr int liftBits = 25;
    static constexpr float plain = 8388608.0F;  // 2^23
};
template <>
struct Format<double> {
    static constexpr int mantissa = 52, bias = 1023, expTerms = 13, logTerms = 11;
    static constexpr double magic = 6755399441055744.0;  // 1.5 2^52
    static constexpr double lowest = -707.0, highest = 710.0;
    static constexpr double ln2High = 6.93147180369123816490e-01;  // fdlibm's split
    static constexpr double ln2Low = 1.90821492927058770002e-10;
    static constexpr double tiny = 2.2250738585072014e-308, lift = 18014398509481984.0;
    static constexpr int liftBits = 54;
    static constexpr double plain = 4503599627370496.0;  // 2^52
};

template <int Terms>
constexpr auto inverseFactorials() {
    struct {
        double value[Terms + 1];
    } table{};
    double factorial = 1;
    for (int i = 0; i <= Terms; ++i) {
        factorial *= i > 0 ? i : 1;
        table.value[i] = 1 / factorial;
    }
    return table;
}

}  // namespace detail

/// Relative error below 2 units in the last place. Arguments below -707 (float: -86) give 0, so
/// that no denormal number arises; not-a-number stays.
template <class V>
LX_PACK V packExp(const V& x) {
    using T = Lane<V>;
    using F = detail::Format<T>;
    using Bits = typename detail::PackOf<T>::bits;
    V c = x < F::lowest ? all<V>(static_cast<double>(F::lowest)) : x;
    c = c > F::highest ? all<V>(static_cast<double>(F::highest)) : c;
    const V shifted = c * static_cast<T>(1.4426950408889634) + F::magic;
    const V n = shifted - F::magic;
    const V r = (c - n * F::ln2High) - n * F::ln2Low;
    constexpr auto table = detail::inverseFactorials<F::expTerms>();
    V p = all<V>(table.value[F::expTerms]);
    for (int i = F::expTerms - 1; i >= 0; --i) {
        p = p * r + static_cast<T>(table.value[i]);
    }
    // 2^n as 2 2^(n-1): n may be one above the largest exponent.
    const V magic = all<V>(static_cast<double>(F::magic));
    const Bits k = std::bit_cast<Bits>(shifted) - std::bit_cast<Bits>(magic);
    const V scale = std::bit_cast<V>((k + (F::bias - 1)) << F::mantissa);
    const V value = p * scale * T{2};
    return x < F::lowest ? V{} : value;
}

/// Relative error below 3 units in the last place, absolute near 1. log 0 is -infinity, of a
/// negative number not-a-number.
template <class V>
LX_PACK V packLog(const V& x) {
    using T = Lane<V>;
    using F = detail::Format<T>;
    using Bits = typename detail::PackOf<T>::bits;
    using Word = Lane<Bits>;
    constexpr T inf = std::numeric_limits<T>::infinity();
    const V lifted = x < F::tiny ? x * F::lift : x;
    const V shift = x < F::tiny ? all<V>(F::liftBits) : V{};
    const Bits bits = std::bit_cast<Bits>(lifted);
    const Word mask = (Word{1} << F::mantissa) - 1;
    const V plain = all<V>(static_cast<double>(F::plain));
    const Bits exponent =
        (bits >> F::mantissa) & ((Word{1} << (sizeof(T) * 8 - 1 - F::mantissa)) - 1);
    V e = std::bit_cast<V>(exponent | std::bit_cast<Bits>(plain)) - F::plain;
    const V one = all<V>(1);
    V m = std::bit_cast<V>((bits & mask) | std::bit_cast<Bits>(one));
    const auto large = m > static_cast<T>(1.4142135623730951);
    e = (large ? e + T{1} : e) - static_cast<T>(F::bias) - shift;
    m = large ? m * static_cast<T>(0.5) : m;
    // log m = 2 atanh(s), s = (m - 1) / (m + 1).
    const V s = (m - T{1}) / (m + T{1});
    const V s2 = s * s;
    V series = all<V>(1.0 / (2 * F::logTerms - 1));
    for (int i = F::logTerms - 2; i >= 0; --i) {
        series = series * s2 + static_cast<T>(1.0 / (2 * i + 1));
    }
    V value = e * F::ln2High + (e * F::ln2Low + T{2} * s * series);
    value = x == T{0} ? V{} - inf : value;
    value = x == inf ? V{} + inf : value;
    return x >= T{0} ? value : V{} + std::numeric_limits<T>::quiet_NaN();
}

/// Sine and cosine, double precision inside. Beyond 2^20 quarter turns lane by lane from libm.
template <class V>
LX_PACK void packSinCos(const V& angle, V& sine, V& cosine) {
    const Double8 x = __builtin_convertvector(angle, Double8);
    constexpr double kMagic = detail::Format<double>::magic;
    const Double8 shifted = x * 0.63661977236758138 + kMagic;
    const Double8 n = shifted - kMagic;
    // Quarter turns are taken off in three parts of 33 bits. Ref: fdlibm, e_rem_pio2.c.
    const Double8 r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) -
                      n * 2.02226624879595063154e-21;
    const Double8 r2 = r * r;
    constexpr auto table = detail::inverseFactorials<18>();
    Double8 s = all<Double8>(-table.value[15]) + r2 * table.value[17];
    Double8 c = all<Double8>(table.value[16]) - r2 * table.value[18];
    for (int i = 13; i >= 1; i -= 2) {
        s = s * r2 + ((i / 2) % 2 == 0 ? table.value[i] : -table.value[i]);
    }
    for (int i = 14; i >= 0; i -= 2) {
        c = c * r2 + ((i / 2) % 2 == 0 ? table.value[i] : -table.value[i]);
    }
    s = s * r;
    const Double8 magic = all<Double8>(kMagic);
    const Bits64x8 quadrant = std::bit_cast<Bits64x8>(shifted) - std::bit_cast<Bits64x8>(magic);
    const auto swapped = (quadrant & 1) != 0;
    Double8 sines = swapped ? c : s, cosines = swapped ? s : c;
    sines = (quadrant & 2) != 0 ? -sines : sines;
    cosines = ((quadrant + 1) & 2) != 0 ? -cosines : cosines;
    for (int i = 0; i < kLanes; ++i) {
        if (!(std::abs(x[i]) < 1e6)) {
            sines[i] = std::sin(x[i]);
            cosines[i] = std::cos(x[i]);
        }
    }
    sine = __builtin_convertvector(sines, V);
    cosine = __builtin_convertvector(cosines, V);
}

/// x^n by repeated squaring; n may be negative.
template <class V>
LX_PACK V packPower(V x, int n) {
    V result = all<V>(1);
    for (unsigned k = static_cast<unsigned>(n < 0 ? -n : n); k != 0; k >>= 1) {
        if ((k & 1U) != 0) {
            result = result * x;
        }
        x = x * x;
    }
    return n < 0 ? Lane<V>{1} / result : result;
}

}  // namespace lx
