// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan_recorder.h"

#include "core/render/colormap.h"
#include "core/render/density.h"
#include "core/render/ellipse.h"
#include "core/render/point_style.h"
#include "core/render/rasterizer.h"
#include "core/render/space_geometry.h"
#include "core/render/trails.h"
#include "core/render/value_scale.h"

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

using Form = UploadCache::Form;

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

/// The next scratch buffer of at least `bytes`; grows what is too small.
const gpu::Buffer& nextScratch(gpu::Device& device, std::deque<gpu::Buffer>& pool,
                               std::size_t& used, std::size_t bytes, gpu::Memory memory) {
    if (bytes > device.info().maxBufferBytes) {
        throw gpu::TooLarge(device.info().name + ": a layer needs a buffer of " +
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

std::vector<Color> orDefault(std::vector<Color> colors) {
    if (colors.empty()) {
        colors.push_back(kDefaultColor);
    }
    return colors;
}

bool isEmpty(const IVec4& r) {
    return r[0] >= r[2] || r[1] >= r[3];
}

Vec4 toVec4(const Color& c) {
    return {c.r, c.g, c.b, c.a};
}

}  // namespace

Recorder::Recorder(gpu::Device& device, const Pipelines& pipelines, Keep keep, Slot& slot,
                   const Scene& scene, bool computeDensity)
    : m_device(device),
      m_pipelines(pipelines),
      m_keep(keep),
      m_uploads(keep.uploads),
      m_slot(slot),
      m_projection(scene.view, slot.size),
      m_ratio(scene.pixelRatio * static_cast<float>(slot.samples)),
      m_computeDensity(computeDensity),
      m_size{static_cast<float>(slot.size.width), static_cast<float>(slot.size.height)} {}

gpu::CommandList Recorder::record(const Scene& scene) {
    gpu::CommandList list = m_device.record("picture");
    if (scene.space) {
        prepare(*scene.space, scene.background);
    }
    for (const Layer& layer : scene.layers) {
        if (m_projection.valid() && problem(layer).empty()) {
            std::visit([&](const auto& l) { prepare(list, l); }, layer);
        }
    }
    const auto width = static_cast<std::uint32_t>(m_slot.size.width);
    const auto height = static_cast<std::uint32_t>(m_slot.size.height);
    const Color& c = scene.background;
    const auto channel = [](float v) { return std::clamp(v, 0.0F, 1.0F); };
    list.beginRender(m_slot.image, width, height, {channel(c.r), channel(c.g), channel(c.b), 1});
    for (const Draw& draw : m_draws) {
        list.draw(*draw.pipeline, draw.buffers, draw.push, draw.vertices, draw.instances);
    }
    list.endRender();
    list.copy(m_slot.image, m_slot.readback, width, height);
    return list;
}

const gpu::Buffer& Recorder::host(std::size_t bytes) {
    return nextScratch(m_device, m_slot.hostScratch, m_slot.hostUsed, bytes, gpu::Memory::Upload);
}

const gpu::Buffer& Recorder::local(std::size_t bytes) {
    return nextScratch(m_device, m_slot.deviceScratch, m_slot.deviceUsed, bytes,
                       gpu::Memory::Device);
}

const gpu::Buffer& Recorder::colorTable(const ColorMap& map) {
    const auto words = table(map);
    return upload(std::span<const std::uint32_t>(words));
}

IVec4 Recorder::pixelRect(const Rect& place) const {
    const auto edge = [](double at, int limit) {
        return static_cast<std::int32_t>(
            std::clamp(std::ceil(at - 0.5), 0.0, static_cast<double>(limit)));
    };
    const auto [width, height] = m_slot.size;
    return {edge(m_projection.x(place.x0), width), edge(m_projection.y(place.y1), height),
            edge(m_projection.x(place.x1), width), edge(m_projection.y(place.y0), height)};
}

Vec2 Recorder::scale() const {
    return {static_cast<float>(m_projection.scaleX()), static_cast<float>(m_projection.scaleY())};
}

void Recorder::prepare(const Space& space, Color background) {
    const SpaceGeometry geometry = geometryOf(space, m_slot.size, m_ratio, background);
    for (const Facets& f : geometry.facets) {
        const bool grid = f.triangles.empty();
        const gpu::Buffer& vertices = upload(f.vertices);
        const gpu::Buffer& corners = grid ? vertices : upload(f.triangles);
        add(m_pipelines.facet,
            {&vertices, &corners, &upload(std::span<const std::uint32_t>(f.table))},
            FacetPush{m_size, f.columns, f.low, f.range, f.isoLines, f.isoWidth, f.wireStep,
                      f.wireWidth, f.opacity, f.isoColor, f.wireColor},
            grid ? std::size_t{f.columns - 1} * (f.rows - 1) : f.triangles.size() / 3)
            .vertices = grid ? 4 : 3;
    }
    if (!geometry.glyphs.empty()) {
        add(m_pipelines.glyph, {&upload(geometry.glyphs)}, m_size, geometry.glyphs.size());
    }
}

void Recorder::prepare(gpu::CommandList&, const PointsLayer& layer) {
    if (layer.xy.count() == 0) {
        return;
    }
    if (layer.values.defined() || layer.sizes.defined() || layer.weights.defined()) {
        prepareStyled(layer);
        return;
    }
    const std::vector<Color> colors = orDefault(layer.colors);
    std::vector<std::uint32_t> markers;
    for (const Marker marker : layer.markers) {
        markers.push_back(static_cast<std::uint32_t>(marker));
    }
    if (markers.empty()) {
        markers.push_back(0);
    }
    const gpu::Buffer& xy = m_uploads.buffer(layer.xy, Form::Pairs, "points");
    const gpu::Buffer& category =
        layer.category.defined() ? m_uploads.buffer(layer.category, Form::Raw, "categories") : xy;
    add(m_pipelines.points, {&xy, &category, &upload(colors), &upload(markers)},
        PointsPush{splitOrigin(m_projection.view()), scale(), m_size, layer.size * m_ratio / 2,
                   layer.opacity, static_cast<std::uint32_t>(colors.size()),
                   static_cast<std::uint32_t>(markers.size()), layer.category.defined() ? 1U : 0U},
        static_cast<std::size_t>(layer.xy.dim(0)));
}

void Recorder::prepare(gpu::CommandList&, const GridLayer& layer) {
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
    const ValueScale scale(rangeOf(layer));
    const gpu::Buffer& values = m_uploads.buffer(layer.values, Form::Raw, "grid");
    std::vector<float> levels;
    if (!layer.isoLevels.empty() || layer.scaling != Scaling::Linear) {
        const auto exact = isoValues(layer);
        levels.assign(exact.begin(), exact.end());
    }
    const gpu::Buffer& lights =
        layer.shade > 0 ? m_uploads.buffer(m_keep.reliefs.light(layer), Form::Raw, "relief")
                        : values;
    add(m_pipelines.grid,
        {&values, &colorTable(layer.map), levels.empty() ? &values : &upload(levels), &lights},
        GridPush{rect,
                 m_size,
                 {static_cast<float>(cellsX / m_projection.scaleX()),
                  static_cast<float>(-cellsY / m_projection.scaleY())},
                 {static_cast<float>(u - base(u)), static_cast<float>(v - base(v))},
                 {static_cast<std::int32_t>(base(u)), static_cast<std::int32_t>(base(v))},
                 {static_cast<std::int32_t>(columns), static_cast<std::int32_t>(rows)},
                 scale.base(),
                 scale.extent(),
                 static_cast<float>(layer.isoLines + 1) / scale.extent(),
                 static_cast<float>(std::max(layer.isoLines, 0)),
                 layer.isoWidth * m_ratio,
                 layer.opacity,
                 pack(layer.isoColor),
                 static_cast<std::uint32_t>(layer.scaling),
                 layer.clip ? 1U : 0U,
                 static_cast<std::uint32_t>(levels.size()),
                 scale.linear(),
                 std::max(layer.shade, 0.0F)});
}

void Recorder::prepare(gpu::CommandList&, const AtlasLayer& layer) {
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
             &upload(places)},
            AtlasPush{m_size, {columns, rows}, layer.opacity}, places.size());
    }
}

void Recorder::prepare(gpu::CommandList& list, const DensityLayer& layer) {
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

void Recorder::splatOnDevice(gpu::CommandList& list, const DensityLayer& layer,
                             const gpu::Buffer& grid, const gpu::Buffer& reference,
                             std::uint32_t pixels, std::uint32_t channels) {
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
        layer.category.defined() ? m_uploads.buffer(layer.category, Form::Raw, "categories") : xy;
    const auto groups = [&](std::uint64_t items) {
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>((items + kGroupSize - 1) / kGroupSize,
                                    std::min(kMaxGroups, m_device.info().maxGroups)));
    };
    const auto points = static_cast<std::uint32_t>(layer.xy.dim(0));
    const Buffers splatted{&xy, &category, &upload(words), &grid};
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

void Recorder::prepareStyled(const PointsLayer& layer) {
    const StyleOf styleOf(layer, m_ratio);
    const auto count = static_cast<std::size_t>(layer.xy.dim(0));
    std::vector<StyleWords> styles;
    styles.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const PointStyle s = styleOf(i);
        styles.push_back({s.word, s.radius, s.opacity, static_cast<std::uint32_t>(s.marker)});
    }
    add(m_pipelines.styled, {&m_uploads.buffer(layer.xy, Form::Pairs, "points"), &upload(styles)},
        StyledPush{splitOrigin(m_projection.view()), scale(), m_size}, count);
}

void Recorder::prepare(gpu::CommandList&, const TrailsLayer& layer) {
    const TrailWindow window = windowOf(layer);
    const Index trails = layer.xy.dim(1);
    if (window.segments() < 1 || trails < 1) {
        return;
    }
    std::vector<Color> colors = orDefault(layer.colors);
    if (layer.values.defined()) {
        colors.clear();
        for (const std::uint32_t word : table(layer.map)) {
            const auto part = [word](int shift) {
                return static_cast<float>(word >> shift & 255) / 255;
            };
            colors.push_back({part(0), part(8), part(16), part(24)});
        }
    }
    const gpu::Buffer& xy = m_uploads.buffer(layer.xy, Form::Pairs, "trails");
    const gpu::Buffer& category =
        layer.category.defined() ? m_uploads.buffer(layer.category, Form::Raw, "categories") : xy;
    const gpu::Buffer& values =
        layer.values.defined() ? m_uploads.buffer(layer.values, Form::Raw, "values") : xy;
    const ValueScale scaleOf(layer.range);
    add(m_pipelines.trails, {&xy, &category, &values, &upload(colors)},
        TrailsPush{splitOrigin(m_projection.view()), scale(), m_size, layer.width * m_ratio,
                   layer.opacity, layer.fade, static_cast<std::uint32_t>(window.first),
                   static_cast<std::uint32_t>(window.segments()),
                   static_cast<std::uint32_t>(trails), static_cast<std::uint32_t>(colors.size()),
                   layer.category.defined() ? 1U : 0U, layer.values.defined() ? 1U : 0U,
                   static_cast<std::uint32_t>(layer.range.scaling), scaleOf.linear(),
                   scaleOf.base(), scaleOf.extent()},
        static_cast<std::size_t>(window.segments() * trails));
}

void Recorder::prepare(gpu::CommandList&, const MeshLayer& layer) {
    if (layer.triangles.count() == 0) {
        return;
    }
    const gpu::Buffer& xy = m_uploads.buffer(layer.xy, Form::Pairs, "mesh");
    const gpu::Buffer& triangles = m_uploads.buffer(layer.triangles, Form::Raw, "triangles");
    const bool hasValues = layer.values.defined();
    const gpu::Buffer& values =
        hasValues ? m_uploads.buffer(layer.values, Form::Raw, "values") : xy;
    const std::uint32_t valuesPer = !hasValues                               ? 0U
                                    : layer.values.dim(0) == layer.xy.dim(0) ? 1U
                                                                             : 2U;
    const ValueScale scaleOf(layer.range);
    add(m_pipelines.mesh, {&xy, &triangles, &values, &colorTable(layer.map)},
        MeshPush{splitOrigin(m_projection.view()), scale(), m_size, toVec4(layer.fill),
                 toVec4(layer.edge), layer.edgeWidth * m_ratio, layer.opacity, valuesPer,
                 layer.quads ? 1U : 0U, static_cast<std::uint32_t>(layer.range.scaling),
                 scaleOf.linear(), scaleOf.base(), scaleOf.extent()},
        static_cast<std::size_t>(layer.triangles.dim(0)))
        .vertices = 3;
}

void Recorder::prepare(gpu::CommandList&, const EllipsesLayer& layer) {
    const float width = layer.width * m_ratio;
    const auto ellipses = ellipsesOnPicture(layer, m_projection, width);
    if (!ellipses.empty()) {
        const auto colors = orDefault(layer.colors);
        add(m_pipelines.ellipses, {&upload(ellipses), &upload(colors)},
            EllipsesPush{m_size, width, layer.fill, layer.opacity,
                         static_cast<std::uint32_t>(colors.size())},
            ellipses.size());
    }
}

}  // namespace lx::render
