// SPDX-License-Identifier: GPL-3.0-or-later
// What the renderer's worker drives: the rasteriser, or a Vulkan device.
#pragma once

#include "core/render/renderer.h"

#include <memory>

namespace lx::render {

/// Owned by one thread at a time. Up to kFramesInFlight pictures are begun before the first is
/// finished, in order.
class Backend {
public:
    static constexpr int kFramesInFlight = 2;

    virtual ~Backend() = default;
    /// Records and submits. Throws gpu::Error (a DeviceError) when the device gives up.
    virtual void begin(const Scene&, Size pixels) = 0;
    /// Waits for the oldest picture begun. Throws as begin() does.
    virtual Image finish() = 0;
    /// Compiles what the first picture would otherwise wait for.
    virtual void warmUp() {}
    virtual RendererInfo info() const = 0;
    virtual int validationMessages() const { return 0; }
};

std::unique_ptr<Backend> createCpuBackend();
/// Throws gpu::Error when there is no usable device.
std::unique_ptr<Backend> createVulkanBackend(const RendererOptions&);

}  // namespace lx::render
