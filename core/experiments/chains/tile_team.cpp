// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/tile_team.h"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lx::chains {
namespace {

/// What all threads share while one call of run() lasts.
struct Work {
    const std::function<void(Index)>& body;
    const std::function<bool()>& stop;
    Index first, count;
    std::atomic<Index> next;
    std::mutex mutex;
    std::exception_ptr failure;

    void take() {
        for (;;) {
            Index tile = next.load(std::memory_order_relaxed);
            do {
                if (tile >= count || (tile > first && stop())) {
                    return;
                }
            } while (!next.compare_exchange_weak(tile, tile + 1));
            try {
                body(tile);
            } catch (...) {
                const std::lock_guard lock(mutex);
                failure = failure ? failure : std::current_exception();
                next = count;
                return;
            }
        }
    }
};

}  // namespace

class TileTeam::Helpers {
public:
    explicit Helpers(Index count) {
        for (Index i = 0; i < count; ++i) {
            m_threads.emplace_back([this](std::stop_token stop) { serve(stop); });
        }
    }
    void begin(Work& work) {
        const std::lock_guard lock(m_mutex);
        std::fegetenv(&m_environment);
        m_work = &work;
        m_busy = std::ssize(m_threads);
        ++m_round;
        m_called.notify_all();
    }
    void join() {
        std::unique_lock lock(m_mutex);
        m_done.wait(lock, [this] { return m_busy == 0; });
        m_work = nullptr;
    }

private:
    void serve(const std::stop_token& stop) {
        std::uint64_t seen = 0;
        std::unique_lock lock(m_mutex);
        while (m_called.wait(lock, stop, [&] { return m_round != seen; })) {
            seen = m_round;
            Work& work = *m_work;
            std::fesetenv(&m_environment);
            lock.unlock();
            work.take();
            lock.lock();
            if (--m_busy == 0) {
                m_done.notify_all();
            }
        }
    }

    std::mutex m_mutex;
    std::condition_variable_any m_called;
    std::condition_variable m_done;
    std::fenv_t m_environment{};
    Work* m_work = nullptr;
    Index m_busy = 0;
    std::uint64_t m_round = 0;
    std::vector<std::jthread> m_threads;  // last: they end before what they use
};

TileTeam::TileTeam(Index threads) : m_threads(std::max<Index>(1, threads)) {}
TileTeam::~TileTeam() = default;

Index TileTeam::run(Index first, Index count, const std::function<void(Index)>& body,
                    const std::function<bool()>& stop) {
    Work work{body, stop, first, count, first, {}, nullptr};
    const bool together = m_threads > 1 && count - first > 1;
    if (together) {
        if (!m_helpers) {
            m_helpers = std::make_unique<Helpers>(m_threads - 1);
        }
        m_helpers->begin(work);
    }
    work.take();
    if (together) {
        m_helpers->join();
    }
    if (work.failure) {
        std::rethrow_exception(work.failure);
    }
    return work.next;
}

}  // namespace lx::chains
