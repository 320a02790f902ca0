// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/upload_cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lx::render {
namespace {

/// Twelve views that draw in turn find their arrays again.
constexpr std::uint64_t kKeptPictures = 32;
constexpr std::size_t kKeptBytes = std::size_t{256} << 20;

std::size_t sizeAs(const Array& array, UploadCache::Form form) {
    switch (form) {
        case UploadCache::Form::Raw: return array.bytes().size();
        case UploadCache::Form::Pairs:
            return array.count() == 0
                       ? 0
                       : static_cast<std::size_t>(array.count() / array.shape().back()) * 8;
        case UploadCache::Form::Bytes8:
            return (static_cast<std::size_t>(array.count()) + 3) / 4 * 4;
    }
    return 0;
}

void write(const Array& array, UploadCache::Form form, std::byte* out) {
    if (form == UploadCache::Form::Pairs && array.shape().back() != 2) {
        const auto values = array.values<float>();
        const auto stride = static_cast<std::size_t>(array.shape().back());
        for (std::size_t at = 0; at < values.size(); at += stride, out += 8) {
            std::memcpy(out, &values[at], 8);
        }
    } else if (form == UploadCache::Form::Bytes8) {
        for (const float value : array.values<float>()) {
            const float ink = std::isnan(value) ? 0 : std::clamp(value, 0.0F, 1.0F);
            *out++ = static_cast<std::byte>(ink * 255 + 0.5F);
        }
    } else {
        std::memcpy(out, array.bytes().data(), array.bytes().size());
    }
}

}  // namespace

const gpu::Buffer& UploadCache::buffer(const Array& array, Form form, std::string_view label) {
    const std::size_t bytes = sizeAs(array, form);
    Entry& entry = m_entries[{array.bytes().data(), form, bytes}];
    if (!entry.buffer) {
        const std::size_t texels = form == Form::Bytes8 ? bytes : bytes / 4;
        if (bytes > m_device.info().maxBufferBytes ||
            (form != Form::Pairs && texels > m_device.info().maxTexels)) {
            throw gpu::TooLarge(m_device.info().name + ": a layer of " +
                                std::to_string(bytes >> 20) +
                                " MiB does not fit one buffer of the graphics device.");
        }
        entry.buffer = m_device.createBuffer(
            {.label = label, .bytes = bytes, .usage = gpu::Usage::Storage | gpu::Usage::Texel});
        if (bytes > 0) {
            write(array, form, entry.buffer.mapped().data());
        }
        entry.source = array;
        ++m_uploads;
    }
    entry.used = m_picture;
    return entry.buffer;
}

void UploadCache::retire() {
    ++m_picture;
    std::size_t total = 0;
    for (const auto& [key, entry] : m_entries) {
        total += entry.buffer.size();
    }
    const std::uint64_t kept = total > kKeptBytes ? 1 : kKeptPictures;
    std::erase_if(m_entries, [&](const auto& item) { return item.second.used + kept < m_picture; });
}

}  // namespace lx::render
