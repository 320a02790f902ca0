// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/rasterizer.h"

#include "core/render/colormap.h"
#include "core/render/density.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::render {
namespace {

/// What is being painted, blended in 8 bits as a device does.
struct Canvas {
    Size size;
    std::vector<std::uint8_t> bytes;

    void blend(int x, int y, const float (&rgb)[3], float alpha) {
        std::uint8_t* p =
            &bytes[4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                        static_cast<std::size_t>(x))];
        for (int k = 0; k < 3; ++k) {
            const float mixed = rgb[k] * alpha + static_cast<float>(p[k]) / 255 * (1 - alpha);
            p[k] = static_cast<std::uint8_t>(std::clamp(mixed, 0.0F, 1.0F) * 255 + 0.5F);
        }
    }
    void blend(int x, int y, std::uint32_t word, float opacity) {
        const float rgb[3] = {static_cast<float>(word & 255) / 255,
                              static_cast<float>(word >> 8 & 255) / 255,
                              static_cast<float>(word >> 16 & 255) / 255};
        blend(x, y, rgb, static_cast<float>(word >> 24) / 255 * opacity);
    }
};

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
    const double reach = radius * kMarkerExtent + 1;
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
        const float rgb[3] = {color.r, color.g, color.b};
        const auto [left, right] = pixelRange(x - reach, x + reach, canvas.size.width);
        const auto [top, bottom] = pixelRange(y - reach, y + reach, canvas.size.height);
        for (int row = top; row < bottom; ++row) {
            for (int column = left; column < right; ++column) {
                const float d = markerDistance(marker, static_cast<float>(column + 0.5 - x),
                                               static_cast<float>(row + 0.5 - y), radius);
                const float coverage = std::clamp(0.5F - d, 0.0F, 1.0F);
                if (coverage > 0) {
                    canvas.blend(column, row, rgb, coverage * color.a * layer.opacity);
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
    const Color plain = layer.colors.empty() ? kDefaultColor : layer.colors.front();
    const std::uint32_t* cell = grid.data();
    for (int y = 0; y < canvas.size.height; ++y) {
        for (int x = 0; x < canvas.size.width; ++x, cell += channels) {
            if (cell[0] == 0) {
                continue;
            }
            float rgb[3] = {plain.r, plain.g, plain.b};
            if (channels == 4) {
                for (int k = 0; k < 3; ++k) {
                    rgb[k] = static_cast<float>(cell[k + 1]) / (255 * static_cast<float>(cell[0]));
                }
            }
            canvas.blend(x, y, rgb, tone(cell[0], reference, layer.exposure) * layer.opacity);
        }
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
                canvas.blend(x, y, ink[static_cast<std::size_t>(value * 255 + 0.5F)],
                             layer.opacity);
            }
        }
    }
}

/// Share of a pixel that the nearest iso-line covers.
float isoCoverage(const GridLayer& layer, const GridSample& sample, float ratio) {
    const float perValue = static_cast<float>((layer.isoLines + 1) / (layer.high - layer.low));
    const float level = (sample.value - static_cast<float>(layer.low)) * perValue;
    const float nearest = std::clamp(std::round(level), 1.0F, static_cast<float>(layer.isoLines));
    const float slope = sample.gradient * std::abs(perValue);
    if (!(slope > 1e-6F)) {
        return 0;
    }
    const float width = layer.isoWidth * ratio;
    const float coverage = std::clamp((width + 1) / 2 - std::abs(level - nearest) / slope, 0.0F,
                                      std::min(width, 1.0F));
    // Lines closer than a few pixels would drown the colours: they fade out.
    return coverage * std::clamp(1 / (slope * 2 * (width + 1)) - 0.5F, 0.0F, 1.0F);
}

void draw(Canvas& canvas, const GridLayer& layer, const Projection& projection, float ratio) {
    const auto colors = table(layer.map);
    const auto [left, right] =
        pixelRange(projection.x(layer.place.x0), projection.x(layer.place.x1), canvas.size.width);
    const auto [top, bottom] =
        pixelRange(projection.y(layer.place.y1), projection.y(layer.place.y0), canvas.size.height);
    const std::uint32_t iso = pack(layer.isoColor);
    for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
            const GridSample at =
                lookUp(layer, projection.dataX(x + 0.5), projection.dataY(y + 0.5),
                       projection.scaleX(), projection.scaleY());
            if (!at.inside || std::isnan(at.value)) {
                continue;
            }
            const float t = std::clamp((at.value - static_cast<float>(layer.low)) /
                                           static_cast<float>(layer.high - layer.low),
                                       0.0F, 1.0F);
            canvas.blend(x, y, colors[static_cast<std::size_t>(t * 255 + 0.5F)], layer.opacity);
            if (layer.isoLines > 0) {
                const float coverage = isoCoverage(layer, at, ratio);
                if (coverage > 0) {
                    canvas.blend(x, y, iso, coverage * layer.opacity);
                }
            }
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

GridSample lookUp(const GridLayer& layer, double x, double y, double pixelsPerX,
                  double pixelsPerY) {
    const Rect& p = layer.place;
    if (!(x >= p.x0 && x <= p.x1 && y >= p.y0 && y <= p.y1)) {
        return {};
    }
    const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
    const double cellsX = static_cast<double>(columns - 1) / (p.x1 - p.x0);
    const double cellsY = static_cast<double>(rows - 1) / (p.y1 - p.y0);
    const double u = (x - p.x0) * cellsX, v = (y - p.y0) * cellsY;
    const Index c = std::clamp(static_cast<Index>(u), Index{0}, std::max(columns - 2, Index{0}));
    const Index r = std::clamp(static_cast<Index>(v), Index{0}, std::max(rows - 2, Index{0}));
    const float* values = layer.values.values<float>().data();
    const auto at = [&](Index row, Index column) {
        return values[std::min(row, rows - 1) * columns + std::min(column, columns - 1)];
    };
    const float a = at(r, c), b = at(r, c + 1), d = at(r + 1, c), e = at(r + 1, c + 1);
    const auto fu = static_cast<float>(u - static_cast<double>(c));
    const auto fv = static_cast<float>(v - static_cast<double>(r));
    const float low = a + fu * (b - a), high = d + fu * (e - d);
    const auto du = static_cast<float>(cellsX / pixelsPerX) * ((b - a) + fv * ((e - d) - (b - a)));
    const auto dv = static_cast<float>(cellsY / pixelsPerY) * (high - low);
    return {true, low + fv * (high - low), std::sqrt(du * du + dv * dv)};
}

Image rasterize(const Scene& scene, Size pixels) {
    Canvas canvas{{std::max(pixels.width, 1), std::max(pixels.height, 1)}, {}};
    const std::uint32_t background = pack(scene.background) | 0xFF000000U;
    canvas.bytes.resize(4 * static_cast<std::size_t>(canvas.size.width) *
                        static_cast<std::size_t>(canvas.size.height));
    for (std::size_t i = 0; i < canvas.bytes.size(); ++i) {
        canvas.bytes[i] = static_cast<std::uint8_t>(background >> 8 * (i % 4));
    }
    const Projection projection(scene.view, canvas.size);
    for (const Layer& layer : scene.layers) {
        if (projection.valid() && problem(layer).empty()) {
            std::visit([&](const auto& l) { draw(canvas, l, projection, scene.pixelRatio); },
                       layer);
        }
    }
    return {canvas.size,
            std::make_shared<const std::vector<std::uint8_t>>(std::move(canvas.bytes))};
}

}  // namespace lx::render
