// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for each instruction set with its own flags; LX_TABLE names the result. See table.h
// for what may be included.
#include "core/geometry/dense/table.h"

#define LX_DENSE [[gnu::always_inline]] static inline

namespace lx::dense {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kTileRows = 12;
#elif defined(__AVX2__)
constexpr int kBytes = 32, kTileRows = 6;
#else
constexpr int kBytes = 16, kTileRows = 6;
#endif

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
    using Vec [[gnu::vector_size(kBytes)]] = float;
    using Bits [[gnu::vector_size(kBytes)]] = std::int32_t;
    static constexpr int count = kBytes / 4, mantissa = 23, bias = 127, terms = 7;
    static constexpr float magic = 12582912.0F, lowest = -87.0F, highest = 88.0F;
    static constexpr float ln2High = 0.693359375F, ln2Low = -2.12194440e-4F;
};
template <>
struct Lanes<double> {
    using Vec [[gnu::vector_size(kBytes)]] = double;
    using Bits [[gnu::vector_size(kBytes)]] = std::int64_t;
    static constexpr int count = kBytes / 8, mantissa = 52, bias = 1023, terms = 13;
    static constexpr double magic = 6755399441055744.0, lowest = -708.0, highest = 709.0;
    static constexpr double ln2High = 6.93147180369123816490e-01;
    static constexpr double ln2Low = 1.90821492927058770002e-10;
};

template <class T>
using Vec = typename Lanes<T>::Vec;

template <class T>
LX_DENSE Vec<T> load(const T* p) {
    Vec<T> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
LX_DENSE void store(T* p, Vec<T> v) {
    __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
LX_DENSE Vec<T> all(T x) {
    return Vec<T>{} + x;
}

/// exp by 2^n e^r with a Taylor series in r; relative error of some units in the last place.
/// Not-a-number stays.
template <class T>
LX_DENSE Vec<T> expOf(Vec<T> x) {
    using L = Lanes<T>;
    Vec<T> c = x < L::lowest ? all<T>(L::lowest) : x;
    c = c > L::highest ? all<T>(L::highest) : c;
    const Vec<T> shifted = c * T(1.4426950408889634) + L::magic;
    const Vec<T> n = shifted - L::magic;
    const Vec<T> r = (c - n * L::ln2High) - n * L::ln2Low;
    T factor[L::terms + 1];
    factor[0] = 1;
    for (int i = 1; i <= L::terms; ++i) {
        factor[i] = factor[i - 1] / T(i);
    }
    Vec<T> p = all<T>(factor[L::terms]);
#pragma GCC unroll 16
    for (int i = L::terms - 1; i >= 0; --i) {
        p = p * r + factor[i];
    }
    const auto k = (typename L::Bits)shifted - (typename L::Bits)all<T>(L::magic);
    return p * (Vec<T>)((k + L::bias) << L::mantissa);
}

/// log(1 + e) for 0 <= e <= 1 by 2 atanh(e / (2 + e)); the series' tail is below rounding.
template <class T>
LX_DENSE Vec<T> logOnePlus(Vec<T> e) {
    const Vec<T> s = e / (e + T(2)), s2 = s * s;  // s <= 1/3
    constexpr int kTerms = sizeof(T) == 4 ? 9 : 18;
    Vec<T> sum = all<T>(T(1) / T(2 * kTerms - 1));
#pragma GCC unroll 20
    for (int i = kTerms - 2; i >= 0; --i) {
        sum = sum * s2 + T(1) / T(2 * i + 1);
    }
    return s * sum * T(2);
}

template <class T>
LX_DENSE Vec<T> sigmoidOf(Vec<T> a) {
    return T(1) / (expOf<T>(-a) + T(1));
}

/// tanh a = sign(a) (1 - e) / (1 + e), e = exp(-2 |a|); a series near 0 keeps the digits that 1 - e
/// would lose.
template <class T>
LX_DENSE Vec<T> tanhOf(Vec<T> a) {
    const Vec<T> size = a < T(0) ? -a : a;
    const Vec<T> e = expOf<T>(size * T(-2));
    const Vec<T> value = (T(1) - e) / (T(1) + e);
    const Vec<T> a2 = a * a;
    const Vec<T> near =
        size * (T(1) + a2 * (T(-1) / T(3) +
                             a2 * (T(2) / T(15) +
                                   a2 * (T(-17) / T(315) +
                                         a2 * (T(62) / T(2835) + a2 * (T(-1382) / T(155925)))))));
    const Vec<T> both = size < T(0.03) ? near : value;
    return a < T(0) ? -both : both;
}

template <class T>
LX_DENSE void unit(Act act, Vec<T> a, Vec<T>& h, Vec<T>& first, Vec<T>& second) {
    const Vec<T> zero{}, one = all<T>(1);
    switch (act) {
        case Act::Linear:
            h = a;
            first = one;
            second = zero;
            return;
        case Act::Tanh:
            h = tanhOf<T>(a);
            first = one - h * h;
            second = T(-2) * h * first;
            return;
        case Act::Silu: {
            const Vec<T> s = sigmoidOf<T>(a), slope = s * (one - s);
            h = a * s;
            first = s + a * slope;
            second = slope * (T(2) + a * (one - T(2) * s));
            return;
        }
        case Act::Relu:
            h = a <= T(0) ? zero : a;
            first = a > T(0) ? one : zero;
            second = zero;
            return;
        case Act::LeakyRelu: {
            const Vec<T> small = T(0.01) * one;
            h = a <= T(0) ? small * a : a;
            first = a > T(0) ? one : small;
            second = zero;
            return;
        }
        case Act::Softplus: {
            const Vec<T> size = a < T(0) ? -a : a;
            h = (a > T(0) ? a : zero) + logOnePlus<T>(expOf<T>(-size));
            h = a == a ? h : a;
            first = sigmoidOf<T>(a);
            second = first * (one - first);
            return;
        }
        case Act::Sigmoid:
            h = sigmoidOf<T>(a);
            first = h * (one - h);
            second = first * (one - T(2) * h);
            return;
        case Act::Exp: h = first = second = expOf<T>(a); return;
    }
}

template <class T, Act kAct>
LX_DENSE void activateAll(std::int64_t rows, std::int64_t n, const T* bias, T* a, T* first,
                          T* second) {
    constexpr int kLanes = Lanes<T>::count;
    for (std::int64_t r = 0; r < rows; ++r) {
        T* row = a + r * n;
        // n is a multiple of the panel, which is a multiple of the lanes.
        for (std::int64_t j = 0; j < n; j += kLanes) {
            Vec<T> h, d, dd;
            unit<T>(kAct, load(row + j) + load(bias + j), h, d, dd);
            store(row + j, h);
            if (first != nullptr) {
                store(first + r * n + j, d);
            }
            if (second != nullptr) {
                store(second + r * n + j, dd);
            }
        }
    }
}

template <class T>
void activate(Act act, std::int64_t rows, std::int64_t n, const T* bias, T* a, T* first,
              T* second) {
    switch (act) {
        case Act::Linear: return activateAll<T, Act::Linear>(rows, n, bias, a, first, second);
        case Act::Tanh: return activateAll<T, Act::Tanh>(rows, n, bias, a, first, second);
        case Act::Silu: return activateAll<T, Act::Silu>(rows, n, bias, a, first, second);
        case Act::Relu: return activateAll<T, Act::Relu>(rows, n, bias, a, first, second);
        case Act::Softplus: return activateAll<T, Act::Softplus>(rows, n, bias, a, first, second);
        case Act::Sigmoid: return activateAll<T, Act::Sigmoid>(rows, n, bias, a, first, second);
        case Act::Exp: return activateAll<T, Act::Exp>(rows, n, bias, a, first, second);
        case Act::LeakyRelu: return activateAll<T, Act::LeakyRelu>(rows, n, bias, a, first, second);
    }
}

/// A tile of kRows x (2 vectors) of C in registers.
template <class T, int kRows>
LX_DENSE void tile(std::int64_t n, std::int64_t k, const T* a, const T* b, T* c) {
    constexpr int kLanes = Lanes<T>::count;
    Vec<T> left[kRows], right[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
        left[r] = right[r] = Vec<T>{};
    }
    for (std::int64_t i = 0; i < k; ++i) {
        const Vec<T> b0 = load(b + i * 2 * kLanes), b1 = load(b + i * 2 * kLanes + kLanes);
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
            const T x = a[r * k + i];
            left[r] += x * b0;
            right[r] += x * b1;
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
        store(c + r * n, left[r]);
        store(c + r * n + kLanes, right[r]);
    }
}

template <class T>
void product(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T* c) {
    constexpr std::int64_t kPanel = 2 * Lanes<T>::count;
    for (std::int64_t j = 0; j < n; j += kPanel, b += k * kPanel) {
        std::int64_t r = 0;
        for (; r + kTileRows <= m; r += kTileRows) {
            tile<T, kTileRows>(n, k, a + r * k, b, c + r * n + j);
        }
        for (; r + 4 <= m; r += 4) {
            tile<T, 4>(n, k, a + r * k, b, c + r * n + j);
        }
        for (; r < m; ++r) {
            tile<T, 1>(n, k, a + r * k, b, c + r * n + j);
        }
    }
}

}  // namespace

extern const Table LX_TABLE;
constexpr Table LX_TABLE = {
    LX_NAME,
    {2 * Lanes<float>::count, product<float>, activate<float>},
    {2 * Lanes<double>::count, product<double>, activate<double>},
};

}  // namespace lx::dense
