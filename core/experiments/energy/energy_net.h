// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/mlp.h"
#include "core/experiments/energy/plan.h"

namespace lx::learned {

/// The network with the weights `flat` as an energy: a target for every sampler and executor.
std::shared_ptr<const MlpEnergy> energyOf(const Parameters&, const Tensor& flat, const Choices&);

}  // namespace lx::learned
