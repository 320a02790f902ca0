// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors format: 8-byte little-endian header length, JSON header, raw row-major values.
// Ref: https://github.com/huggingface/safetensors#format.
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

#include <map>

namespace lx {

using Metadata = std::map<std::string, std::string, std::less<>>;

struct Safetensors {
    State tensors;
    Metadata metadata;
};

inline constexpr std::uint64_t kMaxSafetensorsHeader = std::uint64_t{16} << 20;

/// BOOL and U8 -> U8, other integers -> I64, F16, BF16 and F32 -> F32, F64 -> F64. Refused: a
/// header over 16 MiB, a repeated name, gaps, overlaps, bytes that belong to no tensor, a shape
/// that does not match its span, unknown fields. The format has no check sum: use project.h for our
/// own files. Throws InputError naming the tensor.
Safetensors readSafetensors(std::span<const std::byte>, const std::string& name);
Safetensors readSafetensors(const std::filesystem::path&);

/// One tensor as the header declares it; the span is relative to the end of the header.
struct TensorEntry {
    std::string name, type;  ///< type in the words of the format: "F32", "BF16", ...
    std::vector<Index> shape;
    std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
    std::vector<TensorEntry> tensors;  ///< by position in the file
    Metadata metadata;
    std::uint64_t dataStart = 0;  ///< bytes before the first value
};

/// The header alone, with all its guards, of a file of `fileSize` bytes that begins with `prefix`.
SafetensorsHeader readSafetensorsHeader(std::span<const std::byte> prefix, std::uint64_t fileSize,
                                        const std::string& name);

/// Tensors sorted by falling alignment, then name; header padded with blanks to 8 bytes. Equal
/// content gives equal bytes. Throws UsageError on an undefined array or the name __metadata__.
Bytes encodeSafetensors(const State&, const Metadata& = {});
void writeSafetensors(const std::filesystem::path&, const State&, const Metadata& = {});

}  // namespace lx
