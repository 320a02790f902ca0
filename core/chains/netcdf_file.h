// SPDX-License-Identifier: GPL-3.0-or-later
// ArviZ's InferenceData on disk: NetCDF-4 with the groups posterior, sample_stats,
// warmup_posterior and warmup_sample_stats, dimensions chain and draw.
// Ref: https://python.arviz.org/en/stable/schema/schema.html.
#pragma once

#include "core/chains/chain_export.h"
#include "core/io/chain_file.h"

namespace lx {

/// Reads the file in this process. HDF5 may crash on a hostile file: others call
/// readNetCdfInChild. A variable [chain, draw, ...] becomes name[1,2], counted from 1; statistics
/// of the sampler get Stan's names. Without groups the variables of the root count. Throws
/// InputError, whose message does not name the file.
ChainFile readNetCdf(const std::filesystem::path&);

/// The whole work of the child: limits its own memory and time, reads, writes encodeChains or the
/// message of an error to `out`. Returns the exit status.
int serveNetCdf(int argc, char** argv, int out);

/// Writes beside `path` and renames. x[1], x[2], ... become one variable with dimension x_dim_0.
/// Throws WriteError.
void writeNetCdf(const std::filesystem::path&, const ChainView&, const ChainExport& = {});

}  // namespace lx
