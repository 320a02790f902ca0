// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace lx {

/// Compute threads of LibTorch and of OpenBLAS, which has its own. From any thread.
void setThreads(int threads);

/// The latest of setThreads; 1 before the first.
int computeThreads();

/// Applies the latest setThreads to the calling thread, if it has not been yet: OpenMP keeps the
/// number for each thread, so the one that computes must say it itself.
void applyThreads();

/// Name of the BLAS and of the processor it was built for, as far as it tells.
std::string blasName();

}  // namespace lx
