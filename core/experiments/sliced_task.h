// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <deque>

namespace lx {

/// Rows of one slice: a few milliseconds of an image network on one core.
inline constexpr Index kSlice = 256;

/// Runs pieces of work in order until the budget is used up; no graph is recorded.
class SlicedTask : public Task {
public:
    using Piece = std::function<void(SnapshotBuilder&)>;
    bool advance(Budget, std::stop_token, SnapshotBuilder&) override;
    void add(Piece piece) { m_pieces.push_back(std::move(piece)); }
    /// Calls `rows(first, count)` for [0, total) in slices.
    void addSlices(Index total, const std::function<void(Index, Index)>& rows);

private:
    std::deque<Piece> m_pieces;
};

/// A task whose slices report LibTorch's errors as ours, at `step`; null stays null.
std::unique_ptr<Task> guarded(std::unique_ptr<Task>, Index step);

}  // namespace lx
