// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/registry.h"

namespace lx {

/// The energy of a saved model as it is offered, without `make`: that needs the model's own code
/// (core/experiments/learned_energy.h).
EnergySpec learnedDeclaration();

}  // namespace lx
