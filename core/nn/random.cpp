// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/random.h"

#include "core/base/philox.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace lx {
namespace {

std::span<float> floatsOf(at::Tensor& t) {
    return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

}  // namespace

at::Tensor normal(Key key, std::vector<Index> shape, Index first) {
    at::Tensor draws = at::empty(shape, at::kFloat);
    fillNormal(key, floatsOf(draws), static_cast<std::uint64_t>(first));
    return draws;
}

at::Tensor uniform(Key key, std::vector<Index> shape) {
    at::Tensor draws = at::empty(shape, at::kFloat);
    fillUniform(key, floatsOf(draws));
    return draws;
}

at::Tensor below(Key key, Index bound, Index count) {
    at::Tensor draws = at::empty({count}, at::kLong);
    fillBelow(key, static_cast<std::uint64_t>(bound),
              {draws.data_ptr<std::int64_t>(), static_cast<std::size_t>(count)});
    return draws;
}

at::Tensor subset(Key key, Index bound, Index count) {
    count = std::min(count, bound);
    std::vector<std::int64_t> order(static_cast<std::size_t>(bound));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::vector<float> u(static_cast<std::size_t>(count));
    fillUniform(key, u);
    for (Index i = 0; i < count; ++i) {
        const auto rest = static_cast<double>(bound - i);
        const Index pick =
            i + std::min<Index>(
                    bound - i - 1,
                    static_cast<Index>(static_cast<double>(u[static_cast<std::size_t>(i)]) * rest));
        std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(pick)]);
    }
    order.resize(static_cast<std::size_t>(count));
    return at::tensor(order, at::kLong);
}

}  // namespace lx
