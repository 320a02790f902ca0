// SPDX-License-Identifier: GPL-3.0-or-later
// The two families of chains, without LibTorch.
#pragma once

#include "core/session/experiment.h"

namespace lx::chains {

/// Kernels on energies. `threads` says how many may compute when a run begins.
ExperimentSpec spec(std::function<int()> threads);
/// Chains made by anyone, from files that may still grow.
ExperimentSpec filesSpec();

}  // namespace lx::chains
