// SPDX-License-Identifier: GPL-3.0-or-later
// The members of the handles that only need their pointee to be complete.
#include "core/gpu/vulkan/context.h"

namespace lx::gpu {

Buffer::Buffer() = default;
Buffer::Buffer(std::shared_ptr<BufferImpl> impl) : m_impl(std::move(impl)) {}
Buffer::Buffer(Buffer&&) noexcept = default;
Buffer& Buffer::operator=(Buffer&&) noexcept = default;
Buffer::~Buffer() = default;
std::size_t Buffer::size() const noexcept {
    return m_impl ? m_impl->bytes : 0;
}
std::span<std::byte> Buffer::mapped() const {
    return m_impl && m_impl->mapped ? std::span(static_cast<std::byte*>(m_impl->mapped), size())
                                    : std::span<std::byte>{};
}

Image::Image() = default;
Image::Image(std::shared_ptr<ImageImpl> impl) : m_impl(std::move(impl)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;
std::uint32_t Image::width() const noexcept {
    return m_impl ? m_impl->width : 0;
}
std::uint32_t Image::height() const noexcept {
    return m_impl ? m_impl->height : 0;
}

ComputePipeline::ComputePipeline() = default;
ComputePipeline::ComputePipeline(std::shared_ptr<PipelineImpl> impl) : m_impl(std::move(impl)) {}
ComputePipeline::ComputePipeline(ComputePipeline&&) noexcept = default;
ComputePipeline& ComputePipeline::operator=(ComputePipeline&&) noexcept = default;
ComputePipeline::~ComputePipeline() = default;

GraphicsPipeline::GraphicsPipeline() = default;
GraphicsPipeline::GraphicsPipeline(std::shared_ptr<PipelineImpl> impl) : m_impl(std::move(impl)) {}
GraphicsPipeline::GraphicsPipeline(GraphicsPipeline&&) noexcept = default;
GraphicsPipeline& GraphicsPipeline::operator=(GraphicsPipeline&&) noexcept = default;
GraphicsPipeline::~GraphicsPipeline() = default;

CommandList::CommandList(std::unique_ptr<CommandListImpl> impl) : m_impl(std::move(impl)) {}
CommandList::CommandList(CommandList&&) noexcept = default;
CommandList& CommandList::operator=(CommandList&&) noexcept = default;
CommandList::~CommandList() = default;

}  // namespace lx::gpu
