// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/file.h"

#include <deque>
#include <functional>

namespace lx {

/// The last seconds of a screen, packed. Frames come in groups of about a second; the first of a
/// group is whole, the others hold what changed, and old groups go as a whole. Not thread-safe.
class FrameRing {
public:
    /// Keeps at most `seconds` and `maxBytes` of packed frames (but always the newest group, of
    /// which one frame can be that large).
    FrameRing(double seconds, std::size_t maxBytes);

    /// A frame of width * height * 3 bytes, seen at `time` (seconds, rising). A frame of another
    /// size begins anew.
    void add(int width, int height, std::span<const std::uint8_t> rgb, double time);
    void clear();

    int width() const noexcept { return m_width; }
    int height() const noexcept { return m_height; }
    std::size_t frames() const noexcept;
    std::size_t bytes() const noexcept { return m_bytes; }  ///< packed
    /// From the oldest frame to the newest, in seconds.
    double length() const noexcept;

    /// Every frame, oldest first; `act` returns false to stop.
    void forEach(
        const std::function<bool(std::span<const std::uint8_t> rgb, double time)>& act) const;

private:
    struct Packed {
        double time = 0;
        Bytes bytes;
    };
    using Group = std::vector<Packed>;
    void evict();

    double m_seconds;
    std::size_t m_maxBytes, m_bytes = 0;
    int m_width = 0, m_height = 0;
    std::deque<Group> m_groups;
    std::vector<std::uint8_t> m_last, m_change;
};

}  // namespace lx
