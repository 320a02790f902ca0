// SPDX-License-Identifier: GPL-3.0-or-later
// Values of files as they lie there, and the arrays they become. Private to core/io.
#pragma once

#include "core/base/array.h"

#include <algorithm>
#include <bit>
#include <concepts>

namespace lx::detail {

static_assert(std::endian::native == std::endian::little, "files are read on little-endian hosts");

/// How one value lies in a file.
enum class Element : std::uint8_t {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    BF16,
    F32,
    F64
};

std::size_t sizeOf(Element) noexcept;

/// Unsigned integer at byte `at`; the caller has checked the size.
template <std::unsigned_integral T>
T load(std::span<const std::byte> bytes, std::size_t at, bool bigEndian) noexcept {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    if constexpr (sizeof(T) == 2) {
        return bigEndian ? __builtin_bswap16(value) : value;
    } else if constexpr (sizeof(T) == 4) {
        return bigEndian ? __builtin_bswap32(value) : value;
    } else if constexpr (sizeof(T) == 8) {
        return bigEndian ? __builtin_bswap64(value) : value;
    } else {
        return value;
    }
}

template <std::unsigned_integral T>
void append(std::vector<std::byte>& out, T value, bool bigEndian) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const std::size_t shift = 8 * (bigEndian ? sizeof(T) - 1 - i : i);
        out.push_back(static_cast<std::byte>(value >> shift));
    }
}

inline void append(std::vector<std::byte>& out, std::string_view text) {
    // g++ 12 takes a range insert here for an overflow.
    const std::size_t at = out.size();
    out.resize(at + text.size());
    std::copy_n(reinterpret_cast<const std::byte*>(text.data()), text.size(), out.data() + at);
}

inline std::string_view textOf(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Product of the extents times the size of an element. Throws InputError on overflow, a negative
/// extent or a result above 2^62.
std::uint64_t byteCount(std::span<const Index> shape, Element, const std::string& file,
                        const std::string& place);

/// Reads exactly byteCount(shape, element) values. Bits of float32 and float64 are kept, whatever
/// they mean. Throws InputError on a bool that is neither 0 nor 1, a uint64 above the int64 range
/// and a result above 4 GiB.
Array toArray(std::span<const std::byte> raw, Element, bool bigEndian, std::vector<Index> shape,
              const std::string& file, const std::string& place);

/// "60000 x 28 x 28"; "one value" for a scalar.
std::string describe(std::span<const Index> shape);

/// Byte position of the first ill-formed UTF-8 sequence, or npos.
std::size_t invalidUtf8(std::string_view) noexcept;

}  // namespace lx::detail
