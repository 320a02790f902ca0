// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/run.h"

#include <utility>

namespace lx {
namespace {

/// How often a helper thread of an experiment at rest is asked.
constexpr std::chrono::milliseconds kNewsInterval{50};

}  // namespace

Run::Run(std::shared_ptr<Mailbox> box, RunContext context)
    : m_box(std::move(box)), m_context(context) {}

Run::~Run() {
    unload();
}

void Run::round(std::size_t ringLimit) {
    std::uint64_t posted = 0;
    {
        const std::lock_guard lock(m_box->mutex);
        posted = m_box->posted;
        for (Request& request : m_box->queue.drain()) {
            m_backlog.push_back(std::move(request));
        }
    }
    guarded("session", [&] {
        m_ring.setLimit(ringLimit);
        applyBacklog();
        // A question follows the hand: it is answered and shown before the next slice of steps.
        if (serveProbes()) {
            publish(std::chrono::steady_clock::now());
        }
        advance();
        m_box->series.append(m_points);
        noticeNews();
        serveObserve(std::chrono::steady_clock::now());
    });
    m_box->series.append(m_points);
    guarded("publish", [&] { publishWhenDue(); });

    const Clock shown = m_description ? m_description->clocks.front() : Clock::Train;
    std::vector<Index> ringSteps;
    std::size_t ringBytes = m_ring.bytes() + (m_head ? bytesOf(*m_head) : 0);
    ringSteps = m_ring.steps(shown);
    const std::lock_guard lock(m_box->mutex);
    m_box->ringBytes = ringBytes;
    m_box->ringSteps = std::move(ringSteps);
    m_box->moving = moves();
    m_box->looking = looking();
    if (m_backlog.empty()) {
        m_box->applied = posted;
    }
    m_box->idleChanged.notify_all();
}

std::optional<Time> Run::nextDue() const {
    const Time now = std::chrono::steady_clock::now();
    if (!m_backlog.empty() || taskWaiting()) {
        return now;
    }
    std::optional<Time> due;
    if (moves()) {
        due = clocksDue();
    }
    const bool news = m_stepsChanged || m_channels.changed() || (m_observeDirty && !m_hidden);
    if (news && m_box->slot.taken()) {
        Time next = m_published + m_context.options->publishInterval;
        if (moves() && !m_stepsChanged && !m_channels.changed()) {
            next = std::max(next, m_observeAgain);
        }
        due = due ? std::min(*due, next) : next;
    }
    if (m_experiment && !m_failure && m_experiment->working()) {
        due = std::min(due.value_or(now + kNewsInterval), now + kNewsInterval);
    }
    return due;
}

void Run::end() {
    std::deque<Request> waiting;
    {
        const std::lock_guard lock(m_box->mutex);
        m_box->ended = true;
        m_box->moving = m_box->looking = false;
        waiting = m_box->queue.drain();
        m_box->idleChanged.notify_all();
    }
    for (auto* requests : {&m_backlog, &waiting}) {
        for (Request& request : *requests) {
            if (request.job) {
                request.job->abandon();
            }
        }
    }
}

void Run::guarded(const std::string& where, const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        fail(where, error.what(), error.exitCode());
    } catch (const std::bad_alloc&) {
        fail(where, "out of memory; close other runs or choose smaller sizes", ExitCode::Numerical);
    } catch (const std::exception& error) {
        fail(where, error.what(), ExitCode::Numerical);
    } catch (...) {
        fail(where, "an exception of unknown type", ExitCode::Numerical);
    }
}

void Run::fail(const std::string& where, const std::string& message, ExitCode code) {
    Failure failure;
    failure.where = where;
    failure.message = message;
    failure.exitCode = code;
    try {
        if (m_experiment && m_description) {
            failure.step = m_experiment->step(m_description->clocks.front());
        }
    } catch (...) {
        failure.step = -1;  // the experiment cannot even say where it stands
    }
    log(LogLevel::Error,
        where + " failed at step " + std::to_string(failure.step) + ": " + message);
    m_failure = std::move(failure);
    m_head.reset();
    m_observeTask.reset();
    pauseAll();
}

void Run::note(const std::string& text) {
    m_note = text;
    ++m_notes;
    log(LogLevel::Warning, text);
}

void Run::log(LogLevel level, const std::string& text) const {
    if (m_context.options->log) {
        m_context.options->log(level, "run " + std::to_string(m_box->id) + ": " + text);
    }
}

Steps Run::stepsNow() const {
    Steps steps{};
    if (m_experiment && m_description) {
        for (const Clock clock : m_description->clocks) {
            steps[static_cast<std::size_t>(clock)] = m_experiment->step(clock);
        }
    }
    return steps;
}

}  // namespace lx
