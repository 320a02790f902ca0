// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/device.h"

#include "core/gpu/vulkan/context.h"

namespace lx::gpu {
namespace {

constexpr std::uint64_t kPatienceNs = 10'000'000'000, kSoftwarePatienceNs = 120'000'000'000;

}  // namespace

Device Device::create(const DeviceOptions& options) {
    return Device(std::make_shared<Context>(options));
}

Device::Device(std::shared_ptr<Context> context) : m_context(std::move(context)) {}
Device::Device(Device&&) noexcept = default;

Device& Device::operator=(Device&& other) noexcept {
    std::swap(m_context, other.m_context);
    return *this;
}

Device::~Device() {
    if (m_context) {
        m_context->drain();  // submissions keep resources, and resources keep the context
    }
}

const DeviceInfo& Device::info() const noexcept {
    return m_context->info;
}
std::uint64_t Device::allocatedBytes() const noexcept {
    return m_context->bytes;
}
int Device::allocations() const noexcept {
    return m_context->allocations;
}
int Device::validationMessages() const noexcept {
    return m_context->messages;
}

Buffer Device::createBuffer(const BufferOptions& options) {
    return Buffer(makeBuffer(m_context, options));
}

Image Device::createImage(const ImageOptions& options) {
    return Image(makeImage(m_context, options));
}

ComputePipeline Device::createCompute(const ComputeOptions& options) {
    return ComputePipeline(makePipeline(m_context, options));
}

GraphicsPipeline Device::createGraphics(const GraphicsOptions& options) {
    return GraphicsPipeline(makePipeline(m_context, options));
}

CommandList Device::record(std::string_view label) {
    auto impl = std::make_unique<CommandListImpl>(m_context);
    impl->recording = m_context->takeRecording();
    VkCommandBufferBeginInfo begin{};
    begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    m_context->label(VK_OBJECT_TYPE_COMMAND_BUFFER,
                     reinterpret_cast<std::uint64_t>(impl->recording->commands), label);
    m_context->call("vkBeginCommandBuffer", [&] {
        return m_context->vk.BeginCommandBuffer(impl->recording->commands, &begin);
    });
    return CommandList(std::move(impl));
}

Timeline Device::submit(CommandList&& list) {
    CommandList taken(std::move(list));
    auto& recording = taken.m_impl->recording;
    // The host reads what the commands wrote once the fence has signalled.
    VkMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
    barrier.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
    m_context->vk.CmdPipelineBarrier(recording->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                     VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr, 0,
                                     nullptr);
    m_context->call("vkEndCommandBuffer",
                    [&] { return m_context->vk.EndCommandBuffer(recording->commands); });
    VkSubmitInfo submission{};
    submission.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    submission.commandBufferCount = 1;
    submission.pCommandBuffers = &recording->commands;
    m_context->call("vkQueueSubmit", [&] {
        return m_context->vk.QueueSubmit(m_context->queue, 1, &submission, recording->fence);
    });
    recording->value = ++m_context->submitted;
    m_context->pending.push_back(std::move(recording));
    return {m_context->submitted};
}

bool Device::done(Timeline timeline) {
    if (timeline.value > m_context->finished) {
        m_context->collect();
    }
    return timeline.value <= m_context->finished;
}

void Device::wait(Timeline timeline) {
    const bool software = m_context->info.type == DeviceType::Cpu;
    const std::uint64_t patience = software ? kSoftwarePatienceNs : kPatienceNs;
    while (!done(timeline)) {
        const VkFence fence = m_context->pending.front()->fence;
        const VkResult status = m_context->call("vkWaitForFences", [&] {
            return m_context->vk.WaitForFences(m_context->device, 1, &fence, VK_TRUE, patience);
        });
        if (status == VK_TIMEOUT) {
            throw DeviceLost(m_context->info.name + ": the graphics device has not answered for " +
                             std::to_string(patience / 1'000'000'000) + " seconds.");
        }
    }
}

}  // namespace lx::gpu
