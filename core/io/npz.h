// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// Zip archive of npy members, stored or deflated, CRC checked; names without ".npy". Every member
/// must be an array; limits of unpacking as for gunzip. Throws InputError naming the member.
State readNpz(std::span<const std::byte>, const std::string& name);
State readNpz(const std::filesystem::path&);

/// Members stored without compression and without time stamps, so equal arrays give equal bytes.
Bytes encodeNpz(const State&);
void writeNpz(const std::filesystem::path&, const State&);

}  // namespace lx
