// SPDX-License-Identifier: GPL-3.0-or-later
// The IDX format of MNIST: two zero bytes, a type code, the rank, big-endian extents, then values.
// Ref: lecun1998mnist (resources/docs/references.bib).
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// Plain or gzip-packed IDX. uint8 stays U8, int8/16/32 become I64, float32/64 stay. The size must
/// match the extents exactly. Throws InputError.
Array readIdx(std::span<const std::byte>, const std::string& name);
Array readIdx(const std::filesystem::path&);

/// I64 is stored as int32. Throws UsageError when a value does not fit or the rank exceeds 255.
Bytes encodeIdx(const Array&);

}  // namespace lx
