// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/scrub_ring.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace lx {
namespace {

Index position(const Steps& step) {
    return std::accumulate(step.begin(), step.end(), Index{0});
}

/// Node, shape and control block.
std::size_t entryBytes(const std::string& name) {
    return name.size() + 128;
}

}  // namespace

std::size_t bytesOf(const State& state) noexcept {
    std::size_t total = 0;
    for (const auto& [name, array] : state) {
        total += array.bytes().size() + entryBytes(name);
    }
    return total;
}

void ScrubRing::count(const State& state) {
    for (const auto& [name, array] : state) {
        m_bytes += entryBytes(name);
        if (m_users[array.bytes().data()]++ == 0) {
            m_bytes += array.bytes().size();
        }
    }
}

void ScrubRing::uncount(const State& state) {
    for (const auto& [name, array] : state) {
        m_bytes -= entryBytes(name);
        const auto at = m_users.find(array.bytes().data());
        if (--at->second == 0) {
            m_bytes -= array.bytes().size();
            m_users.erase(at);
        }
    }
}

void ScrubRing::setLimit(std::size_t bytes) {
    if (bytes != m_limit) {
        // Twice the room holds states half as far apart; those to come fill it.
        for (std::size_t room = m_limit; m_stride > 1 && room <= bytes / 2;
             room = std::max<std::size_t>(1, 2 * room)) {
            m_stride /= 2;
        }
        m_limit = bytes;
        m_tooLarge = false;
        thin();
    }
}

Index ScrubRing::cell(const Steps& step) const {
    return (position(step) - position(m_entries.front().step)) / m_stride;
}

bool ScrubRing::due(const Steps& step) const {
    return !m_tooLarge && (m_entries.empty() || cell(step) > cell(m_entries.back().step));
}

Index ScrubRing::untilDue(const Steps& step) const {
    if (m_tooLarge) {
        return std::numeric_limits<Index>::max();
    }
    if (m_entries.empty()) {
        return 1;
    }
    const Index from = position(step) - position(m_entries.front().step);
    return std::max<Index>(1, m_stride - from % m_stride);
}

void ScrubRing::add(const Steps& step, std::shared_ptr<const State> state) {
    if (bytesOf(*state) > m_limit) {
        m_tooLarge = true;
        return;
    }
    // What was kept only for being the newest goes when its cell has an older entry.
    if (const std::size_t n = m_entries.size();
        n > 1 && cell(m_entries[n - 1].step) == cell(m_entries[n - 2].step)) {
        uncount(*m_entries.back().state);
        m_entries.pop_back();
    }
    count(*state);
    m_entries.push_back({step, std::move(state)});
    thin();
}

void ScrubRing::thin() {
    while (m_entries.size() > 2 && (m_bytes > m_limit || m_entries.size() > kMaxEntries)) {
        m_stride *= 2;
        std::deque<Entry> kept;
        Index lastCell = -1;
        for (std::size_t i = 0; i < m_entries.size(); ++i) {
            const Index here = cell(m_entries[i].step);
            if (here > lastCell || i + 1 == m_entries.size()) {
                lastCell = here;
                kept.push_back(m_entries[i]);
            } else {
                uncount(*m_entries[i].state);
            }
        }
        m_entries.swap(kept);
    }
    // Two states that do not fit together: the newest is the more useful one.
    while (!m_entries.empty() && m_bytes > m_limit) {
        uncount(*m_entries.front().state);
        m_entries.pop_front();
    }
}

const ScrubRing::Entry* ScrubRing::nearest(Clock clock, Index step) const {
    const auto at = static_cast<std::size_t>(clock);
    const auto best = std::ranges::min_element(m_entries, {}, [&](const Entry& entry) {
        return std::max(entry.step[at], step) - std::min(entry.step[at], step);
    });
    return best == m_entries.end() ? nullptr : &*best;
}

void ScrubRing::cutAfter(const Steps& step) {
    while (!m_entries.empty() && position(m_entries.back().step) > position(step)) {
        uncount(*m_entries.back().state);
        m_entries.pop_back();
    }
}

void ScrubRing::clear() {
    m_entries.clear();
    m_users.clear();
    m_bytes = 0;
    m_stride = 1;
    m_tooLarge = false;
}

std::vector<Index> ScrubRing::steps(Clock clock) const {
    std::vector<Index> out;
    for (const auto& entry : m_entries) {
        out.push_back(entry.step[static_cast<std::size_t>(clock)]);
    }
    return out;
}

}  // namespace lx
