// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"
#include "core/render/vectorize.h"

#include <algorithm>
#include <cstring>

namespace lx::render {
namespace {

constexpr std::uint32_t kTableCounts = 65'536;  ///< counts whose opacity is looked up

constexpr int kBlock = 16;

/// Some pixels with one colour; `weights` by count, up to `last`.
LX_VECTOR void toneBlock(std::uint32_t* __restrict pixels, const std::uint32_t* counts, int count,
                         std::uint32_t word, const std::int32_t* weights, std::uint32_t last) {
    const auto red = static_cast<std::int32_t>(word & 255);
    const auto green = static_cast<std::int32_t>(word >> 8 & 255);
    const auto blue = static_cast<std::int32_t>(word >> 16 & 255);
    for (int i = 0; i < count; ++i) {
        const std::uint32_t c = counts[i] < last ? counts[i] : last;
        const std::int32_t weight = weights[c], rest = 65536 - weight;
        const std::uint32_t p = pixels[i];
        const auto mixed = [&](std::int32_t wanted, std::uint32_t old) {
            return static_cast<std::uint32_t>(
                (wanted * weight + static_cast<std::int32_t>(old & 255) * rest + 32768) >> 16);
        };
        pixels[i] = mixed(red, p) | mixed(green, p >> 8) << 8 | mixed(blue, p >> 16) << 16 |
                    (p & 0xFF000000U);
    }
}

/// One row; stretches without any point, often most of a picture, are passed over.
void toneRow(std::uint32_t* pixels, const std::uint32_t* counts, int count, std::uint32_t word,
             const std::int32_t* weights, std::uint32_t last) {
    const auto occupied = [&](int from, int to) {
        std::uint32_t any = 0;
        for (int i = from; i < to; ++i) {
            any |= counts[i];
        }
        return any != 0;
    };
    for (int from = 0; from < count;) {
        int to = from;
        while (to < count && occupied(to, std::min(to + kBlock, count))) {
            to = std::min(to + kBlock, count);
        }
        if (to > from) {
            toneBlock(pixels + from, counts + from, to - from, word, weights, last);
        }
        from = to + kBlock;
    }
}

class DensityPainter final : public Painter {
public:
    DensityPainter(const DensityLayer& layer, const PaintContext& context)
        : m_layer(layer),
          m_counts(context.density.count(layer, context.projection, context.size, context.team)),
          m_plain(pack(layer.colors.empty() ? kDefaultColor : layer.colors.front())) {
        const std::uint32_t last = std::min(m_counts->largest, kTableCounts - 1);
        for (std::uint32_t count = 0; count <= last; ++count) {
            m_weights.push_back(weight(count));
        }
    }

    void paint(const Canvas& canvas) const override {
        const auto width = static_cast<std::size_t>(canvas.size.width);
        const auto channels = static_cast<std::size_t>(m_counts->channels);
        const auto last = static_cast<std::uint32_t>(m_weights.size() - 1);
        for (int y = canvas.top; y < canvas.bottom; ++y) {
            const std::uint32_t* cell =
                m_counts->grid.data() + static_cast<std::size_t>(y) * width * channels;
            if (channels == 1 && m_counts->largest <= last) {
                toneRow(reinterpret_cast<std::uint32_t*>(canvas.at(0, y)), cell, canvas.size.width,
                        m_plain, m_weights.data(), last);
                continue;
            }
            std::uint8_t* pixel = canvas.at(0, y);
            for (std::size_t x = 0; x < width; ++x, cell += channels, pixel += 4) {
                const std::uint32_t count = cell[0];
                if (count == 0) {
                    continue;
                }
                std::uint32_t word = m_plain;
                if (channels == 4) {
                    const auto mean = [&](int k) { return (cell[k] + count / 2) / count; };
                    word = mean(1) | mean(2) << 8 | mean(3) << 16;
                }
                blend(pixel, word, count <= last ? m_weights[count] : weight(count));
            }
        }
    }

private:
    std::int32_t weight(std::uint32_t count) const {
        return weightOf(tone(count, m_counts->reference, m_layer.exposure) * m_layer.opacity);
    }

    const DensityLayer& m_layer;
    const std::shared_ptr<const DensityCounts> m_counts;
    const std::uint32_t m_plain;
    std::vector<std::int32_t> m_weights;
};

}  // namespace

std::unique_ptr<Painter> makePainter(const DensityLayer& layer, const PaintContext& context) {
    return std::make_unique<DensityPainter>(layer, context);
}

}  // namespace lx::render
