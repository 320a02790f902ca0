// SPDX-License-Identifier: GPL-3.0-or-later
// The two families of chains, without LibTorch.
#pragma once

#include "core/energies/registry.h"
#include "core/session/engine_module.h"

namespace lx::chains {

/// Kernels on energies. `threads` says how many may compute when a run begins; the program lends
/// what this library does not link, `more` energies among it.
ExperimentSpec spec(std::function<int()> threads, GpuChains gpu = {}, SaveChains saveNetCdf = {},
                    std::vector<EnergySpec> more = {}, LogSink log = {});
/// Chains made by anyone, from files that may still grow.
ExperimentSpec filesSpec();

}  // namespace lx::chains
