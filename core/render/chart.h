// SPDX-License-Identifier: GPL-3.0-or-later
// Flat pictures of spaces with more than two dimensions: an orthonormal frame of two or three
// axes, and how far each point lies from it. Pure.
#pragma once

#include "core/base/array.h"

#include <optional>
#include <span>
#include <vector>

namespace lx::render {

struct Chart {
    std::vector<double> origin;  ///< [D], where the chart's coordinates are 0
    std::vector<double> basis;   ///< [axes, D], orthonormal rows
    std::vector<double> shares;  ///< [axes], of the variance; empty unless a PCA

    Index dim() const { return static_cast<Index>(origin.size()); }
    Index axes() const { return dim() == 0 ? 0 : static_cast<Index>(basis.size()) / dim(); }
};

/// The coordinates `axes` as they are; the chart lies at the mean of `points` [N, D] float32 on
/// the others. Axes beyond D count as the last one that is not yet taken.
Chart axesChart(const Array& points, std::span<const Index> axes);

/// The `axes` directions of the largest variance of `points` [N, D] float32 about their mean; rows
/// that are not finite are left out. Each axis points where its largest component is positive, or,
/// with a `previous` chart, where it pointed there, so that a moving cloud does not flip over.
/// O(N D^2 + D^3). Ref: pearson1901.
Chart pcaChart(const Array& points, Index axes, const Chart* previous = nullptr);

/// The plane through three points [D]: the first is its origin, the second lies on its first axis.
/// Nothing when they lie on a line.
std::optional<Chart> planeChart(std::span<const double> a, std::span<const double> b,
                                std::span<const double> c);

/// Chart coordinates [N, axes] float32 of `points` [N, D] float32. Throws UsageError otherwise.
Array project(const Chart&, const Array& points);
/// Distances [N] float32 of `points` from the chart.
Array offChart(const Chart&, const Array& points);
/// `z` [D] moved within the chart's directions to the coordinates `at` [axes]; its distance from
/// the chart stays.
std::vector<float> moved(const Chart&, std::span<const float> z, std::span<const double> at);

/// Opacities [N] float32 in [0.1, 1]: a Gaussian of the distance, whose width is the root of the
/// mean square distance. All 1 when everything lies on the chart.
Array closeness(const Array& distances);

}  // namespace lx::render
