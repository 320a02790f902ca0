// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/philox.h"

#include <cmath>
#include <cstddef>

namespace lx {

float portableLog(float x) noexcept {
    // x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1).
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    int exponent = static_cast<int>(bits >> 23) - 127;
    float m = std::bit_cast<float>((bits & 0x007FFFFFU) | 0x3F800000U);
    if (m > 1.41421356F) {
        m *= 0.5F;
        ++exponent;
    }
    const float s = (m - 1.0F) / (m + 1.0F);
    const float s2 = s * s;
    const float series =
        2.0F * s *
        (1.0F + s2 * (0.33333333F + s2 * (0.2F + s2 * (0.14285715F + s2 * 0.11111111F))));
    const float e = static_cast<float>(exponent);
    // ln 2 in two parts keeps the sum exact to float precision.
    return (e * 0.693359375F + series) + e * -2.12194440e-4F;
}

void portableSinCos2Pi(float u, float& sine, float& cosine) noexcept {
    // Octant reduction in units of turns is exact; the remainder is at most an eighth of a turn.
    const float quadrant = std::floor(u * 4.0F + 0.5F);
    const float a = (u - quadrant * 0.25F) * 6.28318531F;
    const float a2 = a * a;
    const float s =
        a * (1.0F + a2 * (-1.6666667e-1F +
                          a2 * (8.3333310e-3F + a2 * (-1.9840874e-4F + a2 * 2.7525562e-6F))));
    const float c =
        1.0F + a2 * (-0.5F + a2 * (4.1666638e-2F + a2 * (-1.3888378e-3F + a2 * 2.4760495e-5F)));
    switch (static_cast<int>(quadrant) & 3) {
        case 0:
            sine = s;
            cosine = c;
            break;
        case 1:
            sine = c;
            cosine = -s;
            break;
        case 2:
            sine = -s;
            cosine = -c;
            break;
        default:
            sine = -c;
            cosine = s;
            break;
    }
}

std::array<float, 2> boxMuller(std::uint32_t u1, std::uint32_t u2) noexcept {
    const float radius = std::sqrt(-2.0F * portableLog(toUnit(u1)));
    float sine = 0, cosine = 0;
    portableSinCos2Pi(toUnit(u2), sine, cosine);
    return {radius * cosine, radius * sine};
}

namespace {

__extension__ using Wide = unsigned __int128;

/// Elements first, first + 1, ... of a key; `four` makes four of them from a block of words.
template <class Four>
void fillBlocks(Key key, std::uint64_t first, std::span<float> out, Four four) noexcept {
    const std::uint64_t philox = philoxKey(key), end = first + out.size();
    for (std::uint64_t block = first / 4; block * 4 < end; ++block) {
        const std::array<float, 4> values = four(philox4x32(
            {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0U, 0U},
            philox));
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint64_t at = block * 4 + i - first;  // huge before the first
            if (at < out.size()) {
                out[at] = values[i];
            }
        }
    }
}

}  // namespace

void fillNormal(Key key, std::span<float> out, std::uint64_t first) noexcept {
    fillBlocks(key, first, out, [](const Words& w) {
        const auto one = boxMuller(w[0], w[1]), two = boxMuller(w[2], w[3]);
        return std::array<float, 4>{one[0], one[1], two[0], two[1]};
    });
}

void fillUniform(Key key, std::span<float> out, std::uint64_t first) noexcept {
    fillBlocks(key, first, out, [](const Words& w) {
        return std::array<float, 4>{toUnit(w[0]), toUnit(w[1]), toUnit(w[2]), toUnit(w[3])};
    });
}

void fillBelow(Key key, std::uint64_t bound, std::span<std::int64_t> out,
               std::uint64_t first) noexcept {
    const std::uint64_t philox = philoxKey(key);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t n = first + i;
        const Words w = philox4x32(
            {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), 1U, 0U}, philox);
        // High half of the 96-bit product (w1 2^32 + w0) bound, in 64-bit parts.
        const std::uint64_t high = w[1] * bound + ((w[0] * bound) >> 32);
        out[i] = static_cast<std::int64_t>(high >> 32);
    }
}

}  // namespace lx
