// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lx::render {

/// The caller and its helper threads, which share out the parts of one piece of work. A helper
/// that the system does not run costs nothing: the caller takes the parts itself.
class Team {
public:
    /// `threads` counts the caller; below 2 there are no helpers.
    explicit Team(int threads);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    int threads() const noexcept { return static_cast<int>(m_helpers.size()) + 1; }
    /// Calls part(0) .. part(count - 1), each once, in any order and at the same time; returns when
    /// all are done. Rethrows the first exception. Called by one thread at a time.
    void run(int count, const std::function<void(int)>& part);

private:
    void help();
    /// Takes parts until none is left; holds the lock between them.
    void work(std::unique_lock<std::mutex>&);

    std::mutex m_mutex;
    std::condition_variable m_wake, m_done;
    const std::function<void(int)>* m_part = nullptr;
    int m_next = 0, m_count = 0, m_running = 0;
    std::exception_ptr m_failure;
    bool m_stopping = false;
    std::vector<std::thread> m_helpers;
};

}  // namespace lx::render
