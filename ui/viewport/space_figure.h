// SPDX-License-Identifier: GPL-3.0-or-later
// The three-dimensional content of a Figure, as values.
#pragma once

#include "core/render/space.h"

#include <QColor>
#include <QPointF>
#include <QString>

#include <array>
#include <optional>
#include <vector>

namespace lx::ui {

/// A marker, a text, or both at a point of space; drawn over everything.
struct SpaceMark {
    std::array<double, 3> at{};  ///< data coordinates
    std::optional<render::Marker> marker = {};
    double size = 10;  ///< logical pixels
    QColor fill = {}, edge = {};
    QString text = {};
    bool boxed = false;
};

struct SpaceFigure {
    std::vector<render::Solid> solids;
    render::Box3 box;
    std::array<QString, 3> labels;  ///< of the axes, with units
    std::vector<SpaceMark> marks;
    render::Camera camera;
    bool follows = true;  ///< distance and target are fitted to the box and the picture's size
};

}  // namespace lx::ui
