// SPDX-License-Identifier: GPL-3.0-or-later
// What every executor makes of its settings.
#pragma once

#include "core/executors/executor.h"

namespace lx::executors {

/// Settings in single precision, as the steps use them.
struct StepNumbers {
    float stepSize = 0, jitter = 0;
    float noise = 0;  ///< sqrt(eta), or the sd of the Ornstein-Uhlenbeck part
    float decay = 0;  ///< exp(-gamma epsilon) of that part
    std::vector<float> inverseMass, momentumSd;  ///< [dim]
};

/// Throws UsageError when a number is out of range, the mass is no diagonal, or the method needs
/// an energy that the program does not have.
StepNumbers stepNumbers(const StepSettings&, const Program&);
void requireEnergy(const Program&, Method);
/// Throws UsageError, with `program` null or positions that are no rows of its dimension too.
void requireChains(const ProgramPtr& program, std::size_t positions, Index offset);
/// Throws UsageError when it is null or of another dimension.
void requireProgram(const ProgramPtr&, Index dim);
void requireRows(std::size_t count, Index chains, Index dim);

/// The momenta [chains, dim] that the underdamped kernel of core/samplers begins with.
std::vector<float> startMomenta(Key, Index offset, Index chains, Index dim);

}  // namespace lx::executors
