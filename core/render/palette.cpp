// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/palette.h"

#include "core/base/error.h"
#include "core/render/colormap.h"

#include <algorithm>
#include <initializer_list>
#include <string>

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
    // Chosen by search for the largest least distance under all four kinds of vision among colours
    // of contrast 3.5 and more on white.
    static const auto projector = fromHexes<8>(
        {0x2C4674, 0xFB4209, 0x8000D0, 0x7C7EE6, 0x9C2E19, 0xAC6387, 0x041750, 0x520000});
    switch (theme) {
        case Theme::Dark: return dark;
        case Theme::Projector: return projector;
        case Theme::Light: break;
    }
    return light;
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
    static const std::array<std::array<Color, 4>, 3> all{choose(Theme::Light), choose(Theme::Dark),
                                                         choose(Theme::Projector)};
    return all[static_cast<std::size_t>(theme)];
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

std::span<const NamedMap> colorMaps() {
    using Kind = NamedMap::Kind;
    static const std::vector<NamedMap> maps{
        {"lagoon", Kind::Sequential, sequentialMap()},
        {"ember", Kind::Sequential,
         mapOf({0x130922, 0x360E37, 0x5D124C, 0x851A54, 0xAE234B, 0xD53438, 0xEF5C2A, 0xF78727,
                0xFBB148, 0xFED68D, 0xFDF7D0})},
        {"harbour", Kind::Sequential,
         mapOf({0x041335, 0x162747, 0x2B3B59, 0x425068, 0x5D6472, 0x787978, 0x958D7A, 0xB1A278,
                0xCCB977, 0xE5D176, 0xFEEA74})},
        {"slate", Kind::Sequential,
         mapOf({0x0B0D12, 0x222429, 0x3B3E42, 0x56595E, 0x73767A, 0x929498, 0xB1B3B7, 0xD2D4D8,
                0xF3F5F9})},
        {"blue-orange", Kind::Diverging, divergingMap()},
        {"violet-green", Kind::Diverging,
         mapOf({0x551A76, 0x713D92, 0x8F5DAD, 0xAB80C4, 0xC4A5D4, 0xDCCAE4, 0xF1F1F4, 0xC4DEC4,
                0x97C498, 0x6AA970, 0x418C4D, 0x226C34, 0x034E21})},
        {"dusk", Kind::Diverging,
         mapOf({0xB1DEFF, 0x7DBAF1, 0x5293D6, 0x3A6EAB, 0x2C4C7B, 0x1A2E4B, 0x171519, 0x46251B,
                0x753924, 0xA3532D, 0xCE7540, 0xE9A16B, 0xFACF9E})},
        {"cycle", Kind::Cyclic,
         mapOf({0xD87F9B, 0xDD8273, 0xD28C50, 0xBA9B40, 0x95A952, 0x66B278, 0x31B5A1, 0x22B1C6,
                0x53A7DF, 0x839AE6, 0xA98DDB, 0xC783C0, 0xD87F9B})}};
    return maps;
}

const NamedMap& colorMap(std::string_view name) {
    const auto maps = colorMaps();
    const auto found = std::ranges::find(maps, name, &NamedMap::name);
    if (found != maps.end()) {
        return *found;
    }
    std::string names;
    for (const NamedMap& each : maps) {
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    throw UsageError("There is no colour map \"" + std::string(name) + "\"; there are " + names +
                     ".");
}

const ColorMap& inkMap(Theme theme) noexcept {
    static const ColorMap light = mapOf({0xFFFFFF, 0x1F2328}), dark = mapOf({0x1B1D21, 0xE3E6EA});
    return theme == Theme::Dark ? dark : light;
}

}  // namespace lx::render
