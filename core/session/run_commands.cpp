// SPDX-License-Identifier: GPL-3.0-or-later
// What each command does to a run.
#include "core/session/run.h"

#include <algorithm>
#include <utility>

namespace lx {
namespace {

const ExperimentSpec& specNamed(std::span<const ExperimentSpec> specs, const std::string& id) {
    const auto found = std::ranges::find(specs, id, &ExperimentSpec::id);
    if (found != specs.end()) {
        return *found;
    }
    std::vector<std::string> ids;
    for (const auto& spec : specs) {
        ids.push_back(spec.id);
    }
    const std::string near = nearest(id, ids);
    throw UsageError("unknown experiment family '" + id + "'" +
                     (near.empty() ? "" : "; the nearest known one is '" + near + "'"));
}

/// May be applied while the steps of an earlier cmd::Step are still being made.
bool passesSteps(const Request& request) {
    return !request.job && (std::holds_alternative<cmd::Probe>(request.command) ||
                            std::holds_alternative<cmd::Cancel>(request.command) ||
                            std::holds_alternative<cmd::Observe>(request.command) ||
                            std::holds_alternative<cmd::Speed>(request.command));
}

/// Cuts such steps short.
bool endsSteps(const Request& request) {
    return !request.job && (std::holds_alternative<cmd::Pause>(request.command) ||
                            std::holds_alternative<cmd::Load>(request.command) ||
                            std::holds_alternative<cmd::Run>(request.command) ||
                            std::holds_alternative<cmd::Scrub>(request.command) ||
                            std::holds_alternative<cmd::Reset>(request.command) ||
                            std::holds_alternative<cmd::Restore>(request.command));
}

constexpr const char* kClockNames[kClocks] = {"train", "sample", "diffuse"};

}  // namespace

void Run::applyBacklog() {
    while (!m_backlog.empty()) {
        if (steppingClock() && !passesSteps(m_backlog.front())) {
            if (std::ranges::none_of(m_backlog, endsSteps)) {
                return;
            }
            for (ClockState& state : m_clocks) {
                state.pending = 0;
            }
        }
        Request request = std::move(m_backlog.front());
        m_backlog.pop_front();
        apply(request);
    }
}

void Run::apply(Request& request) {
    if (request.job) {
        request.job->run(m_experiment.get(), m_context.pulse->stopToken());
        return;
    }
    std::visit(
        [&](auto& command) {
            if constexpr (std::is_same_v<std::decay_t<decltype(command)>, cmd::Probe>) {
                addProbe(std::move(command), request.tag);
            } else {
                apply(command);
            }
        },
        request.command);
}

bool Run::usable(const char* request, std::optional<Clock> clock) {
    if (!m_experiment) {
        note(std::string(request) + " was refused: no run is loaded");
    } else if (m_failure) {
        note(std::string(request) +
             " was refused: the run has failed; reset it, go back in time or load again");
    } else if (clock &&
               std::ranges::find(m_description->clocks, *clock) == m_description->clocks.end()) {
        note(std::string(request) + " was refused: this run has no " +
             kClockNames[static_cast<std::size_t>(*clock)] + " clock");
    } else {
        return true;
    }
    return false;
}

void Run::unload() {
    m_observeTask.reset();
    m_probes.clear();
    m_channels.clear();
    m_experiment.reset();
    m_resting = true;
    m_initial.reset();
    m_head.reset();
    m_failure.reset();
    m_note.clear();
    m_ring.clear();
    m_ringBroken = false;
    m_setWhileScrubbed.clear();
    pauseAll();
    m_owed = {};
}

void Run::apply(cmd::Load& load) {
    unload();
    ++m_epoch;
    guarded("load " + load.recipe, [&] {
        const ExperimentSpec& spec = specNamed(m_context.specs, load.recipe);
        auto description = std::make_shared<const Description>(spec.describe(load.params));
        if (description->clocks.empty()) {
            throw UsageError("family '" + spec.id + "' declares no clock");
        }
        load.params = resolve(description->params, load.params);
        m_experiment = spec.make(load.params, Key{load.seed, 0});
        if (!m_experiment) {
            throw UsageError("family '" + spec.id + "' made no experiment");
        }
        const auto ratio = load.params.find("run.sample_per_train");
        m_samplePerTrain = 1;
        if (ratio != load.params.end() && std::holds_alternative<Index>(ratio->second)) {
            m_samplePerTrain = std::max<Index>(1, std::get<Index>(ratio->second));
        }
        m_description = description;
        m_loadParams = load.params;
        m_load = std::move(load);
        m_initial = std::make_shared<const State>(m_experiment->capture());
        m_ring.add(stepsNow(), m_initial);
        const std::lock_guard lock(m_box->mutex);
        m_box->description = std::move(description);
    });
    if (m_failure) {
        m_experiment.reset();
        m_initial.reset();
        m_ring.clear();
    }
    m_stepsChanged = m_observeDirty = true;
}

void Run::apply(const cmd::Run& run) {
    if (!usable("run", run.clock)) {
        return;
    }
    leaveScrub();
    if (m_failure || (run.until > 0 && m_experiment->step(run.clock) >= run.until)) {
        return;
    }
    ClockState& state = at(run.clock);
    const Time now = std::chrono::steady_clock::now();
    if (!state.running) {
        state.credit = static_cast<double>(perRound(run.clock));
        state.refilled = state.ratedAt = now;
        state.ratedStep = m_experiment->step(run.clock);
    }
    state.running = true;
    state.until = run.until;
}

void Run::apply(const cmd::Pause& pause) {
    ClockState& state = at(pause.clock);
    state.running = false;
    state.until = state.pending = 0;
}

void Run::apply(const cmd::Step& step) {
    if (!usable("step", step.clock)) {
        return;
    }
    leaveScrub();
    if (m_failure || step.count <= 0) {
        return;
    }
    ClockState& state = at(step.clock);
    state.running = false;
    state.until = 0;
    if (step.phase.empty()) {
        state.pending = step.count;
        state.ratedAt = std::chrono::steady_clock::now();
        state.ratedStep = m_experiment->step(step.clock);
        return;
    }
    stepPhase(step);
}

void Run::apply(const cmd::Speed& speed) {
    ClockState& state = at(speed.clock);
    state.speed = speed.stepsPerSecond > 0 ? speed.stepsPerSecond : 0;
    state.credit = static_cast<double>(perRound(speed.clock));
    state.refilled = std::chrono::steady_clock::now();
}

void Run::beginEpoch(std::shared_ptr<const State> state) {
    ++m_epoch;
    pauseAll();
    m_owed = {};
    m_head.reset();
    m_failure.reset();
    m_observeTask.reset();
    m_ring.clear();
    m_ringBroken = false;
    m_ring.add(stepsNow(), std::move(state));
    m_stepsChanged = m_observeDirty = true;
    m_observeAgain = {};
    m_channels.beginAnew();
}

ParamSet Run::liveChanges() const {
    ParamSet changed;
    for (const ParamDecl& decl : m_description->params) {
        const auto now = m_load.params.find(decl.id), before = m_loadParams.find(decl.id);
        if (decl.live && now != m_load.params.end() && before != m_loadParams.end() &&
            now->second != before->second) {
            changed.emplace(decl.id, now->second);
        }
    }
    return changed;
}

void Run::setLive(const ParamSet& values) {
    for (const auto& [id, value] : values) {
        m_experiment->set({id, value});
    }
}

void Run::apply(const cmd::Reset& reset) {
    if (!m_experiment || !m_initial) {
        note("reset was refused: no run is loaded");
        return;
    }
    guarded("reset", [&] {
        m_experiment->restore(*m_initial);
        ParamSet values = liveChanges();
        if (reset.parameters) {
            for (auto& [id, value] : values) {
                value = m_loadParams.at(id);
            }
            m_load.params = m_loadParams;
        }
        // A state may hold the parameters it was captured with.
        setLive(values);
        m_setWhileScrubbed.clear();
        beginEpoch(m_initial);
    });
}

void Run::apply(const cmd::Restore& restore) {
    if (!m_experiment || !restore.state) {
        note(std::string("restore was refused: ") +
             (m_experiment ? "it carries no state" : "no run is loaded"));
        return;
    }
    guarded("restore", [&] {
        m_experiment->restore(*restore.state);
        setLive(liveChanges());
        m_setWhileScrubbed.clear();
        beginEpoch(restore.state);
    });
}

void Run::apply(const cmd::Scrub& scrub) {
    if (!m_experiment || (!m_failure && !usable("scrub", scrub.clock))) {
        return;
    }
    pauseAll();
    const auto clock = static_cast<std::size_t>(scrub.clock);
    const Index head = m_head ? m_headSteps[clock] : m_experiment->step(scrub.clock);
    const ScrubRing::Entry* entry = m_ring.nearest(scrub.clock, scrub.step);
    if (entry == nullptr) {
        note("no past state is kept: the ring is too small for this run");
        return;
    }
    if (m_failure) {
        guarded("scrub", [&] {
            m_experiment->restore(*entry->state);
            setLive(liveChanges());
            m_ring.cutAfter(Steps(entry->step));
            m_failure.reset();
            ++m_epoch;
        });
        m_owed = {};
        m_stepsChanged = m_observeDirty = true;
        return;
    }
    const Index gap = entry->step[clock] - scrub.step;
    if (scrub.step >= head || head - scrub.step < (gap < 0 ? -gap : gap)) {
        leaveScrub();
        return;
    }
    guarded("scrub", [&] {
        if (!m_head) {
            m_headSteps = stepsNow();
            m_head = std::make_shared<const State>(m_experiment->capture());
        }
        m_experiment->restore(*entry->state);
    });
    m_observeTask.reset();
    m_stepsChanged = m_observeDirty = true;
}

void Run::leaveScrub() {
    if (!m_head) {
        return;
    }
    guarded("scrub", [&] {
        m_experiment->restore(*m_head);
        m_head.reset();
        setLive(std::exchange(m_setWhileScrubbed, {}));
    });
    m_observeTask.reset();
    m_stepsChanged = m_observeDirty = true;
}

void Run::apply(const cmd::SetParam& change) {
    if (!usable("a parameter change")) {
        return;
    }
    const ParamDecl* decl = find(m_description->params, change.id);
    cmd::SetParam accepted = change;
    try {
        if (decl == nullptr) {
            resolve(m_description->params, {{change.id, change.value}});
            return;
        }
        accepted.value = checked(*decl, change.value);
    } catch (const UsageError& error) {
        note(error.what());
        return;
    }
    ParamValue& current = m_load.params[change.id];
    if (!decl->live) {
        if (current != accepted.value) {
            note("parameter '" + change.id +
                 "' cannot change while a run exists: load a new run with it");
        }
        return;
    }
    guarded("set " + change.id, [&] {
        m_experiment->set(accepted);
        current = accepted.value;
        if (m_head) {
            m_setWhileScrubbed[change.id] = accepted.value;
        }
    });
    m_observeDirty = true;
}

void Run::apply(cmd::Observe& observe) {
    if (observe.channels == m_observed && observe.hidden == m_hidden) {
        return;
    }
    m_hidden = observe.hidden;
    m_observed = std::move(observe.channels);
    m_channels.keepOnly(m_observed);
    m_observeTask.reset();
    m_observeDirty = true;
    m_observeAgain = {};  // a view that opens does not wait
}

void Run::apply(const cmd::Capture& capture) {
    if (!usable("capture")) {
        return;
    }
    Captured captured;
    captured.ticket = capture.ticket;
    captured.step = m_head ? m_headSteps : stepsNow();
    captured.load = m_load;
    try {
        captured.state = m_head ? m_head : std::make_shared<const State>(m_experiment->capture());
    } catch (const std::exception& error) {
        note(std::string("capture failed: ") + error.what());
        return;
    } catch (...) {
        note("capture failed: an exception of unknown type");
        return;
    }
    const std::lock_guard lock(m_box->mutex);
    m_box->captured = std::move(captured);
}

}  // namespace lx
