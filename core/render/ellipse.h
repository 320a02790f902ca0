// SPDX-License-Identifier: GPL-3.0-or-later
// What the rasteriser and a device share of drawing ellipses.
#pragma once

#include "core/render/projection.h"
#include "core/render/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace lx::render {

/// Points p with |B (p - centre)| = 1, in pixels. Mirrored by Ellipse of ellipses.vert.
struct EllipseOnPicture {
    float x = 0, y = 0, reachX = 0, reachY = 0;  ///< centre and half of the box it touches
    std::array<float, 4> inverse{};              ///< B, row-major
    std::uint32_t category = 0, pad[3] = {};

    /// Opacity at (dx, dy) from the centre: the outline of `width` pixels over the inside, which
    /// has opacity `fill`. The distance to the outline is |B p| - 1 over its gradient, exact to
    /// first order.
    float coverage(float dx, float dy, float width, float fill) const noexcept {
        const float u = inverse[0] * dx + inverse[1] * dy, v = inverse[2] * dx + inverse[3] * dy;
        const float norm = std::sqrt(u * u + v * v);
        const float gx = inverse[0] * u + inverse[2] * v, gy = inverse[1] * u + inverse[3] * v;
        const float gradient = std::sqrt(gx * gx + gy * gy);
        const float away = gradient > 0 ? (norm - 1) * norm / gradient : -1e6F;
        const float line =
            std::clamp((width + 1) / 2 - std::abs(away), 0.0F, std::min(width, 1.0F));
        return std::max(line, std::clamp(0.5F - away, 0.0F, 1.0F) * fill);
    }
};
static_assert(sizeof(EllipseOnPicture) == 48);

/// Those that can be seen and have an inside.
std::vector<EllipseOnPicture> ellipsesOnPicture(const EllipsesLayer&, const Projection&,
                                                float width);

}  // namespace lx::render
