// SPDX-License-Identifier: GPL-3.0-or-later
// From the layers of a scene to the commands of one device.
#pragma once

#include "core/gpu/device.h"
#include "core/render/projection.h"
#include "core/render/relief.h"
#include "core/render/scene.h"
#include "core/render/upload_cache.h"
#include "core/render/vulkan_layers.h"

#include <deque>
#include <vector>

namespace lx::render {

struct Pipelines {
    explicit Pipelines(gpu::Device&);
    gpu::GraphicsPipeline points, styled, grid, atlas, density, trails, mesh, ellipses, facet,
        glyph;
    gpu::ComputePipeline splat, histogram, exposure;
};

/// What one picture under way uses and the next but one uses again.
struct Slot {
    gpu::Image image;
    gpu::Buffer readback;
    std::deque<gpu::Buffer> hostScratch, deviceScratch;  // addresses stay valid while growing
    std::size_t hostUsed = 0, deviceUsed = 0;
    Size size;
    int samples = 1;  ///< along each side of a pixel of the finished picture
    gpu::Timeline done;
};

/// What recorders keep from one picture to the next.
struct Keep {
    UploadCache& uploads;
    ReliefCache& reliefs;
};

/// Turns the layers of one scene into commands, once.
class Recorder {
public:
    Recorder(gpu::Device&, const Pipelines&, Keep, Slot&, const Scene&, bool computeDensity);
    gpu::CommandList record(const Scene&);

private:
    using Buffers = std::vector<const gpu::Buffer*>;
    struct Draw {
        const gpu::GraphicsPipeline* pipeline = nullptr;
        Buffers buffers;
        std::vector<std::byte> push;
        std::uint32_t instances = 1, vertices = 4;
    };

    const gpu::Buffer& host(std::size_t bytes);
    const gpu::Buffer& local(std::size_t bytes);
    template <class T>
    const gpu::Buffer& upload(std::span<const T> values) {
        const auto bytes = std::as_bytes(values);
        const gpu::Buffer& buffer = host(bytes.size());
        std::copy(bytes.begin(), bytes.end(), buffer.mapped().begin());
        return buffer;
    }
    template <class T>
    const gpu::Buffer& upload(const std::vector<T>& values) {
        return upload(std::span<const T>(values));
    }
    const gpu::Buffer& colorTable(const ColorMap&);
    template <class Push>
    Draw& add(const gpu::GraphicsPipeline& pipeline, Buffers buffers, const Push& push,
              std::size_t instances = 1) {
        const auto bytes = std::as_bytes(std::span(&push, 1));
        m_draws.push_back({&pipeline, std::move(buffers),
                           std::vector<std::byte>(bytes.begin(), bytes.end()),
                           static_cast<std::uint32_t>(instances)});
        return m_draws.back();
    }
    /// Whole pixels whose centre lies in the rectangle; empty when left == right or top == bottom.
    IVec4 pixelRect(const Rect& place) const;
    Vec2 scale() const;

    void prepare(gpu::CommandList&, const PointsLayer&);
    void prepare(gpu::CommandList&, const GridLayer&);
    void prepare(gpu::CommandList&, const AtlasLayer&);
    void prepare(gpu::CommandList&, const DensityLayer&);
    void prepare(gpu::CommandList&, const TrailsLayer&);
    void prepare(gpu::CommandList&, const MeshLayer&);
    void prepare(gpu::CommandList&, const EllipsesLayer&);
    void prepare(const Space&, Color background);
    void prepareStyled(const PointsLayer&);
    void splatOnDevice(gpu::CommandList&, const DensityLayer&, const gpu::Buffer& grid,
                       const gpu::Buffer& reference, std::uint32_t pixels, std::uint32_t channels);

    gpu::Device& m_device;
    const Pipelines& m_pipelines;
    Keep m_keep;
    UploadCache& m_uploads;
    Slot& m_slot;
    const Projection m_projection;
    const float m_ratio;
    const bool m_computeDensity;
    const Vec2 m_size;
    std::vector<Draw> m_draws;
};

}  // namespace lx::render
