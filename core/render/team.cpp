// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/team.h"

#include <utility>

namespace lx::render {

Team::Team(int threads) {
    for (int i = 1; i < threads; ++i) {
        m_helpers.emplace_back([this] { help(); });
    }
}

Team::~Team() {
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    for (std::thread& helper : m_helpers) {
        helper.join();
    }
}

void Team::run(int count, const std::function<void(int)>& part) {
    std::unique_lock lock(m_mutex);
    m_part = &part;
    m_next = 0;
    m_count = count;
    m_failure = nullptr;
    if (count > 1) {
        m_wake.notify_all();
    }
    work(lock);
    m_done.wait(lock, [&] { return m_running == 0; });
    m_part = nullptr;
    if (m_failure) {
        std::rethrow_exception(std::exchange(m_failure, nullptr));
    }
}

void Team::help() {
    std::unique_lock lock(m_mutex);
    while (true) {
        m_wake.wait(lock, [&] { return m_stopping || (m_part != nullptr && m_next < m_count); });
        if (m_stopping) {
            return;
        }
        work(lock);
    }
}

void Team::work(std::unique_lock<std::mutex>& lock) {
    while (m_next < m_count) {
        const int index = m_next++;
        const auto& part = *m_part;
        ++m_running;
        lock.unlock();
        std::exception_ptr failure;
        try {
            part(index);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        --m_running;
        if (failure) {
            m_failure = m_failure ? m_failure : failure;
            m_next = m_count;  // the rest is not worth doing
        }
    }
    if (m_running == 0) {
        m_done.notify_all();
    }
}

}  // namespace lx::render
