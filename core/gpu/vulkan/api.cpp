// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/vulkan/api.h"

#include "core/gpu/error.h"

#include <dlfcn.h>

namespace lx::gpu {

void Api::load() {
    static void* const library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        throw Error("The Vulkan loader libvulkan.so.1 is missing; install libvulkan1.");
    }
    GetInstanceProcAddr =
        reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
    if (GetInstanceProcAddr == nullptr) {
        throw Error("libvulkan.so.1 is not a Vulkan loader.");
    }
#define LX_LOAD(name) \
    name = reinterpret_cast<PFN_vk##name>(GetInstanceProcAddr(nullptr, "vk" #name));
    LX_VK_GLOBAL(LX_LOAD)
#undef LX_LOAD
    if (EnumerateInstanceVersion == nullptr) {
        throw Error("The Vulkan loader is older than version 1.1; update libvulkan1.");
    }
}

void Api::loadInstance(VkInstance instance) {
#define LX_LOAD(name) \
    name = reinterpret_cast<PFN_vk##name>(GetInstanceProcAddr(instance, "vk" #name));
    LX_VK_INSTANCE(LX_LOAD)
    LX_LOAD(CreateDebugUtilsMessengerEXT)
    LX_LOAD(DestroyDebugUtilsMessengerEXT)
    LX_LOAD(SetDebugUtilsObjectNameEXT)
#undef LX_LOAD
}

void Api::loadDevice(VkDevice device) {
#define LX_LOAD(name) name = reinterpret_cast<PFN_vk##name>(GetDeviceProcAddr(device, "vk" #name));
    LX_VK_DEVICE(LX_LOAD)
#undef LX_LOAD
}

}  // namespace lx::gpu
