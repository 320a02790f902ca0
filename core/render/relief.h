// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

namespace lx::render {

/// Light of the sun (from the upper left, 45 degrees high) on a field seen as a landscape, at each
/// node: [rows, columns] float32 in [-1, 0.42], 0 on flat ground, negative in shadow. Heights are
/// places on the colour map times `relief`, slopes are central differences; not-a-number beside
/// what has no value counts as flat. The layer must be without problem. Ref: horn1981.
Array hillShade(const GridLayer&);

/// Keeps the light of the fields drawn last. Not thread-safe.
class ReliefCache {
public:
    /// hillShade() of the layer; the same Array again while nothing that it depends on changes.
    Array light(const GridLayer&);

private:
    struct Entry {
        Array values;  // held, so that its address stays unique
        Rect place;
        ValueRange range;
        float relief;
        Array light;
    };
    std::vector<Entry> m_entries;  // the latest last
};

/// An RGBA8 word, darker for `light` below 0 and towards white above, `strength` in [0, 1].
std::uint32_t lit(std::uint32_t word, float light, float strength) noexcept;

}  // namespace lx::render
