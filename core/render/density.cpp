// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/density.h"

#include "core/render/colormap.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::render {

int densityChannels(const DensityLayer& layer) noexcept {
    return layer.category.defined() && layer.colors.size() > 1 ? 4 : 1;
}

void splat(const DensityLayer& layer, const Projection& projection, Size pixels,
           std::span<std::uint32_t> grid) {
    if (layer.xy.count() == 0) {
        return;
    }
    const float* xy = layer.xy.values<float>().data();
    const Index* category =
        layer.category.defined() ? layer.category.values<Index>().data() : nullptr;
    const Index rows = layer.xy.dim(0), stride = layer.xy.dim(1);
    const double x0 = projection.view().x0, y1 = projection.view().y1;
    const double scaleX = projection.scaleX(), scaleY = projection.scaleY();
    const double width = pixels.width, height = pixels.height;
    const auto each = [&](auto&& add) {
        for (Index i = 0; i < rows; ++i, xy += stride) {
            const double x = (xy[0] - x0) * scaleX, y = (y1 - xy[1]) * scaleY;
            if (x >= 0 && x < width && y >= 0 && y < height) {  // false for not-a-number
                add(static_cast<std::size_t>(y) * static_cast<std::size_t>(pixels.width) +
                        static_cast<std::size_t>(x),
                    i);
            }
        }
    };
    if (densityChannels(layer) == 1 && category == nullptr && stride == 2) {
        // Positions first, counts after: the first loop has no branch and is vectorised.
        constexpr Index kBlock = 2048;
        std::array<std::int32_t, kBlock> cells;
        for (Index begin = 0; begin < rows; begin += kBlock) {
            const Index count = std::min(kBlock, rows - begin);
            const float* block = xy + 2 * begin;
            for (Index i = 0; i < count; ++i) {
                const double x = (block[2 * i] - x0) * scaleX;
                const double y = (y1 - block[2 * i + 1]) * scaleY;
                const bool inside = (x >= 0) & (x < width) & (y >= 0) & (y < height);
                const int column = static_cast<int>(inside ? x : 0.0);
                const int row = static_cast<int>(inside ? y : 0.0);
                cells[static_cast<std::size_t>(i)] = inside ? row * pixels.width + column : -1;
            }
            for (Index i = 0; i < count; ++i) {
                if (const std::int32_t cell = cells[static_cast<std::size_t>(i)]; cell >= 0) {
                    ++grid[static_cast<std::size_t>(cell)];
                }
            }
        }
        return;
    }
    if (densityChannels(layer) == 1) {
        each([&](std::size_t pixel, Index i) {
            grid[pixel] += category == nullptr || category[i] >= 0;
        });
        return;
    }
    std::vector<std::uint32_t> words;
    std::transform(layer.colors.begin(), layer.colors.end(), std::back_inserter(words), pack);
    const auto count = static_cast<Index>(words.size());
    each([&](std::size_t pixel, Index i) {
        if (category[i] >= 0) {
            const std::uint32_t word = words[static_cast<std::size_t>(category[i] % count)];
            std::uint32_t* cell = &grid[4 * pixel];
            cell[0] += 1;
            cell[1] += word & 255;
            cell[2] += word >> 8 & 255;
            cell[3] += word >> 16 & 255;
        }
    });
}

std::uint32_t referenceCount(std::span<const std::uint32_t> grid, int channels) {
    std::array<std::uint32_t, kHistogramBins> histogram{};
    std::uint64_t occupied = 0;
    for (std::size_t i = 0; i < grid.size(); i += static_cast<std::size_t>(channels)) {
        if (grid[i] != 0) {
            ++histogram[static_cast<std::size_t>(histogramBin(grid[i]))];
            ++occupied;
        }
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

float tone(std::uint32_t count, std::uint32_t reference, float exposure) noexcept {
    if (count == 0) {
        return 0;
    }
    const float level = std::log2(1 + exposure * static_cast<float>(count)) /
                        std::log2(1 + static_cast<float>(reference));
    return std::clamp(kToneFloor + (1 - kToneFloor) * level, 0.0F, 1.0F);
}

}  // namespace lx::render
