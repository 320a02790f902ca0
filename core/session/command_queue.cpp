// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/command_queue.h"

namespace lx {

void CommandQueue::push(Request request) {
    const std::lock_guard lock(m_mutex);
    if (!request.tag.empty() && !m_requests.empty() && m_requests.back().tag == request.tag) {
        m_requests.back() = std::move(request);
    } else {
        m_requests.push_back(std::move(request));
    }
}

std::deque<Request> CommandQueue::drain() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_requests, {});
}

bool CommandQueue::empty() const {
    const std::lock_guard lock(m_mutex);
    return m_requests.empty();
}

void SnapshotSlot::put(std::shared_ptr<const Snapshot> snapshot) {
    {
        const std::lock_guard lock(m_mutex);
        m_snapshot.swap(snapshot);
        m_taken = false;
    }
    // The old snapshot is freed here, outside the lock.
}

std::shared_ptr<const Snapshot> SnapshotSlot::take(bool& firstTake) const {
    const std::lock_guard lock(m_mutex);
    firstTake = !std::exchange(m_taken, true);
    return m_snapshot;
}

bool SnapshotSlot::taken() const {
    const std::lock_guard lock(m_mutex);
    return m_taken;
}

void SeriesBuffer::append(std::vector<SeriesPoint>& points) {
    if (points.empty()) {
        return;
    }
    const std::lock_guard lock(m_mutex);
    if (m_points.empty()) {
        m_points.swap(points);
    } else {
        m_points.insert(m_points.end(), points.begin(), points.end());
    }
    points.clear();
}

std::vector<SeriesPoint> SeriesBuffer::drain() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_points, {});
}

void Pulse::interrupt() {
    std::stop_source slice(std::nostopstate);
    {
        const std::lock_guard lock(m_mutex);
        m_pending = true;
        slice = m_slice;
    }
    // Callbacks of the running step must not see our lock held.
    slice.request_stop();
    m_wake.notify_one();
}

void Pulse::wake() {
    {
        const std::lock_guard lock(m_mutex);
        m_pending = true;
    }
    m_wake.notify_one();
}

void Pulse::stop() {
    m_stopping.store(true, std::memory_order_relaxed);
    m_stop.request_stop();
    interrupt();
}

void Pulse::beginRound() {
    const std::lock_guard lock(m_mutex);
    m_pending = false;
    if (m_slice.stop_requested() && !m_stopping.load(std::memory_order_relaxed)) {
        m_slice = std::stop_source();
    }
}

std::stop_token Pulse::slice() const {
    const std::lock_guard lock(m_mutex);
    return m_slice.get_token();
}

bool Pulse::wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
    std::unique_lock lock(m_mutex);
    // A stop may have come between the loop's own check and beginRound, which cleared m_pending.
    const auto woken = [this] { return m_pending || stopping(); };
    if (deadline) {
        return m_wake.wait_until(lock, *deadline, woken);
    }
    m_wake.wait(lock, woken);
    return true;
}

}  // namespace lx
