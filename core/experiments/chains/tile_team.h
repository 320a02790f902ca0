// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <functional>
#include <memory>

namespace lx::chains {

/// Threads that work off numbered tiles. Belongs to one thread.
class TileTeam {
public:
    /// `threads` with the caller; helpers start with the first work that has room for them.
    explicit TileTeam(Index threads);
    ~TileTeam();
    TileTeam(const TileTeam&) = delete;
    TileTeam& operator=(const TileTeam&) = delete;

    Index threads() const noexcept { return m_threads; }
    /// Calls body(tile) for tile = first .. count - 1, taken in order by all threads, and at least
    /// for the first one. Once `stop` says so no tile is begun any more. Returns the first tile
    /// that was not begun; all before it are finished. Rethrows what a body threw. Helpers compute
    /// in the caller's floating-point environment, so that the result does not depend on them.
    Index run(Index first, Index count, const std::function<void(Index)>& body,
              const std::function<bool()>& stop);

private:
    class Helpers;
    Index m_threads;
    std::unique_ptr<Helpers> m_helpers;
};

}  // namespace lx::chains
