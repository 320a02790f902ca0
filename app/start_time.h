// SPDX-License-Identifier: GPL-3.0-or-later
// How long the program takes from the start of its process to its window, and to a picture that
// moves. The benchmark starts the program anew; that one reports through a pipe and ends.
#pragma once

#include "core/session/engine_module.h"

#include <span>
#include <string>
#include <vector>

namespace lx::ui {
class MainWindow;
}

namespace lx::app {

/// "start.window": until the window's first paint is done. "start.moving": until the second picture
/// under the moving probe of the start cards, or, without them, the first training step on screen.
std::vector<std::string> startBenchNames();
/// Seconds, the median of three starts. Throws Error when the program does not come up in 60 s.
std::vector<BenchRow> startBench(std::span<const std::string> names);

/// In the started program: reports when the environment says that somebody waits for it, else does
/// nothing. Call before the window is shown.
void reportStart(ui::MainWindow&);

}  // namespace lx::app
