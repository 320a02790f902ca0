// SPDX-License-Identifier: GPL-3.0-or-later
// How the rasteriser draws one layer: makePainter() does once what all rows share, paint() draws
// some rows, several of them at the same time.
#pragma once

#include "core/render/canvas.h"
#include "core/render/density.h"
#include "core/render/projection.h"
#include "core/render/relief.h"
#include "core/render/scene.h"
#include "core/render/team.h"

#include <memory>

namespace lx::render {

/// For layers that name no colour: the first category of the light theme.
inline constexpr Color kDefaultColor{17 / 255.0F, 87 / 255.0F, 164 / 255.0F, 1};

struct PaintContext {
    const Scene& scene;
    Size size;  ///< of the picture, in pixels
    Projection projection;
    Team& team;
    DensityCounter& density;
    ReliefCache& reliefs;
};

class Painter {
public:
    virtual ~Painter() = default;
    /// Paints the canvas's rows only. Called by several threads.
    virtual void paint(const Canvas&) const = 0;
};

/// The layer must be without problem and outlive the painter.
std::unique_ptr<Painter> makePainter(const PointsLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const DensityLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const AtlasLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const GridLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const TrailsLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const MeshLayer&, const PaintContext&);
std::unique_ptr<Painter> makePainter(const EllipsesLayer&, const PaintContext&);

/// Why a layer cannot be drawn, as a sentence; empty when it can.
std::string problemOf(const PointsLayer&);
std::string problemOf(const DensityLayer&);
std::string problemOf(const AtlasLayer&);
std::string problemOf(const GridLayer&);
std::string problemOf(const TrailsLayer&);
std::string problemOf(const MeshLayer&);
std::string problemOf(const EllipsesLayer&);

}  // namespace lx::render
