// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/palette.h"

#include "core/render/colormap.h"

#include <algorithm>
#include <initializer_list>

namespace lx::render {
namespace {

template <std::size_t N>
std::array<Color, N> fromHexes(const std::uint32_t (&hexes)[N]) {
    std::array<Color, N> colors;
    std::transform(std::begin(hexes), std::end(hexes), colors.begin(), fromHex);
    return colors;
}

ColorMap mapOf(std::initializer_list<std::uint32_t> hexes) {
    ColorMap map;
    std::transform(hexes.begin(), hexes.end(), std::back_inserter(map.stops), fromHex);
    return map;
}

Color pick(Theme theme, std::uint32_t light, std::uint32_t dark) noexcept {
    return fromHex(theme == Theme::Dark ? dark : light);
}

}  // namespace

std::span<const Color, 8> categoryColors(Theme theme) noexcept {
    static const auto light = fromHexes<8>(
        {0x1157A4, 0xB63412, 0x579B4E, 0xED3790, 0x4B99B9, 0x9D7C01, 0x363C75, 0x502D26});
    static const auto dark = fromHexes<8>(
        {0x4A81EB, 0xE78952, 0x8CFC90, 0xDF3C8A, 0x94CAE8, 0xE5B816, 0x7674B6, 0xA98563});
    return theme == Theme::Dark ? dark : light;
}

std::span<const Marker, 8> categoryMarkers() noexcept {
    static constexpr std::array<Marker, 8> markers{
        Marker::Circle,       Marker::Square, Marker::Triangle, Marker::Diamond,
        Marker::TriangleDown, Marker::Plus,   Marker::Cross,    Marker::TriangleLeft};
    return markers;
}

std::span<const Color, 4> chainColors(Theme theme) noexcept {
    static const auto choose = [](Theme t) {
        const auto all = categoryColors(t);
        return std::array<Color, 4>{all[0], all[1], all[3], all[5]};
    };
    static const auto light = choose(Theme::Light), dark = choose(Theme::Dark);
    return theme == Theme::Dark ? dark : light;
}

Color dataColor(Theme theme) noexcept {
    return pick(theme, 0x0B8A83, 0x3CC9BE);
}
Color modelColor(Theme theme) noexcept {
    return pick(theme, 0x7A4FC4, 0xB596F2);
}
Color accentColor(Theme theme) noexcept {
    return pick(theme, 0x1157A4, 0x5B93F5);
}
Color panelColor(Theme theme) noexcept {
    return pick(theme, 0xFFFFFF, 0x1B1D21);
}
Color gridColor(Theme theme) noexcept {
    return pick(theme, 0xE6E8EB, 0x2E3238);
}
Color divergenceColor(Theme theme) noexcept {
    return categoryColors(theme)[1];
}

const ColorMap& sequentialMap() noexcept {
    static const ColorMap map = mapOf({0x181439, 0x1C3E81, 0x077C91, 0x3BB693, 0xC3DA75, 0xFEF4B6});
    return map;
}

const ColorMap& invertedMap() noexcept {
    static const ColorMap map = [] {
        ColorMap reversed = sequentialMap();
        std::reverse(reversed.stops.begin(), reversed.stops.end());
        return reversed;
    }();
    return map;
}

const ColorMap& divergingMap() noexcept {
    static const ColorMap map =
        mapOf({0x0B4C92, 0x478CC4, 0xA8C9E2, 0xF2F2F2, 0xE8BDA5, 0xD16B42, 0x8F2B11});
    return map;
}

const ColorMap& inkMap(Theme theme) noexcept {
    static const ColorMap light = mapOf({0xFFFFFF, 0x1F2328}), dark = mapOf({0x1B1D21, 0xE3E6EA});
    return theme == Theme::Dark ? dark : light;
}

}  // namespace lx::render
