// SPDX-License-Identifier: GPL-3.0-or-later
// Draws scenes without any device. The definition of correct: the shaders repeat this arithmetic
// and are compared with it.
#pragma once

#include "core/render/painter.h"
#include "core/render/scene.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace lx::render {

/// Why the layer cannot be drawn, as a sentence; empty when it can.
std::string problem(const Layer&);

/// Draws everything on one thread; layers with a problem are left out. A size below 1 counts as 1.
Image rasterize(const Scene&, Size pixels);

/// The same pictures to the bit, with helper threads, and without doing again what did not change
/// since the picture before. One thread at a time.
class Rasterizer {
public:
    /// `threads` counts the caller; 0: two where the machine has as many cores.
    explicit Rasterizer(int threads = 0);
    Image draw(const Scene&, Size pixels);
    /// Densities counted so far; those of an unchanged view are not counted again.
    std::uint64_t counted() const noexcept { return m_density.counted(); }

private:
    using Bytes = std::vector<std::uint8_t>;
    /// Memory of pictures that nobody holds any more.
    struct Spare {
        std::mutex mutex;
        std::vector<std::unique_ptr<Bytes>> free;
    };
    std::shared_ptr<Bytes> pixelsFor(Size);

    Team m_team;
    DensityCounter m_density;
    ReliefCache m_reliefs;
    std::shared_ptr<Spare> m_spare = std::make_shared<Spare>();
};

/// Signed distance in pixels from (x, y), pixels from the centre with y downwards, to the edge of
/// a marker of `radius` pixels; negative inside. All markers but plus and cross have the area of
/// the circle.
float markerDistance(Marker, float x, float y, float radius) noexcept;
/// How many radii a marker reaches from its centre.
float markerExtent(Marker) noexcept;

/// Value of a layer without problem at a data position, bilinear; the outermost values lie on the
/// edge of `place`. Nothing outside it or where a corner of the cell is not a number.
std::optional<float> valueAt(const GridLayer&, double x, double y);

}  // namespace lx::render
