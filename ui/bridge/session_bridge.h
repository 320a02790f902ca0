// SPDX-License-Identifier: GPL-3.0-or-later
// The GUI thread's side of the sessions: polls at display rate, hands out immutable snapshots,
// posts commands. Everything here returns at once.
#pragma once

#include "core/session/session.h"
#include "ui/bridge/chain_focus.h"
#include "ui/bridge/explore_state.h"
#include "ui/bridge/series_table.h"

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>
#include <QStringList>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lx::render {
class Renderer;
}

namespace lx::ui {

/// No session has this id; theirs count from 0.
inline constexpr std::uint32_t kNoRun = 0xFFFFFFFFU;

/// One run as the views see it. `snapshot` is never null; `description` is null before the first
/// Load was applied.
struct Frame {
    std::uint32_t source = 0;
    QString name;
    std::shared_ptr<const Snapshot> snapshot;
    std::shared_ptr<const Description> description;
};

/// A word on the timeline ("learning rate 1e-3 to 3e-4").
struct TimelineEvent {
    std::uint32_t source = 0;
    Clock clock{};
    Index step = 0;
    QString text;
};

/// The array of a channel of this frame, or null.
const Array* channel(const Frame&, std::string_view id);
/// Its version; 0 when absent.
std::uint64_t channelVersion(const Frame&, std::string_view id);
/// The declarations of that kind, in order.
std::vector<const ChannelDecl*> channelsOfKind(const Frame&, std::string_view kind);
/// Dimension of a space; 0 when it is not declared.
Index spaceDim(const Frame&, std::string_view space);

class LinkedTime;

class SessionBridge : public QObject {
    Q_OBJECT
public:
    using RendererFactory = std::function<std::shared_ptr<render::Renderer>()>;

    explicit SessionBridge(QObject* parent = nullptr);
    ~SessionBridge() override;

    // Runs. The active one receives the commands and is the first frame.
    void addRun(std::shared_ptr<Session>, const QString& name);
    void removeRun(std::uint32_t source);
    void setActive(std::uint32_t source);
    std::uint32_t active() const { return m_active; }  ///< kNoRun: none
    Session* session(std::uint32_t source) const;
    std::shared_ptr<Session> sharedSession(std::uint32_t source) const;
    std::span<const Frame> frames() const { return m_frames; }
    const Frame* activeFrame() const { return m_frames.empty() ? nullptr : &m_frames.front(); }
    const Frame* frame(std::uint32_t source) const;

    /// The run shown beside the active one; kNoRun: none. When it becomes the active one, both
    /// change places.
    std::uint32_t compared() const { return m_compared; }
    void setCompared(std::uint32_t source);
    LinkedTime& linkedTime() { return *m_linkedTime; }

    // Commands to the active run (those about time also to the one it is compared with), or to one
    // run.
    void post(Command, std::string_view coalesceTag = {});
    void postTo(std::uint32_t source, Command, std::string_view coalesceTag = {});

    /// Asks the active run. The answer arrives as probeAnswered(ticket) and answer(ticket). A probe
    /// with a tag replaces a waiting one with that tag. See LatestProbe for questions that follow
    /// the hand.
    std::uint64_t probe(std::string kind, ParamSet args, State arrays,
                        std::string_view coalesceTag = {});
    std::uint64_t probeOf(std::uint32_t source, std::string kind, ParamSet args, State arrays,
                          std::string_view coalesceTag = {});
    void cancel(std::uint64_t ticket);
    /// A question is not answered in full yet.
    bool waiting() const { return !m_pending.empty(); }
    /// The arrays of the answer by their short names ("x", "logp"); empty while there is none.
    State answer(std::uint64_t ticket) const;
    /// A view would have a parameter of the active run changed; who keeps the parameters does it,
    /// so that forms, files and undo know of it: a live one at once, others wait in the form.
    void wish(const std::string& id, const ParamValue& value) { Q_EMIT wished(id, value); }
    /// Edits of the active run that wait for Apply, as the form holds them.
    const ParamSet& pending() const { return m_pendingEdits; }
    void setPending(const ParamSet& edits) {
        if (edits != m_pendingEdits) {
            m_pendingEdits = edits;
            Q_EMIT pendingChanged();
        }
    }

    /// Which channels `viewer` shows now; the union over all viewers is observed. An empty list (a
    /// hidden view) withdraws; a deleted viewer withdraws by itself.
    void observe(QObject* viewer, const QStringList& channels);

    /// The series of all runs so far; it lives as long as the bridge.
    const SeriesTable& series() const { return m_series; }
    /// Latest value of the series with that id; none before its first point.
    std::optional<double> lastValue(std::uint32_t source, std::string_view series) const;
    /// That value by the steps it took: of a series that counts something up from zero.
    std::optional<double> perStep(std::uint32_t source, std::string_view series) const;
    /// The bound in nats: the held-out one where it is measured, else minus the loss.
    std::optional<double> bound(std::uint32_t source) const;
    void mark(TimelineEvent);
    std::span<const TimelineEvent> events() const { return m_events; }

    ExploreState& explore() { return m_explore; }
    const ExploreState& explore() const { return m_explore; }
    ChainFocus& chains() { return m_chains; }
    /// Answer of the latest `decode` at the probe: "x", "logp", "nearest", "z".
    const State& cursorAnswer() const { return m_cursorAnswer; }

    void setRendererFactory(RendererFactory factory) { m_factory = std::move(factory); }
    /// The one renderer of the window, made at the first use.
    render::Renderer& renderer();

    /// While nothing is visible, only the series are fetched, now and then: a run that goes on
    /// would fill the memory with them.
    void setPaused(bool);
    /// Pictures for a file are taken of the views: they leave nothing out to save time.
    void setUnhurried(bool unhurried) { m_unhurried = unhurried; }
    bool unhurried() const { return m_unhurried; }
    /// Polls at once (tests, export).
    void poll();

Q_SIGNALS:
    void snapshotChanged();  ///< at least one frame is new
    void seriesAppended(const std::vector<lx::SeriesPoint>& points);
    /// Points of `source` at or after `step` are void: the run was reset or rolled back.
    void seriesRewound(std::uint32_t source, lx::Clock clock, lx::Index step);
    void failed(std::uint32_t source, const lx::Failure& failure);
    /// A request was refused, or the run tells something; one sentence.
    void noted(std::uint32_t source, const QString& note);
    void stateChanged(std::uint32_t source);  ///< RunState or the running clocks
    void descriptionChanged(std::uint32_t source);
    void runsChanged();
    void activeChanged();
    void comparedChanged();
    void probeAnswered(std::uint64_t ticket);
    void wished(const std::string& id, const lx::ParamValue& value);
    void pendingChanged();
    void cursorDecoded();  ///< cursorAnswer() is new
    void eventMarked(const lx::ui::TimelineEvent& event);

private:
    struct Run;
    struct Question {
        std::uint64_t ticket = 0;
        std::uint32_t source = 0;
        std::string tag;
    };
    struct Viewer {
        QPointer<QObject> object;
        QStringList channels;
    };
    Run* find(std::uint32_t source) const;
    static std::optional<std::size_t> seriesAt(const Run*, std::string_view series);
    void rebuildFrames();
    bool pollRun(Run&, std::vector<SeriesPoint>& points);
    void drain(Run&, std::vector<SeriesPoint>& points);
    void drainAll();
    void forgetAnswered();
    void appendSeries(Run&, std::span<const SeriesPoint>);
    void rewind(Run&, Clock, Index step);
    void postObserve();
    void askCursor();
    void followTraining();

    std::vector<std::unique_ptr<Run>> m_runs;
    std::vector<Frame> m_frames;
    std::uint32_t m_active = kNoRun, m_compared = kNoRun;
    LinkedTime* m_linkedTime;
    std::uint64_t m_nextTicket = 1;
    std::vector<Question> m_pending;
    std::vector<Viewer> m_viewers;
    std::vector<std::string> m_observed;
    std::vector<TimelineEvent> m_events;
    SeriesTable m_series;
    ExploreState m_explore;
    ChainFocus m_chains;
    State m_cursorAnswer;
    ParamSet m_pendingEdits;
    class LatestProbe* m_cursorProbe = nullptr;
    Index m_cursorStep = -1;
    QElapsedTimer m_cursorClock;
    RendererFactory m_factory;
    std::shared_ptr<render::Renderer> m_renderer;
    QTimer m_timer;
    bool m_paused = false, m_unhurried = false;
};

/// One question in flight, the newest one next: for anything that follows the hand.
class LatestProbe : public QObject {
    Q_OBJECT
public:
    LatestProbe(SessionBridge&, std::string name, QObject* parent);
    void ask(std::string kind, ParamSet args, State arrays);
    /// The run that is asked from now on; at first the active one. Drops what is under way when it
    /// changes.
    void setSource(std::uint32_t source);
    /// Forgets what is under way and what waits.
    void drop();
    bool busy() const { return m_ticket != 0; }

Q_SIGNALS:
    /// Also for each refinement of a progressive answer.
    void answered(const lx::State& answer);

private:
    struct Question {
        std::string kind;
        ParamSet args;
        State arrays;
    };
    void send(Question);

    SessionBridge& m_bridge;
    std::string m_tag;
    std::uint32_t m_source = kNoRun;    ///< none: the active one
    std::uint64_t m_ticket = 0;         ///< under way; 0: none, or overdue
    std::vector<std::uint64_t> m_sent;  ///< the one shown, and those after it
    std::unique_ptr<Question> m_waiting;
    QTimer m_overdue;
};

}  // namespace lx::ui
