// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/point_style.h"
#include "core/render/rasterizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::render {
namespace {

class PointsPainter final : public Painter {
public:
    PointsPainter(const PointsLayer& layer, const PaintContext& context) {
        if (layer.xy.count() == 0) {
            return;
        }
        const auto xy = layer.xy.values<float>();
        const auto stride = static_cast<std::size_t>(layer.xy.dim(1));
        const StyleOf styleOf(layer, context.scene.pixelRatio);
        const Projection& projection = context.projection;
        for (std::size_t i = 0, rows = static_cast<std::size_t>(layer.xy.dim(0)); i < rows; ++i) {
            const double x = projection.x(xy[stride * i]), y = projection.y(xy[stride * i + 1]);
            if (!(std::abs(x) < 1e6 && std::abs(y) < 1e6)) {
                continue;
            }
            const PointStyle style = styleOf(i);
            const double reach = markerExtent(style.marker) * style.radius + 1;
            if (style.opacity > 0 && x + reach > 0 && x - reach < context.size.width &&
                y + reach > 0 && y - reach < context.size.height) {
                m_sprites.push_back({x, y, style});
            }
        }
    }

    void paint(const Canvas& canvas) const override {
        for (const auto& [x, y, style] : m_sprites) {
            const double reach = markerExtent(style.marker) * style.radius + 1;
            if (y + reach < canvas.top || y - reach > canvas.bottom) {
                continue;
            }
            const auto [top, bottom] = pixelRange(y - reach, y + reach, canvas.top, canvas.bottom);
            if (top >= bottom) {
                continue;
            }
            const auto [left, right] = pixelRange(x - reach, x + reach, 0, canvas.size.width);
            for (int row = top; row < bottom; ++row) {
                std::uint8_t* pixel = canvas.at(0, row);
                for (int column = left; column < right; ++column) {
                    const float d =
                        markerDistance(style.marker, static_cast<float>(column + 0.5 - x),
                                       static_cast<float>(row + 0.5 - y), style.radius);
                    const float coverage = std::clamp(0.5F - d, 0.0F, 1.0F);
                    if (coverage > 0) {
                        blend(pixel + 4 * column, style.word, coverage * style.opacity);
                    }
                }
            }
        }
    }

private:
    struct Sprite {
        double x, y;
        PointStyle style;
    };
    std::vector<Sprite> m_sprites;
};

}  // namespace

std::unique_ptr<Painter> makePainter(const PointsLayer& layer, const PaintContext& context) {
    return std::make_unique<PointsPainter>(layer, context);
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

}  // namespace lx::render
