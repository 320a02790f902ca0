// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/rasterizer.h"

#include "core/render/colormap.h"
#include "core/render/density.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace lx::render {
namespace {

/// What is being painted, blended in 8 bits as a device does.
struct Canvas {
    Size size;
    std::vector<std::uint8_t> bytes;

    std::uint8_t* at(int x, int y) {
        return &bytes[4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                           static_cast<std::size_t>(x))];
    }
};

/// Lays the colour of an RGBA8 word over a pixel; its own alpha is left out of account.
void blend(std::uint8_t* pixel, std::uint32_t word, float alpha) {
    const auto weight = static_cast<std::int32_t>(std::clamp(alpha, 0.0F, 1.0F) * 65536 + 0.5F);
    for (int k = 0; k < 3; ++k) {
        const auto wanted = static_cast<std::int32_t>(word >> (8 * k) & 255);
        pixel[k] = static_cast<std::uint8_t>(
            (wanted * weight + pixel[k] * (65536 - weight) + 32768) >> 16);
    }
}

float alphaOf(std::uint32_t word) {
    return static_cast<float>(word >> 24) / 255;
}

/// First and one past the last pixel whose centre lies in [from, to), within [0, limit).
std::pair<int, int> pixelRange(double from, double to, int limit) {
    const auto edge = [limit](double at) {
        return static_cast<int>(std::clamp(std::ceil(at - 0.5), 0.0, static_cast<double>(limit)));
    };
    return {edge(from), edge(to)};
}

void draw(Canvas& canvas, const PointsLayer& layer, const Projection& projection, float ratio) {
    if (layer.xy.count() == 0) {
        return;
    }
    const auto xy = layer.xy.values<float>();
    const auto category =
        layer.category.defined() ? layer.category.values<Index>() : std::span<const Index>{};
    const float radius = layer.size * ratio / 2;
    const auto stride = static_cast<std::size_t>(layer.xy.dim(1));
    for (std::size_t i = 0, rows = static_cast<std::size_t>(layer.xy.dim(0)); i < rows; ++i) {
        const Index kind = category.empty() ? 0 : category[i];
        const double x = projection.x(xy[stride * i]), y = projection.y(xy[stride * i + 1]);
        if (kind < 0 || !(std::abs(x) < 1e6 && std::abs(y) < 1e6)) {
            continue;
        }
        const auto number = static_cast<std::size_t>(kind);
        const Color color =
            layer.colors.empty() ? kDefaultColor : layer.colors[number % layer.colors.size()];
        const Marker marker =
            layer.markers.empty() ? Marker::Circle : layer.markers[number % layer.markers.size()];
        const std::uint32_t word = pack(color);
        const double reach = markerExtent(marker) * radius + 1;
        const auto [left, right] = pixelRange(x - reach, x + reach, canvas.size.width);
        const auto [top, bottom] = pixelRange(y - reach, y + reach, canvas.size.height);
        for (int row = top; row < bottom; ++row) {
            std::uint8_t* pixel = canvas.at(0, row);
            for (int column = left; column < right; ++column) {
                const float d = markerDistance(marker, static_cast<float>(column + 0.5 - x),
                                               static_cast<float>(row + 0.5 - y), radius);
                const float coverage = std::clamp(0.5F - d, 0.0F, 1.0F);
                if (coverage > 0) {
                    blend(pixel + 4 * column, word, coverage * color.a * layer.opacity);
                }
            }
        }
    }
}

void draw(Canvas& canvas, const DensityLayer& layer, const Projection& projection, float) {
    const int channels = densityChannels(layer);
    std::vector<std::uint32_t> grid(static_cast<std::size_t>(canvas.size.width) *
                                    static_cast<std::size_t>(canvas.size.height) *
                                    static_cast<std::size_t>(channels));
    splat(layer, projection, canvas.size, grid);
    const std::uint32_t reference = referenceCount(grid, channels);
    const std::uint32_t plain = pack(layer.colors.empty() ? kDefaultColor : layer.colors.front());
    std::array<float, 1024> alpha;  // most counts are small, and a logarithm is slow
    for (std::uint32_t count = 0; count < alpha.size(); ++count) {
        alpha[count] = tone(count, reference, layer.exposure) * layer.opacity;
    }
    const std::uint32_t* cell = grid.data();
    std::uint8_t* pixel = canvas.bytes.data();
    for (std::size_t i = 0; i < canvas.bytes.size() / 4; ++i, cell += channels, pixel += 4) {
        const std::uint32_t count = cell[0];
        if (count == 0) {
            continue;
        }
        std::uint32_t word = plain;
        if (channels == 4) {
            const auto mean = [&](int k) { return (cell[k] + count / 2) / count; };
            word = mean(1) | mean(2) << 8 | mean(3) << 16;
        }
        blend(pixel, word,
              count < alpha.size() ? alpha[count]
                                   : tone(count, reference, layer.exposure) * layer.opacity);
    }
}

/// Mean over [from, to) along one axis is a weighted sum of texels; this is the weight of one.
float overlap(int texel, float from, float to) {
    return std::max(0.0F, std::min(to, static_cast<float>(texel + 1)) -
                              std::max(from, static_cast<float>(texel)));
}

/// Ink in [0, 1] of an image under one pixel: the texel that holds its centre when the image is
/// magnified, the mean over the pixel's area when it is minified.
float inkAt(const float* image, int rows, int columns, float u, float v, float spanU, float spanV) {
    const auto ink = [](float value) {
        return std::isnan(value) ? 0 : std::clamp(value, 0.0F, 1.0F);
    };
    const auto axis = [](float at, float span, int count, float& from, float& to) {
        if (span <= 1) {
            from = static_cast<float>(std::clamp(static_cast<int>(at), 0, count - 1));
            to = from + 1;
        } else {
            from = std::clamp(at - span / 2, 0.0F, static_cast<float>(count));
            to = std::clamp(at + span / 2, 0.0F, static_cast<float>(count));
        }
    };
    float u0, u1, v0, v1, sum = 0, weight = 0;
    axis(u, spanU, columns, u0, u1);
    axis(v, spanV, rows, v0, v1);
    for (int r = static_cast<int>(v0); r < rows && static_cast<float>(r) < v1; ++r) {
        for (int c = static_cast<int>(u0); c < columns && static_cast<float>(c) < u1; ++c) {
            const float w = overlap(r, v0, v1) * overlap(c, u0, u1);
            // Eight bits, as the image is stored on a device.
            sum += w * std::floor(ink(image[r * columns + c]) * 255 + 0.5F);
            weight += w;
        }
    }
    return weight > 0 ? sum / (255 * weight) : 0;
}

void draw(Canvas& canvas, const AtlasLayer& layer, const Projection& projection, float) {
    const auto ink = table(layer.map);
    const auto values = layer.images.values<float>();
    const int rows = static_cast<int>(layer.images.dim(1));
    const int columns = static_cast<int>(layer.images.dim(2));
    for (std::size_t i = 0; i < layer.places.size() && rows > 0 && columns > 0; ++i) {
        const Rect& place = layer.places[i];
        const double x0 = projection.x(place.x0), x1 = projection.x(place.x1);
        const double y0 = projection.y(place.y1), y1 = projection.y(place.y0);
        if (!(x1 > x0 && y1 > y0)) {
            continue;
        }
        const float* image = values.data() + i * static_cast<std::size_t>(rows * columns);
        const double perX = columns / (x1 - x0), perY = rows / (y1 - y0);
        const auto [left, right] = pixelRange(x0, x1, canvas.size.width);
        const auto [top, bottom] = pixelRange(y0, y1, canvas.size.height);
        for (int y = top; y < bottom; ++y) {
            for (int x = left; x < right; ++x) {
                const float value =
                    inkAt(image, rows, columns, static_cast<float>((x + 0.5 - x0) * perX),
                          static_cast<float>((y + 0.5 - y0) * perY), static_cast<float>(perX),
                          static_cast<float>(perY));
                const std::uint32_t word = ink[static_cast<std::size_t>(value * 255 + 0.5F)];
                blend(canvas.at(x, y), word, alphaOf(word) * layer.opacity);
            }
        }
    }
}

/// The iso-lines of one layer.
struct IsoLines {
    IsoLines(const GridLayer& layer, float ratio)
        : low(static_cast<float>(layer.low)),
          perValue(static_cast<float>((layer.isoLines + 1) / (layer.high - layer.low))),
          last(static_cast<float>(layer.isoLines)),
          width(layer.isoWidth * ratio) {}

    /// Share of a pixel that the nearest line covers; `gradient`: per pixel, squared.
    float coverage(float value, float gradient) const {
        const float level = (value - low) * perValue;
        const float nearest = std::clamp(std::floor(level + 0.5F), 1.0F, last);
        const float away = std::abs(level - nearest), reach = (width + 1) / 2;
        const float squared = gradient * perValue * perValue;
        if (!(away * away < squared * reach * reach) || !(squared > 1e-12F)) {
            return 0;
        }
        const float slope = std::sqrt(squared);
        const float covered = std::clamp(reach - away / slope, 0.0F, std::min(width, 1.0F));
        // Lines closer than a few pixels would drown the colours: they fade out.
        return covered * std::clamp(1 / (slope * 4 * reach) - 0.5F, 0.0F, 1.0F);
    }
    float low, perValue, last, width;
};

/// Where a pixel's centre falls between two nodes along one axis.
struct Between {
    Index node;
    float fraction;
};

Between between(double cell, Index nodes) {
    const Index node =
        std::clamp(static_cast<Index>(cell), Index{0}, std::max(nodes - 2, Index{0}));
    return {node, static_cast<float>(cell - static_cast<double>(node))};
}

void draw(Canvas& canvas, const GridLayer& layer, const Projection& projection, float ratio) {
    const Rect& place = layer.place;
    const auto [left, right] =
        pixelRange(projection.x(place.x0), projection.x(place.x1), canvas.size.width);
    const auto [top, bottom] =
        pixelRange(projection.y(place.y1), projection.y(place.y0), canvas.size.height);
    if (left >= right || top >= bottom) {
        return;
    }
    const auto colors = table(layer.map);
    const bool opaque = layer.opacity >= 1 && std::all_of(colors.begin(), colors.end(),
                                                          [](auto c) { return c >> 24 == 255; });
    const IsoLines lines(layer, ratio);
    const std::uint32_t iso = pack(layer.isoColor);
    const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
    const double cellsX = static_cast<double>(columns - 1) / (place.x1 - place.x0);
    const double cellsY = static_cast<double>(rows - 1) / (place.y1 - place.y0);
    const auto perPixelX = static_cast<float>(cellsX / projection.scaleX());
    const auto perPixelY = static_cast<float>(cellsY / projection.scaleY());
    const auto low = static_cast<float>(layer.low);
    const auto range = static_cast<float>(layer.high - layer.low);

    std::vector<Between> across;
    for (int x = left; x < right; ++x) {
        across.push_back(between((projection.dataX(x + 0.5) - place.x0) * cellsX, columns));
    }
    const Index first = across.front().node, last = std::min(across.back().node + 1, columns - 1);
    // The values along one row of pixels, and how they rise to the next row of nodes.
    std::vector<float> values(static_cast<std::size_t>(columns) + 1);
    std::vector<float> rises(static_cast<std::size_t>(columns) + 1);
    const float* nodes = layer.values.values<float>().data();
    for (int y = top; y < bottom; ++y) {
        const auto [row, v] = between((projection.dataY(y + 0.5) - place.y0) * cellsY, rows);
        const float* below = nodes + row * columns;
        const float* above = nodes + std::min(row + 1, rows - 1) * columns;
        for (Index c = first; c <= last; ++c) {
            const auto k = static_cast<std::size_t>(c);
            rises[k] = above[c] - below[c];
            values[k] = below[c] + v * rises[k];
        }
        values[static_cast<std::size_t>(last) + 1] = values[static_cast<std::size_t>(last)];
        rises[static_cast<std::size_t>(last) + 1] = rises[static_cast<std::size_t>(last)];
        std::uint8_t* pixel = canvas.at(left, y);
        for (const auto& [node, u] : across) {
            const float* value = &values[static_cast<std::size_t>(node)];
            const float slope = value[1] - value[0], here = value[0] + u * slope;
            if (!std::isnan(here)) {
                const float t = std::clamp((here - low) / range, 0.0F, 1.0F);
                const std::uint32_t word = colors[static_cast<std::size_t>(t * 255 + 0.5F)];
                if (opaque) {
                    std::memcpy(pixel, &word, 4);
                } else {
                    blend(pixel, word, alphaOf(word) * layer.opacity);
                }
                if (layer.isoLines > 0) {
                    const float* rise = &rises[static_cast<std::size_t>(node)];
                    const float dx = slope * perPixelX;
                    const float dy = (rise[0] + u * (rise[1] - rise[0])) * perPixelY;
                    const float covered = lines.coverage(here, dx * dx + dy * dy);
                    if (covered > 0) {
                        blend(pixel, iso, covered * layer.isoColor.a * layer.opacity);
                    }
                }
            }
            pixel += 4;
        }
    }
}

std::string pointsProblem(const Array& xy, const Array& category) {
    if (!xy.defined() || xy.dtype() != DType::F32 || xy.shape().size() != 2 || xy.dim(1) < 2) {
        return "points must be float32 [N, 2]";
    }
    if (category.defined() && (category.dtype() != DType::I64 || category.shape().size() != 1 ||
                               category.dim(0) != xy.dim(0))) {
        return "categories must be int64 [N], one per point";
    }
    return {};
}

}  // namespace

std::string problem(const Layer& any) {
    if (const auto* points = std::get_if<PointsLayer>(&any)) {
        return pointsProblem(points->xy, points->category);
    }
    if (const auto* density = std::get_if<DensityLayer>(&any)) {
        return pointsProblem(density->xy, density->category);
    }
    if (const auto* atlas = std::get_if<AtlasLayer>(&any)) {
        const Array& images = atlas->images;
        if (!images.defined() || images.dtype() != DType::F32 || images.shape().size() != 3) {
            return "atlas images must be float32 [N, H, W]";
        }
        return static_cast<Index>(atlas->places.size()) == images.dim(0)
                   ? ""
                   : "an atlas needs one place per image";
    }
    const auto& grid = std::get<GridLayer>(any);
    if (!grid.values.defined() || grid.values.dtype() != DType::F32 ||
        grid.values.shape().size() != 2 || grid.values.dim(0) < 1 || grid.values.dim(1) < 1) {
        return "grid values must be float32 [rows, columns] and not empty";
    }
    const Rect& p = grid.place;
    if (!(p.x1 > p.x0 && p.y1 > p.y0) || !std::isfinite(p.x1 - p.x0) ||
        !std::isfinite(p.y1 - p.y0)) {
        return "the place of a grid must have a positive, finite size";
    }
    return std::isfinite(grid.high - grid.low) && grid.high != grid.low
               ? ""
               : "the range of a grid's colours must be finite and not empty";
}

float markerDistance(Marker marker, float x, float y, float radius) noexcept {
    const auto box = [](float u, float v, float halfU, float halfV) {
        return std::max(std::abs(u) - halfU, std::abs(v) - halfV);
    };
    // Triangle of the circle's area: inner radius 0.7776 r, centred on its centroid.
    const auto triangle = [radius](float u, float v) {
        const float inner = 0.7776F * radius;
        return std::max(v - inner, 0.8660254F * std::abs(u) - 0.5F * v - inner);
    };
    const auto plus = [&](float u, float v) {
        const float arm = 1.25F * radius, half = std::max(0.36F * radius, 0.5F);
        return std::min(box(u, v, arm, half), box(u, v, half, arm));
    };
    constexpr float kHalfRoot = 0.70710678F;
    const float half = 0.8862269F * radius;
    switch (marker) {
        case Marker::Circle: return std::sqrt(x * x + y * y) - radius;
        case Marker::Square: return box(x, y, half, half);
        case Marker::Triangle: return triangle(x, y);
        case Marker::Diamond: return box((x + y) * kHalfRoot, (x - y) * kHalfRoot, half, half);
        case Marker::TriangleDown: return triangle(x, -y);
        case Marker::Plus: return plus(x, y);
        case Marker::Cross: return plus((x + y) * kHalfRoot, (x - y) * kHalfRoot);
        case Marker::TriangleLeft: return triangle(y, x);
    }
    return std::numeric_limits<float>::infinity();
}

float markerExtent(Marker marker) noexcept {
    switch (marker) {
        case Marker::Circle: return 1;
        case Marker::Square: return 0.89F;
        case Marker::Triangle:
        case Marker::TriangleDown:
        case Marker::TriangleLeft: return 1.56F;
        case Marker::Diamond:
        case Marker::Plus:
        case Marker::Cross: return 1.26F;
    }
    return 1.6F;
}

std::optional<float> valueAt(const GridLayer& layer, double x, double y) {
    const Rect& p = layer.place;
    if (!(x >= p.x0 && x <= p.x1 && y >= p.y0 && y <= p.y1)) {
        return {};
    }
    const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
    const auto [c, u] =
        between((x - p.x0) / (p.x1 - p.x0) * static_cast<double>(columns - 1), columns);
    const auto [r, v] = between((y - p.y0) / (p.y1 - p.y0) * static_cast<double>(rows - 1), rows);
    const float* values = layer.values.values<float>().data();
    const Index right = std::min(c + 1, columns - 1), above = std::min(r + 1, rows - 1);
    const float a = values[r * columns + c], b = values[r * columns + right];
    const float d = values[above * columns + c], e = values[above * columns + right];
    const float low = a + u * (b - a), high = d + u * (e - d);
    const float value = low + v * (high - low);
    return std::isnan(value) ? std::nullopt : std::optional(value);
}

Image rasterize(const Scene& scene, Size pixels) {
    const Size size{std::max(pixels.width, 1), std::max(pixels.height, 1)};
    const std::uint32_t background = pack(scene.background) | 0xFF000000U;
    std::vector<std::uint8_t> bytes(4 * static_cast<std::size_t>(size.width) *
                                    static_cast<std::size_t>(size.height));
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
        std::memcpy(&bytes[i], &background, 4);
    }
    return rasterizeOver(size, std::move(bytes), scene, 0);
}

Image rasterizeOver(Size size, std::vector<std::uint8_t> pixels, const Scene& scene,
                    std::size_t first) {
    Canvas canvas{size, std::move(pixels)};
    const Projection projection(scene.view, canvas.size);
    for (std::size_t i = first; i < scene.layers.size(); ++i) {
        const Layer& layer = scene.layers[i];
        if (projection.valid() && problem(layer).empty()) {
            std::visit([&](const auto& l) { draw(canvas, l, projection, scene.pixelRatio); },
                       layer);
        }
    }
    return {canvas.size,
            std::make_shared<const std::vector<std::uint8_t>>(std::move(canvas.bytes))};
}

}  // namespace lx::render
