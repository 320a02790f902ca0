// SPDX-License-Identifier: GPL-3.0-or-later
// The same prediction in four forms. v = alpha eps - sigma x; score = -eps / sigma.
// Ref: salimans2022, luo2022.
#pragma once

#include "core/diffusion/schedule.h"

#include <span>

namespace lx::diffusion {

enum class Prediction : std::uint8_t { Clean, Epsilon, Score, Velocity };

/// "x0", "epsilon", "score" or "v". Throws UsageError on another word.
Prediction predictionNamed(std::string_view);

/// wanted = value * given + z * noisy.
struct Linear {
    double value = 0, z = 0;
};
/// How `to` follows from `from` and z at a level: exact algebra for any alpha and sigma. From the
/// clean form digits are lost where sigma / alpha is small, to it where that is large.
Linear conversion(Prediction from, Prediction to, const NoiseLevel&);

/// Converts [N, D] values in place, given z [N, D]. Throws UsageError when the sizes disagree.
void convert(Prediction from, Prediction to, const NoiseLevel&, std::span<const double> z,
             std::span<double> values);

}  // namespace lx::diffusion
