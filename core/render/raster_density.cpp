// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"
#include "core/render/vectorize.h"

#include <algorithm>
#include <array>

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

LX_VECTOR void widen(std::uint32_t* __restrict out, const std::uint8_t* low,
                     const std::uint32_t* high, int count) {
    for (int i = 0; i < count; ++i) {
        out[i] = low[i];
    }
    for (int i = 0; high != nullptr && i < count; ++i) {
        out[i] += high[i] << 8;
    }
}

bool anyPoint(const std::uint8_t* low, const std::uint32_t* high, int count) {
    std::uint32_t any = 0;
    for (int i = 0; i < count; ++i) {
        any |= low[i];
    }
    for (int i = 0; high != nullptr && i < count; ++i) {
        any |= high[i];
    }
    return any != 0;
}

/// One row of `count` pixels; stretches without any point, often most of a picture, are passed
/// over. Calls tone(first pixel, counts, how many).
template <class Tone>
void eachStretch(const std::uint8_t* low, const std::uint32_t* high, int count, const Tone& tone) {
    constexpr int kLongest = 256;
    std::array<std::uint32_t, kLongest> counts;
    const auto highAt = [high](int at) { return high == nullptr ? nullptr : high + at; };
    for (int from = 0; from < count;) {
        int to = from;
        while (to < count && to - from < kLongest &&
               anyPoint(low + to, highAt(to), std::min(kBlock, count - to))) {
            to = std::min(to + kBlock, count);
        }
        if (to > from) {
            widen(counts.data(), low + from, highAt(from), to - from);
            tone(from, counts.data(), to - from);
        }
        from = to > from ? to : from + kBlock;
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
        const auto last = static_cast<std::uint32_t>(m_weights.size() - 1);
        for (int y = canvas.top; y < canvas.bottom; ++y) {
            const std::size_t row = static_cast<std::size_t>(y) * width;
            if (m_counts->channels == 4) {
                paintColored(canvas.at(0, y), &m_counts->grid[4 * row], width);
                continue;
            }
            eachStretch(&m_counts->low[row],
                        m_counts->high.empty() ? nullptr : &m_counts->high[row], canvas.size.width,
                        [&](int x, const std::uint32_t* counts, int count) {
                            std::uint8_t* pixel = canvas.at(x, y);
                            if (m_counts->largest <= last) {
                                toneBlock(reinterpret_cast<std::uint32_t*>(pixel), counts, count,
                                          m_plain, m_weights.data(), last);
                                return;
                            }
                            for (int i = 0; i < count; ++i, pixel += 4) {
                                if (counts[i] > 0) {
                                    blend(pixel, m_plain, weightAt(counts[i]));
                                }
                            }
                        });
        }
    }

private:
    void paintColored(std::uint8_t* pixel, const std::uint32_t* cell, std::size_t width) const {
        for (std::size_t x = 0; x < width; ++x, cell += 4, pixel += 4) {
            if (const std::uint32_t count = cell[0]; count > 0) {
                const auto mean = [&](int k) {  // most pixels hold one point: no division
                    return count == 1 ? cell[k] : (cell[k] + count / 2) / count;
                };
                blend(pixel, mean(1) | mean(2) << 8 | mean(3) << 16, weightAt(count));
            }
        }
    }
    std::int32_t weightAt(std::uint32_t count) const {
        return count < m_weights.size() ? m_weights[count] : weight(count);
    }
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
