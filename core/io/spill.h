// SPDX-License-Identifier: GPL-3.0-or-later
// Large blocks that the system may move to disk, so that a table larger than memory can be read.
// Each is a file of the cache folder that has no name any more, mapped; it goes with the block,
// even after a crash. Small blocks are ordinary memory.
#pragma once

#include "core/base/array.h"

#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <vector>

namespace lx {

struct SpillPolicy {
    std::filesystem::path folder;  ///< made when it is first needed
    std::size_t threshold = std::numeric_limits<std::size_t>::max();  ///< bytes of a large block

    /// The cache folder of the user; an eighth of the memory this process may use, at most `most`.
    static SpillPolicy ofSystem(std::size_t most = std::numeric_limits<std::size_t>::max());
};

namespace detail {
/// Throws Error, naming the folder, the reason and the remedy.
void* mapSpill(const std::filesystem::path& folder, std::size_t bytes);
void unmapSpill(void* block, std::size_t bytes) noexcept;
/// Takes whole pages of a mapped block out of memory; their content stays on disk. Must never be
/// called for other memory, which it would wipe.
void restSpill(const void* block, std::size_t bytes) noexcept;
}  // namespace detail

template <class T>
class SpillAllocator {
public:
    using value_type = T;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    SpillAllocator() = default;  ///< never spills
    explicit SpillAllocator(SpillPolicy policy)
        : m_policy(std::make_shared<const SpillPolicy>(std::move(policy))) {}
    template <class U>
    SpillAllocator(const SpillAllocator<U>& other) noexcept : m_policy(other.policy()) {}

    T* allocate(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        const std::size_t bytes = count * sizeof(T);
        return static_cast<T*>(large(bytes) ? detail::mapSpill(m_policy->folder, bytes)
                                            : ::operator new(bytes));
    }
    void deallocate(T* block, std::size_t count) noexcept {
        if (large(count * sizeof(T))) {
            detail::unmapSpill(block, count * sizeof(T));
        } else {
            ::operator delete(block);
        }
    }
    /// Lets a large block leave memory until it is read again; nothing happens to a small one.
    void rest(const T* block, std::size_t count) const noexcept {
        if (block != nullptr && large(count * sizeof(T))) {
            detail::restSpill(block, count * sizeof(T));
        }
    }
    const std::shared_ptr<const SpillPolicy>& policy() const noexcept { return m_policy; }
    friend bool operator==(const SpillAllocator& a, const SpillAllocator& b) noexcept {
        return a.m_policy == b.m_policy;
    }

private:
    bool large(std::size_t bytes) const noexcept {
        return m_policy && bytes >= m_policy->threshold;
    }
    std::shared_ptr<const SpillPolicy> m_policy;
};

template <class T>
using SpillVector = std::vector<T, SpillAllocator<T>>;

/// An array on the block of the vector, without a copy.
template <class T>
Array arrayOf(std::vector<Index> shape, SpillVector<T> values) {
    if (elementCount(shape) != static_cast<Index>(values.size())) {
        throw UsageError("the shape of an array does not fit the number of its values");
    }
    const auto owner = std::make_shared<const SpillVector<T>>(std::move(values));
    const auto* bytes = reinterpret_cast<const std::byte*>(owner->data());
    // A block of no values may have no address, and an array without one is undefined.
    return owner->empty() ? Array(std::move(shape), std::span<const T>())
                          : Array(dtypeOf<T>(), std::move(shape),
                                  std::shared_ptr<const std::byte[]>(owner, bytes));
}

}  // namespace lx
