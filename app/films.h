// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/program.h"

namespace lx::app {

/// Writes the film; false when it was stopped, and then nothing is left of it. Throws Error.
bool paintMovie(Program&, const std::stop_token&, const cli::MovieRequest&);

}  // namespace lx::app
