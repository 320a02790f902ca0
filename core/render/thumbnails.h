// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

#include <vector>

namespace lx::render {

struct Thumbnail {
    Index index = 0;  ///< row of the points
    Rect place;       ///< data coordinates, centred on the point
};

/// Which points of a cloud get a thumbnail: those at density peaks, more of them as one zooms in,
/// and none that overlap. A thumbnail once shown stays while one zooms in. Levels of detail are
/// powers of two; each is built when first asked for, in O(N). Not thread-safe.
class ThumbnailPyramid {
public:
    /// xy [N, d] float32, d >= 2. Throws UsageError for another shape.
    explicit ThumbnailPyramid(const Array& xy);

    /// Thumbnails of `side` pixels (square), at least `gap` pixels apart, of points in the view.
    std::vector<Thumbnail> choose(const Rect& view, Size pixels, double side, double gap = 4);

private:
    struct Level {
        double width = 0, height = 0;  ///< least distances, data units
        std::vector<Index> chosen;     ///< in the order of choice
    };
    const Level& level(int number);

    Array m_xy;
    Rect m_bounds;
    double m_aspect = 1;  ///< height over width of a thumbnail in data units
    std::vector<Level> m_levels;
};

}  // namespace lx::render
