// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"

#include <cstdint>
#include <vector>

namespace lx::ui {

struct Frame;

/// Rows of the published codes of a run: immutable, shared by all views. A row names the same datum
/// at every step; `labels` tell whether another run, or the same one after a new seed, shows the
/// same data in the same order.
struct Selection {
    std::uint32_t source = 0;
    Index count = 0;          ///< rows of `codes`
    Array labels;             ///< [count] int64, or undefined
    std::vector<Index> rows;  ///< ascending, each once, within [0, count)

    bool empty() const { return rows.empty(); }
    bool contains(Index row) const;
};

enum class Combine : std::uint8_t { Replace, Add, Subtract };

/// Ascending, each once; rows outside [0, count) are dropped. `before` and `picked` in any order.
std::vector<Index> combined(const std::vector<Index>& before, std::vector<Index> picked, Combine,
                            Index count);

/// An empty selection among the codes that the frame shows.
Selection nothingSelected(const Frame&);
/// Whether the rows of the selection mean the same data in this frame.
bool appliesTo(const Selection&, const Frame&);

/// How many selected rows each label has, [largest label + 1]; empty without labels.
std::vector<Index> composition(const Selection&);

}  // namespace lx::ui
