// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/density.h"

#include "core/render/colormap.h"
#include "core/render/team.h"
#include "core/render/vectorize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>

namespace lx::render {
namespace {

/// A point's pixel as an offset in the grid, or -1 outside it.
struct CellMap {
    double x0, y1, scaleX, scaleY, width, height;
    std::int32_t columns;
};

/// xy [count, 2]. Without a branch, so that it is vectorised.
LX_VECTOR void cellsOf(const float* xy, Index count, const CellMap& map, std::int32_t* cells) {
    const auto [x0, y1, scaleX, scaleY, width, height, columns] = map;
    for (Index i = 0; i < count; ++i) {
        const double x = (xy[2 * i] - x0) * scaleX;
        const double y = (y1 - xy[2 * i + 1]) * scaleY;
        // False for not-a-number.
        const bool inside = (x >= 0) & (x < width) & (y >= 0) & (y < height);
        const int column = static_cast<int>(inside ? x : 0.0);
        const int row = static_cast<int>(inside ? y : 0.0);
        cells[i] = inside ? row * columns + column : -1;
    }
}

LX_VECTOR void addCounts(std::uint32_t* to, const std::uint32_t* from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        to[i] += from[i];
    }
}

using Histogram = std::array<std::uint32_t, kHistogramBins>;

/// Adds the pixels that hold points to their bins; returns the largest count. Bin 0 stays empty.
std::uint32_t addTo(Histogram& histogram, std::span<const std::uint32_t> grid, int channels) {
    const auto stride = static_cast<std::size_t>(channels);
    // Neighbours often have the same count: four tables, so that none waits for the one before.
    std::array<Histogram, 4> parts{};
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < grid.size(); i += stride) {
        if (const std::uint32_t count = grid[i]; count != 0) {
            ++parts[i / stride % 4][static_cast<std::size_t>(histogramBin(count))];
            largest = std::max(largest, count);
        }
    }
    for (const Histogram& part : parts) {
        std::transform(histogram.begin(), histogram.end(), part.begin(), histogram.begin(),
                       std::plus<>());
    }
    return largest;
}

std::uint32_t referenceOf(const Histogram& histogram) {
    std::uint64_t occupied = 0;
    for (std::size_t bin = 1; bin < kHistogramBins; ++bin) {
        occupied += histogram[bin];
    }
    // Integers, so that the shader finds the same bin.
    const std::uint64_t wanted = occupied - occupied / 100;
    std::uint64_t seen = 0;
    for (int bin = 1; bin < kHistogramBins; ++bin) {
        seen += histogram[static_cast<std::size_t>(bin)];
        if (seen >= wanted && seen > 0) {
            return binCount(bin);
        }
    }
    return 1;
}

std::vector<std::uint32_t> packed(const std::vector<Color>& colors) {
    std::vector<std::uint32_t> words;
    std::transform(colors.begin(), colors.end(), std::back_inserter(words), pack);
    return words;
}

constexpr std::size_t kKeptCounts = 6, kKeptBytes = std::size_t{64} << 20;

}  // namespace

int densityChannels(const DensityLayer& layer) noexcept {
    return layer.category.defined() && layer.colors.size() > 1 ? 4 : 1;
}

void splat(const DensityLayer& layer, const Projection& projection, Size pixels,
           std::span<std::uint32_t> grid) {
    splat(layer, projection, pixels, grid, 0, layer.xy.count() == 0 ? 0 : layer.xy.dim(0));
}

void splat(const DensityLayer& layer, const Projection& projection, Size pixels,
           std::span<std::uint32_t> grid, Index begin, Index end) {
    if (begin >= end) {
        return;
    }
    const float* xy = layer.xy.values<float>().data();
    const Index* category =
        layer.category.defined() ? layer.category.values<Index>().data() : nullptr;
    const Index stride = layer.xy.dim(1);
    const bool colored = densityChannels(layer) == 4;
    const std::vector<std::uint32_t> words = packed(layer.colors);
    const auto count = static_cast<Index>(words.size());
    const CellMap map{projection.view().x0,
                      projection.view().y1,
                      projection.scaleX(),
                      projection.scaleY(),
                      static_cast<double>(pixels.width),
                      static_cast<double>(pixels.height),
                      pixels.width};
    constexpr Index kBlock = 2048;
    std::array<std::int32_t, kBlock> cells;
    std::array<float, 2 * kBlock> pairs;
    for (Index first = begin; first < end; first += kBlock) {
        const Index here = std::min(kBlock, end - first);
        const float* block = xy + stride * first;
        if (stride != 2) {
            for (Index i = 0; i < here; ++i) {
                std::memcpy(&pairs[static_cast<std::size_t>(2 * i)], block + stride * i, 8);
            }
            block = pairs.data();
        }
        cellsOf(block, here, map, cells.data());
        for (Index i = 0; i < here; ++i) {
            const std::int32_t at = cells[static_cast<std::size_t>(i)];
            if (at < 0 || (category != nullptr && category[first + i] < 0)) {
                continue;
            }
            if (!colored) {
                ++grid[static_cast<std::size_t>(at)];
                continue;
            }
            const std::uint32_t word = words[static_cast<std::size_t>(category[first + i] % count)];
            std::uint32_t* cell = &grid[4 * static_cast<std::size_t>(at)];
            cell[0] += 1;
            cell[1] += word & 255;
            cell[2] += word >> 8 & 255;
            cell[3] += word >> 16 & 255;
        }
    }
}

std::shared_ptr<const DensityCounts> DensityCounter::count(const DensityLayer& layer,
                                                           const Projection& projection, Size size,
                                                           Team& team) {
    const int channels = densityChannels(layer);
    const Rect& view = projection.view();
    const auto words = channels == 4 ? packed(layer.colors) : std::vector<std::uint32_t>{};
    const auto same = [&](const Entry& e) {
        return e.xy.sharesStorageWith(layer.xy) &&
               std::ranges::equal(e.xy.shape(), layer.xy.shape()) &&
               e.category.sharesStorageWith(layer.category) && e.colors == words &&
               e.counts->channels == channels && e.size.width == size.width &&
               e.size.height == size.height && e.view.x0 == view.x0 && e.view.y0 == view.y0 &&
               e.view.x1 == view.x1 && e.view.y1 == view.y1;
    };
    ++m_uses;
    if (const auto found = std::ranges::find_if(m_entries, same); found != m_entries.end()) {
        found->used = m_uses;
        return found->counts;
    }
    ++m_counted;
    const std::size_t cells = static_cast<std::size_t>(size.width) *
                              static_cast<std::size_t>(size.height) *
                              static_cast<std::size_t>(channels);
    // The memory of the picture that was looked at least lately serves again: fresh memory costs
    // as much as the counting.
    std::size_t bytes = 4 * cells;
    for (const Entry& e : m_entries) {
        bytes += 4 * e.counts->grid.size();
    }
    std::shared_ptr<DensityCounts> counts;
    while (!m_entries.empty() && (m_entries.size() >= kKeptCounts || bytes > kKeptBytes)) {
        const auto oldest = std::ranges::min_element(m_entries, {}, &Entry::used);
        bytes -= 4 * oldest->counts->grid.size();
        counts = std::move(oldest->counts);
        m_entries.erase(oldest);
    }
    if (!counts || counts.use_count() > 1) {
        counts = std::make_shared<DensityCounts>();
    }
    counts->channels = channels;
    counts->grid.resize(cells);
    const Index points = layer.xy.count() == 0 ? 0 : layer.xy.dim(0);
    const bool split = team.threads() > 1 && points >= 100'000;
    m_second.resize(split ? cells : m_second.size());
    team.run(split ? 2 : 1, [&](int part) {
        const std::span<std::uint32_t> grid(part == 0 ? counts->grid.data() : m_second.data(),
                                            cells);
        std::fill(grid.begin(), grid.end(), 0U);
        const Index middle = split ? points / 2 : points;
        splat(layer, projection, size, grid, part == 0 ? 0 : middle, part == 0 ? middle : points);
    });
    const auto parts = static_cast<std::size_t>(team.threads() * 2);
    std::vector<Histogram> histograms(parts, Histogram{});
    std::vector<std::uint32_t> largest(parts, 0);
    const std::size_t pixels = cells / static_cast<std::size_t>(channels);
    team.run(static_cast<int>(parts), [&](int part) {
        const auto k = static_cast<std::size_t>(part);
        const std::size_t from = pixels * k / parts * static_cast<std::size_t>(channels);
        const std::size_t to = pixels * (k + 1) / parts * static_cast<std::size_t>(channels);
        const std::span<std::uint32_t> grid(counts->grid.data() + from, to - from);
        if (split) {
            addCounts(grid.data(), m_second.data() + from, to - from);
        }
        largest[k] = addTo(histograms[k], grid, channels);
    });
    for (std::size_t k = 1; k < parts; ++k) {
        std::transform(histograms[0].begin(), histograms[0].end(), histograms[k].begin(),
                       histograms[0].begin(), std::plus<>());
    }
    counts->reference = referenceOf(histograms[0]);
    counts->largest = *std::ranges::max_element(largest);
    m_entries.push_back({layer.xy, layer.category, view, size, words, counts, m_uses});
    return counts;
}

std::uint32_t referenceCount(std::span<const std::uint32_t> grid, int channels) {
    Histogram histogram{};
    addTo(histogram, grid, channels);
    return referenceOf(histogram);
}

float tone(std::uint32_t count, std::uint32_t reference, float exposure) noexcept {
    if (count == 0) {
        return 0;
    }
    const float level = std::log2(1 + exposure * static_cast<float>(count)) /
                        std::log2(1 + static_cast<float>(reference));
    return std::clamp(kToneFloor + (1 - kToneFloor) * level, 0.0F, 1.0F);
}

}  // namespace lx::render
