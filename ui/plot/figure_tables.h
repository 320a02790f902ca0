// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of what a figure or a plot shows.
#pragma once

#include "ui/plot/data_table.h"
#include "ui/plot/time_plot.h"
#include "ui/viewport/figure.h"

#include <vector>

namespace lx::ui {

/// One table for each layer, solid and named part of the overlay that holds numbers, hidden ones
/// too; columns are named as the axes.
std::vector<DataTable> tablesOf(const Figure&);

/// Step and one column for each series drawn; a series without a point at a step has an empty cell.
std::vector<DataTable> tablesOf(TimePlot&);

}  // namespace lx::ui
