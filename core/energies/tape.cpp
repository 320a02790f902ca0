// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/tape.h"

#include "core/energies/tiled.h"

#include <numbers>

namespace lx {
namespace {

/// Packs a step works on at once, so that choosing the operation costs little.
constexpr Index kPacks = 4;

template <class V>
V softplus(const V& a) {
    return packMax<V>(a, V{}) +
           lanewise(packExp<V>(-packAbs<V>(a)), [](auto u) { return std::log1p(u); });
}
template <class V>
V sigmoid(const V& a) {
    return Lane<V>{1} / (Lane<V>{1} + packExp<V>(-a));
}

template <class V>
V forward(const TapeStep& s, const V& a, const V& b) {
    switch (s.op) {
        case TapeOp::Input:
        case TapeOp::Constant: return all<V>(s.value);
        case TapeOp::Add: return a + b;
        case TapeOp::Subtract: return a - b;
        case TapeOp::Multiply: return a * b;
        case TapeOp::Divide: return a / b;
        case TapeOp::Negate: return -a;
        case TapeOp::IntPower: return packPower<V>(a, s.b);
        case TapeOp::RealPower:
            return lanewise(a, [&](auto x) { return std::pow(static_cast<double>(x), s.value); });
        case TapeOp::Power: return lanewise(a, b, [](auto x, auto y) { return std::pow(x, y); });
        case TapeOp::Exp: return packExp<V>(a);
        case TapeOp::Log: return packLog<V>(a);
        case TapeOp::Log1p: return lanewise(a, [](auto x) { return std::log1p(x); });
        case TapeOp::Expm1: return lanewise(a, [](auto x) { return std::expm1(x); });
        case TapeOp::Sqrt: return packSqrt<V>(a);
        case TapeOp::Cbrt: return lanewise(a, [](auto x) { return std::cbrt(x); });
        case TapeOp::Sin:
        case TapeOp::Cos: {
            V sine{}, cosine{};
            packSinCos<V>(a, sine, cosine);
            return s.op == TapeOp::Sin ? sine : cosine;
        }
        case TapeOp::Tan: return lanewise(a, [](auto x) { return std::tan(x); });
        case TapeOp::Asin: return lanewise(a, [](auto x) { return std::asin(x); });
        case TapeOp::Acos: return lanewise(a, [](auto x) { return std::acos(x); });
        case TapeOp::Atan: return lanewise(a, [](auto x) { return std::atan(x); });
        case TapeOp::Atan2: return lanewise(a, b, [](auto y, auto x) { return std::atan2(y, x); });
        case TapeOp::Sinh: return lanewise(a, [](auto x) { return std::sinh(x); });
        case TapeOp::Cosh: return lanewise(a, [](auto x) { return std::cosh(x); });
        case TapeOp::Tanh: return lanewise(a, [](auto x) { return std::tanh(x); });
        case TapeOp::Abs: return packAbs<V>(a);
        case TapeOp::Min: return packMin<V>(a, b);
        case TapeOp::Max: return packMax<V>(a, b);
        case TapeOp::Erf: return lanewise(a, [](auto x) { return std::erf(x); });
        case TapeOp::Sigmoid: return sigmoid<V>(a);
        case TapeOp::Softplus: return softplus<V>(a);
    }
    return V{};
}

/// A path that does not count stays out even where its own slope is infinite.
template <class V>
V chain(const V& g, const V& slope) {
    return g == Lane<V>{0} ? V{} : g * slope;
}

/// Adds to da, db what step s with value v hands down of its adjoint g.
template <class V>
void backward(const TapeStep& s, const V& a, const V& b, const V& v, const V& g, V& da, V& db) {
    using T = Lane<V>;
    const T one = 1;
    switch (s.op) {
        case TapeOp::Input:
        case TapeOp::Constant: return;
        case TapeOp::Add:
            da = da + g;
            db = db + g;
            return;
        case TapeOp::Subtract:
            da = da + g;
            db = db - g;
            return;
        case TapeOp::Multiply:
            da = da + chain<V>(g, b);
            db = db + chain<V>(g, a);
            return;
        case TapeOp::Divide:
            da = da + chain<V>(g, one / b);
            db = db - chain<V>(g, v / b);
            return;
        case TapeOp::Negate: da = da - g; return;
        case TapeOp::IntPower:
            da = da + chain<V>(g, packPower<V>(a, s.b - 1) * static_cast<T>(s.b));
            return;
        case TapeOp::RealPower:
            da = da + chain<V>(g, lanewise(a, [&](auto x) {
                                   return s.value * std::pow(static_cast<double>(x), s.value - 1);
                               }));
            return;
        case TapeOp::Power:
            da = da +
                 chain<V>(g, lanewise(a, b, [](auto x, auto y) { return y * std::pow(x, y - 1); }));
            db = db + chain<V>(g, lanewise(a, v, [](auto x, auto p) {
                                   return p == 0 ? p : p * std::log(x);
                               }));
            return;
        case TapeOp::Exp: da = da + chain<V>(g, v); return;
        case TapeOp::Log: da = da + chain<V>(g, one / a); return;
        case TapeOp::Log1p: da = da + chain<V>(g, one / (one + a)); return;
        case TapeOp::Expm1: da = da + chain<V>(g, v + one); return;
        case TapeOp::Sqrt: da = da + chain<V>(g, T(0.5) / v); return;
        case TapeOp::Cbrt: da = da + chain<V>(g, one / (T(3) * v * v)); return;
        case TapeOp::Sin:
        case TapeOp::Cos: {
            V sine{}, cosine{};
            packSinCos<V>(a, sine, cosine);
            da = da + chain<V>(g, s.op == TapeOp::Sin ? cosine : -sine);
            return;
        }
        case TapeOp::Tan: da = da + chain<V>(g, one + v * v); return;
        case TapeOp::Asin: da = da + chain<V>(g, one / packSqrt<V>(one - a * a)); return;
        case TapeOp::Acos: da = da - chain<V>(g, one / packSqrt<V>(one - a * a)); return;
        case TapeOp::Atan: da = da + chain<V>(g, one / (one + a * a)); return;
        case TapeOp::Atan2: {
            const V square = a * a + b * b;
            da = da + chain<V>(g, b / square);
            db = db - chain<V>(g, a / square);
            return;
        }
        case TapeOp::Sinh:
            da = da + chain<V>(g, lanewise(a, [](auto x) { return std::cosh(x); }));
            return;
        case TapeOp::Cosh:
            da = da + chain<V>(g, lanewise(a, [](auto x) { return std::sinh(x); }));
            return;
        case TapeOp::Tanh: da = da + chain<V>(g, one - v * v); return;
        case TapeOp::Abs: da = da + (a > T{0} ? g : a < T{0} ? -g : V{}); return;
        case TapeOp::Min:
            da = da + (a < b ? g : V{});
            db = db + (a < b ? V{} : g);
            return;
        case TapeOp::Max:
            da = da + (a > b ? g : V{});
            db = db + (a > b ? V{} : g);
            return;
        case TapeOp::Erf:
            da = da +
                 chain<V>(g, packExp<V>(-(a * a)) * static_cast<T>(2 * std::numbers::inv_sqrtpi));
            return;
        case TapeOp::Sigmoid: da = da + chain<V>(g, v * (one - v)); return;
        case TapeOp::Softplus: da = da + chain<V>(g, sigmoid<V>(a)); return;
    }
}

/// The slot of operand b, which IntPower uses for its exponent.
std::size_t second(const TapeStep& s) {
    return static_cast<std::size_t>(s.op == TapeOp::IntPower || s.b < 0 ? std::max(s.a, 0) : s.b);
}

}  // namespace

double valueOf(const TapeStep& s, double a, double b) {
    return forward<Double8>(s, all<Double8>(a), all<Double8>(b))[0];
}

template <class T>
void runTape(const Tape& tape, Index dim, const T* x, Index count, T* value, T* grad) {
    using V = Pack<T>;
    const std::size_t n = tape.steps.size(), d = static_cast<std::size_t>(dim);
    std::vector<V> slots(n * kPacks), adjoints(grad != nullptr ? n * kPacks : 0);
    std::vector<V> lanes(d * kPacks), slopes(grad != nullptr ? d * kPacks : 0);
    for (Index first = 0; first < count; first += kPacks * kLanes) {
        const Index packs = std::min<Index>(kPacks, (count - first + kLanes - 1) / kLanes);
        for (Index p = 0; p < packs; ++p) {
            gatherRows(x, count, dim, first + p * kLanes, lanes.data() + p * dim);
        }
        for (std::size_t i = 0; i < n; ++i) {
            const TapeStep& s = tape.steps[i];
            const auto a = static_cast<std::size_t>(std::max(s.a, 0)), b = second(s);
            for (std::size_t p = 0; p < static_cast<std::size_t>(packs); ++p) {
                slots[i * kPacks + p] = s.op == TapeOp::Input ? lanes[p * d + a]
                                                              : forward<V>(s, slots[a * kPacks + p],
                                                                           slots[b * kPacks + p]);
            }
        }
        if (grad != nullptr) {
            std::ranges::fill(adjoints, V{});
            std::ranges::fill(slopes, V{});
            for (std::size_t p = 0; p < kPacks; ++p) {
                adjoints[(n - 1) * kPacks + p] = all<V>(1);
            }
            for (std::size_t i = n; i-- > 0;) {
                const TapeStep& s = tape.steps[i];
                const auto a = static_cast<std::size_t>(std::max(s.a, 0)), b = second(s);
                for (std::size_t p = 0; p < static_cast<std::size_t>(packs); ++p) {
                    const V g = adjoints[i * kPacks + p];
                    if (s.op == TapeOp::Input) {
                        slopes[p * d + a] = slopes[p * d + a] + g;
                        continue;
                    }
                    V da{}, db{};
                    backward<V>(s, slots[a * kPacks + p], slots[b * kPacks + p],
                                slots[i * kPacks + p], g, da, db);
                    adjoints[a * kPacks + p] = adjoints[a * kPacks + p] + da;
                    adjoints[b * kPacks + p] = adjoints[b * kPacks + p] + db;
                }
            }
        }
        for (Index p = 0; p < packs; ++p) {
            V e = slots[(n - 1) * kPacks + static_cast<std::size_t>(p)];
            V* slope = grad != nullptr ? slopes.data() + p * dim : nullptr;
            settle<V>(e, slope, dim);
            const Index at = first + p * kLanes, have = std::min<Index>(kLanes, count - at);
            for (Index i = 0; i < have; ++i) {
                value[at + i] = e[i];
                for (Index k = 0; grad != nullptr && k < dim; ++k) {
                    grad[(at + i) * dim + k] = slope[k][i];
                }
            }
        }
    }
}

template void runTape<float>(const Tape&, Index, const float*, Index, float*, float*);
template void runTape<double>(const Tape&, Index, const double*, Index, double*, double*);

}  // namespace lx
