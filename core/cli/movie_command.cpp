// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/cli/progress.h"
#include "core/cli/run_output.h"
#include "core/io/movie.h"
#include "core/recipes/session_code.h"

#include <ostream>

namespace lx::cli {
namespace {

constexpr int kFilmWidth = 960, kFilmHeight = 720;

/// The recipe's first view that fits the run.
std::string firstView(const Recipe& recipe, const Description& description, const Host& host) {
    const auto fits = [&](const std::string& id) {
        const auto view = std::ranges::find(host.views, id, &ViewInfo::id);
        return view != host.views.end() &&
               std::ranges::all_of(view->channelKinds, [&](const std::string& kind) {
                   return std::ranges::find(description.channels, kind, &ChannelDecl::kind) !=
                          description.channels.end();
               });
    };
    for (const std::string& id : recipe.views) {
        if (fits(id)) {
            return id;
        }
    }
    for (const ViewInfo& view : host.views) {
        if (fits(view.id)) {
            return view.id;
        }
    }
    throw UsageError("movie: no view fits the run of '" + recipe.id + "'");
}

}  // namespace

ExitCode movieCommand(const MovieOptions& options, const Host& host) {
    if (!host.paintMovie) {
        throw UsageError("movie: this build has no window and can paint nothing");
    }
    requireView(options.view, host);
    const Recipe recipe = host.recipes.open(options.recipe);
    MovieRequest request;
    request.title = recipe.title;
    request.view = options.view;
    request.first = options.first;
    request.last = options.last.value_or(recipe.steps);
    request.every = options.every > 0
                        ? options.every
                        : std::max<Index>(1, (request.last - request.first + 99) / 100);
    request.fps = options.fps;
    WindowRequest& window = request.window;
    window.recipe = recipe.id;
    window.seed = options.seed.value_or(recipe.seed);
    window.clock = recipe.clock;
    window.steps = request.last;
    window.layout = options.layout;
    window.width = options.width > 0 ? options.width : options.window ? window.width : kFilmWidth;
    window.height = options.height > 0 ? options.height
                    : options.window   ? window.height
                                       : kFilmHeight;
    window.dark = options.dark;
    window.file = options.out;
    // Whatever is wrong with the film is said before anything is trained.
    checkMovie(window.file, {window.width, window.height, request.fps});
    if (!window.file.parent_path().empty()) {
        makeFolder(window.file.parent_path());
    }

    std::optional<HeadlessRun> run;
    SessionDocument document;
    if (options.window) {
        const EngineTable& table = host.engine();
        table.setThreads(options.threads > 0 ? options.threads : availableCores());
        table.setDevice(options.device == "auto" ? table.devices().front() : options.device);
        window.params = prepare(recipe, familyOf(recipe, table.experiments), options.set).params;
        document = {recipe.id, recipe.title, {recipe.family, window.params, window.seed},
                    {},        {},           {}};
    } else {
        run.emplace(host, recipe,
                    HeadlessOptions{.set = options.set,
                                    .steps = request.last,
                                    .seed = options.seed,
                                    .device = options.device,
                                    .threads = options.threads,
                                    .resume = {}});
        request.session = run->session();
        if (request.view.empty()) {
            request.view = firstView(recipe, run->description(), host);
        }
        document = run->document();
    }
    document.step[static_cast<std::size_t>(recipe.clock)] = request.last;
    document.versions = host.versions();
    window.texts[kSessionCodeKey] = sessionCode(document);

    bool written = false;
    Index frames = 0;
    {
        Progress progress(host, "frames");
        request.progress = [&](int done, int total) { progress.show(done, total); };
        written = host.paintMovie(request);
        frames = progress.done();
    }
    if (!written) {
        host.err << "latent-explorer: interrupted after " << frames
                 << " frames; nothing was written\n";
        return ExitCode::Interrupted;
    }
    host.out << window.file.string() << std::endl;
    return ExitCode::Done;
}

}  // namespace lx::cli
