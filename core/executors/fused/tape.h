// SPDX-License-Identifier: GPL-3.0-or-later
// Formula energies: the tape of core/energies/tape.h, forward and reverse, on vectors of chains.
// Included only by level.cpp.
#pragma once

#include "core/energies/tape_op.h"
#include "core/executors/fused/lanes.h"

namespace lx::executors::fused::LX_LEVEL {

using Op = TapeOp;

/// A function of libm lane by lane: for what is not worth a polynomial.
template <class F>
[[gnu::noinline]] Floats lanewise(Floats a, F f) {
    Floats out;
    for (int i = 0; i < kWidth; ++i) {
        out[i] = f(a[i]);
    }
    return out;
}
template <class F>
[[gnu::noinline]] Floats lanewise(Floats a, Floats b, F f) {
    Floats out;
    for (int i = 0; i < kWidth; ++i) {
        out[i] = f(a[i], b[i]);
    }
    return out;
}

LX_LANES Floats wholePower(Floats x, int n) {
    Floats result = all(1.0F);
    for (auto k = static_cast<unsigned>(n < 0 ? -n : n); k != 0; k >>= 1) {
        if ((k & 1U) != 0) {
            result = result * x;
        }
        x = x * x;
    }
    return n < 0 ? 1.0F / result : result;
}

/// exp over the whole range: infinity above 88, 0 below -87.
LX_LANES Floats fullExponential(Floats a) {
    const Floats value = exponential(a);
    return a > 88.0F ? all(__builtin_inff()) : a < -87.0F ? Floats{} : value;
}

LX_LANES Floats softplus(Floats a) {
    return higher(Floats{}, a) + logarithm(1.0F + exponential(-magnitude(a)));
}

LX_LANES Floats tapeValue(const TapeInstruction& s, Floats a, Floats b) {
    const auto constant = static_cast<float>(s.value);
    switch (s.op) {
        case Op::Input:
        case Op::Constant: return all(constant);
        case Op::Add: return a + b;
        case Op::Subtract: return a - b;
        case Op::Multiply: return a * b;
        case Op::Divide: return a / b;
        case Op::Negate: return -a;
        case Op::IntPower: return wholePower(a, s.b);
        case Op::RealPower:
            return lanewise(a, [&](float x) {
                return static_cast<float>(__builtin_pow(static_cast<double>(x), s.value));
            });
        case Op::Power:
            return lanewise(a, b, [](float x, float y) { return __builtin_powf(x, y); });
        case Op::Exp: return fullExponential(a);
        case Op::Log: return fullLogarithm(a);
        case Op::Log1p: return lanewise(a, [](float x) { return __builtin_log1pf(x); });
        case Op::Expm1: return lanewise(a, [](float x) { return __builtin_expm1f(x); });
        case Op::Sqrt: return squareRoot(a);
        case Op::Cbrt: return lanewise(a, [](float x) { return __builtin_cbrtf(x); });
        case Op::Sin:
        case Op::Cos: {
            Floats sine, cosine;
            sinCos(a, sine, cosine);
            return s.op == Op::Sin ? sine : cosine;
        }
        case Op::Tan: return lanewise(a, [](float x) { return __builtin_tanf(x); });
        case Op::Asin: return lanewise(a, [](float x) { return __builtin_asinf(x); });
        case Op::Acos: return lanewise(a, [](float x) { return __builtin_acosf(x); });
        case Op::Atan: return lanewise(a, [](float x) { return __builtin_atanf(x); });
        case Op::Atan2:
            return lanewise(a, b, [](float y, float x) { return __builtin_atan2f(y, x); });
        case Op::Sinh: return lanewise(a, [](float x) { return __builtin_sinhf(x); });
        case Op::Cosh: return lanewise(a, [](float x) { return __builtin_coshf(x); });
        case Op::Tanh: return lanewise(a, [](float x) { return __builtin_tanhf(x); });
        case Op::Abs: return magnitude(a);
        case Op::Min: return a < b ? a : b;
        case Op::Max: return a > b ? a : b;
        case Op::Erf: return lanewise(a, [](float x) { return __builtin_erff(x); });
        case Op::Sigmoid: return sigmoid(a);
        case Op::Softplus: return softplus(a);
    }
    return Floats{};
}

/// A path that does not count stays out even where its own slope is infinite.
LX_LANES Floats through(Floats g, Floats slope) {
    return g == 0.0F ? Floats{} : g * slope;
}

/// What step s with value v hands down of its adjoint g to its operands.
LX_LANES void tapeSlopes(const TapeInstruction& s, Floats a, Floats b, Floats v, Floats g,
                         Floats& da, Floats& db) {
    da = Floats{};
    db = Floats{};
    switch (s.op) {
        case Op::Input:
        case Op::Constant: return;
        case Op::Add:
            da = g;
            db = g;
            return;
        case Op::Subtract:
            da = g;
            db = -g;
            return;
        case Op::Multiply:
            da = through(g, b);
            db = through(g, a);
            return;
        case Op::Divide:
            da = through(g, 1.0F / b);
            db = -through(g, v / b);
            return;
        case Op::Negate: da = -g; return;
        case Op::IntPower:
            da = through(g, wholePower(a, s.b - 1) * static_cast<float>(s.b));
            return;
        case Op::RealPower:
            da = through(g, lanewise(a, [&](float x) {
                             return static_cast<float>(
                                 s.value * __builtin_pow(static_cast<double>(x), s.value - 1));
                         }));
            return;
        case Op::Power:
            da = through(g, lanewise(a, b, [](float x, float y) {
                             return y * __builtin_powf(x, y - 1.0F);
                         }));
            db = through(g, lanewise(a, v, [](float x, float p) {
                             return p == 0.0F ? p : p * __builtin_logf(x);
                         }));
            return;
        case Op::Exp: da = through(g, v); return;
        case Op::Log: da = through(g, 1.0F / a); return;
        case Op::Log1p: da = through(g, 1.0F / (1.0F + a)); return;
        case Op::Expm1: da = through(g, v + 1.0F); return;
        case Op::Sqrt: da = through(g, 0.5F / v); return;
        case Op::Cbrt: da = through(g, 1.0F / (3.0F * v * v)); return;
        case Op::Sin:
        case Op::Cos: {
            Floats sine, cosine;
            sinCos(a, sine, cosine);
            da = through(g, s.op == Op::Sin ? cosine : -sine);
            return;
        }
        case Op::Tan: da = through(g, 1.0F + v * v); return;
        case Op::Asin: da = through(g, 1.0F / squareRoot(1.0F - a * a)); return;
        case Op::Acos: da = -through(g, 1.0F / squareRoot(1.0F - a * a)); return;
        case Op::Atan: da = through(g, 1.0F / (1.0F + a * a)); return;
        case Op::Atan2: {
            const Floats square = a * a + b * b;
            da = through(g, b / square);
            db = -through(g, a / square);
            return;
        }
        case Op::Sinh:
            da = through(g, lanewise(a, [](float x) { return __builtin_coshf(x); }));
            return;
        case Op::Cosh:
            da = through(g, lanewise(a, [](float x) { return __builtin_sinhf(x); }));
            return;
        case Op::Tanh: da = through(g, 1.0F - v * v); return;
        case Op::Abs: da = a > 0.0F ? g : a < 0.0F ? -g : Floats{}; return;
        case Op::Min:
            da = a < b ? g : Floats{};
            db = a < b ? Floats{} : g;
            return;
        case Op::Max:
            da = a > b ? g : Floats{};
            db = a > b ? Floats{} : g;
            return;
        case Op::Erf: da = through(g, fullExponential(-(a * a)) * 1.12837917F); return;
        case Op::Sigmoid: da = through(g, v * (1.0F - v)); return;
        case Op::Softplus: da = through(g, sigmoid(a)); return;
    }
}

struct Formula {
    static constexpr int kMaxVectors = 2;
    static constexpr bool kFinite = false;
    static constexpr int kDim = kMaxDim;
    const TapeField& field;
    Floats *slots, *adjoints;  ///< [length, NV]

    static std::int64_t scratch(const TapeField& f) { return 2 * f.length * kMaxVectors; }

    template <int NV>
    [[gnu::noinline]] void evaluate(const Floats (*x)[NV], Floats* energy,
                                    Floats (*grad)[NV]) const {
        const auto second = [](const TapeInstruction& s) {
            return s.op == Op::IntPower || s.b < 0 ? (s.a > 0 ? s.a : 0) : s.b;
        };
        for (int n = 0; n < field.length; ++n) {
            const TapeInstruction& s = field.steps[n];
            const int a = s.a > 0 ? s.a : 0, b = second(s);
            for (int v = 0; v < NV; ++v) {
                slots[n * NV + v] = s.op == Op::Input
                                        ? x[a][v]
                                        : tapeValue(s, slots[a * NV + v], slots[b * NV + v]);
                adjoints[n * NV + v] = Floats{};
            }
        }
        for (int i = 0; i < field.dim; ++i) {
            for (int v = 0; v < NV; ++v) {
                grad[i][v] = Floats{};
            }
        }
        const int last = field.length - 1;
        for (int v = 0; v < NV; ++v) {
            energy[v] = slots[last * NV + v];
            adjoints[last * NV + v] = all(1.0F);
        }
        for (int n = last; n >= 0; --n) {
            const TapeInstruction& s = field.steps[n];
            const int a = s.a > 0 ? s.a : 0, b = second(s);
            for (int v = 0; v < NV; ++v) {
                const Floats g = adjoints[n * NV + v];
                if (s.op == Op::Input) {
                    grad[a][v] = grad[a][v] + g;
                    continue;
                }
                Floats da, db;
                tapeSlopes(s, slots[a * NV + v], slots[b * NV + v], slots[n * NV + v], g, da, db);
                adjoints[a * NV + v] = adjoints[a * NV + v] + da;
                adjoints[b * NV + v] = adjoints[b * NV + v] + db;
            }
        }
    }
};

}  // namespace lx::executors::fused::LX_LEVEL
