// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/kernels.h"

#include <bit>
#include <cmath>

// ifunc resolvers run before a sanitizer is ready.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LX_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LX_CLONES
#endif
#define LX_INLINE inline __attribute__((always_inline))

namespace lx::kernels {
namespace {

/// exp in float, relative error below 2e-7 on [-87, 88]; clamped outside.
LX_INLINE float expOf(float x) {
    x = x < -87.0F ? -87.0F : x;
    x = x > 88.0F ? 88.0F : x;
    const float shifted = x * 1.44269504F + 12582912.0F;  // rounds to a whole number
    const float n = shifted - 12582912.0F;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    const float p =
        1.0F +
        r * (1.0F +
             r * (0.5F + r * (1.6666667e-1F +
                              r * (4.1666668e-2F + r * (8.3333310e-3F + r * 1.3888889e-3F)))));
    const auto bits = (std::bit_cast<std::uint32_t>(shifted) - 0x4B400000U + 127U) << 23;
    return p * std::bit_cast<float>(bits);
}
LX_INLINE double expOf(double x) {
    return std::exp(x);
}

/// log(1 + t) for t in [0, 1], by 2 atanh(t / (2 + t)).
LX_INLINE float log1pOf(float t) {
    const float s = t / (2.0F + t);
    const float q = s * s;
    return 2.0F * s *
           (1.0F +
            q * (0.33333333F +
                 q * (0.2F + q * (0.14285714F +
                                  q * (0.11111111F + q * (0.09090909F + q * 0.07692308F))))));
}
LX_INLINE double log1pOf(double t) {
    return std::log1p(t);
}

template <class T>
LX_INLINE T sigmoidOf(T a) {
    const T t = expOf(a < 0 ? a : -a);
    const T high = T(1) / (T(1) + t);
    return a < 0 ? t * high : high;
}

template <class T>
LX_INLINE void biasActivateRow(T* __restrict y, const T* __restrict bias, T* __restrict slope,
                               Index columns, Activation act) {
    switch (act) {
        case Activation::Identity:
            for (Index j = 0; j < columns; ++j) {
                y[j] += bias[j];
            }
            break;
        case Activation::Relu:
            for (Index j = 0; j < columns; ++j) {
                const T a = y[j] + bias[j];
                y[j] = a < 0 ? T(0) : a;
            }
            break;
        case Activation::LeakyRelu:
            for (Index j = 0; j < columns; ++j) {
                const T a = y[j] + bias[j];
                slope[j] = a < 0 ? T(0.01) : T(1);
                y[j] = a * slope[j];
            }
            break;
        case Activation::Silu:
            for (Index j = 0; j < columns; ++j) {
                const T a = y[j] + bias[j];
                const T s = sigmoidOf(a);
                const T h = a * s;
                slope[j] = s + h * (T(1) - s);
                y[j] = h;
            }
            break;
        case Activation::Tanh:
            for (Index j = 0; j < columns; ++j) {
                const T h = T(2) * sigmoidOf(T(2) * (y[j] + bias[j])) - T(1);
                slope[j] = T(1) - h * h;
                y[j] = h;
            }
            break;
    }
}

template <class T>
LX_INLINE void biasActivateAll(T* y, const T* bias, T* slope, Index rows, Index columns,
                               Activation act) {
    for (Index i = 0; i < rows; ++i) {
        biasActivateRow(y + i * columns, bias, slope == nullptr ? slope : slope + i * columns,
                        columns, act);
    }
}

template <class T>
LX_INLINE void activateBackwardAll(T* __restrict d, const T* __restrict y,
                                   const T* __restrict slope, Index count, Activation act) {
    if (act == Activation::Relu) {
        for (Index j = 0; j < count; ++j) {
            d[j] = y[j] > 0 ? d[j] : T(0);
        }
    } else if (act != Activation::Identity) {
        for (Index j = 0; j < count; ++j) {
            d[j] *= slope[j];
        }
    }
}

template <class T>
LX_INLINE void adamAll(T* __restrict w, const T* __restrict g, T* __restrict m, T* __restrict v,
                       Index count, const AdamStep& o) {
    const double correction1 = 1 - std::pow(o.beta1, static_cast<double>(o.step));
    const double correction2 = 1 - std::pow(o.beta2, static_cast<double>(o.step));
    const T rate = static_cast<T>(o.rate / correction1);
    const T root = static_cast<T>(1 / std::sqrt(correction2));
    const T b1 = static_cast<T>(o.beta1), c1 = static_cast<T>(1 - o.beta1);
    const T b2 = static_cast<T>(o.beta2), c2 = static_cast<T>(1 - o.beta2);
    const T epsilon = static_cast<T>(o.epsilon), scale = static_cast<T>(o.gradientScale);
    for (Index i = 0; i < count; ++i) {
        const T grad = g[i] * scale;
        const T mi = b1 * m[i] + c1 * grad;
        const T vi = b2 * v[i] + c2 * grad * grad;
        m[i] = mi;
        v[i] = vi;
        w[i] -= rate * mi / (std::sqrt(vi) * root + epsilon);
    }
}

template <class T>
LX_INLINE double squares(const T* __restrict x, Index count) {
    constexpr Index lanes = 16;
    double sums[lanes] = {};
    Index i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (Index k = 0; k < lanes; ++k) {
            const double value = static_cast<double>(x[i + k]);
            sums[k] += value * value;
        }
    }
    for (; i < count; ++i) {
        sums[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    double total = 0;
    for (const double sum : sums) {
        total += sum;
    }
    return total;
}

template <class T>
LX_INLINE void bernoulliRow(const T* __restrict a, const T* __restrict x, T& logp,
                            T* __restrict gradient, Index columns) {
    constexpr Index lanes = 16;
    T sums[lanes] = {};
    Index j = 0;
    const auto one = [&](Index at, T& sum) __attribute__((always_inline)) {
        const T value = a[at];
        const T negative = value < 0 ? value : -value;
        const T t = expOf(negative);
        const T high = T(1) / (T(1) + t);
        const T sigmoid = value < 0 ? t * high : high;
        sum += x[at] * value - (value < 0 ? T(0) : value) - log1pOf(t);
        gradient[at] = x[at] - sigmoid;
    };
    for (; j + lanes <= columns; j += lanes) {
        for (Index k = 0; k < lanes; ++k) {
            one(j + k, sums[k]);
        }
    }
    for (; j < columns; ++j) {
        one(j, sums[0]);
    }
    T total = 0;
    for (const T sum : sums) {
        total += sum;
    }
    logp = total;
}

}  // namespace

// target_clones needs plain functions, so the float instances are written out.
LX_CLONES static void biasActivateF(float* y, const float* bias, float* slope, Index rows,
                                    Index columns, Activation act) {
    biasActivateAll(y, bias, slope, rows, columns, act);
}
LX_CLONES static void activateBackwardF(float* d, const float* y, const float* slope, Index count,
                                        Activation act) {
    activateBackwardAll(d, y, slope, count, act);
}
LX_CLONES static void adamF(float* w, const float* g, float* m, float* v, Index count,
                            const AdamStep& o) {
    adamAll(w, g, m, v, count, o);
}
LX_CLONES static void averageF(float* __restrict average, const float* __restrict w, Index count,
                               float decay) {
    for (Index i = 0; i < count; ++i) {
        average[i] = decay * average[i] + (1.0F - decay) * w[i];
    }
}
LX_CLONES static double squaresF(const float* x, Index count) {
    return squares(x, count);
}
LX_CLONES static void bernoulliF(const float* logits, const float* x, float* logp, float* gradient,
                                 Index rows, Index columns) {
    for (Index i = 0; i < rows; ++i) {
        bernoulliRow(logits + i * columns, x + i * columns, logp[i], gradient + i * columns,
                     columns);
    }
}

template <>
void biasActivate(float* y, const float* bias, float* slope, Index rows, Index columns,
                  Activation act) {
    biasActivateF(y, bias, slope, rows, columns, act);
}
template <>
void biasActivate(double* y, const double* bias, double* slope, Index rows, Index columns,
                  Activation act) {
    biasActivateAll(y, bias, slope, rows, columns, act);
}
template <>
void activateBackward(float* d, const float* y, const float* slope, Index count, Activation act) {
    activateBackwardF(d, y, slope, count, act);
}
template <>
void activateBackward(double* d, const double* y, const double* slope, Index count,
                      Activation act) {
    activateBackwardAll(d, y, slope, count, act);
}
template <>
void adam(float* w, const float* g, float* m, float* v, Index count, const AdamStep& o) {
    adamF(w, g, m, v, count, o);
}
template <>
void adam(double* w, const double* g, double* m, double* v, Index count, const AdamStep& o) {
    adamAll(w, g, m, v, count, o);
}
template <>
void average(float* average, const float* w, Index count, double decay) {
    averageF(average, w, count, static_cast<float>(decay));
}
template <>
void average(double* average, const double* w, Index count, double decay) {
    for (Index i = 0; i < count; ++i) {
        average[i] = decay * average[i] + (1.0 - decay) * w[i];
    }
}
template <>
double sumOfSquares(const float* x, Index count) {
    return squaresF(x, count);
}
template <>
double sumOfSquares(const double* x, Index count) {
    return squares(x, count);
}
template <>
void bernoulli(const float* logits, const float* x, float* logp, float* gradient, Index rows,
               Index columns) {
    bernoulliF(logits, x, logp, gradient, rows, columns);
}
template <>
void bernoulli(const double* logits, const double* x, double* logp, double* gradient, Index rows,
               Index columns) {
    for (Index i = 0; i < rows; ++i) {
        bernoulliRow(logits + i * columns, x + i * columns, logp[i], gradient + i * columns,
                     columns);
    }
}

}  // namespace lx::kernels
