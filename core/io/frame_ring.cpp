// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/frame_ring.h"

#include <zlib.h>

#include <numeric>

namespace lx {
namespace {

constexpr double kGroupSeconds = 1;

Bytes pack(std::span<const std::uint8_t> raw) {
    uLongf size = ::compressBound(static_cast<uLong>(raw.size()));
    Bytes out(size);
    ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, raw.data(),
                static_cast<uLong>(raw.size()), 1);
    out.resize(size);
    out.shrink_to_fit();
    return out;
}

}  // namespace

FrameRing::FrameRing(double seconds, std::size_t maxBytes)
    : m_seconds(seconds), m_maxBytes(maxBytes) {}

void FrameRing::clear() {
    m_groups.clear();
    m_last.clear();
    m_bytes = 0;
}

std::size_t FrameRing::frames() const noexcept {
    return std::accumulate(m_groups.begin(), m_groups.end(), std::size_t{0},
                           [](std::size_t sum, const Group& group) { return sum + group.size(); });
}

double FrameRing::length() const noexcept {
    return m_groups.empty() ? 0 : m_groups.back().back().time - m_groups.front().front().time;
}

void FrameRing::add(int width, int height, std::span<const std::uint8_t> rgb, double time) {
    if (width != m_width || height != m_height) {
        clear();
        m_width = width;
        m_height = height;
    }
    const bool begins = m_groups.empty() || time - m_groups.back().front().time >= kGroupSeconds;
    Packed packed{time, {}};
    if (begins) {
        m_groups.emplace_back();
        packed.bytes = pack(rgb);
    } else {
        m_change.resize(rgb.size());
        for (std::size_t i = 0; i < rgb.size(); ++i) {
            m_change[i] = rgb[i] ^ m_last[i];
        }
        packed.bytes = pack(m_change);
    }
    m_bytes += packed.bytes.size();
    m_groups.back().push_back(std::move(packed));
    m_last.assign(rgb.begin(), rgb.end());
    evict();
}

void FrameRing::evict() {
    const double newest = m_groups.back().back().time;
    while (m_groups.size() > 1 &&
           (m_bytes > m_maxBytes || newest - m_groups[1].front().time >= m_seconds)) {
        for (const Packed& packed : m_groups.front()) {
            m_bytes -= packed.bytes.size();
        }
        m_groups.pop_front();
    }
}

void FrameRing::forEach(
    const std::function<bool(std::span<const std::uint8_t>, double)>& act) const {
    const std::size_t size = m_last.size();
    std::vector<std::uint8_t> frame(size), change(size);
    for (const Group& group : m_groups) {
        for (std::size_t i = 0; i < group.size(); ++i) {
            auto& target = i == 0 ? frame : change;
            uLongf unpacked = static_cast<uLongf>(size);
            ::uncompress(target.data(), &unpacked,
                         reinterpret_cast<const Bytef*>(group[i].bytes.data()),
                         static_cast<uLong>(group[i].bytes.size()));
            for (std::size_t k = 0; i > 0 && k < size; ++k) {
                frame[k] ^= change[k];
            }
            if (!act(frame, group[i].time)) {
                return;
            }
        }
    }
}

}  // namespace lx
