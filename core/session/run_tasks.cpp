// SPDX-License-Identifier: GPL-3.0-or-later
// Probes, observation and snapshots of a run.
#include "core/session/run.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace lx {
namespace {

/// The longest a task holds the engine before the steps go on.
constexpr std::chrono::microseconds kTaskSlice{4000};
/// While a clock runs, looking takes at most one part in this many and one of the engine's time.
constexpr int kObserveRest = 5;

std::string probePrefix(std::uint64_t ticket) {
    return "probe." + std::to_string(ticket) + ".";
}

Array textArray(const std::string& text) {
    return {
        DType::U8, {static_cast<Index>(text.size())}, std::as_bytes(std::span<const char>(text))};
}

/// Text of whatever `body` throws; empty when nothing.
template <class Body>
std::string errorOf(Body body) {
    try {
        body();
        return {};
    } catch (const std::exception& error) {
        const std::string what = error.what();
        return what.empty() ? "an exception without a message" : what;
    } catch (...) {
        return "an exception of unknown type";
    }
}

}  // namespace

void Run::addProbe(cmd::Probe probe, const std::string& tag) {
    ProbeWork work;
    for (auto at = m_probes.begin(); at != m_probes.end();) {
        const bool sameTag = !tag.empty() && at->tag == tag;
        if (!sameTag && at->probe.ticket != probe.ticket) {
            ++at;
            continue;
        }
        // The old answer stays on screen until the new one replaces it.
        work.replaces.insert(work.replaces.end(), at->replaces.begin(), at->replaces.end());
        work.replaces.push_back(at->probe.ticket);
        at = m_probes.erase(at);
    }
    work.probe = std::move(probe);
    work.tag = tag;
    m_probes.push_back(std::move(work));
}

void Run::apply(const cmd::Cancel& cancel) {
    m_channels.erasePrefix(probePrefix(cancel.ticket));
    const auto found = std::ranges::find_if(
        m_probes, [&](const ProbeWork& work) { return work.probe.ticket == cancel.ticket; });
    if (found == m_probes.end()) {
        return;
    }
    for (const std::uint64_t old : found->replaces) {
        m_channels.erasePrefix(probePrefix(old));
    }
    m_probes.erase(found);
}

bool Run::taskWaiting() const {
    return m_observeTask != nullptr ||
           std::ranges::any_of(m_probes, [](const ProbeWork& work) { return !work.finished; });
}

bool Run::serveProbes() {
    bool answered = false;
    const Time start = std::chrono::steady_clock::now();
    // Whoever did not get a turn in this round comes first in the next.
    for (std::size_t served = 0; served < m_probes.size(); ++served) {
        const Time now = std::chrono::steady_clock::now();
        if (m_context.pulse->stopping() || now - start >= m_context.options->sliceTime) {
            break;
        }
        ProbeWork& work = m_probes[m_nextProbe++ % m_probes.size()];
        if (!work.finished) {
            serveProbe(work);
            answered = answered || work.finished;
        }
    }
    return answered;
}

void Run::serveProbe(ProbeWork& work) {
    const std::string prefix = probePrefix(work.probe.ticket);
    // Answers are collected first: what the older probe showed goes in the same snapshot.
    ChannelStore answer;
    StoreBuilder builder(answer, prefix);
    bool refused = false;  // the asker is told; nobody else has to be warned
    const auto body = [&] {
        if (!m_experiment || m_failure) {
            throw UsageError(m_failure ? "the run has failed" : "no run is loaded");
        }
        if (!work.started) {
            work.started = true;
            work.task = m_experiment->probe(work.probe);
            if (!work.task) {
                throw UsageError("this run answers no probe of kind '" + work.probe.kind + "'");
            }
        }
        work.finished = work.task->advance({std::numeric_limits<Index>::max(), kTaskSlice},
                                           m_context.pulse->stopToken(), builder);
    };
    const std::string error = errorOf([&] {
        try {
            body();
        } catch (const UsageError&) {
            refused = true;
            throw;
        }
    });
    if (!error.empty()) {
        work.finished = true;
        answer.set(prefix + "error", textArray(error));
        log(refused ? LogLevel::Info : LogLevel::Warning,
            "probe '" + work.probe.kind + "': " + error);
    }
    if (work.finished) {
        work.task.reset();
        answer.set(prefix + "done", Array({1}, std::vector<Index>{1}));
    }
    if (answer.channels().empty() && !work.finished) {
        return;
    }
    if (!std::exchange(work.answered, true)) {
        for (const std::uint64_t old : std::exchange(work.replaces, {})) {
            if (old != work.probe.ticket) {
                m_channels.erasePrefix(probePrefix(old));
            } else {
                m_channels.erasePrefix(prefix);
            }
        }
    }
    for (const auto& [id, channel] : answer.channels()) {
        m_channels.set(id, channel.array);
    }
}

void Run::noticeNews() {
    if (!m_experiment || m_failure) {
        return;
    }
    if (m_resting == moves()) {
        m_resting = !m_resting;
        m_experiment->rest(m_resting);
    }
    if (const std::uint64_t news = m_experiment->news(); news != m_newsSeen) {
        m_newsSeen = news;
        m_observeDirty = true;
    }
}

bool Run::looking() const {
    return m_experiment && !m_failure && !m_hidden &&
           (m_observeTask || (m_observeDirty && !m_observed.empty()) || m_channels.changed());
}

void Run::serveObserve(Time now) {
    const bool due = m_observeDirty && m_box->slot.taken() &&
                     now - m_published >= m_context.options->publishInterval &&
                     (now >= m_observeAgain || !moves());
    if (!m_experiment || m_failure || m_hidden || (!m_observeTask && !due)) {
        m_observeDirty = m_observeDirty && m_experiment != nullptr && !m_failure;
        return;
    }
    StoreBuilder builder(m_channels);
    const std::string error = errorOf([&] {
        if (!m_observeTask) {
            m_observeDirty = false;
            m_observeSpent = {};
            std::vector<std::string> known;
            for (const auto& decl : m_description->channels) {
                if (std::ranges::find(m_observed, decl.id) != m_observed.end()) {
                    known.push_back(decl.id);
                }
            }
            if (known.empty()) {
                return;
            }
            m_observeTask = m_experiment->observe(known, Detail::Screen);
        }
        if (m_observeTask && m_observeTask->advance({std::numeric_limits<Index>::max(), kTaskSlice},
                                                    m_context.pulse->stopToken(), builder)) {
            m_observeTask.reset();
            m_observeError.clear();
            m_channels.dropPast();  // what a reset run does not have yet
        }
    });
    const Time end = std::chrono::steady_clock::now();
    m_observeSpent += end - now;
    m_observeAgain = end + kObserveRest * m_observeSpent;
    if (!error.empty()) {
        m_observeTask.reset();
        // It comes back with every frame: say it once.
        if (error != m_observeError) {
            m_observeError = error;
            log(LogLevel::Warning, "looking at the run: " + error);
        }
    }
}

Run::Status Run::status() const {
    Status out;
    for (std::size_t i = 0; i < kClocks; ++i) {
        out.running[i] = m_clocks[i].running || m_clocks[i].pending > 0;
    }
    out.state = m_failure       ? RunState::Failed
                : !m_experiment ? RunState::Idle
                : moves()       ? RunState::Running
                                : RunState::Paused;
    out.epoch = m_epoch;
    out.notes = m_notes;
    out.scrubbed = m_head != nullptr;
    return out;
}

void Run::publishWhenDue() {
    const Time now = std::chrono::steady_clock::now();
    const bool cameToRest = m_stepsChanged && !moves();
    const bool news = m_stepsChanged || m_channels.changed();
    if (status() != m_shown || cameToRest ||
        (news && m_box->slot.taken() && now - m_published >= m_context.options->publishInterval)) {
        publish(now);
    }
}

void Run::publish(Time now) {
    updateRates(now);
    const Status shown = status();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->epoch = shown.epoch;
    snapshot->sequence = ++m_sequence;
    snapshot->step = stepsNow();
    snapshot->head = m_head ? m_headSteps : snapshot->step;
    snapshot->running = shown.running;
    for (std::size_t i = 0; i < kClocks; ++i) {
        snapshot->stepsPerSecond[i] = m_clocks[i].rate;
    }
    snapshot->state = shown.state;
    snapshot->failure = m_failure;
    snapshot->channels = m_channels.channels();
    snapshot->scrubbed = shown.scrubbed;
    snapshot->note = m_note;
    snapshot->notes = m_notes;
    m_shown = shown;
    m_channels.takeChanged();
    m_stepsChanged = false;
    m_published = now;
    m_box->slot.put(std::move(snapshot));
}

}  // namespace lx
