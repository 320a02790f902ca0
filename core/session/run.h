// SPDX-License-Identifier: GPL-3.0-or-later
// One run on the engine thread, and the mailbox through which others see it.
#pragma once

#include "core/session/channel_store.h"
#include "core/session/command_queue.h"
#include "core/session/scrub_ring.h"
#include "core/session/session.h"

#include <functional>

namespace lx {

using Time = std::chrono::steady_clock::time_point;

/// Shared by a session and its run; every member is safe from any thread.
struct Mailbox {
    explicit Mailbox(std::uint32_t number) : id(number) {}

    const std::uint32_t id;
    CommandQueue queue;
    SnapshotSlot slot;
    SeriesBuffer series;

    std::mutex mutex;  ///< guards what follows
    std::condition_variable_any idleChanged;
    std::optional<Captured> captured;
    std::shared_ptr<const Description> description;
    std::size_t ringBytes = 0;
    std::vector<Index> ringSteps;
    std::uint64_t posted = 0, applied = 0;
    bool moving = false;   ///< a clock runs or has steps to make
    bool looking = false;  ///< channels are being computed, or wait to be
    bool ended = false;    ///< the engine has stopped
    bool closed = false;   ///< the session was dropped
};

/// What a run shares with the engine loop.
struct RunContext {
    std::span<const ExperimentSpec> specs;
    const EngineOptions* options = nullptr;
    Pulse* pulse = nullptr;
};

/// Lives on the engine thread only. Nothing that an experiment throws leaves a member.
class Run {
public:
    Run(std::shared_ptr<Mailbox> box, RunContext context);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /// Applies what was posted, makes one slice of steps, serves tasks, publishes.
    void round(std::size_t ringLimit);
    /// When the next round has something to do; nullopt: only after a wake-up.
    std::optional<Time> nextDue() const;
    const std::shared_ptr<Mailbox>& box() const { return m_box; }
    /// Somebody looks at its channels.
    bool watched() const { return !m_observed.empty() && !m_hidden; }
    /// The engine stops: answers who waits.
    void end();

private:
    struct ClockState {
        bool running = false;
        Index until = 0;    ///< 0: none
        Index pending = 0;  ///< steps of cmd::Step still to make
        double speed = 0;   ///< steps/s; 0: no limit
        double credit = 1;  ///< steps the limit allows now
        Time refilled{};
        double rate = 0;  ///< smoothed steps/s
        Index ratedStep = 0;
        Time ratedAt{};
    };
    struct ProbeWork {
        cmd::Probe probe;
        std::string tag;
        std::unique_ptr<Task> task;
        bool started = false, finished = false, answered = false;
        std::vector<std::uint64_t> replaces;  ///< tickets that vanish with the first answer
    };

    /// What forces a snapshot when it changes.
    struct Status {
        RunState state{};
        std::uint64_t epoch = 0, notes = 0;
        std::array<bool, kClocks> running{};
        bool scrubbed = false;
        friend bool operator==(const Status&, const Status&) = default;
    };

    // run_commands.cpp
    void applyBacklog();
    void apply(Request&);
    void apply(cmd::Load&);
    void apply(const cmd::Run&);
    void apply(const cmd::Pause&);
    void apply(const cmd::Step&);
    void apply(const cmd::Speed&);
    void apply(const cmd::Scrub&);
    void apply(const cmd::Reset&);
    void apply(const cmd::Restore&);
    void apply(const cmd::SetParam&);
    void apply(cmd::Observe&);
    void apply(const cmd::Cancel&);
    void apply(const cmd::Capture&);
    void addProbe(cmd::Probe, const std::string& tag);
    void unload();
    void beginEpoch(std::shared_ptr<const State> state);
    void leaveScrub();
    void stepPhase(const cmd::Step&);
    void setLive(const ParamSet& values);
    ParamSet liveChanges() const;
    bool usable(const char* request, std::optional<Clock> clock = {});

    // run_clocks.cpp
    void advance();
    void advanceAlone(Clock clock, Time end, std::stop_token stop);
    void advanceTogether(const std::vector<Clock>& clocks, Time end, std::stop_token stop);
    Index stepSome(Clock clock, Index steps, Time end, std::stop_token stop);
    void refill(Time now);
    bool mayStart(const std::vector<Clock>& clocks) const;
    void keepForScrub();
    void pauseAll();
    std::vector<Clock> runningClocks() const;
    std::optional<Clock> steppingClock() const;
    Index perRound(Clock clock) const;
    bool moves() const;
    Time clocksDue() const;
    void updateRates(Time now);

    // run_tasks.cpp
    /// Whether an answer was finished.
    bool serveProbes();
    void serveProbe(ProbeWork& work);
    bool looking() const;
    void serveObserve(Time now);
    void noticeNews();
    void publishWhenDue();
    void publish(Time now);
    Status status() const;
    bool taskWaiting() const;

    void guarded(const std::string& where, const std::function<void()>& body);
    void fail(const std::string& where, const std::string& message, ExitCode code);
    void note(const std::string& text);
    void log(LogLevel level, const std::string& text) const;
    Steps stepsNow() const;
    ClockState& at(Clock clock) { return m_clocks[static_cast<std::size_t>(clock)]; }
    const ClockState& at(Clock clock) const { return m_clocks[static_cast<std::size_t>(clock)]; }

    std::shared_ptr<Mailbox> m_box;
    RunContext m_context;

    // Declared before the tasks: those may point into the experiment and go first.
    std::unique_ptr<Experiment> m_experiment;
    std::shared_ptr<const Description> m_description;
    cmd::Load m_load;       ///< with the complete parameters in force
    ParamSet m_loadParams;  ///< as the run began
    std::shared_ptr<const State> m_initial;

    std::array<ClockState, kClocks> m_clocks{};
    std::vector<Clock> m_together;  ///< clocks of the round that `m_owed` belongs to
    Steps m_owed{};                 ///< steps left of an interrupted round
    Index m_samplePerTrain = 1;

    ScrubRing m_ring;
    bool m_ringBroken = false;
    std::shared_ptr<const State> m_head;  ///< set while scrubbed
    Steps m_headSteps{};
    ParamSet m_setWhileScrubbed;

    std::vector<SeriesPoint> m_points;
    ChannelStore m_channels;
    std::vector<std::string> m_observed;
    bool m_hidden = false;
    std::unique_ptr<Task> m_observeTask;
    bool m_observeDirty = false;
    Time::duration m_observeSpent{};  ///< engine time of the observation under way, or the last
    Time m_observeAgain{};            ///< the next one may begin while a clock runs
    bool m_resting = true;            ///< as the experiment was told
    std::uint64_t m_newsSeen = 0;     ///< Experiment::news() of the last look
    std::string m_observeError;
    std::vector<ProbeWork> m_probes;

    std::uint64_t m_epoch = 0, m_sequence = 0, m_notes = 0;
    std::string m_note;
    std::optional<Failure> m_failure;
    bool m_stepsChanged = false;
    std::optional<Status> m_shown;  ///< what the last snapshot said
    Time m_published{};
    std::deque<Request> m_backlog;  ///< drained, waiting for the steps of cmd::Step
    std::size_t m_nextProbe = 0;
};

}  // namespace lx
