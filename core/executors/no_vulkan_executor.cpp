// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/vulkan_executor.h"

namespace lx::executors {

std::unique_ptr<ChainExecutor> vulkanExecutor(ProgramPtr /*program*/, const StepSettings&,
                                              std::span<const float> /*positions*/,
                                              const VulkanOptions&) {
    throw DeviceError("this build has no Vulkan: choose the fused executor");
}

}  // namespace lx::executors
