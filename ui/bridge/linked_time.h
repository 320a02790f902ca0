// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/session.h"

#include <QObject>

#include <cstdint>
#include <optional>

namespace lx::ui {

class SessionBridge;
struct Frame;

/// Keeps the active run and the one it is compared with at the same step. Commands about time go to
/// both; a run that falls behind is waited for; a pair that rests apart is brought together by
/// running the one behind up to the other's step. Both live on the one engine thread, so nothing
/// here waits.
class LinkedTime : public QObject {
    Q_OBJECT
public:
    explicit LinkedTime(SessionBridge&);

    void setEnabled(bool);
    bool enabled() const { return m_enabled; }
    /// Together means: equally many gradients, as far as whole steps allow, instead of equal steps.
    /// Steps count where a run names no gradients.
    void setByGradients(bool);
    bool byGradients() const { return m_byGradients; }
    /// Sends the other run what concerns both: Run, Pause, Step, Speed, Scrub and Reset.
    void mirror(const Command&);
    /// The runs rest at different steps, and one is under way to the other.
    bool catchingUp() const { return m_phase != Phase::Together; }
    /// Looks at the newest frames.
    void follow();
    /// Forgets what is under way: other runs are compared.
    void restart();

private:
    enum class Phase : std::uint8_t {
        Together,
        Stopping,   ///< `m_leader` was told to pause
        CatchingUp  ///< `m_chaser` runs to `m_target`
    };
    struct Side {
        std::uint32_t source = 0;
        Index step = 0;
        bool running = false;
        double rate = 0;
        double perStep = 1;  ///< gradients of a step, or 1 where steps are counted
        double cost() const { return static_cast<double>(step) * perStep; }
    };
    std::optional<Side> side(const Frame*) const;
    Clock clock() const;
    void goOn();
    void catchUp(const Side& behind, const Side& ahead);

    SessionBridge& m_bridge;
    bool m_enabled = true, m_byGradients = false;
    bool m_hold = false;  ///< a person stopped the one that was catching up, or loaded it anew
    Phase m_phase = Phase::Together;
    std::uint32_t m_leader = 0, m_chaser = 0;
    Index m_target = 0;
    std::optional<cmd::Run> m_wanted;  ///< what both shall do when they are together again
};

}  // namespace lx::ui
