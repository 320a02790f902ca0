// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's array file, versions 1 to 3.
// Ref: numpy.lib.format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// bool and uint8 -> U8, other integers -> I64, float16/32 -> F32, float64 -> F64; either byte
/// order; Fortran order is transposed to row-major. Refused: objects (pickles run code), structured
/// types, a uint64 above the int64 range, headers over 64 KiB, sizes that do not match exactly.
/// Throws InputError.
Array readNpy(std::span<const std::byte>, const std::string& name);
Array readNpy(const std::filesystem::path&);

/// All before the values; of at least `least` bytes, so that an array of unknown length can get its
/// shape when it is complete.
Bytes npyHeader(DType, std::span<const Index> shape, std::size_t least = 0);

/// Version 1.0, little-endian, C order, data aligned to 64 bytes as numpy writes it.
Bytes encodeNpy(const Array&);
void writeNpy(const std::filesystem::path&, const Array&);

}  // namespace lx
