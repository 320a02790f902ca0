// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/relief.h"

#include "core/render/value_scale.h"

#include <algorithm>
#include <cmath>

namespace lx::render {

Array hillShade(const GridLayer& layer) {
    const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
    const auto values = layer.values.values<float>();
    const ValueScale scale(rangeOf(layer));
    std::vector<float> heights(values.size());
    std::transform(values.begin(), values.end(), heights.begin(), [&](float v) {
        return std::isnan(v) ? v : std::clamp(scale.place(v), 0.0F, 1.0F);
    });
    const double width = layer.place.x1 - layer.place.x0, height = layer.place.y1 - layer.place.y0;
    const double unit = std::min(width, height);
    const auto slopeScale = [&](double extent, Index nodes) {
        return static_cast<float>(layer.relief * unit / extent *
                                  static_cast<double>(std::max(nodes - 1, Index{1})));
    };
    const float perX = slopeScale(width, columns), perY = slopeScale(height, rows);
    const auto at = [&](Index r, Index c) {
        return heights[static_cast<std::size_t>(r * columns + c)];
    };
    std::vector<float> light(values.size());
    // Towards the light: up and to the left, 45 degrees above the ground.
    constexpr float kAcross = 0.5F, kUp = 0.70710678F;
    for (Index r = 0; r < rows; ++r) {
        const Index below = std::max(r - 1, Index{0}), above = std::min(r + 1, rows - 1);
        for (Index c = 0; c < columns; ++c) {
            const Index left = std::max(c - 1, Index{0}), right = std::min(c + 1, columns - 1);
            const auto difference = [](float to, float from, Index cells, float per) {
                const float d = cells > 0 ? (to - from) * per / static_cast<float>(cells) : 0;
                return std::isfinite(d) ? d : 0.0F;
            };
            const float dx = difference(at(r, right), at(r, left), right - left, perX);
            const float dy = difference(at(above, c), at(below, c), above - below, perY);
            const float lambert =
                (kAcross * dx - kAcross * dy + kUp) / std::sqrt(dx * dx + dy * dy + 1);
            light[static_cast<std::size_t>(r * columns + c)] = std::max(lambert, 0.0F) / kUp - 1;
        }
    }
    return Array({rows, columns}, light);
}

Array ReliefCache::light(const GridLayer& layer) {
    const ValueRange range = rangeOf(layer);
    const auto same = [&](const Entry& e) {
        return e.values.sharesStorageWith(layer.values) &&
               std::ranges::equal(e.values.shape(), layer.values.shape()) &&
               e.place.x0 == layer.place.x0 && e.place.y0 == layer.place.y0 &&
               e.place.x1 == layer.place.x1 && e.place.y1 == layer.place.y1 &&
               e.range.low == range.low && e.range.high == range.high &&
               e.range.scaling == range.scaling && e.range.linear == range.linear &&
               e.relief == layer.relief;
    };
    auto found = std::ranges::find_if(m_entries, same);
    if (found == m_entries.end()) {
        constexpr std::size_t kKept = 8;
        if (m_entries.size() == kKept) {
            m_entries.erase(m_entries.begin());
        }
        m_entries.push_back({layer.values, layer.place, range, layer.relief, hillShade(layer)});
    } else {
        std::rotate(found, found + 1, m_entries.end());
    }
    return m_entries.back().light;
}

std::uint32_t lit(std::uint32_t word, float light, float strength) noexcept {
    const float amount = std::clamp(std::abs(light) * strength, 0.0F, 1.0F);
    const float target = light < 0 ? 0 : 255;
    std::uint32_t result = word & 0xFF000000U;
    for (int shift = 0; shift < 24; shift += 8) {
        const auto old = static_cast<float>(word >> shift & 255);
        result |= static_cast<std::uint32_t>(old + (target - old) * amount + 0.5F) << shift;
    }
    return result;
}

}  // namespace lx::render
