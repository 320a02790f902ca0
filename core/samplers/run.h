// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

/// Advances all chains by `steps` steps from step number `first`, on up to `threads` threads; the
/// result does not depend on their number. Each thread keeps its chains for all steps; an ensemble
/// runs on one. info [chains], which may be empty, and the trace tell of the last step.
void runChains(const Kernel&, Key, std::uint64_t first, Index steps, const Energy&, ChainState&,
               Index threads, std::span<StepInfo> info = {}, StepTrace* = nullptr);

}  // namespace lx
