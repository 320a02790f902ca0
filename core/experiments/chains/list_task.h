// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <deque>
#include <functional>

namespace lx::chains {

/// Parts that are done one after the other, as many as fit the time of a slice.
class ListTask final : public Task {
public:
    using Part = std::function<void(SnapshotBuilder&)>;
    void add(Part part) { m_parts.push_back(std::move(part)); }

    bool advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) override {
        const auto start = std::chrono::steady_clock::now();
        while (!m_parts.empty()) {
            const Part part = std::move(m_parts.front());
            m_parts.pop_front();
            part(out);
            if (stop.stop_requested() ||
                (budget.maxTime.count() > 0 &&
                 std::chrono::steady_clock::now() - start >= budget.maxTime)) {
                break;
            }
        }
        return m_parts.empty();
    }

private:
    std::deque<Part> m_parts;
};

}  // namespace lx::chains
