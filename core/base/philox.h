// SPDX-License-Identifier: GPL-3.0-or-later
// Philox4x32-10 and the transforms on top of it. Every executor (tensors, fused CPU, Vulkan)
// repeats this arithmetic, so logarithm and sine are our own polynomials, not libm's.
// Ref: salmon2011 (resources/docs/references.bib).
#pragma once

#include "core/base/key.h"

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace lx {

using Counter = std::array<std::uint32_t, 4>;
using Words = std::array<std::uint32_t, 4>;

/// Ten rounds of Philox4x32 with a 64-bit key.
constexpr Words philox4x32(Counter c, std::uint64_t key) noexcept {
    std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0];
        const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2];
        c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
             static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    return c;
}

constexpr std::uint64_t philoxKey(Key key) noexcept {
    return splitmix64(key.seed ^ splitmix64(key.stream));
}

/// Counter layout {draw, chain, step low, step high}.
constexpr Words randomWords(Key key, std::uint32_t draw, std::uint32_t chain,
                            std::uint64_t step) noexcept {
    return philox4x32(
        {draw, chain, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32)},
        philoxKey(key));
}

/// (u + 1/2) 2^-32, in the open interval (0, 1); 24 significant bits in float.
constexpr float toUnit(std::uint32_t u) noexcept {
    // 2^-32 * 2^32 rounds to 1 in float for the largest words: keep the interval open.
    const float value = (static_cast<float>(u) + 0.5F) * 2.3283064365386963e-10F;
    return value < 1.0F ? value : 0.99999994F;
}

/// Natural logarithm of a positive normal float; relative error below 2.5e-7.
float portableLog(float x) noexcept;
/// Sine and cosine of 2 pi u for u in [0, 1); absolute error below 2e-7.
void portableSinCos2Pi(float u, float& sine, float& cosine) noexcept;

/// Two standard normals by Box-Muller from two words.
std::array<float, 2> boxMuller(std::uint32_t u1, std::uint32_t u2) noexcept;

/// Fills `out` with N(0, 1) draws: elements first, first + 1, ... of the key. Element i depends
/// only on (key, i).
void fillNormal(Key key, std::span<float> out, std::uint64_t first = 0) noexcept;
/// The same with U(0, 1) draws.
void fillUniform(Key key, std::span<float> out, std::uint64_t first = 0) noexcept;
/// The same with integers uniform on 0 .. bound - 1 (bound < 2^32); bias below bound / 2^64.
void fillBelow(Key key, std::uint64_t bound, std::span<std::int64_t> out,
               std::uint64_t first = 0) noexcept;

}  // namespace lx
