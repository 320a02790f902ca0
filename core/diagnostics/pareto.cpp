// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/pareto.h"

#include "core/diagnostics/scalar.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace lx::diagnostics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Shape by the profile posterior of zhang2009 over a grid of theta = -k / sigma; `excess` is
/// sorted and not negative.
double fitShape(std::span<const double> excess) {
    const double count = static_cast<double>(excess.size());
    const auto grid = 30 + static_cast<std::size_t>(std::sqrt(count));
    const double quarter = excess[static_cast<std::size_t>(std::floor(count / 4 + 0.5)) - 1];
    const auto shapeAt = [&](double theta) {
        double sum = 0;
        for (const double x : excess) {
            sum += std::log1p(-theta * x);
        }
        return sum / count;
    };
    std::vector<double> thetas(grid), logs(grid);
    for (std::size_t j = 0; j < grid; ++j) {
        const double root = std::sqrt(static_cast<double>(grid) / (static_cast<double>(j) + 0.5));
        thetas[j] = 1 / excess.back() + (1 - root) / 3 / quarter;
        const double k = shapeAt(thetas[j]);
        logs[j] = count * (std::log(-thetas[j] / k) - k - 1);
    }
    const double largest = std::ranges::max(logs);
    double weight = 0, theta = 0;
    for (std::size_t j = 0; j < grid; ++j) {
        const double w = std::exp(logs[j] - largest);
        weight += w;
        theta += w * thetas[j];
    }
    theta /= weight;
    const double k = shapeAt(theta);
    // The prior counts as 10 draws of k = 0.5.
    return (k * count + 5) / (count + 10);
}

/// Of the `count` largest values.
double shapeOfLargest(std::span<const double> sorted, std::size_t count) {
    if (count < 5 || count >= sorted.size()) {
        return kNaN;
    }
    const auto tail = sorted.last(count);
    if (tail.back() - tail.front() < std::numeric_limits<double>::epsilon()) {
        return kNaN;
    }
    const double cutoff = sorted[sorted.size() - count - 1];
    std::vector<double> excess(count);
    std::ranges::transform(tail, excess.begin(), [cutoff](double x) { return x - cutoff; });
    const double shape = fitShape(excess);
    return std::isnan(shape) ? std::numeric_limits<double>::infinity() : shape;
}

}  // namespace

ParetoShape paretoShape(Draws draws, Tail tail) {
    const double size = static_cast<double>(draws.size());
    ParetoShape out{kNaN, kNaN, std::min(1 - 1 / std::log10(size), 0.7)};
    if (draws.values.empty() || undefinedFor(draws.values)) {
        return out;
    }
    ScalarDiagnostics scalar(draws);
    double count = std::ceil(size / 5);
    if (size > 225) {
        const double efficiency = scalar.essTail() / size;
        if (std::isnan(efficiency)) {
            return out;
        }
        count = std::ceil(3 * std::sqrt(size / efficiency));
    }
    if (tail == Tail::Both) {
        count = std::max(std::min(count, size / 2), 5.0);
    }
    const auto length = static_cast<std::size_t>(std::min(count, size));
    const auto sorted = scalar.sorted();
    std::vector<double> mirrored(sorted.rbegin(), sorted.rend());
    std::ranges::transform(mirrored, mirrored.begin(), std::negate<>());
    const double left = tail == Tail::Right ? kNaN : shapeOfLargest(mirrored, length);
    const double right = tail == Tail::Left ? kNaN : shapeOfLargest(sorted, length);
    out.shape = std::fmax(left, right);
    out.minimumSize = out.shape < 1           ? std::pow(10, 1 / (1 - std::max(out.shape, 0.0)))
                      : std::isnan(out.shape) ? kNaN
                                              : std::numeric_limits<double>::infinity();
    return out;
}

}  // namespace lx::diagnostics
