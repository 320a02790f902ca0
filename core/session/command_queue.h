// SPDX-License-Identifier: GPL-3.0-or-later
// What crosses between the engine thread and everyone else. Every member may be called from any
// thread; no member calls back while it holds its lock.
#pragma once

#include "core/session/experiment.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>

namespace lx {

/// Work for the engine thread that somebody waits for (metrics, export).
class Job {
public:
    virtual ~Job() = default;
    /// `experiment` is null when nothing is loaded. Must not throw.
    virtual void run(Experiment* experiment, std::stop_token engineStops) noexcept = 0;
    /// The engine ended first. Must not throw.
    virtual void abandon() noexcept = 0;
};

struct Request {
    Command command;
    std::string tag;
    std::shared_ptr<Job> job;  ///< when set, `command` means nothing
};

/// Ordered requests. A tagged command replaces the last waiting one when that has the same tag;
/// so it never moves across another command.
class CommandQueue {
public:
    void push(Request);
    std::deque<Request> drain();
    bool empty() const;

private:
    mutable std::mutex m_mutex;
    std::deque<Request> m_requests;
};

/// Latest value wins, and the writer knows whether the last one was taken.
class SnapshotSlot {
public:
    SnapshotSlot() : m_snapshot(std::make_shared<const Snapshot>()) {}
    void put(std::shared_ptr<const Snapshot>);
    /// `firstTake` tells that nobody had taken this one before.
    std::shared_ptr<const Snapshot> take(bool& firstTake) const;
    bool taken() const;

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<const Snapshot> m_snapshot;
    mutable bool m_taken = false;
};

/// Lossless scalars: whole vectors change hands.
class SeriesBuffer {
public:
    /// Leaves `points` empty.
    void append(std::vector<SeriesPoint>& points);
    std::vector<SeriesPoint> drain();

private:
    std::mutex m_mutex;
    std::vector<SeriesPoint> m_points;
};

/// Wakes the engine, and ends the slice it is in: a request is seen within one step.
class Pulse {
public:
    /// Something was posted.
    void interrupt();
    /// Something changed that can wait for the end of the slice.
    void wake();
    void stop();
    bool stopping() const { return m_stopping.load(std::memory_order_relaxed); }
    std::stop_token stopToken() const { return m_stop.get_token(); }
    /// Requests posted until now are about to be drained.
    void beginRound();
    /// Token of the next slice; already stopped when something was posted since beginRound.
    std::stop_token slice() const;
    /// Sleeps until woken (true) or `deadline`.
    bool wait(std::optional<std::chrono::steady_clock::time_point> deadline);

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_pending = false;
    std::stop_source m_slice;
    std::stop_source m_stop;
    std::atomic<bool> m_stopping = false;
};

}  // namespace lx
