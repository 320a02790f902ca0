// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/timing.h"
#include "core/executors/executor.h"

namespace lx::executors {

/// chains.<mlp64|gauss8|score128>.<ula|mala|hmc10>.n<16|256|4096|65536>: the work of
/// tests/support/baseline/chains.py on the fused executor, in calls of ten steps.
std::vector<std::string> benchNames();

/// Steps of single chains a second for each of `names`, and for each a row NAME.cpu a second of
/// processor time, which is the fairer figure on a machine that others use.
std::vector<BenchResult> bench(std::span<const std::string> names, int threads);

/// What the figures are measured on: "fused, avx512".
std::string benchExecutor();

}  // namespace lx::executors
