// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace lx {

enum class DType : std::uint8_t { F32, F64, I64, U8 };

std::size_t sizeOf(DType) noexcept;
std::string_view nameOf(DType) noexcept;

template <class T>
constexpr DType dtypeOf() {
    if constexpr (std::is_same_v<T, float>) {
        return DType::F32;
    } else if constexpr (std::is_same_v<T, double>) {
        return DType::F64;
    } else if constexpr (std::is_same_v<T, Index>) {
        return DType::I64;
    } else {
        static_assert(std::is_same_v<T, std::uint8_t>,
                      "Array holds float, double, Index or uint8_t");
        return DType::U8;
    }
}

/// Immutable host tensor, row-major; copies share the storage, so passing it by value is cheap.
/// An empty shape is a scalar with one value; a default-constructed Array is undefined.
class Array {
public:
    Array() = default;
    /// Copies `values`. Throws UsageError when their number is not the product of `shape`.
    template <class T>
    Array(std::vector<Index> shape, std::span<const T> values)
        : Array(dtypeOf<T>(), std::move(shape), std::as_bytes(values)) {}
    template <class T>
    Array(std::vector<Index> shape, const std::vector<T>& values)
        : Array(std::move(shape), std::span<const T>(values)) {}
    Array(DType dtype, std::vector<Index> shape, std::span<const std::byte> bytes);
    /// Takes over bytes that nobody writes any more. They must be aligned for `dtype`.
    Array(DType dtype, std::vector<Index> shape, std::shared_ptr<const std::byte[]> bytes);

    bool defined() const noexcept { return m_bytes != nullptr; }
    DType dtype() const noexcept { return m_dtype; }
    std::span<const Index> shape() const noexcept { return m_shape; }
    Index dim(std::size_t axis) const { return m_shape.at(axis); }
    Index count() const noexcept { return m_count; }
    std::span<const std::byte> bytes() const noexcept {
        return {m_bytes.get(), static_cast<std::size_t>(m_count) * sizeOf(m_dtype)};
    }
    /// Throws UsageError when T is not the stored type.
    template <class T>
    std::span<const T> values() const {
        requireType(dtypeOf<T>());
        return {reinterpret_cast<const T*>(m_bytes.get()), static_cast<std::size_t>(m_count)};
    }
    bool sharesStorageWith(const Array& other) const noexcept { return m_bytes == other.m_bytes; }

private:
    void requireType(DType) const;

    DType m_dtype{};
    Index m_count = 0;
    std::vector<Index> m_shape;
    std::shared_ptr<const std::byte[]> m_bytes;
};

/// Product of `shape`. Throws UsageError on a negative extent, or when the count or its bytes
/// overflow.
Index elementCount(std::span<const Index> shape);

/// Everything that must survive a save, a roll-back or a clone, as named arrays.
using State = std::map<std::string, Array, std::less<>>;

}  // namespace lx
