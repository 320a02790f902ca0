// SPDX-License-Identifier: GPL-3.0-or-later
// Every executor against known truth, and those that tests plant.
#pragma once

#include "core/executors/executor.h"

#include <functional>
#include <string>
#include <vector>

namespace lx::executors {

/// Makes an executor whose random numbers follow the key. Throws UsageError where none can be had.
using MakeExecutor = std::function<std::unique_ptr<ChainExecutor>(
    ProgramPtr, const StepSettings&, std::span<const float> positions, Key)>;

struct ExecutorCheck {
    std::string name;
    double z = 0, limit = 0;
    bool pass = false;
};

/// One row a method. MALA and HMC: the largest z of the change of five means of 10 steps from exact
/// draws of two unequal modes. ULA and underdamped Langevin: z of the variance of many steps on a
/// normal against the closed form of its bias.
std::vector<ExecutorCheck> executorSelftest(const std::string& name, const MakeExecutor&,
                                            Index chains = 20000, Key = {2026, 11});

/// The same for each instruction set that this processor has.
std::vector<ExecutorCheck> fusedSelftest();

}  // namespace lx::executors
