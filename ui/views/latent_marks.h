// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "ui/viewport/figure.h"

#include <array>
#include <functional>

namespace lx::ui {

/// Circles of one and two standard deviations of a standard normal prior about `middle`.
void addPriorCircles(Figure&, const Theme&, QPointF middle);

/// The channels `straight` and `geodesic`, each a path [knots, dim] of two knots or more in
/// float64; anything else counts as absent.
std::array<Array, 2> pathsOf(const std::function<const Array*(const char*)>& channel, Index dim);

/// Where a code lies in the figure, if anywhere.
using PlaceOf = std::function<std::optional<QPointF>(const std::vector<float>&)>;
/// The straight line of the map, dashed, and the geodesic between the same ends; arrays [knots, d]
/// may be undefined.
void addPaths(Figure&, const Theme&, const std::array<Array, 2>& straightAndGeodesic,
              const PlaceOf&);

}  // namespace lx::ui
