// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/energies/registry.h"

namespace lx {

/// The model of a saved session as an energy, by the averaged weights where the run kept them: the
/// network of the family `energy`, the weighted sum of `energy-composition`; of the family
/// `diffusion` -log p of the noisy data at energy.log_snr, whose gradient is the learned score.
/// Points are in units of the model. Loading runs no code; whatever is wrong with the file is an
/// InputError or UsageError.
EnergySpec learnedEnergySpec(std::shared_ptr<const DataLibrary>);

}  // namespace lx
