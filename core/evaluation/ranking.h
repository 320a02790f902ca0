// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace lx {

/// Area under the ROC curve: the probability that a score of `higher` is above one of `lower`, ties
/// counted half. 1/2 where either is empty. Ref: hanley1982.
double auroc(std::span<const double> higher, std::span<const double> lower);

}  // namespace lx
