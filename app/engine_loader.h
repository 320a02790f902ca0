// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/engine_module.h"

#include <filesystem>

namespace lx::app {

/// Opens liblatent-engine at local scope, so that LibTorch's symbols stay private, and asks it for
/// its table. The module is never closed. Searched beside the program: ../lib of a build tree, then
/// the library folder of an installation. Throws Error naming the folders searched.
const EngineTable& loadEngine(const std::filesystem::path& executable, const HostServices&);

/// Warns through `log` when a large matrix product runs so slowly that the BLAS must be the
/// reference one. Takes a fraction of a second.
void warnAboutSlowBlas(const EngineTable&, const LogSink& log);

}  // namespace lx::app
