// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/array.h"

#include <limits>

namespace lx {

std::size_t sizeOf(DType dtype) noexcept {
    switch (dtype) {
        case DType::F32: return 4;
        case DType::F64: return 8;
        case DType::I64: return 8;
        case DType::U8: return 1;
    }
    return 1;
}

std::string_view nameOf(DType dtype) noexcept {
    switch (dtype) {
        case DType::F32: return "float32";
        case DType::F64: return "float64";
        case DType::I64: return "int64";
        case DType::U8: return "uint8";
    }
    return "unknown";
}

Index elementCount(std::span<const Index> shape) {
    Index count = 1;
    for (const Index extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) {
            throw UsageError("array shape is negative or too large");
        }
    }
    // The bytes must be countable too, whatever the type.
    if (count > std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(double))) {
        throw UsageError("array shape is negative or too large");
    }
    return count;
}

Array::Array(DType dtype, std::vector<Index> shape, std::span<const std::byte> bytes)
    : m_dtype(dtype), m_count(elementCount(shape)), m_shape(std::move(shape)) {
    if (bytes.size() != static_cast<std::size_t>(m_count) * sizeOf(dtype)) {
        throw UsageError("array of " + std::to_string(m_count) + " " + std::string(nameOf(dtype)) +
                         " values given " + std::to_string(bytes.size()) + " bytes");
    }
    auto copy = std::make_shared<std::byte[]>(bytes.size());
    if (!bytes.empty()) {
        std::memcpy(copy.get(), bytes.data(), bytes.size());
    }
    m_bytes = std::move(copy);
}

Array::Array(DType dtype, std::vector<Index> shape, std::shared_ptr<const std::byte[]> bytes)
    : m_dtype(dtype),
      m_count(elementCount(shape)),
      m_shape(std::move(shape)),
      m_bytes(std::move(bytes)) {}

void Array::requireType(DType asked) const {
    if (!defined()) {
        throw UsageError("values asked of an undefined array");
    }
    if (asked != m_dtype) {
        throw UsageError("array holds " + std::string(nameOf(m_dtype)) + ", asked as " +
                         std::string(nameOf(asked)));
    }
}

}  // namespace lx
