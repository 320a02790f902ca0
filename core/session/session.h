// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/log.h"
#include "core/session/experiment.h"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace lx {

struct EngineOptions {
    std::size_t ringBytes = std::size_t{256} << 20;  ///< scrub ring of all runs together
    std::chrono::milliseconds publishInterval{16};   ///< shortest time between two snapshots
    std::chrono::milliseconds sliceTime{8};          ///< one round of one run
    LogSink log;
    std::function<void()> onThreadStart;  ///< scheduling priority, FTZ/DAZ
};

struct Captured {
    std::uint64_t ticket = 0;
    std::shared_ptr<const State> state;
    std::array<Index, kClocks> step{};
    cmd::Load load;  ///< family, parameters in force and seed
};

/// One run, as the window and the command line see it. Every member may be called from any thread
/// and returns at once.
class Session {
public:
    virtual ~Session() = default;  ///< the run ends and its memory is freed on the engine thread
    virtual std::uint32_t id() const = 0;
    /// Commands apply in order. A command with a non-empty tag replaces a waiting one with the same
    /// tag, but never moves across another command. After cmd::Step those that depend on the state
    /// (SetParam, Capture, Step) wait for its last step; Pause, Run, Load, Reset, Restore and Scrub
    /// cut it short. A probe takes the place of the earlier one with its tag: that one's work ends,
    /// and its answer stays visible until the new answer arrives.
    virtual void post(Command, std::string_view coalesceTag = {}) = 0;
    /// Applies all of them before the next step. Start clocks that belong together this way: posted
    /// one by one, the first could gain a few steps by chance.
    virtual void postAll(std::vector<Command> commands) {
        for (Command& command : commands) {
            post(std::move(command));
        }
    }
    /// Latest value wins; never null. Taking it allows the next one.
    virtual std::shared_ptr<const Snapshot> latest() const = 0;
    /// All points since the last call.
    virtual std::vector<SeriesPoint> drainSeries() = 0;
    /// The answer to the latest finished cmd::Capture, once.
    virtual std::optional<Captured> takeCaptured() = 0;
    /// Blocks until every posted command has been applied and no clock runs (command line, tests).
    /// Returns false when `stop` was requested first, then all clocks are paused; or when the
    /// engine ended before everything was applied.
    virtual bool waitIdle(std::stop_token stop = {}) = 0;
    /// What the views asked for is being computed, or is older than the run: a newer snapshot
    /// follows. False when nobody watches the run.
    virtual bool looking() const { return false; }
    /// Description of the loaded run; null before the first Load succeeded.
    virtual std::shared_ptr<const Description> description() const = 0;
    /// Evaluates Experiment::metrics on the engine thread; blocks. Throws what it threw.
    virtual std::map<std::string, double> metrics(Key, std::stop_token = {}) = 0;
    /// Every channel named; blocks (command line, films).
    virtual std::map<std::string, Array> exportChannels(std::vector<std::string> channels,
                                                        std::stop_token = {},
                                                        Detail = Detail::Export) = 0;
    /// Bytes held by the scrub ring of this run, and the steps it can show, oldest first.
    virtual std::pair<std::size_t, std::vector<Index>> ring() const = 0;
};

/// Owns the one engine thread that serves all runs round-robin.
class Engine {
public:
    explicit Engine(std::span<const ExperimentSpec>, EngineOptions = {});
    ~Engine();  ///< stops within one step; sessions that outlive it answer but do nothing
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    std::shared_ptr<Session> open();
    /// Bytes that the scrub rings of all runs may hold from the next round on; what does not fit
    /// any more is thinned out. Any thread.
    void setRingBytes(std::size_t bytes);
    std::size_t ringBytes() const;
    std::span<const ExperimentSpec> specs() const;

private:
    struct Impl;
    std::shared_ptr<Impl> m_impl;
};

}  // namespace lx
