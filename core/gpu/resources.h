// SPDX-License-Identifier: GPL-3.0-or-later
// Handles to what lives on a device. Each is a value that owns its resource; copies of nothing,
// moves of everything. A resource that a submitted CommandList uses stays alive until the device
// has finished with it, and the device until its last resource is gone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace lx::gpu {

struct Context;
struct BufferImpl;
struct ImageImpl;
struct PipelineImpl;

enum class Memory : std::uint8_t {
    Device,   ///< fast, unreachable from the host
    Upload,   ///< written by the host, read by the device; on the device itself where possible
    Readback  ///< written by the device, read by the host through its cache
};

enum class Usage : std::uint32_t {
    Storage = 1,
    Uniform = 2,
    Vertex = 4,
    CopySource = 8,
    CopyTarget = 16,
    Texel = 32
};
constexpr Usage operator|(Usage a, Usage b) {
    return static_cast<Usage>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool contains(Usage all, Usage one) {
    return (static_cast<std::uint32_t>(all) & static_cast<std::uint32_t>(one)) != 0;
}

/// How a shader sees a buffer: as storage, or as a one-dimensional texture of this format, which
/// software devices read several times as fast. Needs Usage::Texel.
enum class Texel : std::uint8_t { None, Float32, Rgba8, R8 };
inline constexpr std::size_t kMaxBindings = 4;
using Texels = std::array<Texel, kMaxBindings>;

struct BufferOptions {
    std::string_view label;
    std::size_t bytes = 0;  ///< 0 counts as 4
    Usage usage = Usage::Storage;
    Memory memory = Memory::Upload;
};

/// VkBuffer with its memory, mapped for its whole life unless it is Memory::Device.
class Buffer {
public:
    Buffer();
    explicit Buffer(std::shared_ptr<BufferImpl>);
    Buffer(Buffer&&) noexcept;
    Buffer& operator=(Buffer&&) noexcept;
    ~Buffer();
    explicit operator bool() const noexcept { return m_impl != nullptr; }
    std::size_t size() const noexcept;
    /// Empty for Memory::Device. Write before submit(), read after wait().
    std::span<std::byte> mapped() const;
    /// Makes what the device wrote visible in mapped().
    void invalidate() const;

private:
    friend class CommandList;
    std::shared_ptr<BufferImpl> m_impl;
};

struct ImageOptions {
    std::string_view label;
    std::uint32_t width = 1, height = 1;
};

/// RGBA8 colour target with a depth buffer; the colours can be copied to a buffer.
class Image {
public:
    Image();
    explicit Image(std::shared_ptr<ImageImpl>);
    Image(Image&&) noexcept;
    Image& operator=(Image&&) noexcept;
    ~Image();
    explicit operator bool() const noexcept { return m_impl != nullptr; }
    std::uint32_t width() const noexcept;
    std::uint32_t height() const noexcept;

private:
    friend class CommandList;
    std::shared_ptr<ImageImpl> m_impl;
};

/// Shaders see `buffers` buffers at bindings 0 .. buffers - 1 of set 0, storage buffers where
/// `texels` says None, and a push constant block of `pushBytes` (at most 128).
struct ComputeOptions {
    std::string_view label;
    std::span<const std::uint32_t> spirv;
    std::uint32_t buffers = 1, pushBytes = 0;
    Texels texels{};
    /// Values of the shader's constants (constant_id 0, 1, ...), known when the driver compiles it.
    std::span<const std::uint32_t> constants{};
};

class ComputePipeline {
public:
    ComputePipeline();
    explicit ComputePipeline(std::shared_ptr<PipelineImpl>);
    ComputePipeline(ComputePipeline&&) noexcept;
    ComputePipeline& operator=(ComputePipeline&&) noexcept;
    ~ComputePipeline();

private:
    friend class CommandList;
    std::shared_ptr<PipelineImpl> m_impl;
};

/// What a fragment's depth does: nothing, or it must be less than the one drawn before.
enum class DepthUse : std::uint8_t { None, Test, TestAndWrite };

/// Triangle strips made by the vertex shader from its indices, blended over an RGBA8 Image with
/// straight alpha.
struct GraphicsOptions {
    std::string_view label;
    std::span<const std::uint32_t> vertex, fragment;
    std::uint32_t buffers = 1, pushBytes = 0;
    Texels texels{};
    DepthUse depth = DepthUse::None;
};

class GraphicsPipeline {
public:
    GraphicsPipeline();
    explicit GraphicsPipeline(std::shared_ptr<PipelineImpl>);
    GraphicsPipeline(GraphicsPipeline&&) noexcept;
    GraphicsPipeline& operator=(GraphicsPipeline&&) noexcept;
    ~GraphicsPipeline();

private:
    friend class CommandList;
    std::shared_ptr<PipelineImpl> m_impl;
};

}  // namespace lx::gpu
