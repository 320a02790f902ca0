// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/cli/progress.h"
#include "core/cli/run_output.h"
#include "core/io/sample_file.h"
#include "core/session/samples.h"

#include <ostream>
#include <thread>

namespace lx::cli {
namespace {

/// Where a model comes from: a recipe that is run, or a run that was saved.
struct Source {
    Recipe recipe;
    std::string session;        ///< empty: the recipe is run
    std::optional<Index> step;  ///< where the saved run stands
};

/// A recipe that the saved run stands for where its own is not known.
Recipe recipeOf(const SessionDocument& saved) {
    Recipe out;
    out.id = saved.recipe;
    out.title = saved.title;
    out.family = saved.load.recipe;
    out.params = saved.load.params;
    out.seed = saved.load.seed;
    out.source = "saved run";
    return out;
}

bool isSession(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored) || path.extension() == ".safetensors" ||
           path.filename() == "session.json";
}

Source sourceOf(const std::string& model, const Host& host) {
    if (host.recipes.find(model) != nullptr || !isSession(model)) {
        return {host.recipes.open(model), {}, {}};
    }
    const SessionDocument saved = loadSession(model).document;
    const Recipe* known = host.recipes.find(saved.recipe);
    Recipe recipe = known != nullptr ? *known : recipeOf(saved);
    const Index step = saved.step[static_cast<std::size_t>(recipe.clock)];
    return {std::move(recipe), model, step};
}

/// False when interrupted; then nothing is written.
bool write(const HeadlessRun& run, const SampleQuestion& question,
           const std::filesystem::path& path, const Host& host, Progress& progress) {
    constexpr auto kLook = std::chrono::milliseconds(1);
    const auto writer = makeSampleWriter(path, question.count);
    SampleStream stream(run.session(), question);
    while (!stream.finished()) {
        if (host.interrupt.stop_requested()) {
            return false;
        }
        if (const auto rows = stream.poll()) {
            writer->put(*rows);
            progress.show(stream.made(), question.count);
        } else {
            std::this_thread::sleep_for(kLook);
        }
    }
    writer->finish();
    return true;
}

}  // namespace

ExitCode generateCommand(const GenerateOptions& options, const Host& host) {
    const std::filesystem::path out = options.out;
    const Source source = sourceOf(options.model, host);
    checkSampleFile(out);  // before anything is trained
    if (!out.parent_path().empty()) {
        makeFolder(out.parent_path());
    }
    const bool saved = !source.session.empty();
    SampleQuestion question{.first = options.first, .count = options.count};
    if (options.key) {
        question.key = options.key;
    } else if (saved) {
        question.seed = options.seed;  // a recipe is run with it
    }
    HeadlessRun run(host, source.recipe,
                    {.set = options.set,
                     .steps = options.steps ? options.steps : source.step,
                     .seed = saved ? std::nullopt : options.seed,
                     .device = options.device,
                     .threads = options.threads,
                     .resume = source.session});
    if (!run.advance([](std::span<const SeriesPoint>) {})) {
        host.err << "latent-explorer: interrupted at step " << run.step()
                 << "; nothing was written\n";
        return ExitCode::Interrupted;
    }
    Progress progress(host, "samples");
    if (!write(run, question, out, host, progress)) {
        host.err << "latent-explorer: interrupted after " << progress.done()
                 << " samples; nothing was written\n";
        return ExitCode::Interrupted;
    }
    host.out << out.string() << std::endl;
    return ExitCode::Done;
}

}  // namespace lx::cli
