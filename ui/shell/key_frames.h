// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"
#include "core/session/experiment.h"

#include <optional>
#include <span>

namespace lx::ui {

/// What a film shows and which live parameters hold at a step.
struct KeyFrame {
    Index step = 0;
    std::optional<render::Rect> camera;
    std::map<std::string, double> params;
};

/// The camera at `step`, between the nearest keys that have one; before the first and after the
/// last it rests. It starts and stops gently, the scale changes geometrically, and a zoom keeps
/// the point it zooms at. None without such keys. Keys are in order of their steps.
std::optional<render::Rect> cameraAt(std::span<const KeyFrame>, Index step);

/// A parameter at `step`: geometric on a logarithmic scale with positive values, else linear.
std::optional<double> paramAt(std::span<const KeyFrame>, const std::string& id, Scale, Index step);

}  // namespace lx::ui
