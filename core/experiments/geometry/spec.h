// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

namespace lx::geometry {

/// Family `geometry`: a geodesic of a metric in closed form. A step of the clock Sample is an
/// iteration of the solver, so one watches the curve settle.
ExperimentSpec spec();

}  // namespace lx::geometry
