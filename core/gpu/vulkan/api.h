// SPDX-License-Identifier: GPL-3.0-or-later
// The Vulkan functions we call, looked up at run time, so that nothing links the loader.
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

namespace lx::gpu {

// clang-format off
#define LX_VK_GLOBAL(X) \
    X(EnumerateInstanceVersion) X(EnumerateInstanceLayerProperties) \
    X(EnumerateInstanceExtensionProperties) X(CreateInstance)

#define LX_VK_INSTANCE(X) \
    X(DestroyInstance) X(EnumeratePhysicalDevices) X(GetPhysicalDeviceProperties) \
    X(GetPhysicalDeviceMemoryProperties) X(GetPhysicalDeviceQueueFamilyProperties) \
    X(CreateDevice) X(GetDeviceProcAddr)

#define LX_VK_DEVICE(X) \
    X(DestroyDevice) X(GetDeviceQueue) X(DeviceWaitIdle) X(QueueSubmit) \
    X(CreateBuffer) X(DestroyBuffer) X(CreateBufferView) X(DestroyBufferView) \
    X(GetBufferMemoryRequirements) X(BindBufferMemory) \
    X(CreateImage) X(DestroyImage) X(GetImageMemoryRequirements) X(BindImageMemory) \
    X(CreateImageView) X(DestroyImageView) X(AllocateMemory) X(FreeMemory) X(MapMemory) \
    X(InvalidateMappedMemoryRanges) X(CreateRenderPass) X(DestroyRenderPass) \
    X(CreateFramebuffer) X(DestroyFramebuffer) X(CreateShaderModule) X(DestroyShaderModule) \
    X(CreateDescriptorSetLayout) X(DestroyDescriptorSetLayout) X(CreatePipelineLayout) \
    X(DestroyPipelineLayout) X(CreateComputePipelines) X(CreateGraphicsPipelines) \
    X(DestroyPipeline) X(CreateDescriptorPool) X(DestroyDescriptorPool) X(ResetDescriptorPool) \
    X(AllocateDescriptorSets) X(UpdateDescriptorSets) X(CreateCommandPool) \
    X(DestroyCommandPool) X(AllocateCommandBuffers) X(BeginCommandBuffer) X(EndCommandBuffer) \
    X(ResetCommandBuffer) X(CreateFence) X(DestroyFence) X(ResetFences) X(GetFenceStatus) \
    X(WaitForFences) X(CmdBeginRenderPass) X(CmdEndRenderPass) X(CmdBindPipeline) \
    X(CmdBindDescriptorSets) X(CmdPushConstants) X(CmdSetViewport) X(CmdSetScissor) X(CmdDraw) \
    X(CmdDispatch) X(CmdFillBuffer) X(CmdCopyBuffer) X(CmdCopyImageToBuffer) \
    X(CmdPipelineBarrier)
// clang-format on

struct Api {
#define LX_MEMBER(name) PFN_vk##name name = nullptr;
    LX_MEMBER(GetInstanceProcAddr)
    LX_VK_GLOBAL(LX_MEMBER)
    LX_VK_INSTANCE(LX_MEMBER)
    LX_VK_DEVICE(LX_MEMBER)
    LX_MEMBER(CreateDebugUtilsMessengerEXT)
    LX_MEMBER(DestroyDebugUtilsMessengerEXT)
    LX_MEMBER(SetDebugUtilsObjectNameEXT)
#undef LX_MEMBER

    /// Opens the loader, which is then never closed: drivers do not survive that. Throws Error.
    void load();
    void loadInstance(VkInstance);
    void loadDevice(VkDevice);
};

}  // namespace lx::gpu
