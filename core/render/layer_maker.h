// SPDX-License-Identifier: GPL-3.0-or-later
// Layers made from other layers or from plain arrays.
#pragma once

#include "core/render/scene.h"

namespace lx::render {

/// a - b at the nodes of `a` (where `b` has no value: not-a-number), on the diverging map with zero
/// in its middle; the range reaches to the largest difference. Everything else as in `a`, without
/// iso-lines and shading. Both must be without problem; throws UsageError otherwise.
GridLayer differenceOf(const GridLayer& a, const GridLayer& b);

/// A grid [rows, columns, 2] float32 of nodes that a map has moved: two triangles a cell, one value
/// a node if `values` [rows, columns] is defined. Cells with a node that is no number are left out.
/// Throws UsageError for other shapes.
MeshLayer warpedGrid(const Array& xy, const Array& values = {});

/// Every `step`-th row and column of such a grid, and the last ones, as polylines.
TrailsLayer gridLines(const Array& xy, Index step = 1);

}  // namespace lx::render
