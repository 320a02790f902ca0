// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"

#include "core/render/palette.h"

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

struct Linear {
    float r, g, b;
};

float decode(float v) noexcept {
    return v <= 0.04045F ? v / 12.92F : std::pow((v + 0.055F) / 1.055F, 2.4F);
}

float encode(float v) noexcept {
    v = std::clamp(v, 0.0F, 1.0F);
    return v <= 0.0031308F ? v * 12.92F : 1.055F * std::pow(v, 1 / 2.4F) - 0.055F;
}

Linear linear(Color c) noexcept {
    return {decode(c.r), decode(c.g), decode(c.b)};
}

std::uint32_t toByte(float v) noexcept {
    return static_cast<std::uint32_t>(std::clamp(v, 0.0F, 1.0F) * 255 + 0.5F);
}

}  // namespace

OkLab toOkLab(Color c) noexcept {
    const auto [r, g, b] = linear(c);
    const float l = std::cbrt(0.4122214708F * r + 0.5363325363F * g + 0.0514459929F * b);
    const float m = std::cbrt(0.2119034982F * r + 0.6806995451F * g + 0.1073969566F * b);
    const float s = std::cbrt(0.0883024619F * r + 0.2817188376F * g + 0.6299787005F * b);
    return {0.2104542553F * l + 0.7936177850F * m - 0.0040720468F * s,
            1.9779984951F * l - 2.4285922050F * m + 0.4505937099F * s,
            0.0259040371F * l + 0.7827717662F * m - 0.8086757660F * s};
}

Color fromOkLab(OkLab c, float alpha) noexcept {
    const auto cube = [](float v) { return v * v * v; };
    const float l = cube(c.lightness + 0.3963377774F * c.a + 0.2158037573F * c.b);
    const float m = cube(c.lightness - 0.1055613458F * c.a - 0.0638541728F * c.b);
    const float s = cube(c.lightness - 0.0894841775F * c.a - 1.2914855480F * c.b);
    return {encode(4.0767416621F * l - 3.3077115913F * m + 0.2309699292F * s),
            encode(-1.2684380046F * l + 2.6097574011F * m - 0.3413193965F * s),
            encode(-0.0041960863F * l - 0.7034186147F * m + 1.7076147010F * s), alpha};
}

float distance(Color left, Color right) noexcept {
    const OkLab p = toOkLab(left), q = toOkLab(right);
    return std::hypot(p.lightness - q.lightness, p.a - q.a, p.b - q.b);
}

Color simulate(Color c, Vision vision) noexcept {
    const auto [r, g, b] = linear(c);
    const auto mix = [&](const std::array<float, 9>& m) {
        return Color{encode(m[0] * r + m[1] * g + m[2] * b), encode(m[3] * r + m[4] * g + m[5] * b),
                     encode(m[6] * r + m[7] * g + m[8] * b), c.a};
    };
    switch (vision) {
        case Vision::Protanopia:
            return mix({0.152286F, 1.052583F, -0.204868F, 0.114503F, 0.786281F, 0.099216F,
                        -0.003882F, -0.048116F, 1.051998F});
        case Vision::Deuteranopia:
            return mix({0.367322F, 0.860646F, -0.227968F, 0.280085F, 0.672501F, 0.047413F,
                        -0.011820F, 0.042940F, 0.968881F});
        case Vision::Tritanopia:
            return mix({1.255528F, -0.076749F, -0.178779F, -0.078411F, 0.930809F, 0.147602F,
                        0.004733F, 0.691367F, 0.303900F});
        case Vision::Normal: break;
    }
    return c;
}

Color fromHex(std::uint32_t rgb) noexcept {
    const auto part = [rgb](int shift) { return static_cast<float>((rgb >> shift) & 255) / 255; };
    return {part(16), part(8), part(0), 1};
}

Color sample(const ColorMap& map, double t) noexcept {
    if (std::isnan(t)) {
        return {0, 0, 0, 0};
    }
    const auto& stops = map.stops.empty() ? sequentialMap().stops : map.stops;
    if (stops.size() == 1) {
        return stops.front();
    }
    const double at = std::clamp(t, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
    const auto i = std::min(static_cast<std::size_t>(at), stops.size() - 2);
    const auto f = static_cast<float>(at - static_cast<double>(i));
    if (f == 0 || f == 1) {
        return stops[f == 0 ? i : i + 1];  // the stops themselves survive to the last bit
    }
    const OkLab p = toOkLab(stops[i]), q = toOkLab(stops[i + 1]);
    return fromOkLab({p.lightness + f * (q.lightness - p.lightness), p.a + f * (q.a - p.a),
                      p.b + f * (q.b - p.b)},
                     stops[i].a + f * (stops[i + 1].a - stops[i].a));
}

std::array<std::uint32_t, kTableSize> table(const ColorMap& map) noexcept {
    std::array<std::uint32_t, kTableSize> words;
    for (int i = 0; i < kTableSize; ++i) {
        words[static_cast<std::size_t>(i)] = pack(sample(map, i / double{kTableSize - 1}));
    }
    return words;
}

std::uint32_t pack(Color c) noexcept {
    return toByte(c.r) | toByte(c.g) << 8 | toByte(c.b) << 16 | toByte(c.a) << 24;
}

}  // namespace lx::render
