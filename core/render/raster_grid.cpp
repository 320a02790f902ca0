// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"
#include "core/render/rasterizer.h"
#include "core/render/relief.h"
#include "core/render/value_scale.h"
#include "core/render/vectorize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace lx::render {
namespace {

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

/// One row of nodes between two rows of the grid: at each node what the bilinear formula needs.
struct NodeRow {
    float* value;     ///< interpolated to the row's height
    float* step;      ///< to the next node's value
    float* rise;      ///< to the row of nodes above
    float* riseStep;  ///< to the next node's rise
};

LX_VECTOR void fillNodes(const NodeRow& out, const float* below, const float* above, float v,
                         Index first, Index last) {
    for (Index c = first; c <= last; ++c) {
        out.rise[c] = above[c] - below[c];
        out.value[c] = below[c] + v * out.rise[c];
    }
    out.rise[last + 1] = out.rise[last];
    out.value[last + 1] = out.value[last];
    for (Index c = first; c <= last; ++c) {
        out.step[c] = out.value[c + 1] - out.value[c];
        out.riseStep[c] = out.rise[c + 1] - out.rise[c];
    }
}

/// Value and squared gradient (per pixel) under each pixel of a row.
LX_VECTOR void sampleRow(const NodeRow& nodes, const std::int32_t* node, const float* fraction,
                         int count, float perPixelX, float perPixelY, float* __restrict values,
                         float* __restrict gradients) {
    for (int i = 0; i < count; ++i) {
        const std::int32_t n = node[i];
        const float u = fraction[i], step = nodes.step[n];
        values[i] = nodes.value[n] + u * step;
        const float dx = step * perPixelX;
        const float dy = (nodes.rise[n] + u * nodes.riseStep[n]) * perPixelY;
        gradients[i] = dx * dx + dy * dy;
    }
}

LX_VECTOR void colorRow(const float* values, int count, float low, float range,
                        const std::uint32_t* colors, std::uint32_t* __restrict pixels) {
    for (int i = 0; i < count; ++i) {
        const float t = (values[i] - low) / range;
        const float inside = t > 0 ? (t < 1 ? t : 1) : 0;  // 0 for not-a-number
        pixels[i] = colors[static_cast<std::int32_t>(inside * 255 + 0.5F)];
    }
}

/// Equidistant iso-lines of a linear scale.
struct EvenLines {
    float low, perValue, last, width, opacity;
};

/// Share of each pixel that the nearest line covers, times opacity, as weights of blend().
LX_VECTOR void coverRow(const EvenLines& lines, const float* values, const float* gradients,
                        int count, std::int32_t* __restrict weights) {
    const auto [low, perValue, last, width, opacity] = lines;
    const float reach = (width + 1) / 2, full = width < 1 ? width : 1;
    for (int i = 0; i < count; ++i) {
        const float level = (values[i] - low) * perValue;
        const float within = level > 1 ? (level < last ? level : last) : 1;
        const auto nearest = static_cast<float>(static_cast<std::int32_t>(within + 0.5F));
        const float away = std::abs(level - nearest);
        const float squared = gradients[i] * perValue * perValue;
        const float slope = std::sqrt(squared > 1e-12F ? squared : 1e-12F);
        float covered = reach - away / slope;
        covered = covered > 0 ? (covered < full ? covered : full) : 0;
        // Lines closer than a few pixels would drown the colours: they fade out.
        float apart = 1 / (slope * 4 * reach) - 0.5F;
        apart = apart > 0 ? (apart < 1 ? apart : 1) : 0;
        const float share = squared > 1e-12F ? covered * apart * opacity : 0;
        weights[i] = static_cast<std::int32_t>(share * 65536 + 0.5F);
    }
}

LX_VECTOR void blendRow(std::uint32_t* __restrict pixels, const std::int32_t* weights, int count,
                        std::uint32_t word) {
    const auto red = static_cast<std::int32_t>(word & 255);
    const auto green = static_cast<std::int32_t>(word >> 8 & 255);
    const auto blue = static_cast<std::int32_t>(word >> 16 & 255);
    for (int i = 0; i < count; ++i) {
        const std::int32_t weight = weights[i], rest = 65536 - weight;
        const std::uint32_t p = pixels[i];
        const auto mixed = [&](std::int32_t wanted, std::uint32_t old) {
            return static_cast<std::uint32_t>(
                (wanted * weight + static_cast<std::int32_t>(old & 255) * rest + 32768) >> 16);
        };
        pixels[i] = mixed(red, p) | mixed(green, p >> 8) << 8 | mixed(blue, p >> 16) << 16 |
                    (p & 0xFF000000U);
    }
}

class GridPainter final : public Painter {
public:
    GridPainter(const GridLayer& layer, const PaintContext& context)
        : m_layer(layer),
          m_projection(context.projection),
          m_width(layer.isoWidth * context.scene.pixelRatio),
          m_scale(rangeOf(layer)),
          m_colors(table(layer.map)),
          m_opaque(layer.opacity >= 1 && std::all_of(m_colors.begin(), m_colors.end(),
                                                     [](auto c) { return c >> 24 == 255; })),
          m_rows(layer.values.dim(0)),
          m_columns(layer.values.dim(1)),
          m_cellsX(static_cast<double>(m_columns - 1) / (layer.place.x1 - layer.place.x0)),
          m_cellsY(static_cast<double>(m_rows - 1) / (layer.place.y1 - layer.place.y0)),
          m_even(layer.isoLevels.empty() && layer.scaling == Scaling::Linear) {
        const Rect& place = layer.place;
        std::tie(m_left, m_right) =
            pixelRange(m_projection.x(place.x0), m_projection.x(place.x1), 0, context.size.width);
        for (int x = m_left; x < m_right; ++x) {
            const auto [node, fraction] =
                between((m_projection.dataX(x + 0.5) - place.x0) * m_cellsX, m_columns);
            m_nodes.push_back(static_cast<std::int32_t>(node));
            m_fractions.push_back(fraction);
        }
        if (!m_even) {
            const auto levels = isoValues(layer);
            m_levels.assign(levels.begin(), levels.end());
        }
        if (layer.shade > 0) {
            m_shades = context.reliefs.light(layer);
        }
    }

    void paint(const Canvas& canvas) const override {
        const Rect& place = m_layer.place;
        const auto [top, bottom] = pixelRange(m_projection.y(place.y1), m_projection.y(place.y0),
                                              canvas.top, canvas.bottom);
        if (m_nodes.empty() || top >= bottom) {
            return;
        }
        const auto count = m_nodes.size();
        const auto nodes = static_cast<std::size_t>(m_columns) + 1;
        Row row{
            std::vector<float>(4 * nodes), std::vector<float>(m_shades.defined() ? 4 * nodes : 0),
            std::vector<float>(count),     std::vector<float>(count),
            std::vector<float>(count),     std::vector<std::int32_t>(count)};
        for (int y = top; y < bottom; ++y) {
            paintRow(canvas, y, row);
        }
    }

private:
    struct Row {
        std::vector<float> nodes, shadeNodes, values, gradients, lights;
        std::vector<std::int32_t> weights;
    };

    void sampleAt(const float* grid, Index row, float v, std::vector<float>& nodes, float* values,
                  float* gradients) const {
        const std::size_t each = static_cast<std::size_t>(m_columns) + 1;
        const NodeRow out{nodes.data(), nodes.data() + each, nodes.data() + 2 * each,
                          nodes.data() + 3 * each};
        fillNodes(out, grid + row * m_columns, grid + std::min(row + 1, m_rows - 1) * m_columns, v,
                  m_nodes.front(), std::min<Index>(m_nodes.back() + 1, m_columns - 1));
        sampleRow(out, m_nodes.data(), m_fractions.data(), static_cast<int>(m_nodes.size()),
                  static_cast<float>(m_cellsX / m_projection.scaleX()),
                  static_cast<float>(m_cellsY / m_projection.scaleY()), values, gradients);
    }

    void paintRow(const Canvas& canvas, int y, Row& row) const {
        const auto [node, v] =
            between((m_projection.dataY(y + 0.5) - m_layer.place.y0) * m_cellsY, m_rows);
        const int count = static_cast<int>(m_nodes.size());
        if (m_shades.defined()) {
            sampleAt(m_shades.values<float>().data(), node, v, row.shadeNodes, row.lights.data(),
                     row.gradients.data());
        }
        sampleAt(m_layer.values.values<float>().data(), node, v, row.nodes, row.values.data(),
                 row.gradients.data());
        const bool lines = m_even ? m_layer.isoLines > 0 : !m_levels.empty();
        if (lines && m_even) {
            coverRow({m_scale.base(), static_cast<float>(m_layer.isoLines + 1) / m_scale.extent(),
                      static_cast<float>(m_layer.isoLines), m_width, isoOpacity()},
                     row.values.data(), row.gradients.data(), count, row.weights.data());
        } else if (lines) {
            for (int i = 0; i < count; ++i) {
                const auto k = static_cast<std::size_t>(i);
                row.weights[k] = weightOf(cover(row.values[k], row.gradients[k]) * isoOpacity());
            }
        }
        auto* const pixels = reinterpret_cast<std::uint32_t*>(canvas.at(m_left, y));
        const bool plain = m_opaque && !m_layer.clip && !m_shades.defined() &&
                           m_scale.scaling() == Scaling::Linear;
        const bool whole = plain && std::none_of(row.values.begin(), row.values.end(),
                                                 [](float value) { return std::isnan(value); });
        const std::uint32_t iso = pack(m_layer.isoColor);
        if (whole) {
            colorRow(row.values.data(), count, m_scale.base(), m_scale.extent(), m_colors.data(),
                     pixels);
            if (lines) {
                blendRow(pixels, row.weights.data(), count, iso);
            }
            return;
        }
        for (int i = 0; i < count; ++i) {
            const auto k = static_cast<std::size_t>(i);
            const float value = row.values[k];
            const float t = m_scale.place(value);
            if (std::isnan(value) || (m_layer.clip && !(t >= 0 && t <= 1))) {
                continue;
            }
            std::uint32_t word = m_colors[static_cast<std::size_t>(m_scale.row(value))];
            if (m_shades.defined()) {
                word = lit(word, row.lights[k], m_layer.shade);
            }
            auto* const pixel = reinterpret_cast<std::uint8_t*>(pixels + i);
            blend(pixel, word, alphaOf(word) * m_layer.opacity);
            if (lines && row.weights[k] > 0) {
                blend(pixel, iso, row.weights[k]);
            }
        }
    }

    float isoOpacity() const {
        return std::clamp(m_layer.isoColor.a * m_layer.opacity, 0.0F, 1.0F);
    }

    /// As coverRow(), for lines at given values; they fade where their neighbours come close.
    float cover(float value, float gradient) const {
        const auto next = std::lower_bound(m_levels.begin(), m_levels.end(), value);
        const auto k = static_cast<std::size_t>(next - m_levels.begin());
        const std::size_t nearest =
            k == m_levels.size() || (k > 0 && value - m_levels[k - 1] < m_levels[k] - value) ? k - 1
                                                                                             : k;
        const float level = m_levels[nearest];
        float gap = INFINITY;
        if (nearest > 0) {
            gap = level - m_levels[nearest - 1];
        }
        if (nearest + 1 < m_levels.size()) {
            gap = std::min(gap, m_levels[nearest + 1] - level);
        }
        const float slope = std::sqrt(gradient), reach = (m_width + 1) / 2;
        if (!(slope > std::abs(level) * 1e-7F)) {  // flat ground lies on no line
            return 0;
        }
        const float covered =
            std::clamp(reach - std::abs(value - level) / slope, 0.0F, std::min(m_width, 1.0F));
        return covered * std::clamp(gap / (slope * 4 * reach) - 0.5F, 0.0F, 1.0F);
    }

    const GridLayer& m_layer;
    const Projection m_projection;
    const float m_width;
    const ValueScale m_scale;
    const std::array<std::uint32_t, kTableSize> m_colors;
    const bool m_opaque;
    const Index m_rows, m_columns;
    const double m_cellsX, m_cellsY;  ///< cells per unit
    const bool m_even;
    int m_left = 0, m_right = 0;
    std::vector<std::int32_t> m_nodes;
    std::vector<float> m_fractions, m_levels;
    Array m_shades;
};

}  // namespace

std::unique_ptr<Painter> makePainter(const GridLayer& layer, const PaintContext& context) {
    return std::make_unique<GridPainter>(layer, context);
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

}  // namespace lx::render
