// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/engine_module.h"

namespace lx::benchmarks {

std::vector<std::string> names();
/// Rows whose name begins with one of `wanted`; none: all. `threads` < 1 keeps the setting.
std::vector<BenchRow> run(std::span<const std::string> wanted, int threads);

}  // namespace lx::benchmarks
