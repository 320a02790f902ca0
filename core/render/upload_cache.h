// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/gpu/device.h"

#include <map>
#include <span>
#include <tuple>

namespace lx::render {

/// Copies of Arrays on the device. An Array that comes again, recognised by its storage, is not
/// sent again. Arrays are immutable, so a copy is never out of date.
class UploadCache {
public:
    enum class Form : std::uint8_t {
        Raw,     ///< the bytes as they are
        Pairs,   ///< the first two of the last axis of [..., d] float32
        Bytes8,  ///< floats in [0, 1] as bytes, not-a-number as 0
    };
    explicit UploadCache(gpu::Device& device) : m_device(device) {}

    /// Valid until the next call of retire(). Throws gpu::OutOfMemory when it does not fit.
    const gpu::Buffer& buffer(const Array&, Form, std::string_view label);
    /// Starts a new picture: forgets what none of the latest pictures used.
    void retire();
    void clear() { m_entries.clear(); }
    std::uint64_t uploads() const noexcept { return m_uploads; }

private:
    struct Entry {
        Array source;  // holds the storage, so that its address stays unique
        gpu::Buffer buffer;
        std::uint64_t used = 0;
    };
    gpu::Device& m_device;
    /// Storage, form and size: a reshaped copy of an Array can differ in its pairs.
    std::map<std::tuple<const std::byte*, Form, std::size_t>, Entry> m_entries;
    std::uint64_t m_picture = 0, m_uploads = 0;
};

}  // namespace lx::render
