// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/energy.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

template <class T>
void requireSizes(Index dim, std::span<const T> x, std::span<T> value, std::span<T> grad) {
    const auto d = static_cast<std::size_t>(dim);
    if (x.size() != value.size() * d || (!grad.empty() && grad.size() != x.size())) {
        throw UsageError("energy: " + std::to_string(x.size()) + " coordinates, " +
                         std::to_string(value.size()) + " values and " +
                         std::to_string(grad.size()) + " derivatives do not fit dimension " +
                         std::to_string(dim));
    }
}

}  // namespace

void Energy::evaluate(std::span<const double> x, std::span<double> value,
                      std::span<double> grad) const {
    requireSizes(dim(), x, value, grad);
    compute(x.data(), static_cast<Index>(value.size()), value.data(),
            grad.empty() ? nullptr : grad.data());
}

void Energy::evaluate(std::span<const float> x, std::span<float> value,
                      std::span<float> grad) const {
    requireSizes(dim(), x, value, grad);
    compute(x.data(), static_cast<Index>(value.size()), value.data(),
            grad.empty() ? nullptr : grad.data());
}

double Energy::at(std::span<const double> x) const {
    double value = 0;
    evaluate(x, std::span(&value, 1));
    return value;
}

void Energy::minibatch(Key /*key*/, Index /*rows*/, std::span<const double> /*x*/,
                       std::span<double> /*value*/, std::span<double> /*grad*/) const {
    throw UsageError(
        "this energy has no data, so no minibatch gradient: choose a kernel that uses "
        "the full gradient");
}

Index Energy::modeOf(std::span<const double> x) const {
    const auto all = modes();
    Index best = -1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t m = 0; m < all.size(); ++m) {
        double sum = 0;
        for (std::size_t k = 0; k < x.size(); ++k) {
            const double u = x[k] - all[m].centre[k];
            sum += u * u;
        }
        if (sum < least) {
            least = sum;
            best = static_cast<Index>(m);
        }
    }
    return best;
}

std::optional<std::vector<double>> Energy::marginal(Index axis, std::span<const double> at) const {
    if (dim() != 2 || axis < 0 || axis > 1) {
        return std::nullopt;
    }
    const auto logZ = logNormaliser();
    if (!logZ) {
        return std::nullopt;
    }
    // The trapezium rule converges faster than any power for a smooth density that vanishes at the
    // ends of the box.
    constexpr std::size_t kNodes = 2049;
    const Box region = box();
    const auto along = static_cast<std::size_t>(axis), across = 1 - along;
    const double low = region.lower[across];
    const double step = (region.upper[across] - low) / (kNodes - 1);
    std::vector<double> x(2 * kNodes), value(kNodes), out;
    out.reserve(at.size());
    for (const double a : at) {
        for (std::size_t i = 0; i < kNodes; ++i) {
            x[2 * i + along] = a;
            x[2 * i + across] = low + step * static_cast<double>(i);
        }
        evaluate(x, value);
        double sum = 0;
        for (const double e : value) {
            sum += std::exp(-e - *logZ);
        }
        out.push_back(sum * step);
    }
    return out;
}

std::vector<double> Energy::sample(Key /*key*/, Index /*count*/) const {
    throw UsageError("no exact sampler is known for this energy: run a chain instead");
}

Box Energy::frame() const {
    Box out = box();
    const auto centre = mean();
    const auto spread = covariance();
    for (std::size_t k = 0; centre && spread && k < out.lower.size(); ++k) {
        const double reach = 4 * std::sqrt((*spread)[k * out.lower.size() + k]);
        out.lower[k] = std::max(out.lower[k], (*centre)[k] - reach);
        out.upper[k] = std::min(out.upper[k], (*centre)[k] + reach);
    }
    return out;
}

std::vector<std::string> Energy::names() const {
    if (dim() == 2) {
        return {"x", "y"};
    }
    std::vector<std::string> out;
    for (Index k = 1; k <= dim(); ++k) {
        out.push_back("x" + std::to_string(k));
    }
    return out;
}

std::vector<double> Energy::natural(std::span<const double> z) const {
    return {z.begin(), z.end()};
}

}  // namespace lx
