// SPDX-License-Identifier: GPL-3.0-or-later
// Codes in three dimensions: the box around them and the marks among them.
#pragma once

#include "core/render/chart.h"
#include "ui/bridge/explore_state.h"
#include "ui/shell/theme.h"
#include "ui/viewport/space_figure.h"

namespace lx::ui {

/// Fits the box, with equal units, to `xyz` [N, 3] float32, but follows not every tremor: it grows
/// when points leave it and shrinks when they fill less than 60 % of it, or when forced.
void followBox(render::Box3&, const Array& xyz, bool force);

struct CodeMarks {
    const ExploreState& explore;  ///< bookmarks, marks and the probe
    const Theme& theme;
    const render::Chart& chart;  ///< three axes
    const std::vector<std::vector<float>>& picked;
    std::vector<float> selected, hovered;  ///< [D], or empty
    QString hoverText;
};
/// Points that have not the chart's dimension are left out.
std::vector<SpaceMark> marksOf(const CodeMarks&);

}  // namespace lx::ui
