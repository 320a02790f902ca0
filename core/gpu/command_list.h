// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/gpu/resources.h"

#include <array>

namespace lx::gpu {

struct CommandListImpl;

/// Commands being recorded (VkCommandBuffer). Nothing is ordered by itself: commands that read
/// what earlier ones wrote need a barrier() between them.
class CommandList {
public:
    explicit CommandList(std::unique_ptr<CommandListImpl>);
    CommandList(CommandList&&) noexcept;
    CommandList& operator=(CommandList&&) noexcept;
    ~CommandList();

    /// Starts drawing on the upper left `width` x `height` pixels, cleared to straight RGBA and
    /// depth 1.
    void beginRender(const Image&, std::uint32_t width, std::uint32_t height,
                     const std::array<float, 4>& clear);
    void draw(const GraphicsPipeline&, std::span<const Buffer* const> buffers,
              std::span<const std::byte> push, std::uint32_t vertices, std::uint32_t instances);
    void endRender();

    void dispatch(const ComputePipeline&, std::span<const Buffer* const> buffers,
                  std::span<const std::byte> push, std::uint32_t groupsX, std::uint32_t groupsY = 1,
                  std::uint32_t groupsZ = 1);
    /// Sets every word of the first `bytes` (a multiple of 4).
    void fill(const Buffer&, std::uint32_t word, std::size_t bytes);
    void copy(const Buffer& from, const Buffer& to, std::size_t bytes);
    /// Rows are packed: 4 * width bytes each. After endRender().
    void copy(const Image& from, const Buffer& to, std::uint32_t width, std::uint32_t height);
    /// What was written before is seen by every command after it, and by the host after wait().
    void barrier();

private:
    friend class Device;
    std::unique_ptr<CommandListImpl> m_impl;
};

}  // namespace lx::gpu
