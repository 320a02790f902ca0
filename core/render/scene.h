// SPDX-License-Identifier: GPL-3.0-or-later
// What one picture contains: plain values, made by a view, drawn by a Renderer. Axes, text, curves
// and legends are drawn over it by ui/viewport.
#pragma once

#include "core/base/array.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace lx::render {

/// Straight (not premultiplied) sRGB colour, components in [0, 1].
struct Color {
    float r = 0, g = 0, b = 0, a = 1;
};

/// Rectangle in data coordinates; y grows upwards.
struct Rect {
    double x0 = 0, y0 = 0, x1 = 1, y1 = 1;
};

struct Size {
    int width = 0, height = 0;
};

enum class Marker : std::uint8_t {
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Plus,
    Cross,
    TriangleLeft
};

/// Sequence of colours in sRGB, interpolated in OKLab.
struct ColorMap {
    std::vector<Color> stops;
};

/// Sprites, sensible up to about 10^4 points.
struct PointsLayer {
    Array xy;                     ///< [N, d] float32, d >= 2: the first two are drawn
    Array category;               ///< [N] int64 or undefined: all 0; negative: hidden
    std::vector<Color> colors;    ///< by category, repeated
    std::vector<Marker> markers;  ///< by category, repeated
    float size = 3;               ///< pixels at device-pixel ratio 1
    float opacity = 1;
};

/// Counts of points per pixel, tone-mapped; up to 10^7 points.
struct DensityLayer {
    Array xy;        ///< [N, d] float32, d >= 2: the first two are drawn
    Array category;  ///< as above; each category keeps its colour
    std::vector<Color> colors;
    float exposure = 1;  ///< multiplies the automatic exposure
    float opacity = 1;
};

/// Images laid on rectangles of the plane.
struct AtlasLayer {
    Array images;              ///< [N, H, W] float32 in [0, 1]
    std::vector<Rect> places;  ///< one per image, data coordinates
    ColorMap map;              ///< ink for 0 .. 1
    float opacity = 1;
};

/// Values on a regular grid, row 0 at y0; bilinear look-up.
struct GridLayer {
    Array values;  ///< [rows, columns] float32; not-a-number is transparent
    Rect place;
    double low = 0, high = 1;  ///< values mapped to the ends of the colour map
    ColorMap map;
    int isoLines = 0;  ///< number of equidistant levels between low and high
    Color isoColor;
    float isoWidth = 0.6F;  ///< pixels
    float opacity = 1;
};

using Layer = std::variant<GridLayer, AtlasLayer, DensityLayer, PointsLayer>;

struct Scene {
    Rect view;  ///< what the image shows
    Color background;
    float pixelRatio = 1;       ///< device pixels per logical pixel
    std::vector<Layer> layers;  ///< drawn in order
};

/// Opaque RGBA8 pixels, row 0 at the top, stride 4 * width.
struct Image {
    Size size;
    std::shared_ptr<const std::vector<std::uint8_t>> pixels;
};

}  // namespace lx::render
