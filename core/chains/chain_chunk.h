// SPDX-License-Identifier: GPL-3.0-or-later
// How a store lays out its draws; for core/chains alone.
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace lx::detail {

/// Rows [rowsPerChunk] of values [kept, dim] and scalars [scalars, kept]. The producer writes rows
/// that no view has yet; a view reads only rows that were there when it was made. Sealed chunks are
/// never written, so saved states share them.
struct ChainChunk {
    ChainChunk() = default;
    ChainChunk(std::size_t valueBytes, std::size_t scalarBytes)
        : values(new std::byte[valueBytes]), scalars(new std::byte[scalarBytes]) {}
    std::shared_ptr<std::byte[]> values, scalars;
};

struct ChainRows {
    std::vector<Index> kept;
    Index rowsPerChunk = 1;
    std::vector<std::shared_ptr<const ChainChunk>> chunks;
};

/// Sums about the first value of each cell [chains, dim], which keeps their digits.
struct ChainMomentSums {
    explicit ChainMomentSums(std::size_t cells) : shift(cells), first(cells), second(cells) {}
    mutable std::mutex mutex;
    Index count = 0;
    std::vector<double> shift, first, second;
};

}  // namespace lx::detail
