// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/density.h"

#include "core/render/colormap.h"
#include "core/render/team.h"
#include "core/render/vectorize.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

namespace lx::render {
namespace {

struct CellMap {
    double x0, y1, scaleX, scaleY, width, height;
    std::int32_t columns;
};

CellMap mapOf(const Projection& projection, Size pixels) {
    return {projection.view().x0,
            projection.view().y1,
            projection.scaleX(),
            projection.scaleY(),
            static_cast<double>(pixels.width),
            static_cast<double>(pixels.height),
            pixels.width};
}

/// A point's pixel as an offset in the picture; points outside go in turn to the kSinks offsets
/// from `sink` on, so that none waits for the one before. xy [count, 2]. Without a branch, so that
/// it is vectorised.
LX_VECTOR_WIDE void cellsOf(const float* xy, std::int32_t count, const CellMap& map,
                            std::int32_t sink, std::int32_t* cells) {
    const auto [x0, y1, scaleX, scaleY, width, height, columns] = map;
    for (std::int32_t i = 0; i < count; ++i) {
        const double x = (xy[2 * i] - x0) * scaleX;
        const double y = (y1 - xy[2 * i + 1]) * scaleY;
        // False for not-a-number.
        const bool inside = (x >= 0) & (x < width) & (y >= 0) & (y < height);
        const int column = static_cast<int>(inside ? x : 0.0);
        const int row = static_cast<int>(inside ? y : 0.0);
        const std::int32_t outside = sink + i % DensityCounts::kSinks;
        cells[i] = inside ? row * columns + column : outside;
    }
}

constexpr Index kBlock = 2048;

/// Calls use(first, cells) for blocks of the points [begin, end); hidden categories count as
/// outside.
template <class Use>
void eachBlock(const DensityLayer& layer, const CellMap& map, std::int32_t sink, Index begin,
               Index end, const Use& use) {
    const float* xy = layer.xy.values<float>().data();
    const Index* category =
        layer.category.defined() ? layer.category.values<Index>().data() : nullptr;
    const Index stride = layer.xy.dim(1);
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
        cellsOf(block, static_cast<std::int32_t>(here), map, sink, cells.data());
        for (Index i = 0; category != nullptr && i < here; ++i) {
            auto& cell = cells[static_cast<std::size_t>(i)];
            cell = category[first + i] < 0 ? sink : cell;
        }
        use(first, std::span<const std::int32_t>(cells.data(), static_cast<std::size_t>(here)));
    }
}

/// Counts the points [begin, end) in bytes; `wrapped` gets a pixel each time its byte overflows.
void splatBytes(const DensityLayer& layer, const CellMap& map, std::span<std::uint8_t> low,
                std::vector<std::int32_t>& wrapped, Index begin, Index end) {
    const auto sink = static_cast<std::int32_t>(low.size()) - DensityCounts::kSinks;
    std::uint8_t* const counts = low.data();
    eachBlock(layer, map, sink, begin, end, [&](Index, std::span<const std::int32_t> cells) {
        for (const std::int32_t at : cells) {
            if (++counts[at] == 0 && at < sink) [[unlikely]] {
                wrapped.push_back(at);
            }
        }
    });
}

LX_VECTOR void addCounts(std::uint32_t* to, const std::uint32_t* from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        to[i] += from[i];
    }
}

/// Adds bytes; true when one of the sums overflowed.
LX_VECTOR_WIDE bool addBytes(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
    std::uint8_t overflow = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto sum = static_cast<std::uint8_t>(to[i] + from[i]);
        overflow = static_cast<std::uint8_t>(overflow | (sum < to[i] ? 1 : 0));
        to[i] = sum;
    }
    return overflow != 0;
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

/// The same for counts below 256.
std::uint32_t addTo(Histogram& histogram, std::span<const std::uint8_t> low) {
    std::array<std::array<std::uint32_t, 256>, 4> parts{};
    std::size_t i = 0;
    for (; i + 8 <= low.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, &low[i], 8);
        if (word == 0) {
            continue;  // often there is no point at all
        }
        for (std::size_t k = 0; k < 8; ++k) {
            ++parts[k % 4][word >> (8 * k) & 255];
        }
    }
    for (; i < low.size(); ++i) {
        ++parts[0][low[i]];
    }
    std::uint32_t largest = 0;
    for (std::uint32_t count = 1; count < 256; ++count) {
        const std::uint32_t pixels =
            parts[0][count] + parts[1][count] + parts[2][count] + parts[3][count];
        histogram[static_cast<std::size_t>(histogramBin(count))] += pixels;
        largest = pixels > 0 ? count : largest;
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

/// Fewer points are counted by one thread.
constexpr Index kSplitPoints = 100'000;
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
    const std::int32_t sink = pixels.width * pixels.height;
    const CellMap map = mapOf(projection, pixels);
    if (densityChannels(layer) == 1) {
        eachBlock(layer, map, sink, begin, end, [&](Index, std::span<const std::int32_t> cells) {
            for (const std::int32_t at : cells) {
                if (at < sink) {
                    ++grid[static_cast<std::size_t>(at)];
                }
            }
        });
        return;
    }
    using Cell = std::array<std::uint32_t, 4>;
    std::vector<Cell> adds;
    for (const std::uint32_t word : packed(layer.colors)) {
        adds.push_back({1, word & 255, word >> 8 & 255, word >> 16 & 255});
    }
    const auto count = static_cast<Index>(adds.size());
    const Index* category = layer.category.values<Index>().data();
    const auto add = [&](Index first, std::span<const std::int32_t> cells) {
        constexpr std::size_t kAhead = 16;  // the grid is far larger than the nearer caches
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::size_t ahead = std::min(i + kAhead, cells.size() - 1);
            __builtin_prefetch(grid.data() + 4 * std::min(cells[ahead], sink - 1), 1);
            if (cells[i] >= sink) {
                continue;
            }
            Index kind = category[first + static_cast<Index>(i)];
            kind = kind < count ? kind : kind % count;
            const Cell& by = adds[static_cast<std::size_t>(kind)];
            std::uint32_t* cell = &grid[4 * static_cast<std::size_t>(cells[i])];
            for (std::size_t k = 0; k < 4; ++k) {
                cell[k] += by[k];
            }
        }
    };
    eachBlock(layer, map, sink, begin, end, add);
}

namespace {

Index pointsOf(const DensityLayer& layer) {
    return layer.xy.count() == 0 ? 0 : layer.xy.dim(0);
}

/// Histograms of parts of a picture, made at the same time.
struct PartHistograms {
    explicit PartHistograms(int parts)
        : histograms(static_cast<std::size_t>(parts), Histogram{}),
          largest(static_cast<std::size_t>(parts), 0) {}
    void finish(DensityCounts& counts) {
        for (std::size_t k = 1; k < histograms.size(); ++k) {
            std::transform(histograms[0].begin(), histograms[0].end(), histograms[k].begin(),
                           histograms[0].begin(), std::plus<>());
        }
        counts.reference = referenceOf(histograms[0]);
        counts.largest = *std::ranges::max_element(largest);
    }
    std::vector<Histogram> histograms;
    std::vector<std::uint32_t> largest;
};

}  // namespace

void DensityCounter::countPlain(DensityCounts& counts, const DensityLayer& layer,
                                const Projection& projection, Size size, Team& team) {
    const std::size_t pixels =
        static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    const Index points = pointsOf(layer);
    const bool split = team.threads() > 1 && points >= kSplitPoints;
    counts.grid.clear();
    counts.high.clear();
    std::array<std::vector<std::int32_t>, 2> wrapped;
    team.run(split ? 2 : 1, [&](int part) {
        auto& low = part == 0 ? counts.low : m_second.low;
        low.assign(pixels + DensityCounts::kSinks, 0);
        const Index middle = split ? points / 2 : points;
        if (const Index begin = part == 0 ? 0 : middle; begin < points) {
            splatBytes(layer, mapOf(projection, size), low, wrapped[static_cast<std::size_t>(part)],
                       begin, part == 0 ? middle : points);
        }
    });
    const int parts = team.threads() * 2;
    const auto range = [&](int part) {
        const auto edge = [&](int k) {
            return pixels * static_cast<std::size_t>(k) / static_cast<std::size_t>(parts);
        };
        return std::pair{edge(part), edge(part + 1) - edge(part)};
    };
    std::atomic<bool> overflow = false;
    if (split) {
        team.run(parts, [&](int part) {
            const auto [from, count] = range(part);
            // A sum that overflows is rare: then everything is added anew, with room.
            if (addBytes(counts.low.data() + from, m_second.low.data() + from, count)) {
                overflow = true;
            }
        });
    }
    if (overflow || !wrapped[0].empty() || !wrapped[1].empty()) {
        counts.high.assign(pixels, 0);
        for (std::size_t i = 0; split && i < pixels; ++i) {
            counts.high[i] = counts.low[i] < m_second.low[i] ? 1 : 0;
        }
        for (const auto& list : wrapped) {
            for (const std::int32_t at : list) {
                ++counts.high[static_cast<std::size_t>(at)];
            }
        }
    }
    PartHistograms made(parts);
    team.run(parts, [&](int part) {
        const auto [from, count] = range(part);
        const auto k = static_cast<std::size_t>(part);
        if (counts.high.empty()) {
            made.largest[k] = addTo(made.histograms[k], {counts.low.data() + from, count});
            return;
        }
        std::vector<std::uint32_t> whole(count);
        for (std::size_t i = 0; i < count; ++i) {
            whole[i] = counts.low[from + i] + (counts.high[from + i] << 8);
        }
        made.largest[k] = addTo(made.histograms[k], whole, 1);
    });
    made.finish(counts);
}

void DensityCounter::countColored(DensityCounts& counts, const DensityLayer& layer,
                                  const Projection& projection, Size size, Team& team) {
    const std::size_t pixels =
        static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    const std::size_t cells = 4 * pixels;
    const Index points = pointsOf(layer);
    const bool split = team.threads() > 1 && points >= kSplitPoints;
    counts.low.clear();
    counts.high.clear();
    team.run(split ? 2 : 1, [&](int part) {
        auto& grid = part == 0 ? counts.grid : m_second.grid;
        grid.assign(cells, 0);
        const Index middle = split ? points / 2 : points;
        splat(layer, projection, size, grid, part == 0 ? 0 : middle, part == 0 ? middle : points);
    });
    const int parts = team.threads() * 2;
    PartHistograms made(parts);
    team.run(parts, [&](int part) {
        const auto k = static_cast<std::size_t>(part), n = static_cast<std::size_t>(parts);
        const std::size_t from = 4 * (pixels * k / n), to = 4 * (pixels * (k + 1) / n);
        const std::span<std::uint32_t> grid(counts.grid.data() + from, to - from);
        if (split) {
            addCounts(grid.data(), m_second.grid.data() + from, to - from);
        }
        made.largest[k] = addTo(made.histograms[k], grid, 4);
    });
    made.finish(counts);
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
    // The memory of the picture that was looked at least lately serves again: fresh memory costs
    // as much as the counting.
    std::size_t bytes = static_cast<std::size_t>(size.width) *
                        static_cast<std::size_t>(size.height) * (channels == 4 ? 16 : 1);
    for (const Entry& e : m_entries) {
        bytes += e.counts->bytes();
    }
    std::shared_ptr<DensityCounts> counts;
    while (!m_entries.empty() && (m_entries.size() >= kKeptCounts || bytes > kKeptBytes)) {
        const auto oldest = std::ranges::min_element(m_entries, {}, &Entry::used);
        bytes -= oldest->counts->bytes();
        counts = std::move(oldest->counts);
        m_entries.erase(oldest);
    }
    if (!counts || counts.use_count() > 1) {
        counts = std::make_shared<DensityCounts>();
    }
    counts->channels = channels;
    if (channels == 4) {
        countColored(*counts, layer, projection, size, team);
    } else {
        countPlain(*counts, layer, projection, size, team);
    }
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
