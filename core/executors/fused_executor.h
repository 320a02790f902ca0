// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/executors/executor.h"

#include <functional>

namespace lx::executors {

struct FusedOptions {
    Key key;
    Index offset = 0;   ///< chain 0 is chain `offset` of the run; random numbers depend on it
    int threads = 1;    ///< the caller included
    std::string level;  ///< one of fusedLevels(); empty: the best
    std::function<void()> onThreadStart;
};

/// Instruction sets that this machine and build have, the best first; the last is "baseline".
std::vector<std::string> fusedLevels();

/// Chains from positions [chains, dim]: whole tiles of them stay in registers and the first-level
/// cache while they step. A chain's path depends on key, settings, level and its own start alone:
/// not on the number of threads, nor on that of chains. Throws UsageError.
std::unique_ptr<ChainExecutor> fusedExecutor(ProgramPtr, const StepSettings&,
                                             std::span<const float> positions, const FusedOptions&);

}  // namespace lx::executors
