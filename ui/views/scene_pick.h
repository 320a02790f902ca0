// SPDX-License-Identifier: GPL-3.0-or-later
// What lies under the mouse in any figure: one kind of result for points, chains, curves, images
// and fields.
#pragma once

#include "core/base/array.h"
#include "ui/viewport/figure.h"

#include <functional>
#include <optional>

namespace lx::ui {

struct ScenePick {
    /// In the order of preference: an end of a curve is found before a point below it, and so on.
    enum class Kind : std::uint8_t { CurveEnd, Point, Chain, Curve, Image, Value };
    Kind kind{};
    std::size_t item = 0;         ///< number of the layer, of the overlay item, or of the solid
    Index index = 0;              ///< row, chain or image; of a curve's ends 0 is the first
    Index state = -1;             ///< nearest vertex of a chain or curve, counted from its start
    std::optional<Index> label;   ///< category of the point or chain
    std::optional<double> value;  ///< of the layer at that place
    std::array<double, 3> at{};   ///< data coordinates; the third only in space
    double pixels = 0;            ///< distance on the screen
};

/// The best hit within `radius` logical pixels of `pixel`, which counts as `plot` does (widget
/// coordinates). Layers above win over layers below. O(all points and vertices).
std::optional<ScenePick> pickScene(const Figure&, const render::Rect& shown, const QRectF& plot,
                                   QPointF pixel, double radius = 10);

/// The same for a picture in space; `theme` decides how the solids look, as in spaceOf().
std::optional<ScenePick> pickSpace(const SpaceFigure&, const Theme&, const QRectF& plot,
                                   QPointF pixel, double radius = 10);

/// "chain 3, state 120, class A\n(0.12, -1.5)\nvalue 0.3". `name` turns a label into words; null:
/// its number.
QString pickText(const ScenePick&, const std::function<QString(Index)>& name = {});

}  // namespace lx::ui
