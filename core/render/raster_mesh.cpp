// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"
#include "core/render/value_scale.h"

#include <array>

namespace lx::render {
namespace {

/// A triangle on the picture, its corners in the order that makes its area positive.
struct Facet {
    std::array<double, 3> x{}, y{};
    std::array<float, 3> value{};
    std::array<bool, 3> edge{};  ///< opposite each corner: drawn
    double area = 0;             ///< twice
};

class MeshPainter final : public Painter {
public:
    MeshPainter(const MeshLayer& layer, const PaintContext& context)
        : m_layer(layer),
          m_scale(layer.range),
          m_colors(table(layer.map)),
          m_width(layer.edgeWidth * context.scene.pixelRatio) {
        const auto xy = layer.xy.values<float>();
        const auto stride = static_cast<std::size_t>(layer.xy.dim(1));
        const auto rows = layer.triangles.values<Index>();
        const bool perCorner = layer.values.defined() && layer.values.dim(0) == layer.xy.dim(0);
        for (std::size_t t = 0; t < rows.size() / 3; ++t) {
            Facet facet;
            for (std::size_t k = 0; k < 3; ++k) {
                const auto corner = static_cast<std::size_t>(rows[3 * t + k]);
                facet.x[k] = context.projection.x(xy[stride * corner]);
                facet.y[k] = context.projection.y(xy[stride * corner + 1]);
                facet.edge[k] = !(layer.quads && k == 0);
                if (layer.values.defined()) {
                    facet.value[k] = layer.values.values<float>()[perCorner ? corner : t];
                }
            }
            addVisible(facet, context.size);
        }
    }

    void paint(const Canvas& canvas) const override {
        for (const Facet& facet : m_facets) {
            paintFacet(canvas, facet);
        }
    }

private:
    void addVisible(Facet& facet, Size size) {
        facet.area = (facet.x[1] - facet.x[0]) * (facet.y[2] - facet.y[0]) -
                     (facet.x[2] - facet.x[0]) * (facet.y[1] - facet.y[0]);
        if (facet.area < 0) {
            std::swap(facet.x[1], facet.x[2]);
            std::swap(facet.y[1], facet.y[2]);
            std::swap(facet.value[1], facet.value[2]);
            std::swap(facet.edge[1], facet.edge[2]);
            facet.area = -facet.area;
        }
        const auto [left, right] = std::minmax({facet.x[0], facet.x[1], facet.x[2]});
        const auto [top, bottom] = std::minmax({facet.y[0], facet.y[1], facet.y[2]});
        // False for not-a-number and for what is too large to compute with.
        if (facet.area > 0 && facet.area < 1e18 && right > 0 && left < size.width && bottom > 0 &&
            top < size.height) {
            m_facets.push_back(facet);
        }
    }

    void paintFacet(const Canvas& canvas, const Facet& f) const {
        const auto [low, high] = std::minmax({f.y[0], f.y[1], f.y[2]});
        if (high < canvas.top || low > canvas.bottom) {
            return;
        }
        const auto [top, bottom] = pixelRange(low, high, canvas.top, canvas.bottom);
        if (top >= bottom) {
            return;
        }
        const auto [near, far] = std::minmax({f.x[0], f.x[1], f.x[2]});
        const auto [left, right] = pixelRange(near, far, 0, canvas.size.width);
        for (int row = top; row < bottom; ++row) {
            for (int column = left; column < right; ++column) {
                std::array<double, 3> w;
                bool inside = true;
                for (std::size_t k = 0; k < 3; ++k) {
                    const std::size_t i = (k + 1) % 3, j = (k + 2) % 3;
                    const double ex = f.x[j] - f.x[i], ey = f.y[j] - f.y[i];
                    w[k] = ex * (row + 0.5 - f.y[i]) - ey * (column + 0.5 - f.x[i]);
                    // A centre on an edge belongs to one of the two triangles: above a left edge
                    // or a top edge it is inside.
                    inside = inside && (w[k] > 0 || (w[k] == 0 && (ey < 0 || (ey == 0 && ex > 0))));
                }
                if (inside) {
                    paintPixel(canvas.at(column, row), f, w);
                }
            }
        }
    }

    void paintPixel(std::uint8_t* pixel, const Facet& f, const std::array<double, 3>& w) const {
        std::uint32_t word = pack(m_layer.fill);
        float opacity = m_layer.fill.a;
        if (m_layer.values.defined()) {
            const auto part = [&](std::size_t k) { return static_cast<float>(w[k] / f.area); };
            const float value =
                f.value[0] == f.value[1] && f.value[0] == f.value[2]
                    ? f.value[0]
                    : part(0) * f.value[0] + part(1) * f.value[1] + part(2) * f.value[2];
            word = m_colors[static_cast<std::size_t>(m_scale.row(value))];
            opacity = std::isnan(value) ? 0 : alphaOf(word);
        }
        blend(pixel, word, opacity * m_layer.opacity);
        if (m_width > 0) {
            float covered = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                if (f.edge[k]) {
                    const std::size_t i = (k + 1) % 3, j = (k + 2) % 3;
                    const double length = std::hypot(f.x[j] - f.x[i], f.y[j] - f.y[i]);
                    const float away = static_cast<float>(w[k] / length);
                    covered = std::max(covered, std::clamp((m_width + 1) / 2 - away, 0.0F,
                                                           std::min(m_width, 1.0F)));
                }
            }
            blend(pixel, pack(m_layer.edge), covered * m_layer.edge.a * m_layer.opacity);
        }
    }

    const MeshLayer& m_layer;
    const ValueScale m_scale;
    const std::array<std::uint32_t, kTableSize> m_colors;
    const float m_width;
    std::vector<Facet> m_facets;
};

}  // namespace

std::unique_ptr<Painter> makePainter(const MeshLayer& layer, const PaintContext& context) {
    return std::make_unique<MeshPainter>(layer, context);
}

}  // namespace lx::render
