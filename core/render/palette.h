// SPDX-License-Identifier: GPL-3.0-or-later
// The colours that carry meaning, in one place for layers, plots and legends.
#pragma once

#include "core/render/scene.h"

#include <array>
#include <span>
#include <string_view>

namespace lx::render {

enum class Theme : std::uint8_t { Light, Dark, Projector };

/// Eight colours that stay apart under protanopia, deuteranopia and tritanopia; those for
/// projectors are dark and far apart, to survive a bright room.
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

/// A colour map by name, as menus offer it. All are our own, computed in OKLab: equal steps of the
/// map are equally large steps of colour (ratio of the largest to the smallest below 1.3;
/// below 1.6 for the two defaults).
struct NamedMap {
    enum class Kind : std::uint8_t {
        Sequential,  ///< lightness rises all the way
        Diverging,   ///< lightness falls and rises alike on both sides of the middle
        Cyclic       ///< the ends meet, for angles; one lightness
    };
    std::string_view name;
    Kind kind{};
    ColorMap map;
};
/// lagoon (the default), ember, harbour (blue to yellow, alike for all eyes), slate (grey);
/// blue-orange (the default), violet-green, dusk (dark middle, for dark themes); cycle.
std::span<const NamedMap> colorMaps();
/// Throws UsageError with the names there are.
const NamedMap& colorMap(std::string_view name);

/// Panel colour to text colour: ink on paper, for decoded images.
const ColorMap& inkMap(Theme) noexcept;

}  // namespace lx::render
