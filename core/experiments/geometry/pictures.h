// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of a metric of the plane as arrays of channels; resources/docs/channels.md describes
// them.
#pragma once

#include "core/base/array.h"
#include "core/energies/energy.h"
#include "core/geometry/metric.h"

namespace lx::geometry {

/// log10 of the magnification factor sqrt(det G) on side x side nodes, [side, side] float32, row 0
/// at the lower edge; not-a-number outside the chart.
Array magnification(const Metric&, const Box& window, Index side);
/// Gauss curvature on such nodes.
Array curvature(const Metric&, const Box& window, Index side);
/// x0, y0, x1, y1.
Array extent(const Box& window);
/// Vectors of unit metric length times `length` along the principal directions at side x side
/// places inside the window: [n, 6] x, y, long axis, short axis.
Array indicatrices(const Metric&, const Box& window, Index side, double length);
/// Rays of length `radius` from z [2] in `count` directions: [count, steps + 1, 2]. Where a ray has
/// left the box twice as wide as `window` it ends: the rest of its row is not-a-number. Where a
/// metric is all but zero a ray runs as far as numbers go.
Array fan(const Metric&, const Box& window, std::span<const double> z, double radius, Index count,
          Index steps);
/// Points at equal distances from z, along such rays: [rings, points + 1, 2], closed; distances
/// radius / rings, ..., radius. Beyond the first place where rays meet they are wave fronts, not
/// level sets.
Array rings(const Metric&, const Box& window, std::span<const double> z, double radius, Index rings,
            Index points);

}  // namespace lx::geometry
