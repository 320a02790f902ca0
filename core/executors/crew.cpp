// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/crew.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace lx::executors {
namespace {

constexpr int kSpins = 2000;  // some 30 microseconds

void relax() {
#if defined(__SSE2__)
    _mm_pause();
#endif
}

/// Returns when `word` is no longer `old`.
template <class T>
void await(const std::atomic<T>& word, T old) {
    for (int i = 0; i < kSpins; ++i) {
        if (word.load(std::memory_order_acquire) != old) {
            return;
        }
        relax();
    }
    word.wait(old, std::memory_order_acquire);
}

}  // namespace

FlushDenormals::FlushDenormals() {
#if defined(__SSE2__)
    m_before = _mm_getcsr();
    _mm_setcsr(m_before | 0x8040U);
#endif
}

FlushDenormals::~FlushDenormals() {
#if defined(__SSE2__)
    _mm_setcsr(m_before);
#endif
}

Crew::Crew(int threads, const std::function<void()>& onThreadStart) {
    for (int i = 1; i < threads; ++i) {
        m_helpers.emplace_back([this, i, onThreadStart] {
            if (onThreadStart) {
                onThreadStart();
            }
            help(i);
        });
    }
}

Crew::~Crew() {
    m_stopping.store(true, std::memory_order_relaxed);
    m_ticket.fetch_add(std::uint64_t{1} << 32, std::memory_order_release);
    m_ticket.notify_all();
    for (std::thread& helper : m_helpers) {
        helper.join();
    }
}

void Crew::run(std::uint32_t count, const std::function<void(std::uint32_t, int)>& part) {
    if (count == 0) {
        return;
    }
    m_part = &part;
    m_done.store(0, std::memory_order_relaxed);
    // All parts of the piece before are taken: the lower half is 0, and adding makes a new piece.
    m_ticket.fetch_add((std::uint64_t{1} << 32) + count, std::memory_order_release);
    if (count > 1 && !m_helpers.empty()) {
        m_ticket.notify_all();
    }
    work(0);
    for (std::uint32_t done = m_done.load(std::memory_order_acquire); done < count;
         done = m_done.load(std::memory_order_acquire)) {
        await(m_done, done);
    }
}

bool Crew::claim(std::uint32_t& part) {
    std::uint64_t ticket = m_ticket.load(std::memory_order_acquire);
    while ((ticket & 0xFFFFFFFFU) != 0) {
        if (m_ticket.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel)) {
            part = static_cast<std::uint32_t>(ticket & 0xFFFFFFFFU) - 1;
            return true;
        }
    }
    return false;
}

void Crew::work(int worker) {
    const FlushDenormals flush;
    for (std::uint32_t part = 0; claim(part);) {
        (*m_part)(part, worker);
        m_done.fetch_add(1, std::memory_order_acq_rel);
        m_done.notify_one();
    }
}

void Crew::help(int worker) {
    for (;;) {
        const std::uint64_t seen = m_ticket.load(std::memory_order_acquire);
        if (m_stopping.load(std::memory_order_relaxed)) {
            return;
        }
        if ((seen & 0xFFFFFFFFU) != 0) {
            work(worker);
        } else {
            await(m_ticket, seen);
        }
    }
}

}  // namespace lx::executors
