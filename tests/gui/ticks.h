// SPDX-License-Identifier: GPL-3.0-or-later
// How long a thread with an event loop is away from it, and whose fault that is: the kernel tells
// how long a thread that could run had to queue for a processor, which is other threads' doing.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <algorithm>
#include <fstream>
#include <vector>

namespace lx::test {

inline double milliseconds(const QElapsedTimer& clock) {
    return static_cast<double>(clock.nsecsElapsed()) * 1e-6;
}

/// The value below which `share` of `values` lie; 0 where there are none.
inline double percentile(std::vector<double> values, double share) {
    if (values.empty()) {
        return 0;
    }
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// Milliseconds this thread has queued for a processor since its birth; 0 where the kernel does not
/// count them.
inline double queuedMilliseconds() {
    std::ifstream stat("/proc/thread-self/schedstat");
    double ran = 0, queued = 0;
    return stat >> ran >> queued ? queued * 1e-6 : 0;
}

/// Times between the ticks of a 10 ms timer, in ms: how long the thread was away.
class Ticks : public QObject {
public:
    Ticks() {
        m_timer.setTimerType(Qt::PreciseTimer);
        connect(&m_timer, &QTimer::timeout, this, [this] {
            const double queued = queuedMilliseconds(), gap = milliseconds(m_last);
            gaps.push_back(gap);
            own.push_back(gap - (queued - m_queued));
            m_queued = queued;
            m_last.restart();
        });
        m_last.start();
        m_timer.start(10);
    }
    std::vector<double> gaps;  ///< what a person feels
    std::vector<double> own;  ///< without the time in the queue: computing, waiting for locks, idle

private:
    QTimer m_timer;
    QElapsedTimer m_last;
    double m_queued = queuedMilliseconds();
};

}  // namespace lx::test
