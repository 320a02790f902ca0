// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

namespace lx {

enum class Start : std::uint8_t {
    Overdispersed,  ///< uniform over the energy's frame: wider than the density in every direction
    Point,          ///< all chains where the caller says
    Exact,          ///< independent draws of the density itself
};
/// "overdispersed", "point" or "exact". Throws UsageError on another word.
Start startNamed(std::string_view);

/// Positions [chains, D]; row i depends on (key, i) alone. `point` [D] is for Start::Point.
/// Over-dispersed rows of infinite energy are drawn again, up to 100 times. Throws UsageError when
/// that fails, when the point does not fit, or when the energy has no exact draws.
std::vector<double> startPositions(const Energy&, Start, Key, Index chains,
                                   std::span<const double> point = {});

}  // namespace lx
