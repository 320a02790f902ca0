// SPDX-License-Identifier: GPL-3.0-or-later
// What a three-dimensional picture contains: plain values, drawn below the layers of its Scene.
#pragma once

#include "core/render/camera.h"
#include "core/render/scene.h"

namespace lx::render {

enum class Lighting : std::uint8_t {
    None,   ///< colours exactly as the map says
    Soft,   ///< hemispheric: faces that look up are lighter
    Glossy  ///< Blinn-Phong, the light above the viewer's left shoulder. Ref: blinn1977
};

/// Height field over a regular grid, row 0 at y0. Heights are held within the box; cells with a
/// corner that is not a number are left out.
struct Surface3 {
    Array values;  ///< [rows, columns] float32, at least 2 x 2
    Rect place;    ///< x and y of the outermost values
    Array tint;    ///< [rows, columns] float32 to be coloured and lined instead of the heights
    double low = 0, high = 1;  ///< values at the ends of the colour map
    ColorMap map;              ///< one stop: a solid colour
    Lighting lighting = Lighting::Glossy;
    int isoLines = 0;  ///< number of equidistant levels between low and high, draped
    Color isoColor;
    float isoWidth = 1;  ///< pixels
    int wireStep = 0;    ///< cells between the lines of a wire grid; 0: none
    Color wireColor;
    float wireWidth = 0.7F;
    float opacity = 1;
};

/// Triangles lit from both sides.
struct Mesh3 {
    Array vertices;   ///< [N, d] float32, d >= 3
    Array triangles;  ///< [T, 3] int64, rows of `vertices`
    Array values;     ///< [N] float32 or undefined: all `low`
    double low = 0, high = 1;
    ColorMap map;
    Lighting lighting = Lighting::Glossy;
    int isoLines = 0;
    Color isoColor;
    float isoWidth = 1;
    float opacity = 1;
};

/// Sprites. Those of all layers are drawn together with the trails, far ones first.
struct PointCloud3 {
    Array xyz;                    ///< [N, d] float32, d >= 3, or d >= 2 when draped
    Array category;               ///< [N] int64 or undefined: all 0; negative: hidden
    std::vector<Color> colors;    ///< by category, repeated
    std::vector<Marker> markers;  ///< by category, repeated
    Array values;                 ///< [N] float32 to be coloured by `map` instead, or undefined
    double low = 0, high = 1;
    ColorMap map;
    float size = 5;         ///< pixels at the camera's target
    bool attenuate = true;  ///< nearer ones are larger
    float haze = 0;         ///< share of the background in the colour of the farthest, [0, 1]
    float opacity = 1;
    int drape = -1;      ///< number of the Surface3 among the solids that gives the height
    Color rim;           ///< around each point, so that it stands out on any ground
    float rimWidth = 0;  ///< pixels at the camera's target; 0: none
};

/// Polylines that fade with age.
struct Trails3 {
    Array points;               ///< [steps, trails, d] float32, the newest last; NaN interrupts
    std::vector<Color> colors;  ///< by trail, repeated
    float width = 1.6F;         ///< pixels
    float fade = 0.85F;         ///< how much of its opacity the oldest step has lost, [0, 1]
    float opacity = 1;
    int drape = -1;  ///< as above; segments then follow the surface
};

using Solid = std::variant<Surface3, Mesh3, PointCloud3, Trails3>;

/// The box around everything; its back faces carry a grid.
struct BoxAxes {
    bool shown = true;
    std::array<std::vector<double>, 3> ticks;  ///< data coordinates
    Color grid, edge;
    float width = 1;  ///< pixels
};

struct Space {
    Camera camera;
    Box3 box;
    std::vector<Solid> solids;
    BoxAxes axes;
    int samples = 1;  ///< along each side of a pixel, 1 to 4: edges are smooth from 2 on
};

/// Why the solid cannot be drawn, as a sentence; empty when it can. `all`: for its drape.
std::string problem(const Solid&, const std::vector<Solid>& all);

/// A surface as the 2-D layer of the same values, for look-ups.
GridLayer gridOf(const Surface3&);
/// The sampling that `space` asks for, within [1, 4].
int samplesOf(const Space*) noexcept;

}  // namespace lx::render
