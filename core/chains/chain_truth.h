// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the density that chains are to draw from; each part may be missing.
#pragma once

#include "core/base/error.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lx {

class Energy;

struct ChainTruth {
    std::vector<double> mean, sd;  ///< [dim]; empty: unknown
    std::vector<double> weights;   ///< of the modes; empty: one mode, or unknown
    /// Mode of each point [n, dim], -1 for none; null: unknown. Any thread.
    std::function<std::vector<Index>(std::span<const double> points)> modesOf = {};
    /// Gradient of the log density at each point [n, dim]; null: unknown. Any thread.
    std::function<std::vector<double>(std::span<const double> points)> score = {};
};

/// Of an energy that a sampler targets; keeps it alive.
ChainTruth truthOf(std::shared_ptr<const Energy>);

}  // namespace lx
