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

/// Which function of a value is linear in the place on the colour map: the value, its logarithm
/// (values above 0), or sign(v) log(1 + |v| / linear), linear near zero (webber2012).
enum class Scaling : std::uint8_t { Linear, Log, SymLog };

/// The values at the two ends of a colour map; others take the nearer end's colour.
struct ValueRange {
    double low = 0, high = 1;
    Scaling scaling = Scaling::Linear;
    double linear = 1;  ///< of SymLog: where it turns from linear to logarithmic
};

/// Sprites, sensible up to about 10^4 points.
struct PointsLayer {
    Array xy;                     ///< [N, d] float32, d >= 2: the first two are drawn
    Array category;               ///< [N] int64 or undefined: all 0; negative: hidden
    std::vector<Color> colors;    ///< by category, repeated
    std::vector<Marker> markers;  ///< by category, repeated
    float size = 3;               ///< pixels at device-pixel ratio 1
    float opacity = 1;
    Array values = {};  ///< [N] float32: colour from `map` instead; not-a-number: not drawn
    ColorMap map = {};
    ValueRange range = {};
    Array sizes = {};    ///< [N] float32: factors of `size`
    Array weights = {};  ///< [N] float32 in [0, 1]: factors of `opacity`, such as closeness to a
                         ///< plane or 0.15 for what is not selected
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
    std::vector<double> isoLevels = {};  ///< instead of `isoLines`: at most kMaxIsoLevels values
    Scaling scaling = Scaling::Linear;   ///< `isoLines` are equidistant on the colour map
    double linear = 1;                   ///< of SymLog
    bool clip =
        false;         ///< leaves out what lies outside [low, high], which else has the end colours
    float shade = 0;   ///< strength of hill shading, 0 .. 1, light from the upper left
    float relief = 1;  ///< height of the map's whole range, in shorter sides of `place`
};
inline constexpr int kMaxIsoLevels = 64;

/// Polylines with one vertex per state: chains, trajectories, streamlines, wire grids.
struct TrailsLayer {
    Array xy;        ///< [states, trails, d] float32, d >= 2; a vertex that is no number is a gap
    Array category;  ///< [trails] int64 or undefined: all 0; negative: hidden
    std::vector<Color> colors;  ///< by category, repeated
    Array values;               ///< [states, trails] float32: colour from `map` instead
    ColorMap map;
    ValueRange range;
    float width = 1.2F;  ///< pixels
    Index head = -1;     ///< newest state drawn; -1: the last
    Index tail = 0;      ///< states drawn before the head; 0: all
    float fade = 0;      ///< 1: opacity falls linearly to 0 at the tail's end; 0: not at all
    float opacity = 1;
};

/// Filled triangles of the plane: density through a map, a warped grid, a cell complex.
struct MeshLayer {
    Array xy;         ///< [V, d] float32, d >= 2
    Array triangles;  ///< [T, 3] int64, rows of `xy`
    Array values;     ///< [V] or [T] float32, or undefined: `fill`; not-a-number is transparent
    ColorMap map;
    ValueRange range;
    Color fill;
    Color edge;
    float edgeWidth = 0;  ///< pixels; 0: no edges
    bool quads = false;   ///< the edge opposite a triangle's first corner is a diagonal: not drawn
    float opacity = 1;
};

/// Ellipses c + A u, |u| = 1: metric indicatrices, covariances (see geometry2d.h).
struct EllipsesLayer {
    Array centers;              ///< [N, d] float32, d >= 2
    Array axes;                 ///< [N, 2, 2] float32: A, whose columns are conjugate half axes
    Array category;             ///< [N] int64 or undefined: all 0; negative: hidden
    std::vector<Color> colors;  ///< by category, repeated
    float width = 1.1F;         ///< pixels of the outline
    float fill = 0;             ///< opacity of the inside
    float opacity = 1;
};

using Layer = std::variant<GridLayer, AtlasLayer, DensityLayer, PointsLayer, TrailsLayer, MeshLayer,
                           EllipsesLayer>;

struct Space;  // space.h

struct Scene {
    Rect view;  ///< what the image shows
    Color background;
    float pixelRatio = 1;                     ///< device pixels per logical pixel
    std::vector<Layer> layers;                ///< drawn in order
    std::shared_ptr<const Space> space = {};  ///< three-dimensional content, below the layers
};

/// Opaque RGBA8 pixels, row 0 at the top, stride 4 * width.
struct Image {
    Size size;
    std::shared_ptr<const std::vector<std::uint8_t>> pixels;
};

}  // namespace lx::render
