// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

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

class AtlasPainter final : public Painter {
public:
    AtlasPainter(const AtlasLayer& layer, const PaintContext& context)
        : m_layer(layer), m_projection(context.projection), m_ink(table(layer.map)) {}

    void paint(const Canvas& canvas) const override {
        const auto values = m_layer.images.values<float>();
        const int rows = static_cast<int>(m_layer.images.dim(1));
        const int columns = static_cast<int>(m_layer.images.dim(2));
        for (std::size_t i = 0; i < m_layer.places.size() && rows > 0 && columns > 0; ++i) {
            const Rect& place = m_layer.places[i];
            const double x0 = m_projection.x(place.x0), x1 = m_projection.x(place.x1);
            const double y0 = m_projection.y(place.y1), y1 = m_projection.y(place.y0);
            if (!(x1 > x0 && y1 > y0)) {
                continue;
            }
            const float* image = values.data() + i * static_cast<std::size_t>(rows * columns);
            const double perX = columns / (x1 - x0), perY = rows / (y1 - y0);
            const auto [left, right] = pixelRange(x0, x1, 0, canvas.size.width);
            const auto [top, bottom] = pixelRange(y0, y1, canvas.top, canvas.bottom);
            for (int y = top; y < bottom; ++y) {
                for (int x = left; x < right; ++x) {
                    const float value =
                        inkAt(image, rows, columns, static_cast<float>((x + 0.5 - x0) * perX),
                              static_cast<float>((y + 0.5 - y0) * perY), static_cast<float>(perX),
                              static_cast<float>(perY));
                    const std::uint32_t word = m_ink[static_cast<std::size_t>(value * 255 + 0.5F)];
                    blend(canvas.at(x, y), word, alphaOf(word) * m_layer.opacity);
                }
            }
        }
    }

private:
    const AtlasLayer& m_layer;
    const Projection m_projection;
    const std::array<std::uint32_t, kTableSize> m_ink;
};

}  // namespace

std::unique_ptr<Painter> makePainter(const AtlasLayer& layer, const PaintContext& context) {
    return std::make_unique<AtlasPainter>(layer, context);
}

}  // namespace lx::render
