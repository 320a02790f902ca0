// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace lx {

class Parameters;

/// Who shares work out over threads. Both at once are slower than one thread: the pool that waits
/// spins on the processors of the one that works.
enum class Pool : std::uint8_t {
    Products,   ///< OpenBLAS's: matrix products
    Operations  ///< OpenMP's: convolutions, and operations of LibTorch on large tensors
};
/// Operations for networks with convolutions, else Products.
Pool poolOf(const Parameters&);

/// Compute threads of LibTorch and of OpenBLAS, which has its own. From any thread.
void setThreads(int threads);

/// The latest of setThreads; 1 before the first.
int computeThreads();

/// Gives the latest setThreads to one pool and a single thread to the other. OpenMP keeps the
/// number for each thread, so the one that computes must say it itself.
void applyThreads(Pool = Pool::Products);

/// Name of the BLAS and of the processor it was built for, as far as it tells.
std::string blasName();

}  // namespace lx
