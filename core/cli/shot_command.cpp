// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/cli/run_output.h"
#include "core/recipes/session_code.h"

#include <algorithm>
#include <memory>
#include <ostream>

namespace lx::cli {
namespace {

/// A run at the step that is wanted, and the series that it drew on the way.
struct Finished {
    std::unique_ptr<HeadlessRun> run;  ///< null when interrupted
    std::vector<SeriesPoint> series;
};

HeadlessOptions headless(const ShotOptions& options) {
    return {.set = options.set,
            .steps = options.steps,
            .seed = options.seed,
            .device = options.device,
            .threads = options.threads,
            .resume = {}};
}

Finished finish(const Recipe& recipe, const ShotOptions& options, const Host& host) {
    Finished out{std::make_unique<HeadlessRun>(host, recipe, headless(options)), {}};
    const bool finished = out.run->advance([&](std::span<const SeriesPoint> points) {
        out.series.insert(out.series.end(), points.begin(), points.end());
    });
    if (!finished) {
        out.run.reset();
    }
    return out;
}

std::vector<std::filesystem::path> paintViews(
    const Finished& finished, const ShotOptions& options, const Host& host,
    std::vector<std::string> views,
    const std::function<std::filesystem::path(const std::string&)>& file) {
    const HeadlessRun& run = *finished.run;
    FigureRequest request{.session = run.session(),
                          .title = run.recipe().title,
                          .series = finished.series,
                          .views = std::move(views),
                          .dark = options.dark,
                          .texts = {{kSessionCodeKey, sessionCode(run.document())}},
                          .file = file};
    if (options.width > 0) {
        request.width = options.width;
        request.height = options.height;
        request.dpi = 96;
    }
    request.dpi = options.dpi > 0 ? options.dpi : request.dpi;
    return host.paintFigures(request);
}

/// `finished`: the run to show; without one the window makes its own.
std::vector<std::filesystem::path> paintWindow(const Recipe& recipe, const ShotOptions& options,
                                               const Host& host, const std::filesystem::path& file,
                                               const Finished& finished = {}) {
    const EngineTable& table = host.engine();
    table.setThreads(options.threads > 0 ? options.threads : availableCores());
    table.setDevice(options.device == "auto" ? table.devices().front() : options.device);
    WindowRequest request{
        .recipe = recipe.id,
        .params = prepare(recipe, familyOf(recipe, table.experiments), options.set).params,
        .seed = options.seed.value_or(recipe.seed),
        .clock = recipe.clock,
        .steps = options.steps.value_or(recipe.steps),
        .layout = options.layout,
        .dark = options.dark,
        .texts = {},
        .file = file,
        .session = finished.run ? finished.run->session() : nullptr,
        .series = finished.series};
    if (options.width > 0) {
        request.width = options.width;
        request.height = options.height;
    }
    SessionDocument document{recipe.id, recipe.title, {recipe.family, request.params, request.seed},
                             {},        {},           {}};
    document.step[static_cast<std::size_t>(recipe.clock)] = request.steps;
    document.versions = host.versions();
    request.texts = {{kSessionCodeKey, sessionCode(document)}};
    return host.paintWindow(request);
}

}  // namespace

ExitCode shotCommand(const ShotOptions& options, const Host& host) {
    if (!host.paintFigures || !host.paintWindow) {
        throw UsageError("shot: this build has no window and can paint nothing");
    }
    requireView(options.view, host);
    const std::filesystem::path out = options.out;
    std::vector<std::filesystem::path> files;
    const auto add = [&files](const std::vector<std::filesystem::path>& more) {
        files.insert(files.end(), more.begin(), more.end());
    };
    bool interrupted = false;
    const auto paintAll = [&](const Recipe& recipe, const std::filesystem::path& folder) {
        makeFolder(folder);
        const Finished run = finish(recipe, options, host);
        interrupted = interrupted || !run.run;
        if (!interrupted) {
            add(paintViews(run, options, host, {},
                           [&](const std::string& view) { return folder / (view + ".png"); }));
            add(paintWindow(recipe, options, host, folder / "window.png", run));
        }
    };
    if (options.all) {
        SheetRequest sheet{.groups = {}, .dark = options.dark, .file = out / "contact-sheet.png"};
        for (const auto& recipe : host.recipes.all()) {
            if (interrupted) {
                break;
            }
            const std::size_t before = files.size();
            paintAll(recipe, out / recipe.id);
            SheetRequest::Group group{
                recipe.title + ", " + std::to_string(options.steps.value_or(recipe.steps)) +
                    " steps, seed " + std::to_string(options.seed.value_or(recipe.seed)),
                {}};
            for (std::size_t i = before; i < files.size(); ++i) {
                // A figure has its title in itself.
                const bool window = files[i].stem() == "window";
                group.pictures.emplace_back(files[i], window ? "The window" : "");
            }
            sheet.groups.push_back(std::move(group));
        }
        if (!interrupted && host.paintSheet) {
            add(host.paintSheet(sheet));
        }
    } else {
        const Recipe recipe = host.recipes.open(options.recipe);
        const bool oneFile = !out.extension().empty();
        const auto ending = out.extension();
        const bool vector = ending == ".svg" || ending == ".pdf";
        if (oneFile && ending != ".png" && !vector) {
            throw UsageError("shot: '" + out.string() + "': name the file .png, .svg or .pdf");
        }
        if (vector && options.window) {
            throw UsageError(
                "shot: the window is a picture of pixels; name the file .png, or "
                "choose a --view for .svg and .pdf");
        }
        if (oneFile && !out.parent_path().empty()) {
            makeFolder(out.parent_path());
        }
        if (options.window) {
            add(paintWindow(recipe, options, host, oneFile ? out : out / "window.png"));
        } else if (!options.view.empty() || oneFile) {
            // One file without a choice shows the recipe's first view.
            const std::string view = !options.view.empty()  ? options.view
                                     : recipe.views.empty() ? host.views.front().id
                                                            : recipe.views.front();
            const Finished run = finish(recipe, options, host);
            interrupted = !run.run;
            if (!interrupted) {
                add(paintViews(run, options, host, {view}, [&](const std::string& id) {
                    return oneFile ? out : out / (id + ".png");
                }));
            }
        } else {
            paintAll(recipe, out);
        }
    }
    for (const auto& file : files) {
        host.out << file.string() << "\n";
    }
    host.out << std::flush;
    if (interrupted) {
        host.err << "latent-explorer: interrupted\n";
        return ExitCode::Interrupted;
    }
    if (files.empty()) {
        throw UsageError("shot: no view fits the run of '" + options.recipe + "'");
    }
    return ExitCode::Done;
}

}  // namespace lx::cli
