// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/linked_time.h"

#include "ui/bridge/session_bridge.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// Two running runs may be apart by so many steps, or by what one makes in this time.
constexpr double kApartSteps = 64, kApartSeconds = 0.5;

/// False only where both runs have said what they are: a run that still loads may be like the
/// other one.
bool haveACommonClock(const Frame* a, const Frame* b) {
    if (!a || !b || !a->description || !b->description) {
        return true;
    }
    const auto &one = a->description->clocks, &other = b->description->clocks;
    return one.empty() || other.empty() || one.front() == other.front();
}

}  // namespace

LinkedTime::LinkedTime(SessionBridge& bridge) : QObject(&bridge), m_bridge(bridge) {}

void LinkedTime::setEnabled(bool on) {
    m_enabled = on;
    restart();
}

void LinkedTime::setByGradients(bool on) {
    m_byGradients = on;
    restart();
}

void LinkedTime::restart() {
    m_phase = Phase::Together;
    m_wanted.reset();
    m_hold = false;
}

Clock LinkedTime::clock() const {
    const Frame* frame = m_bridge.activeFrame();
    return frame && frame->description && !frame->description->clocks.empty()
               ? frame->description->clocks.front()
               : Clock::Train;
}

std::optional<LinkedTime::Side> LinkedTime::side(const Frame* frame) const {
    if (!frame || !frame->description || frame->snapshot->failure || frame->snapshot->scrubbed) {
        return {};
    }
    const auto at = static_cast<std::size_t>(clock());
    const Snapshot& s = *frame->snapshot;
    return Side{frame->source, s.head[at] > 0 ? s.head[at] : s.step[at], s.running[at],
                s.stepsPerSecond[at]};
}

void LinkedTime::mirror(const Command& command) {
    const std::uint32_t other = m_bridge.compared();
    // Two runs whose clocks differ share no time: one would wait for the other for ever.
    if (!m_enabled || other == kNoRun ||
        !haveACommonClock(m_bridge.activeFrame(), m_bridge.frame(other))) {
        return;
    }
    if (std::holds_alternative<cmd::Load>(command)) {
        m_phase = Phase::Together;
        m_wanted.reset();
        m_hold = true;
    } else if (const auto* run = std::get_if<cmd::Run>(&command)) {
        m_wanted = *run;
        m_hold = false;
        m_phase = Phase::Together;
        m_bridge.postTo(other, command);
    } else if (std::holds_alternative<cmd::Pause>(command)) {
        m_hold = catchingUp();
        m_wanted.reset();
        m_phase = Phase::Together;
        m_bridge.postTo(other, command);
    } else if (std::holds_alternative<cmd::Step>(command) ||
               std::holds_alternative<cmd::Reset>(command)) {
        m_wanted.reset();
        m_phase = Phase::Together;
        m_bridge.postTo(other, command);
    } else if (std::holds_alternative<cmd::Speed>(command)) {
        m_bridge.postTo(other, command);
    } else if (const auto* scrub = std::get_if<cmd::Scrub>(&command)) {
        m_wanted.reset();
        m_phase = Phase::Together;
        cmd::Scrub theirs = *scrub;
        // A step past the head leaves scrubbing: the other one's head may lie elsewhere.
        const auto at = static_cast<std::size_t>(scrub->clock);
        const Frame *mine = m_bridge.activeFrame(), *there = m_bridge.frame(other);
        if (mine && there && scrub->step > mine->snapshot->head[at]) {
            theirs.step = there->snapshot->head[at] + 1;
        }
        m_bridge.postTo(other, theirs, "scrub");
    }
}

void LinkedTime::catchUp(const Side& behind, const Side& ahead) {
    m_phase = Phase::CatchingUp;
    m_chaser = behind.source;
    m_target = behind.step +
               static_cast<Index>(std::floor((ahead.cost() - behind.cost()) / behind.perStep));
    m_bridge.postTo(behind.source, cmd::Run{clock(), m_target});
}

void LinkedTime::goOn() {
    m_phase = Phase::Together;
    if (m_wanted) {
        m_bridge.postTo(m_bridge.active(), *m_wanted);
        m_bridge.postTo(m_bridge.compared(), *m_wanted);
    }
}

void LinkedTime::follow() {
    if (!m_enabled || m_bridge.compared() == kNoRun ||
        !haveACommonClock(m_bridge.activeFrame(), m_bridge.frame(m_bridge.compared()))) {
        return;
    }
    auto a = side(m_bridge.activeFrame()), b = side(m_bridge.frame(m_bridge.compared()));
    if (!a || !b) {
        return;
    }
    if (m_byGradients) {
        const auto one = m_bridge.perStep(a->source, "gradients");
        const auto other = m_bridge.perStep(b->source, "gradients");
        if (one.value_or(0) > 0 && other.value_or(0) > 0) {
            a->perStep = *one;
            b->perStep = *other;
        }
    }
    const Side& ahead = a->cost() >= b->cost() ? *a : *b;
    const Side& behind = a->cost() >= b->cost() ? *b : *a;
    const double apart = ahead.cost() - behind.cost(), step = std::max(a->perStep, b->perStep);
    switch (m_phase) {
        case Phase::Together:
            if (ahead.running &&
                apart > std::max(kApartSteps * step, kApartSeconds * ahead.rate * ahead.perStep)) {
                m_phase = Phase::Stopping;
                m_leader = ahead.source;
                m_bridge.postTo(ahead.source, cmd::Pause{clock()});
            } else if (!ahead.running && !behind.running && apart >= behind.perStep && !m_hold) {
                catchUp(behind, ahead);
            }
            break;
        case Phase::Stopping: {
            const Side& leader = a->source == m_leader ? *a : *b;
            const Side& other = a->source == m_leader ? *b : *a;
            if (!leader.running) {
                // What it did on the way may have turned the order.
                if (leader.cost() - other.cost() >= other.perStep) {
                    catchUp(other, leader);
                } else {
                    goOn();
                }
            }
            break;
        }
        case Phase::CatchingUp: {
            const Side& chaser = a->source == m_chaser ? *a : *b;
            if (chaser.step == m_target && !a->running && !b->running) {
                goOn();
            } else if (chaser.step > m_target) {
                // It was past the other's step before the command reached it.
                m_phase = Phase::Stopping;
                m_leader = chaser.source;
                m_bridge.postTo(chaser.source, cmd::Pause{clock()});
            }
            break;
        }
    }
}

}  // namespace lx::ui
