// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace lx::executors {

/// The caller and its helper threads, which share out the parts of one piece of work. Between two
/// pieces a helper spins for some microseconds and then sleeps; one that the system does not run
/// costs nothing, since the caller takes the parts itself. Denormal numbers count as zero in all.
class Crew {
public:
    /// `threads` counts the caller. onThreadStart is called by each helper.
    explicit Crew(int threads, const std::function<void()>& onThreadStart = {});
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    int threads() const noexcept { return static_cast<int>(m_helpers.size()) + 1; }
    /// Calls part(i, worker) for i in 0 .. count - 1, each once, in any order and at the same time,
    /// with worker in 0 .. threads() - 1; returns when all are done. `part` must not throw. Called
    /// by one thread at a time.
    void run(std::uint32_t count, const std::function<void(std::uint32_t, int)>& part);

private:
    void help(int worker);
    /// Takes parts until none is left.
    void work(int worker);
    bool claim(std::uint32_t& part);

    /// Number of the piece of work above, parts left below: one word, so that a helper that wakes
    /// late can never take a part of another piece.
    std::atomic<std::uint64_t> m_ticket{0};
    std::atomic<std::uint32_t> m_done{0};
    std::atomic<bool> m_stopping{false};
    const std::function<void(std::uint32_t, int)>* m_part = nullptr;
    std::vector<std::thread> m_helpers;
};

/// While it lives, denormal numbers count as zero in this thread: they cost up to 100 times the
/// time of others.
class FlushDenormals {
public:
    FlushDenormals();
    ~FlushDenormals();
    FlushDenormals(const FlushDenormals&) = delete;
    FlushDenormals& operator=(const FlushDenormals&) = delete;

private:
    unsigned m_before = 0;
};

}  // namespace lx::executors
