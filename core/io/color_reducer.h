// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace lx::detail {

/// 0xRRGGBB.
using Rgb = std::uint32_t;

/// A palette for a set of pixels. Colours that are few enough, or that cover much (backgrounds,
/// axes, text), are kept exactly; the rest is divided where it varies most in OKLab (Ottosson
/// 2020), whose distances are those the eye sees, and refined by k-means. Nothing is dithered: the
/// same colour always gives the same entry, so flat areas stay flat.
class ColorReducer {
public:
    /// `limit`: entries of the palette, 2 to 256.
    ColorReducer(std::span<const Rgb> pixels, int limit);

    const std::vector<Rgb>& palette() const noexcept { return m_palette; }
    /// Entry of a colour that was among the pixels.
    std::uint8_t index(Rgb color) const {
        const auto exact = m_exact.find(color);
        return exact != m_exact.end() ? exact->second : m_cells[cellOf(color)];
    }

private:
    using Lab = std::array<float, 3>;
    struct Sample {
        Lab lab{};
        float weight = 0;
        std::uint32_t cell = 0;
    };

    static std::uint32_t cellOf(Rgb c) {
        return (c >> 18 & 63) << 12 | (c >> 10 & 63) << 6 | (c >> 2 & 63);
    }
    void divide(std::vector<Sample>& samples, std::size_t count, std::vector<Lab>& centres) const;
    void refine(std::span<const Sample> samples, std::size_t fixed,
                std::vector<Lab>& centres) const;

    std::vector<Rgb> m_palette;
    std::unordered_map<Rgb, std::uint8_t> m_exact;
    std::vector<std::uint8_t> m_cells;  ///< by the upper 6 bits of each channel
};

}  // namespace lx::detail
