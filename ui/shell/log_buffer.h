// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/log.h"

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace lx::ui {

/// The last `capacity` messages of the program. Any thread may add; the log panel polls.
class LogBuffer {
public:
    struct Entry {
        std::uint64_t number = 0;  ///< counts from 1
        LogLevel level{};
        std::chrono::system_clock::time_point when;
        std::string message;
    };

    explicit LogBuffer(std::size_t capacity = 5000) : m_capacity(capacity) {}

    void add(LogLevel level, const std::string& message) {
        const std::lock_guard lock(m_mutex);
        m_entries.push_back({++m_count, level, std::chrono::system_clock::now(), message});
        if (m_entries.size() > m_capacity) {
            m_entries.pop_front();
        }
    }

    /// Entries with a number above `seen`, oldest first.
    std::vector<Entry> since(std::uint64_t seen) const {
        const std::lock_guard lock(m_mutex);
        std::vector<Entry> out;
        for (const Entry& entry : m_entries) {
            if (entry.number > seen) {
                out.push_back(entry);
            }
        }
        return out;
    }

private:
    mutable std::mutex m_mutex;
    std::size_t m_capacity;
    std::uint64_t m_count = 0;
    std::deque<Entry> m_entries;
};

}  // namespace lx::ui
