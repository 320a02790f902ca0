// SPDX-License-Identifier: GPL-3.0-or-later
// Chains side by side in one vector register, and functions of them. Included only by level.cpp,
// once for each instruction set; everything is inlined, and nothing comes from a standard header
// but types. Not-a-number passes through all functions.
#pragma once

#include "core/executors/fused/job.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define LX_LANES [[gnu::always_inline]] static inline

namespace lx::executors::fused::LX_LEVEL {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
inline constexpr int kWidth = 16;
#elif defined(__AVX2__)
inline constexpr int kWidth = 8;
#else
inline constexpr int kWidth = 4;
#endif
using Floats [[gnu::vector_size(4 * kWidth)]] = float;
using Ints [[gnu::vector_size(4 * kWidth)]] = std::int32_t;
using Words [[gnu::vector_size(4 * kWidth)]] = std::uint32_t;
using Pairs [[gnu::vector_size(4 * kWidth)]] = std::uint64_t;  ///< half as many 64-bit lanes

/// Minus and not plus zero: 0 + x is not x where x is -0, so that each weight of a network would
/// cost an addition before it could be broadcast.
LX_LANES Floats all(float x) {
    return x - Floats{};
}
LX_LANES Words allWords(std::uint32_t x) {
    return Words{} + x;
}

#if defined(__AVX512F__) && defined(__AVX512DQ__)
LX_LANES Floats mulAdd(Floats a, Floats b, Floats c) {
    return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
/// The second argument where either is not a number.
LX_LANES Floats lower(Floats a, Floats b) {
    return (Floats)_mm512_min_ps((__m512)a, (__m512)b);
}
LX_LANES Floats higher(Floats a, Floats b) {
    return (Floats)_mm512_max_ps((__m512)a, (__m512)b);
}
LX_LANES Floats squareRoot(Floats a) {
    return (Floats)_mm512_sqrt_ps((__m512)a);
}
LX_LANES Floats roughReciprocal(Floats a) {
    return (Floats)_mm512_rcp14_ps((__m512)a);
}
LX_LANES Floats fromWords(Words a) {
    return (Floats)_mm512_cvtepu32_ps((__m512i)a);
}
LX_LANES Pairs product(Pairs a, Pairs b) {
    return (Pairs)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}
#elif defined(__AVX2__)
LX_LANES Floats mulAdd(Floats a, Floats b, Floats c) {
    return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
LX_LANES Floats lower(Floats a, Floats b) {
    return (Floats)_mm256_min_ps((__m256)a, (__m256)b);
}
LX_LANES Floats higher(Floats a, Floats b) {
    return (Floats)_mm256_max_ps((__m256)a, (__m256)b);
}
LX_LANES Floats squareRoot(Floats a) {
    return (Floats)_mm256_sqrt_ps((__m256)a);
}
LX_LANES Floats roughReciprocal(Floats a) {
    return (Floats)_mm256_rcp_ps((__m256)a);
}
LX_LANES Pairs product(Pairs a, Pairs b) {
    return (Pairs)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}
#else
LX_LANES Floats mulAdd(Floats a, Floats b, Floats c) {
    return a * b + c;
}
LX_LANES Floats lower(Floats a, Floats b) {
    return a < b ? a : b;
}
LX_LANES Floats higher(Floats a, Floats b) {
    return a > b ? a : b;
}
LX_LANES Floats squareRoot(Floats a) {
#if defined(__SSE2__)
    return (Floats)_mm_sqrt_ps((__m128)a);
#else
    Floats root{};
    for (int i = 0; i < kWidth; ++i) {
        root[i] = __builtin_sqrtf(a[i]);
    }
    return root;
#endif
}
LX_LANES Pairs product(Pairs a, Pairs b) {
    return (a & 0xFFFFFFFFU) * (b & 0xFFFFFFFFU);
}
#endif

#if !(defined(__AVX512F__) && defined(__AVX512DQ__))
/// Correctly rounded: both halves are exact.
LX_LANES Floats fromWords(Words a) {
    return __builtin_convertvector((Ints)(a >> 16), Floats) * 65536.0F +
           __builtin_convertvector((Ints)(a & 0xFFFFU), Floats);
}
#endif

LX_LANES bool anyOf(Ints mask) {
    const Pairs halves = (Pairs)mask;
    std::uint64_t any = 0;
    for (int i = 0; i < kWidth / 2; ++i) {
        any |= halves[i];
    }
    return any != 0;
}

/// Is any lane of a at most `limit`, or not a number?
LX_LANES bool anyNotAbove(Floats a, float limit) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)all(limit), _CMP_NGT_UQ) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)all(limit), _CMP_NGT_UQ)) != 0;
#else
    return anyOf(~(a > limit));
#endif
}

/// 1 / a to one or two units in the last place, for |a| below 2^126.
LX_LANES Floats reciprocal(Floats a) {
#if defined(__AVX2__)
    const Floats r = roughReciprocal(a);
    return r * mulAdd(-a, r, all(2.0F));
#else
    return 1.0F / a;
#endif
}

LX_LANES Floats magnitude(Floats a) {
    return (Floats)((Words)a & 0x7FFFFFFFU);
}

/// exp a; relative error below 2e-7. Arguments are taken to lie in [-87, 88].
LX_LANES Floats exponential(Floats a) {
    constexpr float magic = 12582912.0F;  // 1.5 2^23: adding it rounds to an integer
    const Floats c = lower(all(88.0F), higher(all(-87.0F), a));
    const Floats shifted = mulAdd(c, all(1.44269504F), all(magic));
    const Ints n = (Ints)shifted - (Ints)all(magic);
    const Floats k = shifted - magic;
    Floats r = mulAdd(k, all(-0.693359375F), c);
    r = mulAdd(k, all(2.12194440e-4F), r);
    Floats p = mulAdd(r, all(1.9875691500e-4F), all(1.3981999507e-3F));
    p = mulAdd(p, r, all(8.3334519073e-3F));
    p = mulAdd(p, r, all(4.1665795894e-2F));
    p = mulAdd(p, r, all(1.6666665459e-1F));
    p = mulAdd(p, r, all(5.0000001201e-1F));
    p = mulAdd(p, r * r, r + 1.0F);
    return p * (Floats)((n + 127) << 23);
}

/// 2^a for a <= 0, to 2e-7; what is below 2^-125 becomes at most that.
LX_LANES Floats powerOfTwo(Floats a) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    // 2^(j/32) from two registers, a parabola for the rest: half the products of the polynomial.
    constexpr float magic = 393216.0F;  // 1.5 2^18: adding it keeps 32nds
    constexpr Floats low = {1.0F,        1.0218972F,  1.04427373F, 1.06714046F,
                            1.09050775F, 1.1143868F,  1.13878858F, 1.1637249F,
                            1.18920708F, 1.21524739F, 1.24185777F, 1.26905096F,
                            1.29683959F, 1.32523668F, 1.35425556F, 1.38390994F};
    constexpr Floats high = {1.41421354F, 1.44518077F, 1.47682619F, 1.50916445F,
                             1.54221082F, 1.5759809F,  1.61049032F, 1.64575553F,
                             1.68179286F, 1.71861935F, 1.75625217F, 1.79470909F,
                             1.8340081F,  1.87416768F, 1.91520655F, 1.95714414F};
    constexpr int down = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
    const __m512i part = (__m512i)_mm512_add_round_ps((__m512)a, (__m512)all(magic), down);
    const Floats root = (Floats)_mm512_permutex2var_ps((__m512)low, part, (__m512)high);
    const Floats r = (Floats)_mm512_reduce_ps((__m512)a, (5 << 4) | down);
    const Floats p = mulAdd(r, mulAdd(r, all(0.242844179F), all(0.693116426F)), all(1.0F));
    return (Floats)_mm512_scalef_ps((__m512)(root * p), (__m512)a);
#else
    constexpr float magic = 12582912.0F;
    const Floats c = higher(all(-125.0F), a);
    const Floats shifted = c + magic;
    const Floats n = shifted - magic, r = c - n;
    Floats p = mulAdd(r, all(1.535336188e-4F), all(1.339887440e-3F));
    p = mulAdd(p, r, all(9.618437357e-3F));
    p = mulAdd(p, r, all(5.550332471e-2F));
    p = mulAdd(p, r, all(2.402264791e-1F));
    p = mulAdd(p, r, all(6.931472029e-1F));
    p = mulAdd(p, r, all(1.0F));
    return p * (Floats)(((Ints)shifted - (Ints)all(magic) + 127) << 23);
#endif
}

LX_LANES Floats sigmoid(Floats a) {
    return reciprocal(1.0F + exponential(-a));
}

/// A positive normal number as m 2^e with m in [sqrt(1/2), sqrt 2].
LX_LANES void mantissa(Floats x, Floats& m, Floats& e) {
    const Words bits = (Words)x;
    const Floats whole = (Floats)((bits & 0x007FFFFFU) | 0x3F800000U);
    const Ints large = whole > 1.41421356F;
    m = large ? whole * 0.5F : whole;
    e = __builtin_convertvector((Ints)(bits >> 23) - 127 - large, Floats);
}

/// ln(m 2^e) from s = (m - 1) / (m + 1).
LX_LANES Floats logarithmOf(Floats s, Floats e) {
    const Floats s2 = s * s;
    Floats p = mulAdd(s2, all(0.11111111F), all(0.14285715F));
    p = mulAdd(s2, p, all(0.2F));
    p = mulAdd(s2, p, all(0.33333333F));
    const Floats series = 2.0F * s * mulAdd(s2, p, all(1.0F));
    return mulAdd(e, all(-2.12194440e-4F), mulAdd(e, all(0.693359375F), series));
}

/// portableLog of core/base/philox.h on lanes.
LX_LANES Floats logarithm(Floats x) {
    Floats m, e;
    mantissa(x, m, e);
    return logarithmOf((m - 1.0F) / (m + 1.0F), e);
}

/// portableSinCos2Pi of core/base/philox.h on lanes; u in [0, 1).
LX_LANES void sinCos2Pi(Floats u, Floats& sine, Floats& cosine) {
    const Ints quadrant = __builtin_convertvector(u * 4.0F + 0.5F, Ints);
    const Floats a =
        mulAdd(__builtin_convertvector(quadrant, Floats), all(-0.25F), u) * 6.28318531F;
    const Floats a2 = a * a;
    Floats s = mulAdd(a2, all(2.7525562e-6F), all(-1.9840874e-4F));
    s = mulAdd(a2, s, all(8.3333310e-3F));
    s = mulAdd(a2, s, all(-1.6666667e-1F));
    s = mulAdd(a * a2, s, a);
    Floats c = mulAdd(a2, all(2.4760495e-5F), all(-1.3888378e-3F));
    c = mulAdd(a2, c, all(4.1666638e-2F));
    c = mulAdd(a2, c, all(-0.5F));
    c = mulAdd(a2, c, all(1.0F));
    const Ints odd = (quadrant & 1) != 0;
    const Floats first = odd ? c : s, second = odd ? s : c;
    sine = (Floats)((Words)first ^ ((Words)(quadrant & 2) << 30));
    cosine = (Floats)((Words)second ^ ((Words)((quadrant + 1) & 2) << 30));
}

/// Any finite logarithm: 0 gives -infinity, a negative number not-a-number.
LX_LANES Floats fullLogarithm(Floats x) {
    constexpr float inf = __builtin_inff();
    Floats value = logarithm(x);
    value = x < 1.17549435e-38F ? all(-inf) : value;
    value = x < 0.0F ? all(__builtin_nanf("")) : value;
    return x < inf ? value : x;
}

/// sin a and cos a; absolute error below 2e-7 for |a| < 8192, with libm's beyond.
LX_LANES void sinCos(Floats a, Floats& sine, Floats& cosine) {
    constexpr float magic = 12582912.0F;
    const Floats shifted = mulAdd(a, all(0.636619772F), all(magic));
    const Ints quadrant = (Ints)shifted - (Ints)all(magic);
    const Floats n = shifted - magic;
    Floats r = mulAdd(n, all(-1.5703125F), a);  // pi/2 in three parts
    r = mulAdd(n, all(-4.837512969970703125e-4F), r);
    r = mulAdd(n, all(-7.549789948768648e-8F), r);
    const Floats z = r * r;
    Floats s = mulAdd(z, all(-1.9515295891e-4F), all(8.3321608736e-3F));
    s = mulAdd(z, s, all(-1.6666654611e-1F));
    s = mulAdd(s * z, r, r);
    Floats c = mulAdd(z, all(2.443315711809948e-5F), all(-1.388731625493765e-3F));
    c = mulAdd(z, c, all(4.166664568298827e-2F));
    c = mulAdd(z * z, c, mulAdd(z, all(-0.5F), all(1.0F)));
    const Ints odd = (quadrant & 1) != 0;
    const Floats first = odd ? c : s, second = odd ? s : c;
    sine = (Floats)((Words)first ^ ((Words)(quadrant & 2) << 30));
    cosine = (Floats)((Words)second ^ ((Words)((quadrant + 1) & 2) << 30));
    if (anyOf(~(magnitude(a) < 8192.0F))) {
        for (int i = 0; i < kWidth; ++i) {
            if (!(__builtin_fabsf(a[i]) < 8192.0F)) {
                sine[i] = __builtin_sinf(a[i]);
                cosine[i] = __builtin_cosf(a[i]);
            }
        }
    }
}

/// Value and derivative of an activation; softplus and tanh to about 1e-7 absolute.
template <Unit U>
LX_LANES void activate(Floats a, float slope, Floats& value, Floats& derivative) {
    if constexpr (U == Unit::Silu) {
        const Floats s = sigmoid(a);
        value = a * s;
        derivative = mulAdd(value, 1.0F - s, s);
    } else if constexpr (U == Unit::Tanh) {
        value = mulAdd(all(2.0F), sigmoid(2.0F * a), all(-1.0F));
        derivative = mulAdd(-value, value, all(1.0F));
    } else if constexpr (U == Unit::LeakyRelu) {
        const Ints positive = a > 0.0F;
        value = positive ? a : a * slope;
        derivative = positive ? all(1.0F) : all(slope);
    } else {
        // exp(-|a|) serves both: the sigmoid is 1 / (1 + u) above 0 and u / (1 + u) below.
        const Floats u = exponential(-magnitude(a));
        value = higher(Floats{}, a) + logarithm(1.0F + u);
        derivative = (a > 0.0F ? all(1.0F) : u) * reciprocal(1.0F + u);
    }
}

/// What is not a finite number becomes +infinity and 0, as everywhere in core/energies.
template <int NV>
LX_LANES void makeFinite(int dim, Floats* energy, Floats (*grad)[NV]) {
    constexpr float inf = __builtin_inff();
    for (int v = 0; v < NV; ++v) {
        energy[v] = magnitude(energy[v]) < inf ? energy[v] : all(inf);
        for (int i = 0; i < dim; ++i) {
            grad[i][v] = magnitude(grad[i][v]) < inf ? grad[i][v] : Floats{};
        }
    }
}

}  // namespace lx::executors::fused::LX_LEVEL
