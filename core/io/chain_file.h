// SPDX-License-Identifier: GPL-3.0-or-later
// Chains made by anyone, as arrays.
#pragma once

#include "core/io/chain_table.h"

#include <filesystem>

namespace lx {

struct ChainFile {
    Index chains = 0, draws = 0;             ///< after warm-up; all chains are cut to the shortest
    std::vector<std::string> names;          ///< of the quantities
    Array values;                            ///< [names, chains, draws] float64
    std::vector<std::string> internalNames;  ///< what the sampler reports: "divergent__", ...
    Array internals;                         ///< [internalNames, chains, draws] float64
    std::optional<Index> maxDepth;           ///< of the tree, as the file states it
    std::vector<std::string> notes;          ///< sentences on what was left out or assumed
    bool spilled = false;                    ///< `values` lies in the cache folder

    /// Quantity `q` is not needed soon: a spilled one leaves memory until it is read again.
    void rest(Index q) const noexcept;
};

/// Draws beyond 256 MiB are worked on in the cache folder.
SpillPolicy chainSpill();

/// One file, or several with one or more chains each and the same quantities. Judged by content:
/// - npy: [draws, chains, D], [draws, D] or [draws] of one chain, any number type;
/// - npz: each member [draws, chains] or [draws, chains, ...] a quantity of that name; a single
///   member is read as npy is;
/// - CmdStan CSV, also gzipped: one chain a file, saved warm-up left out, a half-written last line
///   too; x.1.2 becomes x[1,2]; columns ending in "__" are internals, lp__ is a quantity as well;
/// - a table with a column chain, .chain or chain_id (else it is one chain); .iteration, .draw and
///   the like are passed over;
/// - NetCDF of ArviZ: group posterior with dimensions chain and draw, and sample_stats; a child
///   process of this program reads it (core/io/chain_pipe.h);
/// - the folder of a run: its arrays/chains.npy.
/// Memory is bounded, whatever the size of a text. Throws InputError.
ChainFile readChains(std::span<const std::filesystem::path>, const SpillPolicy& = chainSpill());

}  // namespace lx
