// SPDX-License-Identifier: GPL-3.0-or-later
// Counting points per pixel and turning counts into opacity; shared by the rasteriser, by devices
// of CPU type and, as shaders/include/density.glsl, by GPUs.
#pragma once

#include "core/render/projection.h"
#include "core/render/scene.h"

#include <memory>
#include <span>
#include <vector>

namespace lx::render {

/// Words per pixel: 1, the count; or 4, the count and the sums of red, green and blue (0 .. 255)
/// where categories have colours of their own.
int densityChannels(const DensityLayer&) noexcept;

/// Adds every visible point to `grid` [height, width, channels], which the caller has zeroed.
void splat(const DensityLayer&, const Projection&, Size pixels, std::span<std::uint32_t> grid);
/// The same for the points [begin, end) alone.
void splat(const DensityLayer&, const Projection&, Size pixels, std::span<std::uint32_t> grid,
           Index begin, Index end);

inline constexpr int kHistogramBins = 512;
/// Counts below 64 have a bin each, larger ones 16 bins per octave.
constexpr int histogramBin(std::uint32_t count) noexcept {
    if (count < 64) {
        return static_cast<int>(count);
    }
    const int octave = 31 - __builtin_clz(count);
    return 64 + (octave - 6) * 16 + static_cast<int>((count >> (octave - 4)) & 15U);
}
/// Smallest count of a bin.
constexpr std::uint32_t binCount(int bin) noexcept {
    if (bin < 64) {
        return static_cast<std::uint32_t>(bin);
    }
    const int octave = 6 + (bin - 64) / 16;
    return (16U + static_cast<std::uint32_t>((bin - 64) % 16)) << (octave - 4);
}

class Team;

/// The points of a density layer, counted for one view.
struct DensityCounts {
    int channels = 1;
    /// [height, width], and kSinks cells more that stand for no pixel: counts modulo 256, a quarter
    /// of the memory that the points then hit at random. One channel only.
    std::vector<std::uint8_t> low;
    std::vector<std::uint32_t> high;  ///< [height, width] counts / 256; empty: all are below 256
    std::vector<std::uint32_t> grid;  ///< [height, width, 4] instead of both
    std::uint32_t reference = 1, largest = 0;

    static constexpr std::int32_t kSinks = 64;
    std::uint32_t at(std::size_t pixel) const noexcept {
        return channels == 4 ? grid[4 * pixel] : low[pixel] + (high.empty() ? 0 : high[pixel] << 8);
    }
    std::size_t bytes() const noexcept { return low.size() + 4 * (high.size() + grid.size()); }
};

/// Counts with two threads, and not at all when the same points were counted for the same view
/// before. Not thread-safe.
class DensityCounter {
public:
    /// Never null. The layer must be without problem.
    std::shared_ptr<const DensityCounts> count(const DensityLayer&, const Projection&, Size, Team&);
    std::uint64_t counted() const noexcept { return m_counted; }  ///< layers, those reused aside

private:
    struct Entry {
        Array xy, category;  // held, so that their addresses stay unique
        Rect view;
        Size size;
        std::vector<std::uint32_t> colors;
        std::shared_ptr<DensityCounts> counts;
        std::uint64_t used = 0;
    };
    void countPlain(DensityCounts&, const DensityLayer&, const Projection&, Size, Team&);
    void countColored(DensityCounts&, const DensityLayer&, const Projection&, Size, Team&);

    std::vector<Entry> m_entries;
    DensityCounts m_second;  // the other thread's counts
    std::uint64_t m_uses = 0, m_counted = 0;
};

/// The count that gets full opacity: 99 % of the occupied pixels hold no more. At least 1.
std::uint32_t referenceCount(std::span<const std::uint32_t> grid, int channels);

/// Opacity of a single point, however dense the rest is, so that outliers stay visible.
inline constexpr float kToneFloor = 0.15F;
/// Opacity of `count` points in a pixel, logarithmic: 0 at 0, 1 at `reference`.
float tone(std::uint32_t count, std::uint32_t reference, float exposure) noexcept;

}  // namespace lx::render
