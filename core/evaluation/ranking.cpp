// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/ranking.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lx {

double auroc(std::span<const double> higher, std::span<const double> lower) {
    if (higher.empty() || lower.empty()) {
        return 0.5;
    }
    std::vector<double> sorted(lower.begin(), lower.end());
    std::ranges::sort(sorted);
    double pairs = 0;
    for (const double v : higher) {
        const auto [first, last] = std::ranges::equal_range(sorted, v);
        pairs +=
            static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
    }
    return pairs / (static_cast<double>(higher.size()) * static_cast<double>(lower.size()));
}

}  // namespace lx
