// SPDX-License-Identifier: GPL-3.0-or-later
// The colours that carry meaning, in one place for layers, plots and legends.
#pragma once

#include "core/render/scene.h"

#include <array>
#include <span>

namespace lx::render {

enum class Theme : std::uint8_t { Light, Dark, Projector };

/// Eight colours that stay apart under protanopia, deuteranopia and tritanopia.
std::span<const Color, 8> categoryColors(Theme) noexcept;
/// The second code of a category, so that colour never stands alone.
std::span<const Marker, 8> categoryMarkers() noexcept;
/// Chains take categories 1, 2, 4 and 6.
std::span<const Color, 4> chainColors(Theme) noexcept;

Color dataColor(Theme) noexcept;   ///< observed or training data
Color modelColor(Theme) noexcept;  ///< what the model made
Color accentColor(Theme) noexcept;
Color panelColor(Theme) noexcept;  ///< background of views; colour of iso-lines
Color gridColor(Theme) noexcept;
Color divergenceColor(Theme) noexcept;  ///< drawn as a black-edged cross

/// Density, energy (inverted): dark to light, lightness strictly rising.
const ColorMap& sequentialMap() noexcept;
/// The same backwards: low values light.
const ColorMap& invertedMap() noexcept;
/// Differences: zero belongs in the middle.
const ColorMap& divergingMap() noexcept;
/// Panel colour to text colour: ink on paper, for decoded images.
const ColorMap& inkMap(Theme) noexcept;

}  // namespace lx::render
