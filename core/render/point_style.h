// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/colormap.h"
#include "core/render/scene.h"
#include "core/render/value_scale.h"

namespace lx::render {

struct PointStyle {
    std::uint32_t word = 0;  ///< RGBA8, its alpha left out of account
    float radius = 0;        ///< pixels of the picture
    float opacity = 0;       ///< 0: hidden
    Marker marker{};
};

/// How each point of a layer without problem looks, in the rasteriser and on a device.
class StyleOf {
public:
    StyleOf(const PointsLayer&, float pixelRatio);
    PointStyle operator()(std::size_t row) const;

private:
    const PointsLayer& m_layer;
    const float m_radius;
    std::vector<std::uint32_t> m_words;
    std::vector<float> m_opacities;
    ValueScale m_scale;
    std::array<std::uint32_t, kTableSize> m_table{};
    const Index* m_category = nullptr;
    const float *m_values = nullptr, *m_sizes = nullptr, *m_weights = nullptr;
};

}  // namespace lx::render
