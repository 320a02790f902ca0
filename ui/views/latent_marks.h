// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/viewport/figure.h"

namespace lx::ui {

/// Circles of one and two standard deviations of a standard normal prior about `middle`.
void addPriorCircles(Figure&, const Theme&, QPointF middle);

}  // namespace lx::ui
