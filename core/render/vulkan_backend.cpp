// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/device.h"
#include "core/render/backend.h"
#include "core/render/space_raster.h"
#include "core/render/upload_cache.h"
#include "core/render/vulkan_recorder.h"

#include <algorithm>

namespace lx::render {
namespace {

class VulkanBackend final : public Backend {
public:
    explicit VulkanBackend(const RendererOptions& options)
        : m_device(gpu::Device::create(deviceOptions(options))),
          m_uploads(m_device),
          m_computeDensity(
              options.computeDensity.value_or(m_device.info().type != gpu::DeviceType::Cpu)) {}

    void warmUp() override {
        if (!m_pipelines) {
            m_pipelines = std::make_unique<Pipelines>(m_device);
            // Software devices translate a shader at its first use.
            begin(warmUpScene(), {64, 64});
            finish();
        }
    }

    void begin(const Scene& scene, Size pixels) override {
        warmUp();
        const int samples = samplesOf(scene.space.get());
        const Size size{samples * std::max(pixels.width, 1), samples * std::max(pixels.height, 1)};
        const auto limit = static_cast<int>(m_device.info().maxImageSize);
        if (size.width > limit || size.height > limit) {
            throw gpu::TooLarge(m_device.info().name + ": a picture of " +
                                std::to_string(size.width) + "x" + std::to_string(size.height) +
                                " pixels is larger than the device's limit of " +
                                std::to_string(limit) + ".");
        }
        Slot& slot = m_slots[m_begun % kFramesInFlight];
        slot.size = size;
        slot.samples = samples;
        try {
            record(slot, scene);
        } catch (const gpu::TooLarge&) {
            throw;
        } catch (const gpu::OutOfMemory& error) {
            // Everything kept for later pictures, or larger than this one needs, makes room.
            m_uploads.clear();
            slot.hostScratch.clear();
            slot.deviceScratch.clear();
            slot.image = {};
            slot.readback = {};
            m_note =
                std::string("Buffers kept on the graphics device were dropped: ") + error.what();
            record(slot, scene);
        }
        ++m_begun;
    }

    Image finish() override {
        const Slot& slot = m_slots[m_finished % kFramesInFlight];
        m_device.wait(slot.done);
        slot.readback.invalidate();
        const auto* data = reinterpret_cast<const std::uint8_t*>(slot.readback.mapped().data());
        const std::size_t bytes = std::size_t{4} * static_cast<std::size_t>(slot.size.width) *
                                  static_cast<std::size_t>(slot.size.height);
        ++m_finished;
        if (slot.samples > 1) {
            return shrunk(data, slot.size, slot.samples);
        }
        return {slot.size, std::make_shared<const std::vector<std::uint8_t>>(data, data + bytes)};
    }

    RendererInfo info() const override {
        RendererInfo info;
        info.device = m_device.info().name;
        info.vulkan = true;
        info.cpuType = m_device.info().type == gpu::DeviceType::Cpu;
        info.deviceBytes = m_device.allocatedBytes();
        info.validation = m_device.info().validation;
        info.uploads = m_uploads.uploads();
        info.note = m_note;
        return info;
    }
    int validationMessages() const override { return m_device.validationMessages(); }

private:
    static gpu::DeviceOptions deviceOptions(const RendererOptions& options) {
        gpu::DeviceOptions result;
        result.validation = options.validation;
        result.preferSoftware = options.software;
        result.hardwareOnly = !options.software;
        result.log = options.log;
        if (options.fault) {
            result.fault = [fault = options.fault](std::string_view call) {
                switch (fault(call)) {
                    case DeviceFault::Lost: return gpu::Fault::DeviceLost;
                    case DeviceFault::OutOfMemory: return gpu::Fault::OutOfMemory;
                    case DeviceFault::MissingExtension: return gpu::Fault::MissingExtension;
                    case DeviceFault::None: break;
                }
                return gpu::Fault::None;
            };
        }
        return result;
    }

    static Scene warmUpScene() {
        const Array points({2, 2}, std::vector<float>{0.2F, 0.2F, 0.8F, 0.8F});
        const Array image({1, 2, 2}, std::vector<float>{0, 1, 1, 0});
        GridLayer grid;
        grid.values = Array({2, 2}, std::vector<float>{0, 1, 1, 0});
        grid.isoLines = 2;
        AtlasLayer atlas;
        atlas.images = image;
        atlas.places = {Rect{0.1, 0.1, 0.6, 0.6}};
        DensityLayer density;
        density.xy = points;
        PointsLayer sprites;
        sprites.xy = points;
        PointsLayer styled = sprites;
        styled.sizes = Array({2}, std::vector<float>{1, 1});
        TrailsLayer trails;
        trails.xy = Array({2, 1, 2}, std::vector<float>{0.2F, 0.2F, 0.8F, 0.8F});
        MeshLayer mesh;
        mesh.xy = Array({3, 2}, std::vector<float>{0.1F, 0.1F, 0.4F, 0.1F, 0.1F, 0.4F});
        mesh.triangles = Array({1, 3}, std::vector<Index>{0, 1, 2});
        EllipsesLayer ellipses;
        ellipses.centers = points;
        ellipses.axes = Array({2, 2, 2}, std::vector<float>{0.1F, 0, 0, 0.1F, 0.1F, 0, 0, 0.1F});
        Scene scene;
        scene.layers = {grid, atlas, mesh, density, trails, ellipses, sprites, styled};
        Surface3 surface;
        surface.values = grid.values;
        surface.place = {-1, -1, 1, 1};
        Mesh3 solid;
        solid.vertices = Array({3, 3}, std::vector<float>{0, 0, 0, 1, 0, 0, 0, 1, 0});
        solid.triangles = mesh.triangles;
        auto space = std::make_shared<Space>();
        space->axes.ticks[0] = {0};
        space->solids = {surface, solid};
        scene.space = space;
        return scene;
    }

    void record(Slot& slot, const Scene& scene) {
        slot.hostUsed = slot.deviceUsed = 0;
        fit(slot, slot.size);
        m_uploads.retire();
        Recorder recorder(m_device, *m_pipelines, {m_uploads, m_reliefs}, slot, scene,
                          m_computeDensity);
        slot.done = m_device.submit(recorder.record(scene));
    }

    /// Images only grow, until one is far too large: dragging a window does not allocate.
    void fit(Slot& slot, Size size) {
        const auto width = static_cast<std::uint32_t>(size.width);
        const auto height = static_cast<std::uint32_t>(size.height);
        const std::uint64_t have = std::uint64_t{slot.image.width()} * slot.image.height();
        const bool small =
            !slot.readback || slot.image.width() < width || slot.image.height() < height;
        const bool wasteful = have > 16'000'000 && have > std::uint64_t{8} * width * height;
        if (!small && !wasteful) {
            return;
        }
        const auto rounded = [this](std::uint32_t wanted, std::uint32_t had) {
            return std::min((std::max(wanted, had) + 63) / 64 * 64, m_device.info().maxImageSize);
        };
        const std::uint32_t newWidth = rounded(width, wasteful ? 0 : slot.image.width());
        const std::uint32_t newHeight = rounded(height, wasteful ? 0 : slot.image.height());
        slot.image = {};
        slot.readback = {};
        slot.image = m_device.createImage({"picture", newWidth, newHeight});
        slot.readback = m_device.createBuffer({.label = "read-back",
                                               .bytes = std::size_t{4} * newWidth * newHeight,
                                               .usage = gpu::Usage::CopyTarget,
                                               .memory = gpu::Memory::Readback});
    }

    gpu::Device m_device;  // first: what follows needs it and goes before it
    UploadCache m_uploads;
    ReliefCache m_reliefs;
    const bool m_computeDensity;
    std::unique_ptr<Pipelines> m_pipelines;
    std::array<Slot, kFramesInFlight> m_slots;
    std::uint64_t m_begun = 0, m_finished = 0;
    std::string m_note;  ///< of the last time that memory ran short
};

}  // namespace

std::unique_ptr<Backend> createVulkanBackend(const RendererOptions& options) {
    return std::make_unique<VulkanBackend>(options);
}

}  // namespace lx::render
