// SPDX-License-Identifier: GPL-3.0-or-later
// What families that learn densities in the plane share: the data's law, its frame, fields on a
// grid. Points and rows are in model units.
#pragma once

#include "core/data/dataset.h"
#include "core/energies/mixture.h"

namespace lx {

/// The law of `data.source` where it is a mixture of Gaussians that no transform has changed.
std::optional<MixtureParts> mixtureOfData(const ParamSet& params);

/// A cube about the rows [N, dim], a quarter wider than they.
Box frameOf(std::span<const double> rows, Index dim);

/// Middles of side x side cells, [side * side, 2]; row 0 at the lower edge.
std::vector<double> gridPoints(const Box&, Index side);
/// Density of rows [N, 2] in those cells.
std::vector<double> histogram(const Box&, std::span<const double> rows, Index side);
/// Values [side * side] less the least of them.
void lift(std::vector<double>& values);
/// Energies shifted so that exp(-E) sums to 1 over the cells.
void normalise(std::vector<double>& energies);
Array gridArray(std::span<const double> values);

/// How rows of a run are shown: data = model * scale + offset.
struct DataUnits {
    std::vector<double> scale, offset;  ///< [dim]
    /// float32 of `shape`, whose last extent is dim or less: the first coordinates.
    Array published(std::vector<Index> shape, std::span<const double> rows) const;
    Array extent(const Box&) const;  ///< [4] of the first two coordinates
};
DataUnits unitsOf(const Dataset&);

/// Training rows in model units, the first `most`.
std::vector<double> trainingRows(const Dataset&, Index most);

}  // namespace lx
