// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/log.h"
#include "core/executors/executor.h"

namespace lx::executors {

struct VulkanOptions {
    Key key;
    Index offset = 0;  ///< chain 0 is chain `offset` of the run; random numbers depend on it
    /// A device of CPU type may serve where there is no other; the log says so. It steps a
    /// network's chains about a hundred times slower than the fused executor, so that nobody should
    /// be given it without asking.
    bool software = false;
    bool validation = false;
    LogSink log;
};

/// Chains on a GPU of its own, one to an invocation of a compute shader: the paths of the fused
/// executor up to rounding. Throws DeviceError when there is no such device, UsageError as
/// fusedExecutor.
std::unique_ptr<ChainExecutor> vulkanExecutor(ProgramPtr, const StepSettings&,
                                              std::span<const float> positions,
                                              const VulkanOptions&);

}  // namespace lx::executors
