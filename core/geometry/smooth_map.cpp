// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/smooth_map.h"

#include <algorithm>
#include <string>

namespace lx {
namespace {

Index rows(std::size_t size, Index dim) {
    const auto d = static_cast<std::size_t>(dim);
    if (size % d != 0) {
        throw UsageError(std::to_string(size) + " numbers are no points of " + std::to_string(dim) +
                         " dimensions");
    }
    return static_cast<Index>(size / d);
}

void require(std::size_t have, Index wanted) {
    if (have != static_cast<std::size_t>(wanted)) {
        throw UsageError("a map was given " + std::to_string(have) + " numbers where " +
                         std::to_string(wanted) + " are needed");
    }
}

/// `given`, or room of that size when it is empty.
std::span<double> room(std::span<double> given, Index wanted, std::vector<double>& own) {
    if (given.empty()) {
        own.resize(static_cast<std::size_t>(wanted));
        return own;
    }
    require(given.size(), wanted);
    return given;
}

}  // namespace

void SmoothMap::value(std::span<const double> z, std::span<double> y) const {
    const Index n = rows(z.size(), inputs());
    require(y.size(), n * outputs());
    forward(z.data(), nullptr, n, 0, y.data(), nullptr);
}

void SmoothMap::jvp(std::span<const double> z, std::span<const double> v, std::span<double> jv,
                    std::span<double> y) const {
    const Index n = rows(z.size(), inputs());
    require(v.size(), n * inputs());
    require(jv.size(), n * outputs());
    std::vector<double> own;
    forward(z.data(), v.data(), n, 1, room(y, n * outputs(), own).data(), jv.data());
}

void SmoothMap::jacobian(std::span<const double> z, std::span<double> columns,
                         std::span<double> y) const {
    const Index d = inputs(), n = rows(z.size(), d);
    require(columns.size(), n * d * outputs());
    std::vector<double> own, basis(static_cast<std::size_t>(n * d * d));
    for (Index i = 0; i < n * d; ++i) {
        basis[static_cast<std::size_t>(i * d + i % d)] = 1;
    }
    forward(z.data(), basis.data(), n, d, room(y, n * outputs(), own).data(), columns.data());
}

void SmoothMap::vjp(std::span<const double> z, std::span<const double> w,
                    std::span<double> out) const {
    require(w.size(), rows(z.size(), inputs()) * outputs());
    differentiate(
        z, {},
        [&](std::span<const double>, std::span<const double>, std::span<double> yBar,
            std::span<double>) { std::ranges::copy(w, yBar.begin()); },
        out);
}

void SmoothMap::differentiate(std::span<const double> z, std::span<const double> v,
                              const Adjoint& adjoint, std::span<double> slope) const {
    const Index n = rows(z.size(), inputs());
    require(slope.size(), n * inputs());
    if (!v.empty()) {
        require(v.size(), n * inputs());
    }
    reverse(z.data(), v.empty() ? nullptr : v.data(), n, adjoint, slope.data());
}

}  // namespace lx
