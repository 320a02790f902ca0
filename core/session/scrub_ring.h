// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <deque>
#include <unordered_map>

namespace lx {

using Steps = std::array<Index, kClocks>;

/// Bytes of all arrays of a state, and of the entries themselves.
std::size_t bytesOf(const State&) noexcept;

/// Past states of one run, bounded in bytes and in number. Every step is kept at first; when the
/// bound is reached the stride doubles and one state stays in each cell of that many steps, so that
/// coverage stays even. The newest always stays, the oldest as long as two fit. What is kept
/// depends on the steps and the sizes only, never on time. Storage that states share counts once.
class ScrubRing {
public:
    struct Entry {
        Steps step{};
        std::shared_ptr<const State> state;
    };
    static constexpr std::size_t kMaxEntries = 256;

    /// Thins at once when the present content is larger; keeps later states closer together when
    /// there is more room.
    void setLimit(std::size_t bytes);
    /// True when a state at `step` belongs into the ring.
    bool due(const Steps& step) const;
    /// Steps of a clock that runs alone until the next state is due, at least 1.
    Index untilDue(const Steps& step) const;
    /// A state larger than the limit is not kept.
    void add(const Steps& step, std::shared_ptr<const State> state);
    /// Null when the ring is empty; ties go to the older one.
    const Entry* nearest(Clock, Index step) const;
    /// Forgets what lies after `step`.
    void cutAfter(const Steps& step);
    void clear();
    std::size_t bytes() const noexcept { return m_bytes; }
    std::vector<Index> steps(Clock) const;
    std::size_t size() const noexcept { return m_entries.size(); }

private:
    Index cell(const Steps& step) const;
    void thin();
    void count(const State&);
    void uncount(const State&);

    std::deque<Entry> m_entries;
    std::unordered_map<const std::byte*, Index> m_users;  ///< arrays on each storage
    std::size_t m_bytes = 0, m_limit = 0;
    Index m_stride = 1;
    bool m_tooLarge = false;  ///< not even one state fits: ask for no more
};

}  // namespace lx
