// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/two_sample.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace lx {
namespace {

/// Mean of the kernels over all pairs of rows; of one list without each row's pair with itself.
double meanKernel(std::span<const double> a, std::span<const double> b, Index dim,
                  std::span<const double> bandwidths, bool same) {
    const auto d = static_cast<std::size_t>(dim);
    double sum = 0;
    for (std::size_t r = 0; r < a.size(); r += d) {
        for (std::size_t o = 0; o < b.size(); o += d) {
            double square = 0;
            for (std::size_t i = 0; i < d; ++i) {
                square += (a[r + i] - b[o + i]) * (a[r + i] - b[o + i]);
            }
            for (const double h : bandwidths) {
                sum += same && r == o ? 0 : std::exp(-square / (2 * h * h));
            }
        }
    }
    const auto n = static_cast<double>(a.size() / d), m = static_cast<double>(b.size() / d);
    return sum / (n * (same ? m - 1 : m) * static_cast<double>(bandwidths.size()));
}

}  // namespace

double squaredMmd(std::span<const double> a, std::span<const double> b, Index dim,
                  std::span<const double> bandwidths) {
    if (std::min(std::ssize(a), std::ssize(b)) < 2 * dim) {
        throw UsageError("a discrepancy of two samples needs two rows of each");
    }
    return meanKernel(a, a, dim, bandwidths, true) + meanKernel(b, b, dim, bandwidths, true) -
           2 * meanKernel(a, b, dim, bandwidths, false);
}

double histogramKl(const Energy& law, const Box& box, std::span<const double> rows, Index side) {
    constexpr Index kFine = 8;  // points a cell and axis, by the rule of middles
    const auto count = static_cast<std::size_t>(side * side);
    const double logZ = law.logNormaliser().value_or(NAN);
    const std::array<double, 2> step{(box.upper[0] - box.lower[0]) / static_cast<double>(side),
                                     (box.upper[1] - box.lower[1]) / static_cast<double>(side)};
    std::vector<double> mass(count + 1), share(count + 1), points, value;
    for (std::size_t cell = 0; cell < count; ++cell) {
        const std::array<double, 2> corner{
            box.lower[0] + step[0] * static_cast<double>(cell % static_cast<std::size_t>(side)),
            box.lower[1] + step[1] * static_cast<double>(cell / static_cast<std::size_t>(side))};
        points.clear();
        for (Index k = 0; k < kFine * kFine; ++k) {
            points.push_back(corner[0] + step[0] * (static_cast<double>(k % kFine) + 0.5) / kFine);
            points.push_back(corner[1] + step[1] * (static_cast<double>(k / kFine) + 0.5) / kFine);
        }
        value.resize(points.size() / 2);
        law.evaluate(std::span<const double>(points), value);
        for (const double e : value) {
            mass[cell] += std::exp(-e - logZ) * step[0] * step[1] / (kFine * kFine);
        }
        mass.back() += mass[cell];
    }
    mass.back() = std::max(1 - mass.back(), 0.0);
    const auto n = static_cast<double>(rows.size() / 2);
    for (std::size_t r = 0; r < rows.size(); r += 2) {
        const double x = std::floor((rows[r] - box.lower[0]) / step[0]),
                     y = std::floor((rows[r + 1] - box.lower[1]) / step[1]);
        const auto last = static_cast<double>(side - 1);
        const bool inside = x >= 0 && y >= 0 && x <= last && y <= last;
        const auto cell = inside ? static_cast<std::size_t>(x) +
                                       static_cast<std::size_t>(y) * static_cast<std::size_t>(side)
                                 : count;
        share[cell] += 1 / n;
    }
    // A row where the law has no mass must cost much, not everything.
    constexpr double kLeast = 1e-12;
    double out = 0;
    for (std::size_t cell = 0; cell <= count; ++cell) {
        out += share[cell] > 0 ? share[cell] * std::log(share[cell] / std::max(mass[cell], kLeast))
                               : 0;
    }
    return out;
}

}  // namespace lx
