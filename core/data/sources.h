// SPDX-License-Identifier: GPL-3.0-or-later
// How raw rows come to be, before the transforms. Private to core/data.
#pragma once

#include "core/data/dataset.h"
#include "core/io/spill.h"

namespace lx::detail {

using Rows = SpillVector<float>;
using RowLabels = SpillVector<std::int64_t>;

struct RawData {
    std::vector<Index> sampleShape;
    Rows train, heldout;  ///< [N, D]; heldout empty: to be split off
    RowLabels trainLabels, heldoutLabels;
    std::vector<std::string> classNames, columnNames;
    std::vector<float> factors;  ///< [N, F]
    std::vector<std::string> factorNames;
    DistributionPtr distribution;
};

/// The synthetic law of `id` with its parameters, or null when `id` is none.
DistributionPtr syntheticLaw(std::string_view id, const ParamSet&);

/// 16 x 16 pictures of a disc or a ring at a random place and size, edges one pixel soft.
/// Factors: kind, x, y, radius (pixels).
RawData shapes16(Key, Index count);

/// The four official files, pooled by area averages to side x side; pixels in [0, 1].
/// `count` > 0 keeps the first rows of the training file.
RawData fashion(const std::string& folder, Index side, Index count);
std::vector<std::string> fashionClasses();

/// A csv, tsv, npy, npz, idx file or a folder of pictures. Tables may be larger than memory.
RawData readFile(const std::string& path, const ParamSet&, const SpillPolicy&);

/// Area averages of [rows, height, width] to [rows, side, side].
Rows areaPooled(std::span<const float> images, Index height, Index width, Index newHeight,
                Index newWidth);

}  // namespace lx::detail
