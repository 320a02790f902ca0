// SPDX-License-Identifier: GPL-3.0-or-later
// What QPainter adds to a three-dimensional picture: ticks, labels, marks. One painting for the
// screen, the export and the film.
#pragma once

#include "ui/viewport/figure.h"

namespace lx::ui {

/// The renderer's part of the figure. `samples` as in render::Space.
render::Space spaceOf(const SpaceFigure&, const Theme&, int samples);
/// Onto a picture of that many logical pixels.
render::Projection3 projectionOf(const SpaceFigure&, QSizeF plot);
/// The marks as overlay items of a plot whose shown rectangle is its size in pixels, y upwards.
std::vector<OverlayItem> overlayOf(const SpaceFigure&, const Theme&, QSizeF plot);
void paintSpaceAxes(QPainter&, const SpaceFigure&, const Theme&, const QRectF& plot);

}  // namespace lx::ui
