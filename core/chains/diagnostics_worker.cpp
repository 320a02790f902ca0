// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/diagnostics_worker.h"

#include "core/chains/analysis.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>

#include <time.h>

namespace lx {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// A source that is still for so long is looked at exactly.
constexpr std::chrono::milliseconds kIdle{1000};

double cpuSeconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

class DiagnosticsWorker::Impl {
public:
    explicit Impl(DiagnosticsOptions options) : m_options(std::move(options)) {
        m_thread = std::thread([this] { loop(); });
    }
    ~Impl() {
        change([this] { return m_stop = true; });
        m_thread.join();
    }

    /// `apply` returns false when nothing changed: repeated wishes do not disturb a pass.
    template <class Change>
    void change(const Change& apply) {
        const std::scoped_lock lock(m_mutex);
        if (apply()) {
            ++m_wishes;
            m_wake.notify_all();
        }
    }

    std::shared_ptr<const DiagnosticsResult> result() const {
        const std::scoped_lock lock(m_mutex);
        return m_result;
    }

    // Wishes; under m_mutex.
    std::shared_ptr<const ChainSource> m_source;
    ChainTruth m_truth;
    std::uint64_t m_sourceNumber = 0;
    std::vector<Index> m_focus;
    bool m_paused = false;
    double m_seconds = 0;

private:
    void loop();
    bool serve(std::unique_lock<std::mutex>&);
    void runPass(std::unique_lock<std::mutex>&, bool exact);
    void rest(std::unique_lock<std::mutex>&, double cpu);
    void publish(std::unique_lock<std::mutex>&);
    bool superseded() const { return m_stop || m_wishes != m_served; }

    const DiagnosticsOptions m_options;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_stop = false;
    std::uint64_t m_wishes = 0, m_served = 0;
    std::shared_ptr<const DiagnosticsResult> m_result;

    // The worker's own.
    std::unique_ptr<detail::Analysis> m_analysis;
    std::uint64_t m_analysed = 0, m_sequence = 0;
    std::vector<Index> m_shown;
    bool m_full = false;  // at full speed: the sampler stands still
    bool m_done = false;  // the exact result of this view is out
    double m_cpu = 0, m_begun = 0;
    Clock::time_point m_lastPublished = Clock::now() - std::chrono::hours(1), m_lastChange;
    std::thread m_thread;
};

void DiagnosticsWorker::Impl::loop() {
    std::unique_lock lock(m_mutex);
    while (!m_stop) {
        if (!serve(lock)) {
            const auto pause = Seconds(1 / m_options.rate);
            if (m_source) {
                m_wake.wait_for(lock, pause, [this] { return superseded(); });
            } else {
                m_wake.wait(lock, [this] { return superseded(); });
            }
        }
    }
}

/// One look at the source; false when there was nothing to do.
bool DiagnosticsWorker::Impl::serve(std::unique_lock<std::mutex>& lock) {
    const bool wished = m_wishes != m_served;
    m_served = m_wishes;
    if (m_analysed != m_sourceNumber) {
        m_analysed = m_sourceNumber;
        m_result = nullptr;
        m_done = false;
        m_cpu = 0;
        m_shown.clear();
        m_analysis =
            m_source ? std::make_unique<detail::Analysis>(m_source, m_truth, m_options) : nullptr;
    }
    if (!m_analysis) {
        return false;
    }
    const bool paused = m_paused, refocused = m_shown != m_focus;
    m_shown = m_focus;
    m_analysis->setSamplingSeconds(m_seconds);
    lock.unlock();
    const double before = cpuSeconds();
    m_begun = before;
    const bool changed = m_analysis->refresh();
    const bool finished = m_analysis->finished();
    lock.lock();
    if (m_stop || m_wishes != m_served) {
        return true;
    }
    m_full = paused || finished;
    m_done = m_done && !changed && !refocused;
    if (changed) {
        m_lastChange = Clock::now();
    }
    const bool idle = Clock::now() - m_lastChange >= kIdle;
    if (m_full || idle ? !m_done : m_analysis->due() || refocused) {
        runPass(lock, m_full || idle);
        return true;
    }
    if (changed || wished) {
        publish(lock);
    }
    rest(lock, cpuSeconds() - before);
    return false;
}

/// Rests so long that the CPU time stays within its share.
void DiagnosticsWorker::Impl::rest(std::unique_lock<std::mutex>& lock, double cpu) {
    m_cpu += cpu;
    if (!m_full && cpu > 0) {
        m_wake.wait_for(lock, Seconds(cpu * (1 / m_options.share - 1)),
                        [this] { return superseded(); });
    }
}

void DiagnosticsWorker::Impl::runPass(std::unique_lock<std::mutex>& lock, bool exact) {
    lock.unlock();
    m_analysis->begin(exact, m_shown);
    bool more = true;
    double before = m_begun;
    while (more) {
        more = m_analysis->step();
        const double used = cpuSeconds() - before;
        const bool late = Clock::now() - m_lastPublished >= Seconds(1 / m_options.rate);
        if (used < 0.005 && more && !late) {
            lock.lock();
            const bool stop = superseded();
            lock.unlock();
            if (stop) {
                break;
            }
            continue;
        }
        lock.lock();
        if (superseded()) {
            m_cpu += used;
            return;
        }
        if (late && more) {
            publish(lock);
        }
        rest(lock, cpuSeconds() - before);
        if (superseded()) {
            return;
        }
        lock.unlock();
        before = cpuSeconds();
        if (!exact && more) {
            m_analysis->refresh();  // rows that follow are of now
        } else if (more && !m_full && m_analysis->outdated()) {
            lock.lock();
            return;  // it moves again
        }
    }
    lock.lock();
    if (!superseded()) {
        m_done = exact;
        publish(lock);
    }
}

void DiagnosticsWorker::Impl::publish(std::unique_lock<std::mutex>& lock) {
    // At most `rate` times a second, whoever asks.
    const auto next =
        m_lastPublished + std::chrono::duration_cast<Clock::duration>(Seconds(1 / m_options.rate));
    m_wake.wait_until(lock, next, [this] { return m_stop || m_analysed != m_sourceNumber; });
    if (m_stop || m_analysed != m_sourceNumber) {
        return;
    }
    const double cpu = m_cpu;
    lock.unlock();
    auto result = std::make_shared<DiagnosticsResult>(m_analysis->result());
    result->sequence = ++m_sequence;
    result->cpuSeconds = cpu;
    m_lastPublished = Clock::now();
    lock.lock();
    if (m_analysed != m_sourceNumber) {
        return;
    }
    m_result = std::move(result);
    if (m_options.published) {
        lock.unlock();
        m_options.published();
        lock.lock();
    }
}

DiagnosticsWorker::DiagnosticsWorker(DiagnosticsOptions options)
    : m_impl(std::make_unique<Impl>(std::move(options))) {}

DiagnosticsWorker::~DiagnosticsWorker() = default;

void DiagnosticsWorker::setSource(std::shared_ptr<const ChainSource> source, ChainTruth truth) {
    m_impl->change([&] {
        m_impl->m_source = std::move(source);
        m_impl->m_truth = std::move(truth);
        return ++m_impl->m_sourceNumber > 0;
    });
}

void DiagnosticsWorker::setFocus(std::vector<Index> quantities) {
    m_impl->change([&] {
        std::swap(m_impl->m_focus, quantities);
        return m_impl->m_focus != quantities;
    });
}

void DiagnosticsWorker::pause() {
    m_impl->change([&] { return !std::exchange(m_impl->m_paused, true); });
}

void DiagnosticsWorker::resume() {
    m_impl->change([&] { return std::exchange(m_impl->m_paused, false); });
}

void DiagnosticsWorker::setSamplingSeconds(double seconds) {
    m_impl->change([&] {
        m_impl->m_seconds = seconds;
        return false;  // for the next pass
    });
}

std::shared_ptr<const DiagnosticsResult> DiagnosticsWorker::result() const {
    return m_impl->result();
}

DiagnosticsResult diagnoseAll(const ChainSource& source, const ChainTruth& truth,
                              std::span<const Index> focus, const DiagnosticsOptions& options) {
    // Not the owner: the source outlives this call.
    detail::Analysis analysis(std::shared_ptr<const ChainSource>(std::shared_ptr<void>(), &source),
                              truth, options);
    analysis.refresh();
    analysis.begin(true, {focus.begin(), focus.end()});
    while (analysis.step()) {
    }
    return analysis.result();
}

}  // namespace lx
