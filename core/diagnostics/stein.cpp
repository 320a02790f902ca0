// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/stein.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::diagnostics {

SteinDiscrepancy steinDiscrepancy(std::span<const double> points, std::span<const double> scores,
                                  Index dim, const SteinOptions& options) {
    const auto width = static_cast<std::size_t>(dim);
    if (dim < 1 || points.size() % width != 0 || points.size() != scores.size()) {
        throw UsageError("points and scores must be arrays [n, " + std::to_string(dim) + "]");
    }
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    const std::size_t all = points.size() / width;
    const std::size_t most = static_cast<std::size_t>(std::max<Index>(options.maxPoints, 2));
    const std::size_t stride = std::max<std::size_t>((all + most - 1) / most, 1);
    const std::size_t count = all / stride;
    SteinDiscrepancy out{kNaN, kNaN, static_cast<Index>(count)};
    const auto finite = [](double x) { return std::isfinite(x); };
    if (count < 2 || !std::ranges::all_of(points, finite) || !std::ranges::all_of(scores, finite)) {
        return out;
    }
    const auto rowOf = [&](std::span<const double> values, std::size_t i) {
        return values.subspan(i * stride * width, width);
    };
    const auto distance2 = [&](std::size_t i, std::size_t j) {
        double sum = 0;
        for (std::size_t d = 0; d < width; ++d) {
            const double step = rowOf(points, i)[d] - rowOf(points, j)[d];
            sum += step * step;
        }
        return sum;
    };
    std::vector<double> squares;
    for (std::size_t i = 1; i < count; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            squares.push_back(distance2(i, j));
        }
    }
    const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
    std::ranges::nth_element(squares, middle);
    const double c2 = *middle > 0 ? *middle : 1;

    std::vector<double> stein(count * count);
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double product = 0, along = 0, r2 = 0;
            for (std::size_t d = 0; d < width; ++d) {
                const double step = rowOf(points, i)[d] - rowOf(points, j)[d];
                const double a = rowOf(scores, i)[d], b = rowOf(scores, j)[d];
                product += a * b;
                along += (a - b) * step;
                r2 += step * step;
            }
            const double q = 1 / (c2 + r2), k = std::sqrt(q);
            // s s' k + (s - s') (x - y) q^(3/2) + trace of the mixed second derivative.
            const double u = k * (product + q * (along + static_cast<double>(dim) - 3 * r2 * q));
            stein[i * count + j] = stein[j * count + i] = u;
            total += i == j ? u : 2 * u;
        }
    }
    const double n2 = static_cast<double>(count) * static_cast<double>(count);
    // Rounding may leave the sum of a positive matrix just below 0.
    out.value = std::sqrt(std::max(total, 0.0) / n2);
    if (options.bootstraps < 1) {
        return out;
    }
    std::vector<double> sign(count);
    std::uint64_t state = splitmix64(options.key.seed ^ splitmix64(options.key.stream));
    const auto uniform = [&state] {
        state += 0x9E3779B97F4A7C15ULL;
        return static_cast<double>(splitmix64(state) >> 11) * 0x1p-53;
    };
    // Thinned draws forget more between two.
    const double flip = std::min(options.flip * static_cast<double>(stride), 0.5);
    Index larger = 0;
    for (Index round = 0; round < options.bootstraps; ++round) {
        double current = uniform() < 0.5 ? 1 : -1;
        for (double& s : sign) {
            s = current = uniform() < flip ? -current : current;
        }
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            double row = 0;
            for (std::size_t j = 0; j < count; ++j) {
                row += stein[i * count + j] * sign[j];
            }
            sum += row * sign[i];
        }
        larger += sum >= total ? 1 : 0;
    }
    out.probability = static_cast<double>(larger + 1) / static_cast<double>(options.bootstraps + 1);
    return out;
}

}  // namespace lx::diagnostics
