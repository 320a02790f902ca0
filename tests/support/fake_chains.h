// SPDX-License-Identifier: GPL-3.0-or-later
// Chains without the engine module, for tests of the window: real kernels on real energies, real
// diagnostics, all channels of resources/docs/channels.md that the views read.
#pragma once

#include "core/session/experiment.h"

#include <span>

namespace lx::test {

/// Family `fake-chains` with the parameters energy, sampler.kernel, sampler.step_size,
/// sampler.chains, sampler.warmup, and `start` (first coordinates of all chains; empty: spread).
const ExperimentSpec& fakeChainSpec();

/// fakeSpecs() and this one.
std::span<const ExperimentSpec> fakeSpecsWithChains();

}  // namespace lx::test
