// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/sliced_task.h"

#include "core/experiments/torch_errors.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx {

bool SlicedTask::advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) {
    const at::NoGradGuard off;
    const auto start = std::chrono::steady_clock::now();
    for (Index done = 0; !m_pieces.empty(); ++done) {
        const bool late = budget.maxTime.count() > 0 &&
                          std::chrono::steady_clock::now() - start >= budget.maxTime;
        if (stop.stop_requested() || (done > 0 && late)) {
            return false;
        }
        Piece piece = std::move(m_pieces.front());
        m_pieces.pop_front();
        piece(out);
    }
    return true;
}

void SlicedTask::addSlices(Index total, const std::function<void(Index, Index)>& rows) {
    for (Index first = 0; first < total; first += kSlice) {
        const Index count = std::min(kSlice, total - first);
        add([=](SnapshotBuilder&) { rows(first, count); });
    }
}

std::unique_ptr<Task> guarded(std::unique_ptr<Task> task, Index step) {
    struct Guard final : Task {
        std::unique_ptr<Task> inner;
        Index at = 0;
        bool advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) override {
            return translated("view", at, [&] { return inner->advance(budget, stop, out); });
        }
    };
    if (!task) {
        return nullptr;
    }
    auto guard = std::make_unique<Guard>();
    guard->inner = std::move(task);
    guard->at = step;
    return guard;
}

}  // namespace lx
