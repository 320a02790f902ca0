// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

#include <array>
#include <cstdint>

namespace lx::render {

/// Perceptual colour: lightness in [0, 1] and two opponent axes. Ref: ottosson2020 (OKLab).
struct OkLab {
    float lightness = 0, a = 0, b = 0;
};

OkLab toOkLab(Color) noexcept;
/// Out-of-gamut components are clamped to [0, 1].
Color fromOkLab(OkLab, float alpha = 1) noexcept;
/// Euclidean distance in OKLab.
float distance(Color, Color) noexcept;

enum class Vision : std::uint8_t { Normal, Protanopia, Deuteranopia, Tritanopia };
/// How a dichromat sees the colour. Ref: machado2009, severity 1, applied to linear RGB.
Color simulate(Color, Vision) noexcept;

/// 0xRRGGBB.
Color fromHex(std::uint32_t rgb) noexcept;

/// Colour at t in [0, 1], interpolated in OKLab between equidistant stops; t is clamped,
/// not-a-number is transparent. A map without stops is the sequential one.
Color sample(const ColorMap&, double t) noexcept;

inline constexpr int kTableSize = 256;
/// Rounded RGBA8 words (red in the low byte) at t = i / 255: what every layer draws with.
std::array<std::uint32_t, kTableSize> table(const ColorMap&) noexcept;

/// RGBA8 word of a straight colour, red in the low byte.
std::uint32_t pack(Color) noexcept;

}  // namespace lx::render
