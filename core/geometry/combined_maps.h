// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/smooth_map.h"

namespace lx {

/// One map after the other: y = [f(z), g(z), ...], so J'J is the sum of theirs. Throws UsageError
/// when their inputs differ.
SmoothMapPtr stackedMap(std::vector<SmoothMapPtr> parts);

/// Probabilities p(z) in the coordinates x = 2 asin(sqrt(p)), in which the Fisher metric
/// J' diag(1 / (p (1 - p))) J of Bernoulli outputs is a plain J'J. Outside [clamp, 1 - clamp] the
/// weight stays what it is at the clamp.
SmoothMapPtr bernoulliAngle(SmoothMapPtr probabilities, double clamp = 0.01);

}  // namespace lx
