// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of vector fields: arrows, evenly spaced streamlines, line-integral texture. Pure
// functions; distances are pixels of the picture, results data coordinates, so that what is evenly
// spaced on the screen stays so whatever the axes' units are.
#pragma once

#include "core/base/key.h"
#include "core/render/geometry2d.h"
#include "core/render/scene.h"

#include <optional>
#include <vector>

namespace lx::render {

/// Vectors at the nodes of a regular grid, row 0 at y0; bilinear between them.
struct FlowField {
    Array vectors;  ///< [rows, columns, 2] float32, data units; not-a-number: none
    Rect place;     ///< the outermost nodes lie on its edges

    /// Why it cannot be used, as a sentence; empty when it can.
    std::string problem() const;
    /// Nothing outside `place` and beside a node that is no number.
    std::optional<Point2> at(Point2) const;
};

/// What the picture shows, and its size in pixels.
struct FlowView {
    Rect view;
    Size pixels;
};

struct Arrow {
    Point2 tail, tip;
    double magnitude = 0;  ///< data units
};

struct ArrowOptions {
    double spacing = 28;  ///< pixels between neighbours
    double filled = 0.9;  ///< length of the longest, in spacings: below 1 none can overlap
    double gamma = 0.5;   ///< lengths go with this power of the magnitude; 0: all alike
};

/// Arrows centred on a grid of the picture, in the directions of the field as seen on it.
std::vector<Arrow> arrows(const FlowField&, const FlowView&, const ArrowOptions& = {});

/// The arrows as polylines with barbs, `head` pixels long; trail i is arrow i, its values are the
/// magnitudes.
TrailsLayer arrowTrails(const std::vector<Arrow>&, const FlowView&, double head = 5);

struct Streamline {
    std::vector<Point2> points;  ///< downstream
    bool closed = false;         ///< came back to its beginning
};

struct StreamlineOptions {
    double spacing = 24;       ///< pixels between a new line's seed and all others
    double testRatio = 0.5;    ///< a line ends where it comes nearer than this share of it
    double step = 2;           ///< pixels
    double shortest = 30;      ///< pixels; shorter lines are dropped
    std::size_t limit = 2000;  ///< lines
};

/// Evenly spaced streamlines that never come nearer to each other than spacing * testRatio. The
/// same field and view give the same lines. Ref: jobard1997.
std::vector<Streamline> streamlines(const FlowField&, const FlowView&,
                                    const StreamlineOptions& = {});

/// The lines as one layer; the values are the share of the way along each, for a moving look.
TrailsLayer streamlineTrails(const std::vector<Streamline>&);

struct TextureOptions {
    double length = 18;  ///< half of the filter, in nodes of the texture
    double phase = 0;    ///< 0 .. 1, one period of the motion downstream
    double period = 12;  ///< nodes between the ripples of the moving filter; 0: none, a still
    Key key{1, 1};       ///< of the white noise
};

/// White noise smeared along the field: [rows, columns] float32 in [0, 1], mean about 1/2,
/// not-a-number where there is no field; node (0, 0) at the lower left of the view. Frames with
/// phases 0 .. 1 make an endless loop. Ref: cabral1993. O(pixels * length),
/// some 20 ms for 256x192: textures for a whole window are made smaller than it and magnified.
Array lineIntegralTexture(const FlowField&, const FlowView&, const TextureOptions& = {});

}  // namespace lx::render
