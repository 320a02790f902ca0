// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine thread runs, and the values that cross threads.
#pragma once

#include "core/base/array.h"
#include "core/base/key.h"
#include "core/base/params.h"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace lx {

enum class Clock : std::uint8_t { Train, Sample, Diffuse };
inline constexpr std::size_t kClocks = 3;
enum class RunState : std::uint8_t { Idle, Running, Paused, Failed };

struct Failure {
    std::string where, message;
    Index step = 0;
    ExitCode exitCode = ExitCode::Numerical;
};

/// A named continuous space (data, latent, weights, ...) of dimension `dim`; one sample of it is an
/// array of `sampleShape`.
struct SpaceDecl {
    std::string id;
    Index dim = 0;
    std::vector<Index> sampleShape;
};

/// A channel a view can ask for. Views match by `kind`; resources/docs/channels.md lists the kinds.
struct ChannelDecl {
    std::string id, kind, space, shape, unit;
    Clock clock{};
};

/// A scalar series. Series with the same `axis` share one y axis in the timeline.
struct SeriesDecl {
    std::string id, label, unit, axis;
};

struct Channel {
    std::uint64_t version = 0;  ///< rises when the content changes; unchanged ones share storage
    Array array;
};

struct Snapshot {
    std::uint64_t epoch = 0;     ///< changes on Load, Reset and Restore
    std::uint64_t sequence = 0;  ///< rises with every snapshot of a session
    std::array<Index, kClocks> step{};
    std::array<bool, kClocks> running{};
    std::array<double, kClocks> stepsPerSecond{};
    RunState state = RunState::Idle;
    std::optional<Failure> failure;
    std::map<std::string, Channel, std::less<>> channels;
    bool scrubbed = false;              ///< channels and `step` show a past state of the ring
    std::array<Index, kClocks> head{};  ///< where the run itself stands; `step` unless scrubbed
    std::string note;                   ///< latest request refused and why, or what the run tells
    std::uint64_t notes = 0;            ///< how many there were so far
};

struct SeriesPoint {
    std::uint32_t source = 0;  ///< the session
    std::uint32_t series = 0;  ///< index into Description::series
    Clock clock{};
    Index step = 0;
    double value = 0;
};

/// Receives the scalars of a run; nothing that enters is lost.
class SeriesSink {
public:
    virtual ~SeriesSink() = default;
    virtual void add(std::uint32_t series, Clock, Index step, double value) = 0;
};

/// Collects the channels of one snapshot, or the answer of one probe (names without
/// "probe.<ticket>.").
class SnapshotBuilder {
public:
    virtual ~SnapshotBuilder() = default;
    virtual void set(const std::string& channel, Array) = 0;
};

namespace cmd {
struct Load {
    std::string recipe;  ///< id of the experiment family
    ParamSet params;
    std::uint64_t seed = 0;
};
/// `until` > 0: pause by itself when the clock shows that step.
struct Run {
    Clock clock{};
    Index until = 0;
};
struct Pause {
    Clock clock{};
};
/// Makes `count` steps, then the clock rests; a clock that ran stops running.
/// `phase`: "" for a whole step, else "encoder", "discriminator", ...
struct Step {
    Clock clock{};
    Index count = 1;
    std::string phase;
};
/// 0: as fast as possible.
struct Speed {
    Clock clock{};
    double stepsPerSecond = 0;
};
/// Shows the state the ring holds nearest to `step`; a step at or past the head leaves scrubbing.
/// All clocks pause. After a failure the state shown becomes the head: the way back to good
/// numbers.
struct Scrub {
    Clock clock{};
    Index step = 0;
};
/// Weights and clocks only, or parameters too; all clocks pause.
struct Reset {
    bool parameters = false;
};
struct Restore {
    std::shared_ptr<const State> state;
};
struct SetParam {
    std::string id;
    ParamValue value;
};
/// The channels that the visible views need; replaces the previous list.
struct Observe {
    std::vector<std::string> channels;
    bool hidden =
        false;  ///< nobody looks for the moment: what was shown stays, nothing is computed
};
/// A question to the model; the answer arrives as channels "probe.<ticket>.*".
struct Probe {
    std::uint64_t ticket = 0;
    std::string kind;
    ParamSet args;
    State arrays;
};
struct Cancel {
    std::uint64_t ticket = 0;
};
/// Asks for State; Session::takeCaptured returns it.
struct Capture {
    std::uint64_t ticket = 0;
};
}  // namespace cmd

using Command =
    std::variant<cmd::Load, cmd::Run, cmd::Pause, cmd::Step, cmd::Speed, cmd::Scrub, cmd::Reset,
                 cmd::Restore, cmd::SetParam, cmd::Observe, cmd::Probe, cmd::Cancel, cmd::Capture>;

struct Budget {
    Index maxSteps = 1;
    std::chrono::microseconds maxTime{};  ///< zero: no limit
};

/// Resumable work that shares the engine loop. `advance` returns true when it has finished.
class Task {
public:
    virtual ~Task() = default;
    virtual bool advance(Budget, std::stop_token, SnapshotBuilder&) = 0;
};

enum class Detail : std::uint8_t { Screen, Export };

/// One run of a model. Lives only on the engine thread. Any exception ends the run as a Failure;
/// a quantity that is no longer finite is a NumericalError.
class Experiment {
public:
    virtual ~Experiment() = default;
    /// Makes at most `maxSteps` steps, at least one; stops early on time or request.
    virtual void advance(Clock, Budget, std::stop_token, SeriesSink&) = 0;
    virtual Index step(Clock) const = 0;
    /// The last advance() ended without a whole step and will go on where it was: one step takes
    /// longer than the time it had, or there is nothing new to read.
    virtual bool waiting() const noexcept { return false; }
    /// Rises when observe() would show something else although no step was made: a probe moved the
    /// state, or a thread of the experiment's own has a result.
    virtual std::uint64_t news() const noexcept { return 0; }
    /// What a person should know of the steps just made, told once; empty: nothing.
    virtual std::string takeNote() { return {}; }
    /// Such a thread is at work: the run asks for news() 20 times a second, even at rest.
    virtual bool working() const noexcept { return false; }
    /// Makes one part of a step. Throws UsageError when the run has no phase of that name; that
    /// refuses the request and leaves the run as it was.
    virtual void advancePhase(Clock, const std::string& phase, std::stop_token, SeriesSink&) {
        throw UsageError("this run has no phase '" + phase + "' to step");
    }
    /// Told when the last clock has come to rest, and when one runs again.
    virtual void rest(bool) {}
    /// A live parameter, already checked against its declaration.
    virtual void set(const cmd::SetParam&) = 0;
    /// Null when the kind is unknown.
    virtual std::unique_ptr<Task> probe(const cmd::Probe&) = 0;
    virtual std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const = 0;
    virtual State capture() const = 0;
    /// Throws UsageError when an array is missing or has another shape; then nothing has changed.
    virtual void restore(const State&) = 0;
    /// Numbers for the recipe's checks.
    virtual std::map<std::string, double> metrics(Key, std::stop_token) const = 0;
};

/// Depends on the chosen parts.
struct Description {
    std::vector<ParamDecl> params;
    std::vector<SpaceDecl> spaces;
    std::vector<ChannelDecl> channels;
    std::vector<SeriesDecl> series;
    std::vector<std::string> views;
    std::vector<std::string> classNames;  ///< text of each value of the "labels" channel
    std::vector<Clock> clocks{Clock::Train};
    /// Length of the run on the first clock when the parameters say it; 0: the recipe's number.
    Index steps = 0;
    /// Speed the window starts with on the first clock, steps/s; 0: as fast as possible.
    double pace = 0;
    /// Why nobody can step its clocks from here ("The draws come from files: ..."); empty: one can.
    std::string fixed;
};

struct ExperimentSpec {
    std::string id, title, reference;
    /// `given` may be incomplete: missing choices take their defaults. Throws UsageError on an
    /// unknown part.
    std::function<Description(const ParamSet& given)> describe;
    /// `params` is complete (resolve() of the description's declarations).
    std::function<std::unique_ptr<Experiment>(const ParamSet& params, Key)> make;
};

}  // namespace lx
