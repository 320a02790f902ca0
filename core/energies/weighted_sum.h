// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

namespace lx {

struct EnergyTerm {
    EnergyPtr energy;
    double weight = 1;
};

/// sum_i w_i E_i: the product of the densities, each to the power of its weight. Networks of full
/// layers with the same activation and depth become one network with their units side by side,
/// which executors can step; its layers may not exceed theirs. Throws UsageError when there are
/// none or they have different dimensions. Ref: hinton2002, du2020.
EnergyPtr weightedSum(std::vector<EnergyTerm>);

}  // namespace lx
