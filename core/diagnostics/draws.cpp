// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/draws.h"

#include "core/diagnostics/special_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lx::diagnostics {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Draws::Draws(std::span<const double> all, Index chainCount, Index drawCount)
    : values(all), chains(chainCount), draws(drawCount) {
    const auto size = static_cast<Index>(all.size());
    // By division: the product of a caller's mistake may overflow.
    const bool fits =
        chains >= 0 && draws >= 0 &&
        (chains == 0 || draws == 0 ? size == 0 : size % chains == 0 && size / chains == draws);
    if (!fits) {
        throw UsageError(std::to_string(size) + " draws are not " + std::to_string(chains) +
                         " chains of " + std::to_string(draws));
    }
    // Ranks keep 32-bit indices.
    if (size > Index{std::numeric_limits<std::uint32_t>::max()}) {
        throw UsageError("more than 2^32 draws of one quantity; thin the chains");
    }
}

Trimmed shortest(std::span<const std::vector<double>> chains) {
    Trimmed out;
    out.chains = static_cast<Index>(chains.size());
    if (chains.empty()) {
        return out;
    }
    const auto least = std::ranges::min(chains, {}, &std::vector<double>::size).size();
    out.draws = static_cast<Index>(least);
    out.values.reserve(least * chains.size());
    for (const auto& chain : chains) {
        out.values.insert(out.values.end(), chain.begin(),
                          chain.begin() + static_cast<std::ptrdiff_t>(least));
        out.cut += static_cast<Index>(chain.size() - least);
    }
    return out;
}

bool undefinedFor(std::span<const double> values) noexcept {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double x : values) {
        if (!std::isfinite(x)) {
            return true;
        }
        low = std::min(low, x);
        high = std::max(high, x);
    }
    return !(high - low >= std::numeric_limits<double>::epsilon());
}

Fault faultOf(Draws draws, Index least) noexcept {
    bool infinite = false;
    for (const double x : draws.values) {
        if (std::isnan(x)) {
            return Fault::NotANumber;
        }
        infinite = infinite || std::isinf(x);
    }
    if (infinite) {
        return Fault::Infinite;
    }
    if (draws.chains < 1 || draws.draws / 2 < least) {
        return Fault::TooFewDraws;
    }
    return undefinedFor(draws.values) ? Fault::Constant : Fault::None;
}

Draws split(Draws draws, std::vector<double>& out) {
    if (draws.draws < 2) {
        out.assign(draws.values.begin(), draws.values.end());
        return {out, draws.chains, draws.draws};
    }
    const auto half = static_cast<std::size_t>(draws.draws / 2);
    out.resize(2 * half * static_cast<std::size_t>(draws.chains));
    auto at = out.begin();
    for (Index m = 0; m < draws.chains; ++m) {
        const auto chain = draws.chain(m);
        at = std::ranges::copy(chain.first(half), at).out;
        at = std::ranges::copy(chain.last(half), at).out;
    }
    return {out, 2 * draws.chains, draws.draws / 2};
}

Draws fold(Draws draws, double median, std::vector<double>& out) {
    out.resize(draws.values.size());
    std::ranges::transform(draws.values, out.begin(),
                           [median](double x) { return std::abs(x - median); });
    return {out, draws.chains, draws.draws};
}

void averageRanks(std::span<const double> values, std::vector<double>& ranks,
                  std::vector<std::uint32_t>* order) {
    struct Entry {
        double value;
        std::uint32_t index;
    };
    const std::size_t count = values.size();
    ranks.assign(count, kNaN);
    if (order != nullptr) {
        order->clear();
    }
    std::vector<Entry> entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (std::isnan(values[i])) {
            return;
        }
        entries[i] = {values[i], static_cast<std::uint32_t>(i)};
    }
    std::ranges::sort(entries, {}, &Entry::value);
    for (std::size_t i = 0; i < count;) {
        std::size_t end = i + 1;
        while (end < count && entries[end].value == entries[i].value) {
            ++end;
        }
        const double rank = 0.5 * static_cast<double>(i + 1 + end);
        for (; i < end; ++i) {
            ranks[entries[i].index] = rank;
        }
    }
    if (order != nullptr) {
        order->resize(count);
        std::ranges::transform(entries, order->begin(), &Entry::index);
    }
}

Draws rankNormalise(Draws draws, std::vector<double>& out) {
    averageRanks(draws.values, out);
    const double size = static_cast<double>(out.size()) + 0.25;
    for (double& r : out) {
        r = normalQuantile((r - 0.375) / size);
    }
    return {out, draws.chains, draws.draws};
}

double quantileOfSorted(std::span<const double> sorted, double p) noexcept {
    if (sorted.empty() || !(p >= 0 && p <= 1)) {
        return kNaN;
    }
    const double index = static_cast<double>(sorted.size() - 1) * p;
    const double low = std::floor(index), h = index - low;
    const double x = sorted[static_cast<std::size_t>(low)];
    const double y = sorted[static_cast<std::size_t>(std::ceil(index))];
    // Equal neighbours, infinite ones too, need no interpolation.
    return h > 0 && x != y ? (1 - h) * x + h * y : x;
}

double meanOf(std::span<const double> values) noexcept {
    const double count = static_cast<double>(values.size());
    const double first = std::accumulate(values.begin(), values.end(), 0.0) / count;
    if (!std::isfinite(first)) {
        return first;
    }
    double rest = 0;
    for (const double x : values) {
        rest += x - first;
    }
    return first + rest / count;
}

double varianceOf(std::span<const double> values) noexcept {
    if (values.size() < 2) {
        return kNaN;
    }
    // The rounded mean of equal values may differ from them, and 1e-33 instead of 0 turns an
    // infinite R-hat into a finite one.
    if (std::ranges::all_of(values, [&](double x) { return x == values[0]; })) {
        return std::isfinite(values[0]) ? 0 : kNaN;
    }
    const double mean = meanOf(values);
    double sum = 0;
    for (const double x : values) {
        sum += (x - mean) * (x - mean);
    }
    return sum / static_cast<double>(values.size() - 1);
}

}  // namespace lx::diagnostics
