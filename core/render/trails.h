// SPDX-License-Identifier: GPL-3.0-or-later
// What the rasteriser and a device share of drawing trails.
#pragma once

#include "core/render/scene.h"

#include <algorithm>
#include <cmath>

namespace lx::render {

/// The states of a trails layer that are drawn: first .. head.
struct TrailWindow {
    Index first = 0, head = 0;

    Index segments() const noexcept { return head - first; }
    /// Share of the opacity left to the segment that ends at `state`.
    float freshness(Index state, float fade) const noexcept {
        const auto age = static_cast<float>(head - state);
        return std::clamp(1 - fade * age / static_cast<float>(std::max(segments(), Index{1})), 0.0F,
                          1.0F);
    }
};

/// The layer must be without problem.
inline TrailWindow windowOf(const TrailsLayer& layer) {
    const Index last = std::max(layer.xy.dim(0) - 1, Index{0});
    TrailWindow window;
    window.head = layer.head < 0 ? last : std::min(layer.head, last);
    window.first = layer.tail > 0 ? std::max(window.head - layer.tail, Index{0}) : 0;
    return window;
}

/// A round-ended line of pixels. Where it goes on from another (`joined`), the disc at its
/// beginning is left to that one, so that a faint line has no beads at its corners.
struct Stroke {
    float ax = 0, ay = 0, bx = 0, by = 0;
    float width = 1;
    bool joined = false;

    float reach() const noexcept { return (width + 1) / 2; }
    /// With what opacity to lay a line of `opacity` over the pixel centred at (x, y). Where the
    /// line goes on, the stroke before has painted the disc's share already; blending only the rest
    /// over it leaves the pixel as one stroke would have.
    float opacityAt(float x, float y, float opacity) const noexcept {
        const float dx = bx - ax, dy = by - ay, px = x - ax, py = y - ay;
        const float squared = dx * dx + dy * dy;
        const float along =
            squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0F, 1.0F) : 0.0F;
        const float qx = px - along * dx, qy = py - along * dy;
        const float full = std::min(width, 1.0F);
        const auto covered = [&](float squaredDistance) {
            return std::clamp(reach() - std::sqrt(squaredDistance), 0.0F, full);
        };
        const float away = qx * qx + qy * qy;
        if (!(away < reach() * reach())) {
            return 0;
        }
        const float line = covered(away);
        const float before = joined && line > 0 ? covered(px * px + py * py) : 0.0F;
        return line > before ? (line - before) * opacity / (1 - before * opacity) : 0.0F;
    }
};

/// Cuts the segment to the rectangle [-margin, size + margin]; false when nothing is left.
/// Coordinates may be infinite or not-a-number: then nothing is. Ref: liang1984.
bool clipTo(Size, double margin, double& ax, double& ay, double& bx, double& by) noexcept;

}  // namespace lx::render
