// SPDX-License-Identifier: GPL-3.0-or-later
// Chains made by anyone, under the same channels as our own.
#include "core/base/decls.h"
#include "core/chains/diagnostics_worker.h"
#include "core/chains/file_follower.h"
#include "core/experiments/chains/arrays.h"
#include "core/experiments/chains/channel_list.h"
#include "core/experiments/chains/list_task.h"
#include "core/experiments/chains/result_cache.h"
#include "core/experiments/chains/spec.h"
#include "core/experiments/chains/statistics_channels.h"
#include "core/experiments/chains/tally.h"
#include "core/experiments/chains/verdict_lines.h"
#include "core/io/chain_file.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

namespace lx::chains {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// One path a line.
std::vector<std::filesystem::path> pathsOf(const ParamSet& params) {
    const std::string& list = text(params, "file.paths");
    std::vector<std::filesystem::path> out;
    for (std::size_t from = 0; from < list.size();) {
        const auto end = std::min(list.find('\n', from), list.size());
        if (end > from) {
            out.emplace_back(list.substr(from, end - from));
        }
        from = end + 1;
    }
    if (out.empty()) {
        throw UsageError("file.paths names no file; give the files of the chains, one a line");
    }
    return out;
}

class FileExperiment final : public Experiment {
public:
    explicit FileExperiment(const ParamSet& params)
        : m_paths(pathsOf(params)),
          m_worker({.published = [shared = m_shared] { ++shared->events; }}) {
        FollowOptions options;
        options.changed = [shared = m_shared] { ++shared->events; };
        m_source = openChains(m_paths, options);
        m_following = flag(params, "file.follow") && !m_source->finished();
        if (!m_following && !m_source->finished()) {
            // A look at what is there now is enough.
            m_source = std::make_shared<FileChains>(readChains(m_paths));
        }
        m_worker.setSource(m_source);
    }

    void advance(Clock, Budget budget, std::stop_token stop, SeriesSink&) override {
        // Draws come by themselves; a script that asks for steps waits for them.
        const Index before = seen();
        const auto wait = std::min(budget.maxTime, std::chrono::microseconds(5000));
        const auto end = std::chrono::steady_clock::now() + wait;
        while (!stop.stop_requested() && seen() <= before &&
               std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    Index step(Clock) const override { return seen(); }
    bool waiting() const noexcept override { return true; }
    std::uint64_t news() const noexcept override { return m_shared->events + m_news; }
    bool working() const noexcept override {
        const auto result = m_worker.result();
        settle(result != nullptr);
        return m_following || !result || (result->draws > 0 && !result->exact);
    }
    void set(const cmd::SetParam& change) override {
        throw UsageError("parameter '" + change.id + "' cannot change while the file is open");
    }

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        auto task = std::make_unique<ListTask>();
        if (probe.kind == "variable_list") {
            task->add([this](SnapshotBuilder& out) {
                const ChainView view = m_source->view();
                if (!view.empty()) {
                    out.set("names", textArray(joined(variableNames(view.layout()))));
                }
            });
        } else if (probe.kind == "variables" && probe.arrays.contains("names")) {
            task->add([this, names = textOf(probe.arrays.at("names"))](SnapshotBuilder& out) {
                const ChainView view = m_source->view();
                if (!view.empty()) {
                    m_focus = focusOf(view.layout(), names);
                    m_worker.setFocus(m_focus);
                    out.set("names", textArray(namesOfFocus(view.layout(), m_focus)));
                }
            });
        } else {
            return nullptr;
        }
        return task;
    }

    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        const ChainView view = m_source->view();
        if (!view.empty() && m_generation != view.generation() + 1) {
            m_generation = view.generation() + 1;
            m_focus = firstFocus(view.layout());
            m_worker.setFocus(m_focus);
        }
        auto result = m_worker.result();
        if (detail == Detail::Export && !view.empty()) {
            result = std::make_shared<const DiagnosticsResult>(diagnoseAll(*m_source, {}, m_focus));
        }
        auto task = std::make_unique<ListTask>();
        for (const std::string& channel : channels) {
            task->add([this, channel, view, result, detail](SnapshotBuilder& out) {
                publish(channel, view, result, detail, out);
            });
        }
        return task;
    }

    State capture() const override { return {{"seen", Array({1}, std::vector{seen()})}}; }
    void restore(const State& state) override {
        if (!state.contains("seen")) {
            throw UsageError("the saved state is not one of a file of chains");
        }
    }
    std::map<std::string, double> metrics(Key, std::stop_token) const override {
        const DiagnosticsResult r = diagnoseAll(*m_source);
        std::map<std::string, double> out{{"draws", static_cast<double>(r.draws)},
                                          {"chains", static_cast<double>(r.chains)}};
        double rhat = 0, ess = std::numeric_limits<double>::infinity();
        for (const VariableRow& row : r.rows) {
            if (const double value = row.summary.rhat.known(); !std::isnan(value)) {
                out["rhat_max"] = rhat = std::max(rhat, value);
                out["ess_min"] = ess = std::min(ess, row.summary.essBulk);
            }
        }
        out["converged"] = headlineOf(r.verdict) == "Converged." ? 1 : 0;
        return out;
    }

private:
    /// Counted by other threads.
    struct Shared {
        std::atomic<std::uint64_t> events = 0;
    };

    Index seen() const { return m_source->view().seen(); }

    /// A file that has not grown for a while gets exact numbers.
    void settle(bool ready) const noexcept {
        constexpr auto kStill = std::chrono::seconds(1);
        const auto now = std::chrono::steady_clock::now();
        if (const Index draws = seen(); draws != m_lastSeen) {
            m_lastSeen = draws;
            m_grew = now;
            m_worker.resume();
        } else if (ready && now - m_grew > kStill) {
            m_worker.pause();
        }
    }

    void publish(const std::string& channel, const ChainView& view,
                 const std::shared_ptr<const DiagnosticsResult>& result, Detail detail,
                 SnapshotBuilder& out) const {
        if (channel == "sampler") {
            publishFacts(view, out);
            return;
        }
        if (view.empty()) {
            return;
        }
        const std::uint64_t version = (result ? result->sequence + 1 : 0) * 2;
        if (isStatistics(channel)) {
            if (result && result->generation == view.generation()) {
                const auto make = [&](SnapshotBuilder& to) {
                    publishStatistics(
                        channel, *result,
                        {.divergences = divergences(view), .whole = detail == Detail::Export}, to);
                };
                if (detail == Detail::Export) {
                    make(out);
                } else {
                    m_cache.publish(channel, version, out, make);
                }
            }
        } else if (isDraws(channel)) {
            publishDraws(channel, view, detail, out);
        } else if (channel == "chains_now") {
            publishNow(view, out);
        } else if (channel == "sample_density" || channel == "marginals") {
            const Tally tally = tallyOf(view);
            if (channel == "marginals") {
                const auto axes = std::ssize(tally.axes());
                out.set("marginals", tally.axisDensity());
                out.set("marginals.edges", tally.axisEdges());
                out.set("marginals.names", textArray(tally.axisNames()));
                out.set("marginals.true",
                        floats({axes, Tally::kBins},
                               std::vector<double>(static_cast<std::size_t>(axes * Tally::kBins),
                                                   std::nan(""))));
            } else if (const Array density = tally.planeDensity(); density.defined()) {
                const Box& box = tally.extent();
                out.set("sample_density", density);
                out.set("sample_density.extent",
                        floats({4}, std::vector{box.lower[0], box.lower[1], box.upper[0],
                                                box.upper[1]}));
            }
        }
    }

    void publishFacts(const ChainView& view, SnapshotBuilder& out) const {
        std::vector<std::string> lines{"kernel\t", "title\t" + m_paths.front().filename().string(),
                                       "family\tfile"};
        if (!view.empty()) {
            if (!view.layout().kernel.empty()) {
                lines[0] += view.layout().kernel;
            }
            lines.push_back("dim\t" + std::to_string(view.layout().coordinates()));
            lines.push_back("chains\t" + std::to_string(view.layout().chains));
            lines.push_back("warmup\t" + std::to_string(view.warmup()));
            lines.push_back("draws\t" + std::to_string(view.draws()));
            const std::string note = view.note();
            lines.push_back("kept\t" + (note.empty() ? "all" : note));
        }
        lines.push_back(std::string("phase\t") + (m_following ? "following" : "done"));
        if (const std::string message = m_source->message(); !message.empty()) {
            lines.push_back("note\t" + message);
        }
        for (std::string& line : lines) {
            std::ranges::replace(line, '\n', ' ');
        }
        out.set("sampler", textArray(joined(lines)));
    }

    /// The last draw of every kept chain; one quantity is shown over the index of the chain.
    static void publishNow(const ChainView& view, SnapshotBuilder& out) {
        const Index chains = std::ssize(view.kept()), dim = view.layout().coordinates();
        const Index shown = std::max<Index>(std::min<Index>(dim, 64), 2);
        std::vector<float> values;
        for (Index c = 0; c < chains; ++c) {
            for (Index d = 0; d < shown; ++d) {
                values.push_back(d < dim ? static_cast<float>(view.at(view.rows() - 1, c, d))
                                         : static_cast<float>(c));
            }
        }
        out.set("chains_now", Array({chains, shown}, values));
    }

    /// The newest of them, and rows of chains that are shown.
    static std::vector<Divergence> divergencesOf(const ChainView& view) {
        constexpr std::size_t kMost = 2000;
        std::vector<Divergence> out;
        const auto column = view.layout().scalar("divergent__");
        if (!column) {
            return out;
        }
        std::vector<double> values(static_cast<std::size_t>(view.rows()));
        for (const Index slot : shownSlots(view)) {
            view.copyScalar(*column, slot, 0, 1, values);
            for (Index n = view.rows(); n-- > 0 && out.size() < kMost;) {
                if (values[static_cast<std::size_t>(n)] > 0.5) {
                    out.push_back(
                        {n * view.stride() + 1, view.kept()[static_cast<std::size_t>(slot)]});
                }
            }
        }
        return out;
    }
    const std::vector<Divergence>& divergences(const ChainView& view) const {
        if (m_divergencesOf != view.rows()) {
            m_divergencesOf = view.rows();
            m_divergences = divergencesOf(view);
        }
        return m_divergences;
    }

    static Tally tallyOf(const ChainView& view) {
        constexpr Index kMost = 200'000;
        const Index chains = std::min<Index>(std::ssize(view.kept()), 10'000);
        const auto dim = static_cast<std::size_t>(view.layout().coordinates());
        const std::size_t used = std::min<std::size_t>(dim, 2);
        const Index room = std::max<Index>(kMost / chains, 1);
        const Index from = view.draws() > 0 ? view.warmup() : 0, draws = view.rows() - from;
        const Index step = (draws + room - 1) / room, count = (draws - 1) / step + 1;
        std::vector<double> points(static_cast<std::size_t>(chains * count) * used);
        std::vector<double> column(static_cast<std::size_t>(count));
        for (Index c = 0; c < chains; ++c) {
            for (std::size_t d = 0; d < used; ++d) {
                view.copy(static_cast<Index>(d), c, from, step, column);
                for (std::size_t k = 0; k < column.size(); ++k) {
                    points[(static_cast<std::size_t>(c) * column.size() + k) * used + d] =
                        column[k];
                }
            }
        }
        std::vector<std::string> names(
            view.layout().names.begin(),
            view.layout().names.begin() + static_cast<std::ptrdiff_t>(used));
        Tally out(std::move(names), points);
        out.add(points);
        return out;
    }

    std::vector<std::filesystem::path> m_paths;
    std::shared_ptr<ChainSource> m_source;
    bool m_following = false;
    std::uint64_t m_news = 0;
    mutable std::uint64_t m_generation = 0;
    mutable std::vector<Index> m_focus;
    mutable Index m_lastSeen = -1, m_divergencesOf = -1;
    mutable SteadyTime m_grew{};
    mutable std::vector<Divergence> m_divergences;
    mutable ResultCache m_cache;
    std::shared_ptr<Shared> m_shared = std::make_shared<Shared>();
    mutable DiagnosticsWorker m_worker;  // last: it ends before what it reads
};

}  // namespace

ExperimentSpec filesSpec() {
    ExperimentSpec out;
    out.id = "chain-files";
    out.title = "Chains from files";
    out.reference = "Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 2021";
    out.describe = [](const ParamSet&) {
        using namespace decl;
        Description description;
        description.params = {
            path(make("file.paths", "Files", std::string(),
                      "chains as CmdStan CSV, a table, npy, npz or NetCDF; one file a line, in "
                      "general "
                      "one chain a file"),
                 PathKind::Files),
            make("file.follow", "Follow", true, "show new draws while the files still grow")};
        description.channels = sharedChannels();
        description.views = chainViews();
        description.clocks = {Clock::Sample};
        description.fixed =
            "These draws come from a file: the program that wrote it draws more, and they appear "
            "here as the file grows.";
        return description;
    };
    out.make = [](const ParamSet& params, Key) -> std::unique_ptr<Experiment> {
        return std::make_unique<FileExperiment>(params);
    };
    return out;
}

}  // namespace lx::chains
