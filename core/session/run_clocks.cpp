// SPDX-License-Identifier: GPL-3.0-or-later
// How the clocks of a run move. Time decides only how many steps are made now, never which come
// next: a slow machine gives the same numbers.
#include "core/session/run.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

class PointSink : public SeriesSink {
public:
    PointSink(std::vector<SeriesPoint>& points, std::uint32_t source)
        : m_points(points), m_source(source) {}
    void add(std::uint32_t series, Clock clock, Index step, double value) override {
        m_points.push_back({m_source, series, clock, step, value});
    }

private:
    std::vector<SeriesPoint>& m_points;
    std::uint32_t m_source;
};

constexpr const char* kClockNames[kClocks] = {"train", "sample", "diffuse"};
constexpr Index kUnlimited = std::numeric_limits<Index>::max();

std::chrono::microseconds remaining(Time end) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        end - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::microseconds{1});
}

}  // namespace

void Run::advance() {
    if (!m_experiment || m_failure || m_head || m_context.pulse->stopping()) {
        return;
    }
    const Time now = std::chrono::steady_clock::now();
    const Time end = now + m_context.options->sliceTime;
    const std::stop_token stop = m_context.pulse->slice();
    refill(now);
    if (const auto clock = steppingClock()) {
        advanceAlone(*clock, end, stop);
        return;
    }
    const auto clocks = runningClocks();
    if (clocks.size() == 1) {
        advanceAlone(clocks.front(), end, stop);
    } else if (clocks.size() > 1) {
        advanceTogether(clocks, end, stop);
    }
}

void Run::advanceAlone(Clock clock, Time end, std::stop_token stop) {
    ClockState& state = at(clock);
    m_together.clear();
    m_owed = {};
    bool first = true;
    while (first || (!stop.stop_requested() && std::chrono::steady_clock::now() < end)) {
        first = false;
        const bool stepping = state.pending > 0;
        Index steps = m_ringBroken ? kUnlimited : m_ring.untilDue(stepsNow());
        if (stepping) {
            steps = std::min(steps, state.pending);
        } else if (!state.running || !mayStart({clock})) {
            return;
        } else {
            if (state.until > 0) {
                steps = std::min(steps, state.until - m_experiment->step(clock));
            }
            if (state.speed > 0) {
                steps = std::min(steps, static_cast<Index>(state.credit));
            }
        }
        const Index made = stepSome(clock, steps, end, stop);
        if (stepping) {
            state.pending -= made;
        }
        if (made > 0) {
            keepForScrub();
        }
    }
}

void Run::advanceTogether(const std::vector<Clock>& clocks, Time end, std::stop_token stop) {
    if (m_together != clocks) {
        m_together = clocks;
        m_owed = {};
    }
    bool first = true;
    while (true) {
        if (std::ranges::all_of(m_owed, [](Index owed) { return owed == 0; })) {
            if (!first && (stop.stop_requested() || std::chrono::steady_clock::now() >= end)) {
                return;
            }
            // A clock that reached its end leaves the round; the next slice sees the new set.
            if (runningClocks() != clocks || !mayStart(clocks)) {
                return;
            }
            for (const Clock clock : clocks) {
                m_owed[static_cast<std::size_t>(clock)] = perRound(clock);
            }
        }
        for (const Clock clock : clocks) {
            Index& owed = m_owed[static_cast<std::size_t>(clock)];
            while (owed > 0) {
                if (!first && stop.stop_requested()) {
                    return;
                }
                first = false;
                const ClockState& state = at(clock);
                const Index left =
                    state.until > 0 ? state.until - m_experiment->step(clock) : kUnlimited;
                owed -= stepSome(clock, std::min(owed, left), end, stop);
                if (m_failure) {
                    return;
                }
                if (!state.running) {
                    owed = 0;
                }
            }
        }
        keepForScrub();
    }
}

Index Run::stepSome(Clock clock, Index steps, Time end, std::stop_token stop) {
    ClockState& state = at(clock);
    const Index before = m_experiment->step(clock);
    PointSink sink(m_points, m_box->id);
    guarded(std::string("advance ") + kClockNames[static_cast<std::size_t>(clock)], [&] {
        m_experiment->advance(clock, {std::max<Index>(steps, 1), remaining(end)}, stop, sink);
        if (m_experiment->step(clock) <= before && !m_experiment->waiting()) {
            throw UsageError("the experiment made no step");
        }
    });
    if (const std::string told = m_experiment->takeNote(); !told.empty()) {
        note(told);
    }
    if (m_failure) {
        m_stepsChanged = m_observeDirty = true;
        // All clocks are paused by now; end the loops above.
        return std::max<Index>(steps, 1);
    }
    const Index made = m_experiment->step(clock) - before;
    if (made == 0) {
        return 0;
    }
    m_stepsChanged = m_observeDirty = true;
    if (state.speed > 0) {
        state.credit -= static_cast<double>(made);
    }
    if (state.running && state.until > 0 && m_experiment->step(clock) >= state.until) {
        state.running = false;
        state.until = 0;
    }
    return made;
}

void Run::stepPhase(const cmd::Step& step) {
    PointSink sink(m_points, m_box->id);
    const std::stop_token stop = m_context.pulse->stopToken();
    for (Index made = 0; made < step.count && !stop.stop_requested() && !m_failure; ++made) {
        std::string refused;
        guarded("step phase " + step.phase, [&] {
            try {
                m_experiment->advancePhase(step.clock, step.phase, stop, sink);
            } catch (const UsageError& error) {
                refused = error.what();
            }
        });
        if (!refused.empty()) {
            note(refused);
            return;
        }
        m_stepsChanged = m_observeDirty = true;
    }
}

void Run::refill(Time now) {
    for (const Clock clock : runningClocks()) {
        ClockState& state = at(clock);
        const double passed = std::chrono::duration<double>(now - state.refilled).count();
        state.refilled = now;
        // A tenth of a second may be caught up after a hitch, more would be a burst.
        const double most = std::max(static_cast<double>(perRound(clock)), 0.1 * state.speed);
        state.credit = std::min(most, state.credit + passed * state.speed);
    }
}

bool Run::mayStart(const std::vector<Clock>& clocks) const {
    return std::ranges::all_of(clocks, [&](Clock clock) {
        const double need = clocks.size() > 1 ? static_cast<double>(perRound(clock)) : 1.0;
        return at(clock).speed <= 0 || at(clock).credit >= need;
    });
}

Time Run::clocksDue() const {
    const Time now = std::chrono::steady_clock::now();
    const auto clocks = runningClocks();
    if (steppingClock()) {
        return now;
    }
    Time due = now;
    for (const Clock clock : clocks) {
        const ClockState& state = at(clock);
        const double need = clocks.size() > 1 ? static_cast<double>(perRound(clock)) : 1.0;
        if (state.speed > 0 && state.credit < need) {
            const std::chrono::duration<double> wait((need - state.credit) / state.speed);
            due = std::max(due, state.refilled + std::chrono::ceil<Time::duration>(wait));
        }
    }
    return due;
}

void Run::keepForScrub() {
    if (m_failure || m_ringBroken || !m_experiment) {
        return;
    }
    const Steps steps = stepsNow();
    if (!m_ring.due(steps)) {
        return;
    }
    // A state that cannot be copied costs the time slider, not the run.
    std::string why;
    try {
        m_ring.add(steps, std::make_shared<const State>(m_experiment->capture()));
        return;
    } catch (const std::exception& error) {
        why = error.what();
    } catch (...) {
        why = "an exception of unknown type";
    }
    m_ringBroken = true;
    note("keeping past states stopped until the next reset: " + why);
}

void Run::pauseAll() {
    for (ClockState& state : m_clocks) {
        state.running = false;
        state.until = state.pending = 0;
        state.rate = 0;
    }
}

std::vector<Clock> Run::runningClocks() const {
    std::vector<Clock> clocks;
    for (std::size_t i = 0; i < kClocks; ++i) {
        if (m_clocks[i].running) {
            clocks.push_back(static_cast<Clock>(i));
        }
    }
    return clocks;
}

std::optional<Clock> Run::steppingClock() const {
    for (std::size_t i = 0; i < kClocks; ++i) {
        if (m_clocks[i].pending > 0) {
            return static_cast<Clock>(i);
        }
    }
    return std::nullopt;
}

Index Run::perRound(Clock clock) const {
    return clock == Clock::Sample ? m_samplePerTrain : 1;
}

bool Run::moves() const {
    return std::ranges::any_of(m_clocks,
                               [](const ClockState& s) { return s.running || s.pending > 0; });
}

void Run::updateRates(Time now) {
    const Steps steps = stepsNow();
    for (std::size_t i = 0; i < kClocks; ++i) {
        ClockState& state = m_clocks[i];
        const double passed = std::chrono::duration<double>(now - state.ratedAt).count();
        if (!state.running && state.pending == 0) {
            state.rate = 0;
        } else if (passed < 0.1) {
            continue;
        } else if (steps[i] >= state.ratedStep) {
            const double rate = static_cast<double>(steps[i] - state.ratedStep) / passed;
            state.rate = state.rate == 0 ? rate : 0.7 * state.rate + 0.3 * rate;
        }
        state.ratedStep = steps[i];
        state.ratedAt = now;
    }
}

}  // namespace lx
