// SPDX-License-Identifier: GPL-3.0-or-later
// From [N, D] rows to packs of eight chains and back.
#pragma once

#include "core/energies/energy.h"
#include "core/energies/pack.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace lx {

/// Copies rows first .. first + 7 of x [count, dim] into lanes [dim]; rows past the end repeat the
/// last one.
template <class T>
void gatherRows(const T* x, Index count, Index dim, Index first, Pack<T>* lanes) {
    const Index have = std::min<Index>(kLanes, count - first);
    for (Index k = 0; k < dim; ++k) {
        for (Index i = 0; i < kLanes; ++i) {
            lanes[k][i] = x[(first + std::min(i, have - 1)) * dim + k];
        }
    }
}

/// What Energy promises of values that are not finite.
template <class V>
LX_PACK void settle(V& value, V* grad, Index dim) {
    using T = Lane<V>;
    constexpr T inf = std::numeric_limits<T>::infinity();
    const auto fine = packAbs(value) < inf;
    value = fine ? value : V{} + inf;
    if (grad != nullptr) {
        for (Index k = 0; k < dim; ++k) {
            const auto keep = fine & (packAbs(grad[k]) < inf);
            grad[k] = keep ? grad[k] : V{};
        }
    }
}

/// An energy given by one function on packs:
///   template <bool WithGrad, class V> V pack(const V* x, V* grad) const;   x, grad [dim]
template <class Derived>
class TiledEnergy : public Energy {
protected:
    void compute(const double* x, Index count, double* value, double* grad) const final {
        run(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const final {
        run(x, count, value, grad);
    }

private:
    template <class T>
    void run(const T* x, Index count, T* value, T* grad) const {
        const Index d = dim();
        constexpr Index kSmall = 16;
        if (d <= kSmall) {
            std::array<Pack<T>, kSmall> lanes{}, slopes{};
            tiles(x, count, value, grad, lanes.data(), slopes.data());
        } else {
            std::vector<Pack<T>> lanes(static_cast<std::size_t>(2 * d));
            tiles(x, count, value, grad, lanes.data(), lanes.data() + d);
        }
    }
    template <class T>
    void tiles(const T* x, Index count, T* value, T* grad, Pack<T>* lanes, Pack<T>* slopes) const {
        const auto& self = static_cast<const Derived&>(*this);
        const Index d = dim();
        for (Index first = 0; first < count; first += kLanes) {
            gatherRows(x, count, d, first, lanes);
            const Index have = std::min<Index>(kLanes, count - first);
            if (grad == nullptr) {
                Pack<T> e = self.template pack<false>(lanes, slopes);
                settle<Pack<T>>(e, nullptr, d);
                for (Index i = 0; i < have; ++i) {
                    value[first + i] = e[i];
                }
                continue;
            }
            Pack<T> e = self.template pack<true>(lanes, slopes);
            settle<Pack<T>>(e, slopes, d);
            for (Index i = 0; i < have; ++i) {
                value[first + i] = e[i];
                for (Index k = 0; k < d; ++k) {
                    grad[(first + i) * d + k] = slopes[k][i];
                }
            }
        }
    }
};

}  // namespace lx
