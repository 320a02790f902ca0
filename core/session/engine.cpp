// SPDX-License-Identifier: GPL-3.0-or-later
// The engine thread, and the session as others hold it.
#include "core/session/run.h"
#include "core/session/session.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

namespace lx {
namespace {

/// A job with a place to wait for it.
template <class Result>
class WaitedJob : public Job {
public:
    using Body = std::function<Result(Experiment&, std::stop_token)>;
    WaitedJob(Body body, std::stop_token stop) : m_body(std::move(body)), m_stop(std::move(stop)) {}

    void run(Experiment* experiment, std::stop_token engineStops) noexcept override {
        std::stop_source either;
        const auto forward = [&either] { either.request_stop(); };
        const std::stop_callback byCaller(m_stop, forward);
        const std::stop_callback byEngine(std::move(engineStops), forward);
        try {
            if (experiment == nullptr) {
                throw UsageError("no run is loaded");
            }
            finish(m_body(*experiment, either.get_token()), nullptr);
        } catch (...) {
            finish({}, std::current_exception());
        }
    }
    void abandon() noexcept override {
        finish({}, std::make_exception_ptr(UsageError("the engine has stopped")));
    }
    Result wait() {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_done; });
        if (m_error) {
            std::rethrow_exception(m_error);
        }
        return std::move(m_result);
    }

private:
    void finish(Result result, std::exception_ptr error) noexcept {
        const std::lock_guard lock(m_mutex);
        m_result = std::move(result);
        m_error = std::move(error);
        m_done = true;
        m_changed.notify_all();
    }

    Body m_body;
    std::stop_token m_stop;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    Result m_result;
    std::exception_ptr m_error;
    bool m_done = false;
};

class MapBuilder : public SnapshotBuilder {
public:
    void set(const std::string& channel, Array array) override {
        arrays[channel] = std::move(array);
    }
    std::map<std::string, Array> arrays;
};

std::map<std::string, Array> exported(Experiment& experiment, const Description* description,
                                      const std::vector<std::string>& channels, Detail detail,
                                      std::stop_token stop) {
    std::vector<std::string> known;
    for (const auto& decl : description->channels) {
        known.push_back(decl.id);
    }
    for (const auto& id : channels) {
        if (std::ranges::find(known, id) == known.end()) {
            const std::string near = nearest(id, known);
            throw UsageError("unknown channel '" + id + "'" +
                             (near.empty() ? "" : "; the nearest known one is '" + near + "'"));
        }
    }
    MapBuilder builder;
    const auto task = experiment.observe(channels, detail);
    constexpr Budget kNoLimit{std::numeric_limits<Index>::max(), {}};
    while (task && !stop.stop_requested() && !task->advance(kNoLimit, stop, builder)) {
    }
    return std::move(builder.arrays);
}

class SessionHandle : public Session {
public:
    SessionHandle(std::shared_ptr<Mailbox> box, std::shared_ptr<Pulse> pulse)
        : m_box(std::move(box)), m_pulse(std::move(pulse)) {}
    ~SessionHandle() override {
        {
            const std::lock_guard lock(m_box->mutex);
            m_box->closed = true;
        }
        m_pulse->interrupt();
    }

    std::uint32_t id() const override { return m_box->id; }

    void post(Command command, std::string_view coalesceTag) override {
        std::vector<Request> one;
        one.push_back({std::move(command), std::string(coalesceTag), nullptr});
        push(std::move(one));
    }

    void postAll(std::vector<Command> commands) override {
        std::vector<Request> requests;
        for (Command& command : commands) {
            requests.push_back({std::move(command), {}, nullptr});
        }
        push(std::move(requests));
    }

    std::shared_ptr<const Snapshot> latest() const override {
        bool firstTake = false;
        auto snapshot = m_box->slot.take(firstTake);
        if (firstTake) {
            m_pulse->wake();
        }
        return snapshot;
    }

    std::vector<SeriesPoint> drainSeries() override { return m_box->series.drain(); }

    std::optional<Captured> takeCaptured() override {
        const std::lock_guard lock(m_box->mutex);
        return std::exchange(m_box->captured, std::nullopt);
    }

    bool waitIdle(std::stop_token stop) override {
        std::unique_lock lock(m_box->mutex);
        const auto idle = [this] {
            return m_box->ended || (m_box->applied == m_box->posted && !m_box->moving);
        };
        if (m_box->idleChanged.wait(lock, stop, idle)) {
            return m_box->applied == m_box->posted;
        }
        lock.unlock();
        postAll({cmd::Pause{Clock::Train}, cmd::Pause{Clock::Sample}, cmd::Pause{Clock::Diffuse}});
        lock.lock();
        m_box->idleChanged.wait(lock, idle);
        return false;
    }

    bool looking() const override {
        const std::lock_guard lock(m_box->mutex);
        return m_box->looking;
    }

    std::shared_ptr<const Description> description() const override {
        const std::lock_guard lock(m_box->mutex);
        return m_box->description;
    }

    std::map<std::string, double> metrics(Key key, std::stop_token stop) override {
        return waited<std::map<std::string, double>>(
            [key](Experiment& experiment, std::stop_token either) {
                return experiment.metrics(key, either);
            },
            stop);
    }

    std::map<std::string, Array> exportChannels(std::vector<std::string> channels,
                                                std::stop_token stop, Detail detail) override {
        return waited<std::map<std::string, Array>>(
            [this, channels = std::move(channels), detail](Experiment& experiment,
                                                           std::stop_token either) {
                return exported(experiment, description().get(), channels, detail, either);
            },
            stop);
    }

    std::pair<std::size_t, std::vector<Index>> ring() const override {
        const std::lock_guard lock(m_box->mutex);
        return {m_box->ringBytes, m_box->ringSteps};
    }

private:
    void push(std::vector<Request> requests) {
        {
            const std::lock_guard lock(m_box->mutex);
            if (!m_box->ended) {
                m_box->posted += requests.size();
                for (Request& request : requests) {
                    m_box->queue.push(std::move(request));
                }
                requests.clear();
            }
        }
        for (const Request& refused : requests) {
            if (refused.job) {
                refused.job->abandon();
            }
        }
        m_pulse->interrupt();
    }

    template <class Result>
    Result waited(typename WaitedJob<Result>::Body body, std::stop_token stop) {
        const auto job = std::make_shared<WaitedJob<Result>>(std::move(body), std::move(stop));
        push({Request{{}, {}, job}});
        return job->wait();
    }

    std::shared_ptr<Mailbox> m_box;
    std::shared_ptr<Pulse> m_pulse;
};

}  // namespace

struct Engine::Impl {
    std::vector<ExperimentSpec> specs;
    EngineOptions options;
    std::atomic<std::size_t> ringBytes = 0;
    std::shared_ptr<Pulse> pulse = std::make_shared<Pulse>();
    std::mutex mutex;
    std::vector<std::shared_ptr<Mailbox>> arrivals;
    std::uint32_t opened = 0;
    std::thread thread;

    void main();
    void admit(std::vector<std::unique_ptr<Run>>& runs);
    void favour(std::span<const std::unique_ptr<Run>> runs, Time::duration spent);
};

void Engine::Impl::admit(std::vector<std::unique_ptr<Run>>& runs) {
    std::vector<std::shared_ptr<Mailbox>> fresh;
    {
        const std::lock_guard lock(mutex);
        fresh.swap(arrivals);
    }
    for (auto& box : fresh) {
        runs.push_back(
            std::make_unique<Run>(std::move(box), RunContext{specs, &options, pulse.get()}));
    }
    std::erase_if(runs, [](const std::unique_ptr<Run>& run) {
        const std::lock_guard lock(run->box()->mutex);
        return run->box()->closed;
    });
}

/// Gives the runs that are looked at as much time as `spent` on all others in this round: slow
/// steps in the background must not keep a person from seeing what is in front.
void Engine::Impl::favour(std::span<const std::unique_ptr<Run>> runs, Time::duration spent) {
    const Time end = std::chrono::steady_clock::now() + spent;
    bool busy = spent.count() > 0;
    while (busy) {
        busy = false;
        for (const auto& run : runs) {
            if (std::chrono::steady_clock::now() >= end || pulse->slice().stop_requested()) {
                return;
            }
            const auto next = run->watched() ? run->nextDue() : std::nullopt;
            if (next && *next <= std::chrono::steady_clock::now()) {
                run->round(ringBytes / runs.size());
                busy = true;
            }
        }
    }
}

void Engine::Impl::main() {
    try {
        if (options.onThreadStart) {
            options.onThreadStart();
        }
    } catch (const std::exception& error) {
        if (options.log) {
            options.log(LogLevel::Warning, std::string("engine thread: ") + error.what());
        }
    }
    std::vector<std::unique_ptr<Run>> runs;
    while (!pulse->stopping()) {
        pulse->beginRound();
        admit(runs);
        Time::duration inTheBackground{};
        for (const auto& run : runs) {
            const Time start = std::chrono::steady_clock::now();
            run->round(ringBytes / runs.size());
            if (!run->watched()) {
                inTheBackground += std::chrono::steady_clock::now() - start;
            }
        }
        favour(runs, inTheBackground);
        std::optional<Time> due;
        for (const auto& run : runs) {
            if (const auto next = run->nextDue()) {
                due = due ? std::min(*due, *next) : next;
            }
        }
        if (!due || *due > std::chrono::steady_clock::now()) {
            pulse->wait(due);
        }
    }
    admit(runs);
    for (const auto& run : runs) {
        run->end();
    }
}

Engine::Engine(std::span<const ExperimentSpec> specs, EngineOptions options)
    : m_impl(std::make_shared<Impl>()) {
    m_impl->specs.assign(specs.begin(), specs.end());
    m_impl->options = std::move(options);
    m_impl->ringBytes = m_impl->options.ringBytes;
    m_impl->thread = std::thread([impl = m_impl.get()] { impl->main(); });
}

Engine::~Engine() {
    m_impl->pulse->stop();
    m_impl->thread.join();
}

std::shared_ptr<Session> Engine::open() {
    std::shared_ptr<Mailbox> box;
    {
        const std::lock_guard lock(m_impl->mutex);
        box = std::make_shared<Mailbox>(m_impl->opened++);
        m_impl->arrivals.push_back(box);
    }
    m_impl->pulse->wake();
    return std::make_shared<SessionHandle>(std::move(box), m_impl->pulse);
}

void Engine::setRingBytes(std::size_t bytes) {
    m_impl->ringBytes = bytes;
    m_impl->pulse->wake();
}

std::size_t Engine::ringBytes() const {
    return m_impl->ringBytes;
}

std::span<const ExperimentSpec> Engine::specs() const {
    return m_impl->specs;
}

}  // namespace lx
