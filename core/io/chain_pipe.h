// SPDX-License-Identifier: GPL-3.0-or-later
// Chains as they travel from the child process that reads NetCDF. What comes is not trusted: the
// child may have been taken over by the file that it read.
#pragma once

#include "core/io/chain_file.h"
#include "core/io/file.h"

namespace lx {

/// A text header (sizes, names with their lengths, notes), then float64 values and internals.
Bytes encodeChains(const ChainFile&);
/// Throws InputError naming `file` for anything that is not exactly what encodeChains writes.
ChainFile decodeChains(std::span<const std::byte>, const std::string& file);

/// First argument of the program when it is to be that child: `--read-netcdf FILE`.
inline constexpr const char* kNetCdfReader = "--read-netcdf";

struct NetCdfLimits {
    std::uint64_t memory = std::uint64_t{4} << 30;  ///< address space of the child, in bytes
    std::uint64_t cpuSeconds = 60;
    std::uint64_t idleSeconds = 30;  ///< beyond them, without a byte from the child
    std::filesystem::path program = "/proc/self/exe";
};

/// Starts `program --read-netcdf FILE` and takes what it writes. Throws InputError with the child's
/// message, or, when it died, with what that means.
ChainFile readNetCdfInChild(const std::filesystem::path&, const NetCdfLimits& = {});

}  // namespace lx
