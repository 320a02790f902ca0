// SPDX-License-Identifier: GPL-3.0-or-later
// What the handles of core/gpu point to. Private to this folder.
#pragma once

#include "core/gpu/device.h"
#include "core/gpu/vulkan/api.h"

#include <atomic>
#include <deque>
#include <utility>
#include <vector>

namespace lx::gpu {

inline constexpr std::uint32_t kSetsPerPool = 32;
/// Vulkan demands it of every device for sampling or X8_D24; all desktop drivers have it.
inline constexpr VkFormat kDepthFormat = VK_FORMAT_D32_SFLOAT;

/// A command buffer with everything it needs, recycled after the device has finished with it.
struct Recording {
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;
    std::vector<VkDescriptorPool> pools;
    std::size_t pool = 0;                     ///< the one in use
    std::uint32_t setsLeft = 0;               ///< in it
    std::vector<std::shared_ptr<void>> kept;  ///< resources that must outlive the execution
    std::uint64_t value = 0;
};

struct Context {
    explicit Context(const DeviceOptions&);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Makes a call unless a fault is planted, and turns its failure into an exception.
    template <class F>
    VkResult call(const char* name, F&& function) {
        return checked(name, planted(name, std::forward<F>(function)));
    }
    /// The same without an exception.
    template <class F>
    VkResult planted(const char* name, F&& function) {
        switch (options.fault ? options.fault(name) : Fault::None) {
            case Fault::DeviceLost: return VK_ERROR_DEVICE_LOST;
            case Fault::OutOfMemory: return VK_ERROR_OUT_OF_DEVICE_MEMORY;
            case Fault::MissingExtension: return VK_ERROR_EXTENSION_NOT_PRESENT;
            case Fault::None: break;
        }
        return function();
    }
    VkResult checked(const char* name, VkResult) const;
    void label(VkObjectType, std::uint64_t handle, std::string_view text) const;

    /// Memory of the first fitting type of `memory` that can be had.
    std::pair<VkDeviceMemory, VkMemoryPropertyFlags> allocate(const VkMemoryRequirements&, Memory);
    void release(VkDeviceMemory, VkDeviceSize) noexcept;

    std::unique_ptr<Recording> takeRecording();
    void recycle(std::unique_ptr<Recording>) noexcept;
    /// Retires finished submissions, oldest first.
    void collect();
    /// Waits for the device and drops every submission. Never throws.
    void drain() noexcept;
    void destroy(Recording&) noexcept;

    DeviceOptions options;
    DeviceInfo info;
    Api vk;
    VkInstance instance = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkPhysicalDeviceMemoryProperties memory{};
    VkDevice device = VK_NULL_HANDLE;
    VkQueue queue = VK_NULL_HANDLE;
    std::uint32_t family = 0;
    VkCommandPool commandPool = VK_NULL_HANDLE;
    VkRenderPass renderPass = VK_NULL_HANDLE;

    std::deque<std::unique_ptr<Recording>> pending;
    std::vector<std::unique_ptr<Recording>> idle;
    std::uint64_t submitted = 0, finished = 0;
    std::atomic<std::uint64_t> bytes = 0;
    std::atomic<int> allocations = 0, messages = 0;

private:
    void createInstance();
    void chooseDevice();
    void createDevice();
    void createRenderPass();
    void destroyAll() noexcept;
};

struct BufferImpl {
    explicit BufferImpl(std::shared_ptr<Context> c) : context(std::move(c)) {}
    ~BufferImpl();
    BufferImpl(const BufferImpl&) = delete;
    BufferImpl& operator=(const BufferImpl&) = delete;
    /// The whole buffer as a texture; made at first use.
    VkBufferView view(Texel);
    std::shared_ptr<Context> context;
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkDeviceSize allocated = 0;
    std::size_t bytes = 0;
    void* mapped = nullptr;
    bool coherent = true;
    std::array<VkBufferView, 4> views{};  // by Texel
};

struct ImageImpl {
    explicit ImageImpl(std::shared_ptr<Context> c) : context(std::move(c)) {}
    ~ImageImpl();
    ImageImpl(const ImageImpl&) = delete;
    ImageImpl& operator=(const ImageImpl&) = delete;
    std::shared_ptr<Context> context;
    VkImage image = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkDeviceSize allocated = 0;
    VkImageView view = VK_NULL_HANDLE;
    VkImage depth = VK_NULL_HANDLE;
    VkDeviceMemory depthMemory = VK_NULL_HANDLE;
    VkDeviceSize depthAllocated = 0;
    VkImageView depthView = VK_NULL_HANDLE;
    VkFramebuffer framebuffer = VK_NULL_HANDLE;
    std::uint32_t width = 0, height = 0;
};

struct PipelineImpl {
    explicit PipelineImpl(std::shared_ptr<Context> c) : context(std::move(c)) {}
    ~PipelineImpl();
    PipelineImpl(const PipelineImpl&) = delete;
    PipelineImpl& operator=(const PipelineImpl&) = delete;
    std::shared_ptr<Context> context;
    VkDescriptorSetLayout setLayout = VK_NULL_HANDLE;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    VkPipeline pipeline = VK_NULL_HANDLE;
    VkShaderStageFlags stages = 0;
    std::uint32_t buffers = 0, pushBytes = 0;
    Texels texels{};
};

struct CommandListImpl {
    explicit CommandListImpl(std::shared_ptr<Context> c) : context(std::move(c)) {}
    ~CommandListImpl();
    CommandListImpl(const CommandListImpl&) = delete;
    CommandListImpl& operator=(const CommandListImpl&) = delete;
    void bind(const std::shared_ptr<PipelineImpl>&, VkPipelineBindPoint,
              std::span<const std::shared_ptr<BufferImpl>> buffers,
              std::span<const std::byte> push);
    VkDescriptorSet allocateSet(VkDescriptorSetLayout);

    std::shared_ptr<Context> context;
    std::unique_ptr<Recording> recording;
    VkPipeline bound = VK_NULL_HANDLE;
};

std::shared_ptr<PipelineImpl> makePipeline(const std::shared_ptr<Context>&, const ComputeOptions&);
std::shared_ptr<PipelineImpl> makePipeline(const std::shared_ptr<Context>&, const GraphicsOptions&);
std::shared_ptr<BufferImpl> makeBuffer(const std::shared_ptr<Context>&, const BufferOptions&);
std::shared_ptr<ImageImpl> makeImage(const std::shared_ptr<Context>&, const ImageOptions&);

}  // namespace lx::gpu
