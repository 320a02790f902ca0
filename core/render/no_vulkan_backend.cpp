// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/backend.h"

namespace lx::render {

std::unique_ptr<Backend> createVulkanBackend(const RendererOptions&) {
    throw DeviceError("this program was built without Vulkan.");
}

}  // namespace lx::render
