// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/vulkan/context.h"

#include <algorithm>

namespace lx::gpu {

std::shared_ptr<BufferImpl> makeBuffer(const std::shared_ptr<Context>& context,
                                       const BufferOptions& options) {
    auto impl = std::make_shared<BufferImpl>(context);
    const Api& vk = context->vk;
    impl->bytes = std::max<std::size_t>(options.bytes, 4);
    VkBufferCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    create.size = (impl->bytes + 3) / 4 * 4;
    const std::pair<Usage, VkBufferUsageFlags> usages[] = {
        {Usage::Storage, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT},
        {Usage::Uniform, VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT},
        {Usage::Vertex, VK_BUFFER_USAGE_VERTEX_BUFFER_BIT},
        {Usage::CopySource, VK_BUFFER_USAGE_TRANSFER_SRC_BIT},
        {Usage::CopyTarget, VK_BUFFER_USAGE_TRANSFER_DST_BIT},
        {Usage::Texel, VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT}};
    for (const auto& [usage, flag] : usages) {
        create.usage |= contains(options.usage, usage) ? flag : 0;
    }
    context->call("vkCreateBuffer", [&] {
        return vk.CreateBuffer(context->device, &create, nullptr, &impl->buffer);
    });
    VkMemoryRequirements needs;
    vk.GetBufferMemoryRequirements(context->device, impl->buffer, &needs);
    const auto [memory, flags] = context->allocate(needs, options.memory);
    impl->memory = memory;
    impl->allocated = needs.size;
    context->call("vkBindBufferMemory", [&] {
        return vk.BindBufferMemory(context->device, impl->buffer, impl->memory, 0);
    });
    if (options.memory != Memory::Device) {
        context->call("vkMapMemory", [&] {
            return vk.MapMemory(context->device, impl->memory, 0, VK_WHOLE_SIZE, 0, &impl->mapped);
        });
        impl->coherent = (flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT) != 0;
    }
    context->label(VK_OBJECT_TYPE_BUFFER, reinterpret_cast<std::uint64_t>(impl->buffer),
                   options.label);
    return impl;
}

VkBufferView BufferImpl::view(Texel texel) {
    VkBufferView& made = views[static_cast<std::size_t>(texel)];
    if (made == VK_NULL_HANDLE) {
        VkBufferViewCreateInfo create{};
        create.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO;
        create.buffer = buffer;
        create.format = texel == Texel::Float32 ? VK_FORMAT_R32_SFLOAT
                        : texel == Texel::Rgba8 ? VK_FORMAT_R8G8B8A8_UNORM
                                                : VK_FORMAT_R8_UNORM;
        create.range = VK_WHOLE_SIZE;
        context->call("vkCreateBufferView", [&] {
            return context->vk.CreateBufferView(context->device, &create, nullptr, &made);
        });
    }
    return made;
}

BufferImpl::~BufferImpl() {
    for (VkBufferView made : views) {
        context->vk.DestroyBufferView(context->device, made, nullptr);
    }
    context->vk.DestroyBuffer(context->device, buffer, nullptr);
    context->release(memory, allocated);
}

void Buffer::invalidate() const {
    if (!m_impl->coherent) {
        const Context& context = *m_impl->context;
        VkMappedMemoryRange range{};
        range.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE;
        range.memory = m_impl->memory;
        range.size = VK_WHOLE_SIZE;
        context.checked("vkInvalidateMappedMemoryRanges",
                        context.vk.InvalidateMappedMemoryRanges(context.device, 1, &range));
    }
}

namespace {

void bindMemory(Context& context, VkImage image, VkDeviceMemory& memory, VkDeviceSize& size) {
    VkMemoryRequirements needs;
    context.vk.GetImageMemoryRequirements(context.device, image, &needs);
    memory = context.allocate(needs, Memory::Device).first;
    size = needs.size;
    context.call("vkBindImageMemory",
                 [&] { return context.vk.BindImageMemory(context.device, image, memory, 0); });
}

}  // namespace

std::shared_ptr<ImageImpl> makeImage(const std::shared_ptr<Context>& context,
                                     const ImageOptions& options) {
    auto impl = std::make_shared<ImageImpl>(context);
    const Api& vk = context->vk;
    if (options.width == 0 || options.height == 0 || options.width > context->info.maxImageSize ||
        options.height > context->info.maxImageSize) {
        throw UsageError("An image of " + std::to_string(options.width) + "x" +
                         std::to_string(options.height) + " pixels does not fit " +
                         context->info.name + " (at most " +
                         std::to_string(context->info.maxImageSize) + ").");
    }
    impl->width = options.width;
    impl->height = options.height;
    VkImageCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    create.imageType = VK_IMAGE_TYPE_2D;
    create.format = VK_FORMAT_R8G8B8A8_UNORM;
    create.extent = {options.width, options.height, 1};
    create.mipLevels = 1;
    create.arrayLayers = 1;
    create.samples = VK_SAMPLE_COUNT_1_BIT;
    create.tiling = VK_IMAGE_TILING_OPTIMAL;
    create.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    context->call("vkCreateImage",
                  [&] { return vk.CreateImage(context->device, &create, nullptr, &impl->image); });
    bindMemory(*context, impl->image, impl->memory, impl->allocated);
    create.format = kDepthFormat;
    create.usage = VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT;
    context->call("vkCreateImage",
                  [&] { return vk.CreateImage(context->device, &create, nullptr, &impl->depth); });
    bindMemory(*context, impl->depth, impl->depthMemory, impl->depthAllocated);
    VkImageViewCreateInfo view{};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = impl->image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = VK_FORMAT_R8G8B8A8_UNORM;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    context->call("vkCreateImageView",
                  [&] { return vk.CreateImageView(context->device, &view, nullptr, &impl->view); });
    view.image = impl->depth;
    view.format = kDepthFormat;
    view.subresourceRange.aspectMask = VK_IMAGE_ASPECT_DEPTH_BIT;
    context->call("vkCreateImageView", [&] {
        return vk.CreateImageView(context->device, &view, nullptr, &impl->depthView);
    });
    const VkImageView attachments[] = {impl->view, impl->depthView};
    VkFramebufferCreateInfo frame{};
    frame.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO;
    frame.renderPass = context->renderPass;
    frame.attachmentCount = 2;
    frame.pAttachments = attachments;
    frame.width = options.width;
    frame.height = options.height;
    frame.layers = 1;
    context->call("vkCreateFramebuffer", [&] {
        return vk.CreateFramebuffer(context->device, &frame, nullptr, &impl->framebuffer);
    });
    context->label(VK_OBJECT_TYPE_IMAGE, reinterpret_cast<std::uint64_t>(impl->image),
                   options.label);
    return impl;
}

ImageImpl::~ImageImpl() {
    const Api& vk = context->vk;
    vk.DestroyFramebuffer(context->device, framebuffer, nullptr);
    for (VkImageView made : {view, depthView}) {
        vk.DestroyImageView(context->device, made, nullptr);
    }
    for (VkImage made : {image, depth}) {
        vk.DestroyImage(context->device, made, nullptr);
    }
    context->release(memory, allocated);
    context->release(depthMemory, depthAllocated);
}

}  // namespace lx::gpu
