// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/point_style.h"

#include "core/render/painter.h"

#include <algorithm>
#include <cmath>

namespace lx::render {

StyleOf::StyleOf(const PointsLayer& layer, float pixelRatio)
    : m_layer(layer), m_radius(layer.size * pixelRatio / 2), m_scale(layer.range) {
    for (const Color& c : layer.colors.empty() ? std::vector{kDefaultColor} : layer.colors) {
        m_words.push_back(pack(c));
        m_opacities.push_back(c.a * layer.opacity);
    }
    const auto floats = [](const Array& a) {
        return a.defined() ? a.values<float>().data() : nullptr;
    };
    m_values = floats(layer.values);
    m_sizes = floats(layer.sizes);
    m_weights = floats(layer.weights);
    m_category = layer.category.defined() ? layer.category.values<Index>().data() : nullptr;
    if (m_values != nullptr) {
        m_table = table(layer.map);
    }
}

PointStyle StyleOf::operator()(std::size_t i) const {
    PointStyle style;
    const Index kind = m_category == nullptr ? 0 : m_category[i];
    if (kind < 0) {
        return style;
    }
    const auto number = static_cast<std::size_t>(kind);
    style.word = m_words[number % m_words.size()];
    style.opacity = m_opacities[number % m_opacities.size()];
    style.marker =
        m_layer.markers.empty() ? Marker::Circle : m_layer.markers[number % m_layer.markers.size()];
    style.radius = m_radius;
    if (m_values != nullptr) {
        style.word = m_table[static_cast<std::size_t>(m_scale.row(m_values[i]))];
        style.opacity = std::isnan(m_values[i])
                            ? 0
                            : static_cast<float>(style.word >> 24) / 255 * m_layer.opacity;
    }
    if (m_sizes != nullptr) {
        style.radius *= m_sizes[i] > 0 ? std::min(m_sizes[i], 100.0F) : 0;
        style.opacity = style.radius > 0 ? style.opacity : 0;
    }
    if (m_weights != nullptr) {
        style.opacity *= std::isnan(m_weights[i]) ? 0 : std::clamp(m_weights[i], 0.0F, 1.0F);
    }
    return style;
}

}  // namespace lx::render
