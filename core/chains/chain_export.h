// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_store.h"

#include <filesystem>

namespace lx {

/// What readers of chains want to know beside the draws.
struct ChainExport {
    std::string model = "latent_explorer";
    std::uint64_t seed = 0;
    bool warmup = true;  ///< write the draws of warm-up too
    double seconds = 0;  ///< that sampling took
};

/// CmdStan's CSV, one file for each kept chain: FOLDER/STEM_1.csv, STEM_2.csv, ... x[1,2] becomes
/// x.1.2, lp__ and the sampler's scalars come first, numbers read back to the same bits. Opens in
/// ArviZ (from_cmdstan) and in readers of Stan's own files. Returns the files. Throws WriteError.
std::vector<std::filesystem::path> writeCmdStan(const std::filesystem::path& folder,
                                                const std::string& stem, const ChainView&,
                                                const ChainExport& = {});

}  // namespace lx
