// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/command_list.h"

#include "core/gpu/vulkan/context.h"

namespace lx::gpu {
namespace {

/// The private pointers of `buffers`, which only a member of CommandList can read.
std::vector<std::shared_ptr<BufferImpl>> shared(std::span<const Buffer* const> buffers,
                                                auto&& implOf) {
    std::vector<std::shared_ptr<BufferImpl>> result;
    for (const Buffer* buffer : buffers) {
        result.push_back(implOf(*buffer));
    }
    return result;
}

}  // namespace

CommandListImpl::~CommandListImpl() {
    if (recording) {  // never submitted
        context->recycle(std::move(recording));
    }
}

VkDescriptorSet CommandListImpl::allocateSet(VkDescriptorSetLayout layout) {
    const Api& vk = context->vk;
    while (true) {
        if (recording->pool == recording->pools.size()) {
            constexpr std::uint32_t kEach = kSetsPerPool * kMaxBindings;
            const VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kEach},
                                                  {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, kEach}};
            VkDescriptorPoolCreateInfo create{};
            create.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
            create.maxSets = kSetsPerPool;
            create.poolSizeCount = 2;
            create.pPoolSizes = sizes;
            VkDescriptorPool pool = VK_NULL_HANDLE;
            context->call("vkCreateDescriptorPool", [&] {
                return vk.CreateDescriptorPool(context->device, &create, nullptr, &pool);
            });
            recording->pools.push_back(pool);
            recording->setsLeft = kSetsPerPool;
        }
        if (recording->setsLeft == 0) {
            ++recording->pool;
            recording->setsLeft = kSetsPerPool;
            continue;
        }
        --recording->setsLeft;
        VkDescriptorSetAllocateInfo allocation{};
        allocation.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
        allocation.descriptorPool = recording->pools[recording->pool];
        allocation.descriptorSetCount = 1;
        allocation.pSetLayouts = &layout;
        VkDescriptorSet set = VK_NULL_HANDLE;
        context->call("vkAllocateDescriptorSets", [&] {
            return vk.AllocateDescriptorSets(context->device, &allocation, &set);
        });
        return set;
    }
}

void CommandListImpl::bind(const std::shared_ptr<PipelineImpl>& pipeline, VkPipelineBindPoint point,
                           std::span<const std::shared_ptr<BufferImpl>> buffers,
                           std::span<const std::byte> push) {
    const Api& vk = context->vk;
    if (buffers.size() != pipeline->buffers || push.size() != pipeline->pushBytes) {
        throw UsageError("a pipeline was given the wrong number of buffers or push bytes");
    }
    if (bound != pipeline->pipeline) {
        bound = pipeline->pipeline;
        vk.CmdBindPipeline(recording->commands, point, bound);
        recording->kept.push_back(pipeline);
    }
    const VkDescriptorSet set = allocateSet(pipeline->setLayout);
    VkDescriptorBufferInfo infos[kMaxBindings];
    VkBufferView views[kMaxBindings];
    VkWriteDescriptorSet writes[kMaxBindings];
    for (std::uint32_t i = 0; i < buffers.size(); ++i) {
        infos[i] = {buffers[i]->buffer, 0, VK_WHOLE_SIZE};
        writes[i] = {};
        writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
        writes[i].dstSet = set;
        writes[i].dstBinding = i;
        writes[i].descriptorCount = 1;
        if (pipeline->texels[i] == Texel::None) {
            writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
            writes[i].pBufferInfo = &infos[i];
        } else {
            views[i] = buffers[i]->view(pipeline->texels[i]);
            writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
            writes[i].pTexelBufferView = &views[i];
        }
        recording->kept.push_back(buffers[i]);
    }
    vk.UpdateDescriptorSets(context->device, static_cast<std::uint32_t>(buffers.size()), writes, 0,
                            nullptr);
    vk.CmdBindDescriptorSets(recording->commands, point, pipeline->layout, 0, 1, &set, 0, nullptr);
    if (!push.empty()) {
        vk.CmdPushConstants(recording->commands, pipeline->layout, pipeline->stages, 0,
                            pipeline->pushBytes, push.data());
    }
}

void CommandList::beginRender(const Image& image, std::uint32_t width, std::uint32_t height,
                              const std::array<float, 4>& clear) {
    const Context& context = *m_impl->context;
    const VkCommandBuffer commands = m_impl->recording->commands;
    if (width > image.width() || height > image.height()) {
        throw UsageError("a picture is larger than its image");
    }
    VkClearValue values[2]{};
    std::copy(clear.begin(), clear.end(), values[0].color.float32);
    values[1].depthStencil = {1, 0};
    VkRenderPassBeginInfo begin{};
    begin.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO;
    begin.renderPass = context.renderPass;
    begin.framebuffer = image.m_impl->framebuffer;
    begin.renderArea = {{0, 0}, {width, height}};
    begin.clearValueCount = 2;
    begin.pClearValues = values;
    context.vk.CmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    const VkViewport viewport{0, 0, static_cast<float>(width), static_cast<float>(height), 0, 1};
    const VkRect2D scissor{{0, 0}, {width, height}};
    context.vk.CmdSetViewport(commands, 0, 1, &viewport);
    context.vk.CmdSetScissor(commands, 0, 1, &scissor);
    m_impl->recording->kept.push_back(image.m_impl);
}

void CommandList::draw(const GraphicsPipeline& pipeline, std::span<const Buffer* const> buffers,
                       std::span<const std::byte> push, std::uint32_t vertices,
                       std::uint32_t instances) {
    m_impl->bind(pipeline.m_impl, VK_PIPELINE_BIND_POINT_GRAPHICS,
                 shared(buffers, [](const Buffer& b) { return b.m_impl; }), push);
    m_impl->context->vk.CmdDraw(m_impl->recording->commands, vertices, instances, 0, 0);
}

void CommandList::endRender() {
    m_impl->context->vk.CmdEndRenderPass(m_impl->recording->commands);
}

void CommandList::dispatch(const ComputePipeline& pipeline, std::span<const Buffer* const> buffers,
                           std::span<const std::byte> push, std::uint32_t groupsX,
                           std::uint32_t groupsY, std::uint32_t groupsZ) {
    m_impl->bind(pipeline.m_impl, VK_PIPELINE_BIND_POINT_COMPUTE,
                 shared(buffers, [](const Buffer& b) { return b.m_impl; }), push);
    m_impl->context->vk.CmdDispatch(m_impl->recording->commands, groupsX, groupsY, groupsZ);
}

void CommandList::fill(const Buffer& buffer, std::uint32_t word, std::size_t bytes) {
    m_impl->context->vk.CmdFillBuffer(m_impl->recording->commands, buffer.m_impl->buffer, 0, bytes,
                                      word);
    m_impl->recording->kept.push_back(buffer.m_impl);
}

void CommandList::copy(const Buffer& from, const Buffer& to, std::size_t bytes) {
    const VkBufferCopy region{0, 0, bytes};
    m_impl->context->vk.CmdCopyBuffer(m_impl->recording->commands, from.m_impl->buffer,
                                      to.m_impl->buffer, 1, &region);
    m_impl->recording->kept.push_back(from.m_impl);
    m_impl->recording->kept.push_back(to.m_impl);
}

void CommandList::copy(const Image& from, const Buffer& to, std::uint32_t width,
                       std::uint32_t height) {
    VkBufferImageCopy region{};
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {width, height, 1};
    m_impl->context->vk.CmdCopyImageToBuffer(m_impl->recording->commands, from.m_impl->image,
                                             VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                             to.m_impl->buffer, 1, &region);
    m_impl->recording->kept.push_back(from.m_impl);
    m_impl->recording->kept.push_back(to.m_impl);
}

void CommandList::barrier() {
    VkMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
    barrier.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    m_impl->context->vk.CmdPipelineBarrier(
        m_impl->recording->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
        VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace lx::gpu
