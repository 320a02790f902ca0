// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/device.h"
#include "core/render/backend.h"
#include "core/render/colormap.h"
#include "core/render/density.h"
#include "core/render/rasterizer.h"
#include "core/render/upload_cache.h"
#include "core/render/vulkan_layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

namespace lx::render {
namespace {

constexpr std::uint32_t kPointsVert[] = {
#include "shaders/points.vert.h"
};
constexpr std::uint32_t kPointsFrag[] = {
#include "shaders/points.frag.h"
};
constexpr std::uint32_t kQuadVert[] = {
#include "shaders/quad.vert.h"
};
constexpr std::uint32_t kGridFrag[] = {
#include "shaders/grid.frag.h"
};
constexpr std::uint32_t kAtlasVert[] = {
#include "shaders/atlas.vert.h"
};
constexpr std::uint32_t kAtlasFrag[] = {
#include "shaders/atlas.frag.h"
};
constexpr std::uint32_t kDensityFrag[] = {
#include "shaders/density.frag.h"
};
constexpr std::uint32_t kSplatComp[] = {
#include "shaders/density_splat.comp.h"
};
constexpr std::uint32_t kHistogramComp[] = {
#include "shaders/density_histogram.comp.h"
};
constexpr std::uint32_t kExposureComp[] = {
#include "shaders/density_exposure.comp.h"
};

using Form = UploadCache::Form;
using Buffers = std::vector<const gpu::Buffer*>;

constexpr std::uint32_t kGroupSize = 128, kMaxGroups = 4096;

template <class T>
std::span<const std::byte> bytesOf(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

/// The view's origin, each coordinate as the sum of two floats.
Vec4 splitOrigin(const Rect& view) {
    const auto high = [](double v) { return static_cast<float>(v); };
    return {high(view.x0), high(view.x0 - high(view.x0)), high(view.y1),
            high(view.y1 - high(view.y1))};
}

struct Pipelines {
    explicit Pipelines(gpu::Device& d)
        : points(d.createGraphics({"points", kPointsVert, kPointsFrag, 4, sizeof(PointsPush)})),
          grid(d.createGraphics({"grid",
                                 kQuadVert,
                                 kGridFrag,
                                 2,
                                 sizeof(GridPush),
                                 {gpu::Texel::Float32, gpu::Texel::Rgba8}})),
          atlas(d.createGraphics({"atlas",
                                  kAtlasVert,
                                  kAtlasFrag,
                                  3,
                                  sizeof(AtlasPush),
                                  {gpu::Texel::R8, gpu::Texel::Rgba8}})),
          density(d.createGraphics({"density", kQuadVert, kDensityFrag, 2, sizeof(DensityPush)})),
          splat(d.createCompute({"density splat", kSplatComp, 4, sizeof(SplatPush)})),
          histogram(
              d.createCompute({"density histogram", kHistogramComp, 2, sizeof(HistogramPush)})),
          exposure(d.createCompute({"density exposure", kExposureComp, 2, 0})) {}
    gpu::GraphicsPipeline points, grid, atlas, density;
    gpu::ComputePipeline splat, histogram, exposure;
};

/// What one picture under way uses and the next but one uses again.
struct Slot {
    gpu::Image image;
    gpu::Buffer readback;
    std::deque<gpu::Buffer> hostScratch, deviceScratch;  // addresses stay valid while growing
    std::size_t hostUsed = 0, deviceUsed = 0;
    Size size;
    gpu::Timeline done;
};

/// The next scratch buffer of at least `bytes`; grows what is too small.
const gpu::Buffer& nextScratch(gpu::Device& device, std::deque<gpu::Buffer>& pool,
                               std::size_t& used, std::size_t bytes, gpu::Memory memory) {
    if (bytes > device.info().maxBufferBytes) {
        throw gpu::OutOfMemory(device.info().name + ": a layer needs a buffer of " +
                               std::to_string(bytes >> 20) + " MiB, which the device refuses.");
    }
    if (used == pool.size()) {
        pool.emplace_back();
    }
    gpu::Buffer& buffer = pool[used++];
    if (!buffer || buffer.size() < bytes || buffer.size() > 64 * bytes + 65536) {
        buffer = {};
        buffer = device.createBuffer(
            {.label = "scratch",
             .bytes = bytes + bytes / 4,
             .usage = gpu::Usage::Storage | gpu::Usage::CopyTarget | gpu::Usage::Texel,
             .memory = memory});
    }
    return buffer;
}

/// One draw or its preparation, recorded after all layers are ready.
struct Draw {
    const gpu::GraphicsPipeline* pipeline = nullptr;
    Buffers buffers;
    std::vector<std::byte> push;
    std::uint32_t instances = 1;
};

/// Turns the layers of one scene into commands.
class Recorder {
public:
    Recorder(gpu::Device& device, const Pipelines& pipelines, UploadCache& uploads, Slot& slot,
             const Scene& scene, bool computeDensity)
        : m_device(device),
          m_pipelines(pipelines),
          m_uploads(uploads),
          m_slot(slot),
          m_projection(scene.view, slot.size),
          m_ratio(scene.pixelRatio),
          m_computeDensity(computeDensity),
          m_size{static_cast<float>(slot.size.width), static_cast<float>(slot.size.height)} {}

    gpu::CommandList record(const Scene& scene) {
        gpu::CommandList list = m_device.record("picture");
        for (const Layer& layer : scene.layers) {
            if (m_projection.valid() && problem(layer).empty()) {
                std::visit([&](const auto& l) { prepare(list, l); }, layer);
            }
        }
        const auto width = static_cast<std::uint32_t>(m_slot.size.width);
        const auto height = static_cast<std::uint32_t>(m_slot.size.height);
        const Color& c = scene.background;
        const auto channel = [](float v) { return std::clamp(v, 0.0F, 1.0F); };
        list.beginRender(m_slot.image, width, height,
                         {channel(c.r), channel(c.g), channel(c.b), 1});
        for (const Draw& draw : m_draws) {
            list.draw(*draw.pipeline, draw.buffers, draw.push, 4, draw.instances);
        }
        list.endRender();
        list.copy(m_slot.image, m_slot.readback, width, height);
        return list;
    }

private:
    template <class T>
    const gpu::Buffer& upload(std::span<const T> values) {
        const auto bytes = std::as_bytes(values);
        const gpu::Buffer& buffer = host(bytes.size());
        std::copy(bytes.begin(), bytes.end(), buffer.mapped().begin());
        return buffer;
    }
    const gpu::Buffer& host(std::size_t bytes) {
        return nextScratch(m_device, m_slot.hostScratch, m_slot.hostUsed, bytes,
                           gpu::Memory::Upload);
    }
    const gpu::Buffer& local(std::size_t bytes) {
        return nextScratch(m_device, m_slot.deviceScratch, m_slot.deviceUsed, bytes,
                           gpu::Memory::Device);
    }
    template <class Push>
    void add(const gpu::GraphicsPipeline& pipeline, Buffers buffers, const Push& push,
             std::size_t instances = 1) {
        const auto bytes = bytesOf(push);
        m_draws.push_back({&pipeline, std::move(buffers),
                           std::vector<std::byte>(bytes.begin(), bytes.end()),
                           static_cast<std::uint32_t>(instances)});
    }
    const gpu::Buffer& colorTable(const ColorMap& map) {
        const auto words = table(map);
        return upload(std::span<const std::uint32_t>(words));
    }
    /// Whole pixels whose centre lies in the rectangle; empty when left == right or top == bottom.
    IVec4 pixelRect(const Rect& place) const {
        const auto edge = [](double at, int limit) {
            return static_cast<std::int32_t>(
                std::clamp(std::ceil(at - 0.5), 0.0, static_cast<double>(limit)));
        };
        const auto [width, height] = m_slot.size;
        return {edge(m_projection.x(place.x0), width), edge(m_projection.y(place.y1), height),
                edge(m_projection.x(place.x1), width), edge(m_projection.y(place.y0), height)};
    }
    static bool isEmpty(const IVec4& r) { return r[0] >= r[2] || r[1] >= r[3]; }

    void prepare(gpu::CommandList&, const PointsLayer& layer) {
        if (layer.xy.count() == 0) {
            return;
        }
        std::vector<Color> colors = layer.colors;
        if (colors.empty()) {
            colors.push_back(kDefaultColor);
        }
        std::vector<std::uint32_t> markers;
        for (const Marker marker : layer.markers) {
            markers.push_back(static_cast<std::uint32_t>(marker));
        }
        if (markers.empty()) {
            markers.push_back(0);
        }
        const gpu::Buffer& xy = m_uploads.buffer(layer.xy, Form::Pairs, "points");
        const gpu::Buffer& category =
            layer.category.defined() ? m_uploads.buffer(layer.category, Form::Raw, "categories")
                                     : xy;
        add(m_pipelines.points,
            {&xy, &category, &upload(std::span<const Color>(colors)),
             &upload(std::span<const std::uint32_t>(markers))},
            PointsPush{splitOrigin(m_projection.view()), scale(), m_size, layer.size * m_ratio / 2,
                       layer.opacity, static_cast<std::uint32_t>(colors.size()),
                       static_cast<std::uint32_t>(markers.size()),
                       layer.category.defined() ? 1U : 0U},
            static_cast<std::size_t>(layer.xy.dim(0)));
    }

    void prepare(gpu::CommandList&, const GridLayer& layer) {
        const IVec4 rect = pixelRect(layer.place);
        if (isEmpty(rect)) {
            return;
        }
        const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
        const Rect &place = layer.place, &view = m_projection.view();
        const double cellsX = static_cast<double>(columns - 1) / (place.x1 - place.x0);
        const double cellsY = static_cast<double>(rows - 1) / (place.y1 - place.y0);
        // The cell coordinate of the picture's corner, as an integer and a small float.
        const double u = (view.x0 - place.x0) * cellsX, v = (view.y1 - place.y0) * cellsY;
        const auto base = [](double at) { return std::clamp(std::floor(at), -1e9, 1e9); };
        const double range = layer.high - layer.low;
        add(m_pipelines.grid,
            {&m_uploads.buffer(layer.values, Form::Raw, "grid"), &colorTable(layer.map)},
            GridPush{rect,
                     m_size,
                     {static_cast<float>(cellsX / m_projection.scaleX()),
                      static_cast<float>(-cellsY / m_projection.scaleY())},
                     {static_cast<float>(u - base(u)), static_cast<float>(v - base(v))},
                     {static_cast<std::int32_t>(base(u)), static_cast<std::int32_t>(base(v))},
                     {static_cast<std::int32_t>(columns), static_cast<std::int32_t>(rows)},
                     static_cast<float>(layer.low),
                     static_cast<float>(range),
                     static_cast<float>((layer.isoLines + 1) / range),
                     static_cast<float>(std::max(layer.isoLines, 0)),
                     layer.isoWidth * m_ratio,
                     layer.opacity,
                     pack(layer.isoColor)});
    }

    void prepare(gpu::CommandList&, const AtlasLayer& layer) {
        const auto rows = static_cast<std::int32_t>(layer.images.dim(1));
        const auto columns = static_cast<std::int32_t>(layer.images.dim(2));
        std::vector<AtlasPlace> places;
        for (std::size_t i = 0; i < layer.places.size() && layer.images.count() > 0; ++i) {
            const Rect& place = layer.places[i];
            if (!(place.x1 > place.x0 && place.y1 > place.y0)) {
                continue;  // also where a corner is not a number
            }
            const IVec4 rect = pixelRect(place);
            const double x0 = m_projection.x(place.x0), y0 = m_projection.y(place.y1);
            const double perX = columns / (m_projection.x(place.x1) - x0);
            const double perY = rows / (m_projection.y(place.y0) - y0);
            if (!isEmpty(rect) && perX > 0 && perY > 0) {
                places.push_back({rect,
                                  {static_cast<float>((rect[0] + 0.5 - x0) * perX),
                                   static_cast<float>((rect[1] + 0.5 - y0) * perY)},
                                  {static_cast<float>(perX), static_cast<float>(perY)},
                                  static_cast<std::uint32_t>(i),
                                  {}});
            }
        }
        if (!places.empty()) {
            add(m_pipelines.atlas,
                {&m_uploads.buffer(layer.images, Form::Bytes8, "atlas"), &colorTable(layer.map),
                 &upload(std::span<const AtlasPlace>(places))},
                AtlasPush{m_size, {columns, rows}, layer.opacity}, places.size());
        }
    }

    void prepare(gpu::CommandList& list, const DensityLayer& layer) {
        if (layer.xy.count() == 0) {
            return;
        }
        const auto channels = static_cast<std::uint32_t>(densityChannels(layer));
        const auto pixels = static_cast<std::uint32_t>(m_slot.size.width) *
                            static_cast<std::uint32_t>(m_slot.size.height);
        const std::size_t bytes = std::size_t{4} * pixels * channels;
        const gpu::Buffer* grid = nullptr;
        const gpu::Buffer* reference = nullptr;
        if (m_computeDensity) {
            grid = &local(bytes);
            reference = &local(4);
            splatOnDevice(list, layer, *grid, *reference, pixels, channels);
        } else {
            grid = &host(bytes);
            const std::span<std::uint32_t> words(
                reinterpret_cast<std::uint32_t*>(grid->mapped().data()),
                std::size_t{pixels} * channels);
            std::fill(words.begin(), words.end(), 0U);
            splat(layer, m_projection, m_slot.size, words);
            const std::uint32_t count = referenceCount(words, static_cast<int>(channels));
            reference = &upload(std::span<const std::uint32_t>(&count, 1));
        }
        const Color c = layer.colors.empty() ? kDefaultColor : layer.colors.front();
        add(m_pipelines.density, {grid, reference},
            DensityPush{{0, 0, m_slot.size.width, m_slot.size.height},
                        m_size,
                        channels,
                        0,
                        {c.r, c.g, c.b, 1},
                        layer.exposure,
                        layer.opacity});
    }

    void splatOnDevice(gpu::CommandList& list, const DensityLayer& layer, const gpu::Buffer& grid,
                       const gpu::Buffer& reference, std::uint32_t pixels, std::uint32_t channels) {
        const gpu::Buffer& histogram = local(4 * kHistogramBins);
        list.barrier();  // scratch was read by the layer or picture before
        list.fill(grid, 0, std::size_t{4} * pixels * channels);
        list.fill(histogram, 0, 4 * kHistogramBins);
        list.barrier();
        std::vector<std::uint32_t> words;
        std::transform(layer.colors.begin(), layer.colors.end(), std::back_inserter(words), pack);
        words.resize(std::max<std::size_t>(words.size(), 1));
        const gpu::Buffer& xy = m_uploads.buffer(layer.xy, Form::Pairs, "points");
        const gpu::Buffer& category =
            layer.category.defined() ? m_uploads.buffer(layer.category, Form::Raw, "categories")
                                     : xy;
        const auto groups = [&](std::uint64_t items) {
            return static_cast<std::uint32_t>(
                std::min<std::uint64_t>((items + kGroupSize - 1) / kGroupSize,
                                        std::min(kMaxGroups, m_device.info().maxGroups)));
        };
        const auto points = static_cast<std::uint32_t>(layer.xy.dim(0));
        const Buffers splatted{&xy, &category, &upload(std::span<const std::uint32_t>(words)),
                               &grid};
        list.dispatch(m_pipelines.splat, splatted,
                      bytesOf(SplatPush{splitOrigin(m_projection.view()), scale(), m_size, points,
                                        channels, static_cast<std::uint32_t>(words.size()),
                                        layer.category.defined() ? 1U : 0U}),
                      groups(points));
        list.barrier();
        list.dispatch(m_pipelines.histogram, Buffers{&grid, &histogram},
                      bytesOf(HistogramPush{pixels, channels}), groups(pixels / 16 + 1));
        list.barrier();
        list.dispatch(m_pipelines.exposure, Buffers{&histogram, &reference}, {}, 1);
        list.barrier();
    }

    Vec2 scale() const {
        return {static_cast<float>(m_projection.scaleX()),
                static_cast<float>(m_projection.scaleY())};
    }

    gpu::Device& m_device;
    const Pipelines& m_pipelines;
    UploadCache& m_uploads;
    Slot& m_slot;
    const Projection m_projection;
    const float m_ratio;
    const bool m_computeDensity;
    const Vec2 m_size;
    std::vector<Draw> m_draws;
};

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
        const Size size{std::max(pixels.width, 1), std::max(pixels.height, 1)};
        const auto limit = static_cast<int>(m_device.info().maxImageSize);
        if (size.width > limit || size.height > limit) {
            throw gpu::OutOfMemory(m_device.info().name + ": a picture of " +
                                   std::to_string(size.width) + "x" + std::to_string(size.height) +
                                   " pixels is larger than the device's limit of " +
                                   std::to_string(limit) + ".");
        }
        Slot& slot = m_slots[m_begun % kFramesInFlight];
        slot.size = size;
        slot.hostUsed = slot.deviceUsed = 0;
        fit(slot, size);
        m_uploads.retire();
        Recorder recorder(m_device, *m_pipelines, m_uploads, slot, scene, m_computeDensity);
        slot.done = m_device.submit(recorder.record(scene));
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
        Scene scene;
        scene.layers = {grid, atlas, density, sprites};
        return scene;
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
    const bool m_computeDensity;
    std::unique_ptr<Pipelines> m_pipelines;
    std::array<Slot, kFramesInFlight> m_slots;
    std::uint64_t m_begun = 0, m_finished = 0;
};

}  // namespace

std::unique_ptr<Backend> createVulkanBackend(const RendererOptions& options) {
    return std::make_unique<VulkanBackend>(options);
}

}  // namespace lx::render
