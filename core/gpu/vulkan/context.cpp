// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/vulkan/context.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <thread>

namespace lx::gpu {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                         VkDebugUtilsMessageTypeFlagsEXT type,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data,
                                         void* user) {
    auto& context = *static_cast<Context*>(user);
    const bool validation = (type & VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT) != 0;
    if (validation) {
        ++context.messages;
    }
    if (context.options.log) {
        const bool error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
        context.options.log(!validation ? LogLevel::Debug
                            : error     ? LogLevel::Error
                                        : LogLevel::Warning,
                            std::string("Vulkan: ") + data->pMessage);
    }
    return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo(Context* context) {
    VkDebugUtilsMessengerCreateInfoEXT info{};
    info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
    info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    info.pfnUserCallback = onMessage;
    info.pUserData = context;
    return info;
}

/// llvmpipe takes every core unless told otherwise, and would starve the window and the engine.
void capSoftwareThreads() {
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 2U);
    setenv("LP_NUM_THREADS", std::to_string(cores - 1).c_str(), 0);
}

DeviceType typeOf(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return DeviceType::Discrete;
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return DeviceType::Integrated;
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return DeviceType::Virtual;
        case VK_PHYSICAL_DEVICE_TYPE_CPU: return DeviceType::Cpu;
        default: return DeviceType::Other;
    }
}

int rank(DeviceType type, bool preferSoftware) {
    return preferSoftware && type == DeviceType::Cpu ? -1 : static_cast<int>(type);
}

}  // namespace

Context::Context(const DeviceOptions& given) : options(given) {
    try {
        vk.load();
        createInstance();
        chooseDevice();
        createDevice();
        createRenderPass();
    } catch (...) {
        destroyAll();
        throw;
    }
}

Context::~Context() {
    destroyAll();
}

void Context::createInstance() {
    capSoftwareThreads();
    std::uint32_t count = 0;
    std::vector<const char*> layers, extensions;
    if (options.validation) {
        call("vkEnumerateInstanceLayerProperties",
             [&] { return vk.EnumerateInstanceLayerProperties(&count, nullptr); });
        std::vector<VkLayerProperties> found(count);
        vk.EnumerateInstanceLayerProperties(&count, found.data());
        info.validation = std::any_of(found.begin(), found.end(), [](const auto& layer) {
            return std::strcmp(layer.layerName, kValidationLayer) == 0;
        });
        if (info.validation) {
            layers.push_back(kValidationLayer);
        } else if (options.log) {
            options.log(LogLevel::Warning,
                        "Vulkan validation was asked for, but its layer is missing; install "
                        "vulkan-validationlayers.");
        }
    }
    call("vkEnumerateInstanceExtensionProperties",
         [&] { return vk.EnumerateInstanceExtensionProperties(nullptr, &count, nullptr); });
    std::vector<VkExtensionProperties> known(count);
    vk.EnumerateInstanceExtensionProperties(nullptr, &count, known.data());
    bool debugUtils = std::any_of(known.begin(), known.end(), [](const auto& extension) {
        return std::strcmp(extension.extensionName, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) == 0;
    });
    if (debugUtils) {
        extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    }
    if (info.validation) {
        extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    }

    const VkValidationFeatureEnableEXT enabled[] = {
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    auto reporting = messengerInfo(this);
    VkValidationFeaturesEXT features{};
    features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = enabled;
    features.pNext = &reporting;
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.pApplicationName = "latent-explorer";
    application.apiVersion = VK_API_VERSION_1_1;
    VkInstanceCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    create.pNext = info.validation ? &features : nullptr;
    create.pApplicationInfo = &application;
    create.enabledLayerCount = static_cast<std::uint32_t>(layers.size());
    create.ppEnabledLayerNames = layers.data();
    create.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
    create.ppEnabledExtensionNames = extensions.data();
    const auto make = [&] {
        return planted("vkCreateInstance",
                       [&] { return vk.CreateInstance(&create, nullptr, &instance); });
    };
    VkResult made = make();
    if (made == VK_ERROR_EXTENSION_NOT_PRESENT || made == VK_ERROR_LAYER_NOT_PRESENT) {
        // They only serve the search for mistakes; a picture needs none of them.
        if (options.log) {
            options.log(LogLevel::Warning,
                        "Vulkan's debugging extensions are missing; it is used without them.");
        }
        create.pNext = nullptr;
        create.enabledLayerCount = create.enabledExtensionCount = 0;
        info.validation = debugUtils = false;
        made = make();
    }
    checked("vkCreateInstance", made);
    vk.loadInstance(instance);
    if (info.validation && vk.CreateDebugUtilsMessengerEXT != nullptr) {
        call("vkCreateDebugUtilsMessengerEXT", [&] {
            return vk.CreateDebugUtilsMessengerEXT(instance, &reporting, nullptr, &messenger);
        });
    }
    if (!debugUtils) {
        vk.SetDebugUtilsObjectNameEXT = nullptr;
    }
}

void Context::chooseDevice() {
    std::uint32_t count = 0;
    call("vkEnumeratePhysicalDevices",
         [&] { return vk.EnumeratePhysicalDevices(instance, &count, nullptr); });
    std::vector<VkPhysicalDevice> devices(count);
    vk.EnumeratePhysicalDevices(instance, &count, devices.data());
    int best = std::numeric_limits<int>::max();
    std::string declined;
    for (VkPhysicalDevice candidate : devices) {
        VkPhysicalDeviceProperties properties;
        vk.GetPhysicalDeviceProperties(candidate, &properties);
        std::uint32_t families = 0;
        vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &families, nullptr);
        std::vector<VkQueueFamilyProperties> queues(families);
        vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &families, queues.data());
        const auto usable = std::find_if(queues.begin(), queues.end(), [](const auto& q) {
            constexpr VkQueueFlags needed = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
            return (q.queueFlags & needed) == needed;
        });
        const DeviceType type = typeOf(properties.deviceType);
        if (type == DeviceType::Cpu && options.hardwareOnly) {
            declined = properties.deviceName;
            continue;
        }
        if (properties.apiVersion < VK_API_VERSION_1_1 || usable == queues.end() ||
            rank(type, options.preferSoftware) >= best) {
            continue;
        }
        best = rank(type, options.preferSoftware);
        physical = candidate;
        family = static_cast<std::uint32_t>(usable - queues.begin());
        info.name = properties.deviceName;
        info.type = type;
        info.maxImageSize = std::min(
            {properties.limits.maxImageDimension2D, properties.limits.maxFramebufferWidth,
             properties.limits.maxFramebufferHeight, properties.limits.maxViewportDimensions[0],
             properties.limits.maxViewportDimensions[1]});
        info.maxBufferBytes = properties.limits.maxStorageBufferRange;
        info.maxTexels = properties.limits.maxTexelBufferElements;
        info.maxGroups = properties.limits.maxComputeWorkGroupCount[0];
    }
    if (physical == VK_NULL_HANDLE && !declined.empty()) {
        throw Error("The only Vulkan device, " + declined +
                    ", runs on the processor, where our own rasteriser is faster.");
    }
    if (physical == VK_NULL_HANDLE) {
        throw Error("No device of Vulkan 1.1 was found; install or update its driver.");
    }
    vk.GetPhysicalDeviceMemoryProperties(physical, &memory);
    for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
        if ((memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0) {
            info.memoryBytes += memory.memoryHeaps[i].size;
        }
    }
}

void Context::createDevice() {
    const float priority = 1;
    VkDeviceQueueCreateInfo queueInfo{};
    queueInfo.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queueInfo.queueFamilyIndex = family;
    queueInfo.queueCount = 1;
    queueInfo.pQueuePriorities = &priority;
    VkDeviceCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    create.queueCreateInfoCount = 1;
    create.pQueueCreateInfos = &queueInfo;
    call("vkCreateDevice", [&] { return vk.CreateDevice(physical, &create, nullptr, &device); });
    vk.loadDevice(device);
    vk.GetDeviceQueue(device, family, 0, &queue);
    VkCommandPoolCreateInfo pool{};
    pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool.queueFamilyIndex = family;
    call("vkCreateCommandPool",
         [&] { return vk.CreateCommandPool(device, &pool, nullptr, &commandPool); });
}

void Context::createRenderPass() {
    VkAttachmentDescription color{};
    color.format = VK_FORMAT_R8G8B8A8_UNORM;
    color.samples = VK_SAMPLE_COUNT_1_BIT;
    color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    color.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    color.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
    color.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
    color.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
    color.finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    VkAttachmentDescription depth = color;
    depth.format = kDepthFormat;
    depth.storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
    depth.finalLayout = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL;
    const VkAttachmentReference reference{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    const VkAttachmentReference depthReference{1, VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL};
    VkSubpassDescription subpass{};
    subpass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
    subpass.colorAttachmentCount = 1;
    subpass.pColorAttachments = &reference;
    subpass.pDepthStencilAttachment = &depthReference;
    constexpr VkPipelineStageFlags kDepthStages =
        VK_PIPELINE_STAGE_EARLY_FRAGMENT_TESTS_BIT | VK_PIPELINE_STAGE_LATE_FRAGMENT_TESTS_BIT;
    // The picture before was copied out of this image; this one is copied out after the pass.
    const VkSubpassDependency dependencies[] = {
        {VK_SUBPASS_EXTERNAL, 0,
         VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT |
             kDepthStages,
         VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT | kDepthStages,
         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |
             VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
         VK_ACCESS_COLOR_ATTACHMENT_READ_BIT | VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |
             VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_READ_BIT |
             VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
         0},
        {0, VK_SUBPASS_EXTERNAL, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
         VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
         VK_ACCESS_TRANSFER_READ_BIT, 0}};
    VkRenderPassCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO;
    const VkAttachmentDescription attachments[] = {color, depth};
    create.attachmentCount = 2;
    create.pAttachments = attachments;
    create.subpassCount = 1;
    create.pSubpasses = &subpass;
    create.dependencyCount = 2;
    create.pDependencies = dependencies;
    call("vkCreateRenderPass",
         [&] { return vk.CreateRenderPass(device, &create, nullptr, &renderPass); });
}

VkResult Context::checked(const char* name, VkResult result) const {
    const std::string place = info.name.empty() ? name : info.name + ", " + name;
    switch (result) {
        case VK_SUCCESS:
        case VK_NOT_READY:
        case VK_TIMEOUT:
        case VK_INCOMPLETE: return result;
        case VK_ERROR_DEVICE_LOST: throw DeviceLost(place + ": the graphics device was lost.");
        case VK_ERROR_OUT_OF_HOST_MEMORY:
        case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        case VK_ERROR_OUT_OF_POOL_MEMORY:
        case VK_ERROR_TOO_MANY_OBJECTS:
            throw OutOfMemory(place + ": the graphics device is out of memory.");
        case VK_ERROR_INCOMPATIBLE_DRIVER:
            throw Error("No Vulkan driver is installed; install mesa-vulkan-drivers.");
        case VK_ERROR_EXTENSION_NOT_PRESENT:
        case VK_ERROR_FEATURE_NOT_PRESENT:
            throw Error(place + ": the driver lacks an extension that is needed; update it.");
        default: throw Error(place + " failed with Vulkan result " + std::to_string(result) + ".");
    }
}

void Context::label(VkObjectType type, std::uint64_t handle, std::string_view text) const {
    if (vk.SetDebugUtilsObjectNameEXT == nullptr) {
        return;
    }
    const std::string name(text);
    VkDebugUtilsObjectNameInfoEXT naming{};
    naming.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT;
    naming.objectType = type;
    naming.objectHandle = handle;
    naming.pObjectName = name.c_str();
    vk.SetDebugUtilsObjectNameEXT(device, &naming);
}

std::pair<VkDeviceMemory, VkMemoryPropertyFlags> Context::allocate(
    const VkMemoryRequirements& needs, Memory kind) {
    constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    constexpr VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
    constexpr VkMemoryPropertyFlags coherent = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    constexpr VkMemoryPropertyFlags cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    std::vector<VkMemoryPropertyFlags> wishes;
    switch (kind) {
        case Memory::Device: wishes = {local, 0}; break;
        case Memory::Upload: wishes = {local | host | coherent, host | coherent}; break;
        case Memory::Readback: wishes = {host | cached | coherent, host | cached, host | coherent};
    }
    for (const VkMemoryPropertyFlags wish : wishes) {
        for (std::uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
            const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
            if ((needs.memoryTypeBits >> i & 1U) == 0 || (flags & wish) != wish) {
                continue;
            }
            VkMemoryAllocateInfo allocation{};
            allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
            allocation.allocationSize = needs.size;
            allocation.memoryTypeIndex = i;
            VkDeviceMemory result = VK_NULL_HANDLE;
            const VkResult status = planted("vkAllocateMemory", [&] {
                return vk.AllocateMemory(device, &allocation, nullptr, &result);
            });
            if (status == VK_SUCCESS) {
                bytes += needs.size;
                ++allocations;
                return {result, flags};
            }
            if (status == VK_ERROR_DEVICE_LOST) {
                checked("vkAllocateMemory", status);
            }
            break;  // this kind is exhausted: the next best
        }
    }
    throw OutOfMemory(info.name + ": no memory for " + std::to_string(needs.size >> 20) +
                      " MiB on the graphics device.");
}

void Context::release(VkDeviceMemory handle, VkDeviceSize size) noexcept {
    if (handle != VK_NULL_HANDLE) {
        vk.FreeMemory(device, handle, nullptr);
        bytes -= size;
        --allocations;
    }
}

std::unique_ptr<Recording> Context::takeRecording() {
    collect();
    if (!idle.empty()) {
        auto recording = std::move(idle.back());
        idle.pop_back();
        return recording;
    }
    auto recording = std::make_unique<Recording>();
    try {
        VkCommandBufferAllocateInfo allocation{};
        allocation.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
        allocation.commandPool = commandPool;
        allocation.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
        allocation.commandBufferCount = 1;
        call("vkAllocateCommandBuffers",
             [&] { return vk.AllocateCommandBuffers(device, &allocation, &recording->commands); });
        VkFenceCreateInfo fence{};
        fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
        call("vkCreateFence",
             [&] { return vk.CreateFence(device, &fence, nullptr, &recording->fence); });
    } catch (...) {
        destroy(*recording);
        throw;
    }
    return recording;
}

void Context::recycle(std::unique_ptr<Recording> recording) noexcept {
    recording->kept.clear();
    recording->pool = 0;
    recording->setsLeft = kSetsPerPool;
    for (VkDescriptorPool pool : recording->pools) {
        vk.ResetDescriptorPool(device, pool, 0);
    }
    vk.ResetCommandBuffer(recording->commands, 0);
    vk.ResetFences(device, 1, &recording->fence);
    idle.push_back(std::move(recording));
}

void Context::collect() {
    while (!pending.empty()) {
        const VkResult status = call(
            "vkGetFenceStatus", [&] { return vk.GetFenceStatus(device, pending.front()->fence); });
        if (status != VK_SUCCESS) {
            break;
        }
        finished = pending.front()->value;
        auto recording = std::move(pending.front());
        pending.pop_front();
        recycle(std::move(recording));
    }
}

void Context::drain() noexcept {
    if (device != VK_NULL_HANDLE) {
        vk.DeviceWaitIdle(device);  // also after a loss: children go before the device
    }
    for (auto& recording : idle) {
        destroy(*recording);
    }
    for (auto& recording : pending) {
        destroy(*recording);
    }
    idle.clear();
    pending.clear();
}

void Context::destroy(Recording& recording) noexcept {
    for (VkDescriptorPool pool : recording.pools) {
        vk.DestroyDescriptorPool(device, pool, nullptr);
    }
    if (recording.fence != VK_NULL_HANDLE) {
        vk.DestroyFence(device, recording.fence, nullptr);
    }
    recording.pools.clear();
    recording.fence = VK_NULL_HANDLE;
    recording.kept.clear();  // the command buffer goes with its pool
}

void Context::destroyAll() noexcept {
    if (device != VK_NULL_HANDLE) {
        drain();
        if (renderPass != VK_NULL_HANDLE) {
            vk.DestroyRenderPass(device, renderPass, nullptr);
        }
        if (commandPool != VK_NULL_HANDLE) {
            vk.DestroyCommandPool(device, commandPool, nullptr);
        }
        vk.DestroyDevice(device, nullptr);
    }
    if (messenger != VK_NULL_HANDLE) {
        vk.DestroyDebugUtilsMessengerEXT(instance, messenger, nullptr);
    }
    if (instance != VK_NULL_HANDLE) {
        vk.DestroyInstance(instance, nullptr);
    }
}

}  // namespace lx::gpu
