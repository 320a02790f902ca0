// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/headless_run.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <ostream>
#include <thread>

namespace lx::cli {
namespace {

constexpr auto kDrainInterval = std::chrono::milliseconds(100);

/// The failure of a run as the error it was.
struct RunError : Error {
    explicit RunError(const Failure& failure) : Error(failure.message), code(failure.exitCode) {}
    ExitCode exitCode() const noexcept override { return code; }
    ExitCode code;
};

std::string duration(double seconds) {
    const auto whole = static_cast<long>(std::ceil(seconds));
    return whole < 120 ? std::to_string(whole) + " s"
                       : std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

Array pathArray(const std::filesystem::path& path) {
    const std::string text = path.string();
    return {
        DType::U8, {static_cast<Index>(text.size())}, std::as_bytes(std::span<const char>(text))};
}

/// The parameters of a resumed run are those it was saved with; only live ones may change.
ParamSet mergeLive(const SessionDocument& saved, const ExperimentSpec& spec,
                   std::span<const std::string> overrides) {
    const Description description = spec.describe(saved.load.params);
    ParamSet params = resolve(description.params, saved.load.params);
    for (const auto& text : overrides) {
        const auto equals = text.find('=');
        const std::string id = text.substr(0, equals);
        const ParamDecl* decl = find(description.params, id);
        if (equals == std::string::npos || decl == nullptr) {
            throw UsageError("'" + text + "' does not set a parameter of the resumed run");
        }
        const ParamValue value = parse(*decl, text.substr(equals + 1));
        if (!decl->live && value != params[id]) {
            throw UsageError("parameter '" + id +
                             "' cannot change within a run; start a new one without --resume");
        }
        params[id] = value;
    }
    return params;
}

}  // namespace

HeadlessRun::HeadlessRun(const Host& host, Recipe recipe, const HeadlessOptions& options)
    : m_host(host), m_recipe(std::move(recipe)) {
    // The file is judged before the engine is loaded, so that a bad one is reported at once.
    std::optional<SessionFile> saved;
    if (!options.resume.empty()) {
        saved = loadSession(options.resume);
        if (saved->document.recipe != m_recipe.id) {
            throw UsageError("'" + options.resume + "' is a session of the recipe '" +
                             saved->document.recipe + "', not of '" + m_recipe.id + "'");
        }
        if (options.seed && *options.seed != saved->document.load.seed) {
            throw UsageError("--seed: the resumed run has the seed " +
                             std::to_string(saved->document.load.seed));
        }
    }
    const EngineTable& table = host.engine();
    m_device = options.device == "auto" ? table.devices().front() : options.device;
    m_threads = options.threads > 0 ? options.threads : availableCores();
    table.setThreads(m_threads);
    table.setDevice(m_device);

    const ExperimentSpec& spec = familyOf(m_recipe, table.experiments);
    m_load = {
        .recipe = m_recipe.family, .params = {}, .seed = options.seed.value_or(m_recipe.seed)};
    if (saved) {
        m_load.params = mergeLive(saved->document, spec, options.set);
        m_load.seed = saved->document.load.seed;
    } else {
        m_load.params = prepare(m_recipe, spec, options.set).params;
    }
    const Index steps = spec.describe(m_load.params).steps;
    m_last = options.steps.value_or(steps > 0 ? steps : m_recipe.steps);

    EngineOptions engineOptions;
    engineOptions.ringBytes = 0;  // nobody scrubs
    engineOptions.sliceTime = std::chrono::milliseconds(100);
    engineOptions.log = host.log;
    engineOptions.onThreadStart = [] { prepareEngineThread(false); };
    m_engine = std::make_unique<Engine>(table.experiments, engineOptions);
    m_session = m_engine->open();
    m_session->post(m_load);
    if (saved) {
        m_session->post(cmd::Restore{saved->state});
    }
    m_session->waitIdle(host.interrupt);
    throwFailure();
    m_description = m_session->description();
    if (!m_description) {
        throw Error("the recipe '" + m_recipe.id + "' could not be loaded");
    }
    m_first = step();
    if (m_first > m_last) {
        throw UsageError("--steps: the resumed run already stands at step " +
                         std::to_string(m_first) + ", beyond " + std::to_string(m_last));
    }
}

Index HeadlessRun::step() const {
    return m_session->latest()->step[static_cast<std::size_t>(m_recipe.clock)];
}

void HeadlessRun::throwFailure() const {
    if (const auto failure = m_session->latest()->failure) {
        throw RunError(*failure);
    }
}

/// Whether the run answers such probes at all.
bool HeadlessRun::ask(cmd::Probe probe) const {
    const std::string at = "probe." + std::to_string(probe.ticket) + ".";
    m_session->post(probe);
    m_session->waitIdle();
    const auto snapshot = m_session->latest();
    if (const auto error = snapshot->channels.find(at + "error");
        error != snapshot->channels.end()) {
        const auto bytes = error->second.array.values<std::uint8_t>();
        const std::string text(bytes.begin(), bytes.end());
        if (text.find("answers no probe of kind") != std::string::npos) {
            return false;
        }
        throw Error(text);
    }
    m_session->post(cmd::Cancel{probe.ticket});
    return true;
}

bool HeadlessRun::recordChains(const std::filesystem::path& file) {
    const auto& channels = m_description->channels;
    if (std::ranges::find(channels, "chains", &ChannelDecl::kind) == channels.end()) {
        return false;
    }
    return ask({1, "record", {}, {{"path", pathArray(file)}}});
}

void HeadlessRun::finishChains(const std::filesystem::path& folder) {
    ask({2, "record", {}, {{"folder", pathArray(folder)}}});
}

bool HeadlessRun::advance(const SeriesConsumer& consume) {
    const auto start = std::chrono::steady_clock::now();
    bool finished = true;
    if (m_first < m_last) {
        m_session->post(cmd::Run{m_recipe.clock, m_last});
        std::jthread drain([&](std::stop_token stop) {
            std::mutex mutex;
            std::condition_variable_any wake;
            std::unique_lock lock(mutex);
            double loss = std::nan("");
            while (!stop.stop_requested()) {
                wake.wait_for(lock, stop, kDrainInterval, [] { return false; });
                const auto points = m_session->drainSeries();
                consume(points);
                for (const auto& point : points) {
                    loss = point.series == 0 ? point.value : loss;
                }
                showProgress(start, loss, false);
            }
        });
        finished = m_session->waitIdle(m_host.interrupt);
    }
    m_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    consume(m_session->drainSeries());
    showProgress(start, std::nan(""), true);
    throwFailure();
    return finished && step() >= m_last;
}

void HeadlessRun::showProgress(std::chrono::steady_clock::time_point start, double loss,
                               bool last) const {
    if (!m_host.terminal) {
        return;
    }
    if (last) {
        m_host.err << "\r\033[K" << std::flush;
        return;
    }
    const Index now = step();
    const double share = static_cast<double>(now) / static_cast<double>(std::max<Index>(m_last, 1));
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double rate = static_cast<double>(now - m_first) / elapsed;
    std::string line = "\r\033[K[";
    for (int i = 0; i < 30; ++i) {
        line += i < static_cast<int>(share * 30) ? '#' : ' ';
    }
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, "] %lld/%lld  %.0f steps/s", static_cast<long long>(now),
                  static_cast<long long>(m_last), rate);
    line += numbers;
    if (rate > 0) {
        line += "  " + duration(static_cast<double>(m_last - now) / rate) + " left";
    }
    if (std::isfinite(loss) && !m_description->series.empty()) {
        std::snprintf(numbers, sizeof numbers, "  %s %.5g", m_description->series[0].label.c_str(),
                      loss);
        line += numbers;
    }
    m_host.err << line << std::flush;
}

SessionDocument HeadlessRun::document() const {
    SessionDocument document;
    document.recipe = m_recipe.id;
    document.title = m_recipe.title;
    document.load = m_load;
    document.step = m_session->latest()->step;
    document.versions = m_host.versions();
    return document;
}

std::shared_ptr<const State> HeadlessRun::capture() const {
    m_session->post(cmd::Capture{1});
    m_session->waitIdle();
    throwFailure();
    const auto captured = m_session->takeCaptured();
    if (!captured) {
        throw Error("the engine did not hand out the state of the run");
    }
    return captured->state;
}

}  // namespace lx::cli
