// SPDX-License-Identifier: GPL-3.0-or-later
// What the rasteriser paints on: rows of one picture, blended in 8 bits as a device does.
#pragma once

#include "core/render/scene.h"

#include <algorithm>
#include <utility>

namespace lx::render {

/// Some rows of a picture. Several threads paint one picture, each its own rows: a draw function
/// must give the same pixels however the picture is divided.
struct Canvas {
    Size size;                      ///< of the whole picture
    std::uint8_t* bytes = nullptr;  ///< of the whole picture, RGBA8
    int top = 0, bottom = 0;        ///< rows to paint: [top, bottom)

    std::uint8_t* at(int x, int y) const {
        return bytes + 4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                            static_cast<std::size_t>(x));
    }
};

/// Opacity as the weight of blend().
inline std::int32_t weightOf(float alpha) {
    return static_cast<std::int32_t>(std::clamp(alpha, 0.0F, 1.0F) * 65536 + 0.5F);
}

/// Lays the colour of an RGBA8 word over a pixel; its own alpha is left out of account.
inline void blend(std::uint8_t* pixel, std::uint32_t word, std::int32_t weight) {
    for (int k = 0; k < 3; ++k) {
        const auto wanted = static_cast<std::int32_t>(word >> (8 * k) & 255);
        pixel[k] = static_cast<std::uint8_t>(
            (wanted * weight + pixel[k] * (65536 - weight) + 32768) >> 16);
    }
}
inline void blend(std::uint8_t* pixel, std::uint32_t word, float alpha) {
    blend(pixel, word, weightOf(alpha));
}

inline float alphaOf(std::uint32_t word) {
    return static_cast<float>(word >> 24) / 255;
}

/// First and one past the last pixel whose centre lies in [from, to), within [low, high); low >= 0.
inline std::pair<int, int> pixelRange(double from, double to, int low, int high) {
    const auto edge = [&](double at) {
        const double inside =
            std::clamp(at - 0.5, static_cast<double>(low), static_cast<double>(high));
        const int whole = static_cast<int>(inside);  // std::ceil is a call on the baseline
        return whole + static_cast<int>(inside > whole);
    };
    return {edge(from), edge(to)};
}

}  // namespace lx::render
