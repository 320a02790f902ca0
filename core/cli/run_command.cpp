// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/cli/run_output.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace lx::cli {
namespace {

void printReport(const HeadlessRun& run, const std::map<std::string, double>& metrics,
                 std::span<const CheckResult> checks, const Host& host) {
    char line[256];
    const double rate =
        run.seconds() > 0 ? static_cast<double>(run.step() - run.firstStep()) / run.seconds() : 0;
    std::snprintf(line, sizeof line,
                  "%s: step %lld, seed %llu, %.1f s, %.1f steps/s, %s, %d thread%s\n",
                  run.recipe().id.c_str(), static_cast<long long>(run.step()),
                  static_cast<unsigned long long>(run.seed()), run.seconds(), rate,
                  run.device().c_str(), run.threads(), run.threads() == 1 ? "" : "s");
    host.out << line;
    for (const auto& [name, value] : metrics) {
        std::snprintf(line, sizeof line, "  %-28s %.6g\n", name.c_str(), value);
        host.out << line;
    }
    for (const auto& result : checks) {
        const Check& check = result.check;
        std::snprintf(line, sizeof line, "%s  %-22s %.6g %s\n", result.pass ? "pass" : "FAIL",
                      check.name.c_str(), result.value, limitText(check).c_str());
        host.out << line;
    }
}

/// All but chains that were streamed to their file.
std::vector<std::string> channelsOf(const Description& description, bool streamed) {
    std::vector<std::string> ids;
    for (const auto& channel : description.channels) {
        if (!streamed || channel.kind != "chains") {
            ids.push_back(channel.id);
        }
    }
    return ids;
}

/// series.csv of the run that is resumed, when its folder has one.
std::filesystem::path earlierSeries(const std::string& resume) {
    return resume.empty() ? std::filesystem::path()
                          : sessionWeights(resume).parent_path() / "series.csv";
}

}  // namespace

ExitCode runCommand(const RunOptions& options, const Host& host) {
    const Recipe recipe = host.recipes.open(options.recipe);
    if (options.check && recipe.checks.empty()) {
        throw UsageError("the recipe '" + recipe.id + "' has no checks");
    }
    const std::filesystem::path folder = options.out;
    if (!folder.empty()) {
        makeFolder(folder);
    }
    HeadlessRun run(host, recipe,
                    {.set = options.set,
                     .steps = options.steps,
                     .seed = options.seed,
                     .device = options.device,
                     .threads = options.threads,
                     .resume = options.resume});
    if (options.check && run.lastStep() != recipe.steps) {
        host.err << "latent-explorer: the checks of '" << recipe.id << "' are calibrated for "
                 << recipe.steps << " steps, this run ends at " << run.lastStep() << "\n";
    }

    std::optional<SeriesWriter> writer;
    bool streamed = false;
    if (!folder.empty()) {
        makeFolder(folder / "arrays");
        streamed = run.recordChains(folder / "arrays" / "chains.npy");
        writer.emplace(folder / "series.csv", earlierSeries(options.resume), run.firstStep());
    }
    std::vector<SeriesPoint> painted;  // for the figures; a curve needs no more points than this
    constexpr std::size_t kPainted = std::size_t{1} << 20;
    const bool finished = run.advance([&](std::span<const SeriesPoint> points) {
        if (writer) {
            writer->add(points, run.description());
        }
        painted.insert(painted.end(), points.begin(), points.end());
        if (painted.size() > kPainted) {
            std::size_t kept = 0;
            for (std::size_t i = 0; i < painted.size(); ++i) {
                // Whole steps stay together, so that no series is thinned away.
                if (painted[i].step % 2 == 0 || i + 1000 > painted.size()) {
                    painted[kept++] = painted[i];
                }
            }
            painted.resize(kept);
        }
    });

    std::map<std::string, double> metrics;
    std::vector<CheckResult> checks;
    bool interrupted = !finished;
    if (finished) {
        metrics = run.session()->metrics(run.viewKey(), host.interrupt);
        interrupted = host.interrupt.stop_requested();
    }
    if (options.check && !interrupted) {
        checks = evaluate(recipe.checks, metrics);
    }
    const Json report = makeReport(run, host, metrics, checks, interrupted);

    if (!folder.empty()) {
        writer->finish();
        if (streamed) {
            run.finishChains(folder);
        }
        writeArrays(folder, run.session()->exportChannels(channelsOf(run.description(), streamed)));
        if (host.paintFigures) {
            makeFolder(folder / "figures");
            host.paintFigures({.session = run.session(),
                               .title = recipe.title,
                               .series = std::move(painted),
                               .views = {},
                               .file = [&](const std::string& view) {
                                   return folder / "figures" / (view + ".png");
                               }});
        }
        writeJson(folder / "report.json", report);
        const SessionDocument document = run.document();
        writeJson(folder / "session.json", toJson(document));
        saveSession(folder / "weights.safetensors", document, *run.capture());
    }

    if (options.json) {
        host.out << report.dump(2) << std::endl;
    } else {
        printReport(run, metrics, checks, host);
        if (!folder.empty()) {
            host.out << "wrote " << folder.string() << std::endl;
        }
    }
    if (interrupted) {
        host.err << "latent-explorer: interrupted at step " << run.step() << "\n";
        return ExitCode::Interrupted;
    }
    const bool failed = std::ranges::any_of(checks, [](const auto& c) { return !c.pass; });
    return failed ? ExitCode::CheckFailed : ExitCode::Done;
}

}  // namespace lx::cli
