// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands need from the program around them. Everything that would need Qt, LibTorch or
// Vulkan arrives as a function, so that the commands link and test without them.
#pragma once

#include "core/recipes/recipe_book.h"
#include "core/session/engine_module.h"
#include "core/session/session.h"

#include <functional>
#include <iosfwd>
#include <stop_token>

namespace lx::cli {

struct ViewInfo {
    std::string id, title;
    std::vector<std::string> channelKinds;
};

/// Texts to be stored in a picture, by keyword.
using Texts = std::map<std::string, std::string>;

/// Pictures of single views of a run that stands still.
struct FigureRequest {
    std::shared_ptr<Session> session;
    std::string title;
    std::vector<SeriesPoint> series;
    std::vector<std::string> views;  ///< ids; empty: all that fit the run
    /// Logical pixels: 96 to the inch, so that type has the size that it has in print.
    int width = 640, height = 480;
    double dpi = 144;  ///< of PNG, and of raster parts of SVG and PDF
    bool dark = false;
    Texts texts = {};
    /// Called with each picture's view; returns the file to write.
    std::function<std::filesystem::path(const std::string& view)> file;
};

/// A picture of the whole window after `steps` steps of a recipe.
struct WindowRequest {
    std::string recipe;
    ParamSet params;
    std::uint64_t seed = 0;
    Clock clock{};
    Index steps = 0;
    std::string layout;
    int width = 1280, height = 800;
    bool dark = false;
    Texts texts = {};
    std::filesystem::path file;
    /// The run itself when it stands at `steps` already, with its series; null: the window runs it.
    std::shared_ptr<Session> session = {};
    std::vector<SeriesPoint> series = {};
};

/// A film of one view of `session`, or of the window when that is null.
struct MovieRequest {
    std::shared_ptr<Session> session;
    std::string view, title;
    Index first = 0, last = 0, every = 1;  ///< steps of the clock
    double fps = 12;
    WindowRequest window;  ///< size, theme, clock, file; the rest for a window
    std::function<void(int done, int total)> progress;
};

/// Pictures side by side on one sheet, by group.
struct SheetRequest {
    struct Group {
        std::string title;
        std::vector<std::pair<std::filesystem::path, std::string>> pictures;  ///< with captions
    };
    std::vector<Group> groups;
    bool dark = false;
    std::filesystem::path file;
};

struct Host {
    std::string version;
    std::ostream& out;
    std::ostream& err;
    bool terminal = false;  ///< `err` is a terminal: show progress
    const RecipeBook& recipes;
    /// Opens the engine module at the first call. Throws Error when it cannot.
    std::function<const EngineTable&()> engine;
    std::vector<ViewInfo> views;
    /// Of the program and of what it is built on; asked after the engine has been opened.
    std::function<std::map<std::string, std::string, std::less<>>()> versions;
    /// Requested by Ctrl-C.
    std::stop_token interrupt;
    LogSink log;

    /// These are null in a build without the window. The first three return the files written.
    std::function<std::vector<std::filesystem::path>(const FigureRequest&)> paintFigures;
    std::function<std::vector<std::filesystem::path>(const WindowRequest&)> paintWindow;
    std::function<std::vector<std::filesystem::path>(const SheetRequest&)> paintSheet;
    /// Writes the film; false when it was interrupted, and then no file is there.
    std::function<bool(const MovieRequest&)> paintMovie;
    /// Rows of the program's own benchmarks: chains.*, and render.*, start.window with the window.
    std::vector<std::string> benchNames;
    std::function<std::vector<BenchRow>(std::span<const std::string> names, int threads)> bench;
    std::vector<SelfTestPart> selfTest;    ///< besides the engine's own
    std::function<std::string()> drawnBy;  ///< the device behind those of pictures
    /// What steps the chains of bench: "fused, avx2".
    std::string executor;
};

/// Geometry, every sampler and the diagnostics against known truth, for Host::selfTest.
std::vector<SelfTestPart> ownSelfTestParts();
/// Rows of checks that have a z-score.
template <class Check>
std::vector<SelfTestRow> scoreRows(const std::vector<Check>& checks) {
    std::vector<SelfTestRow> rows;
    for (const auto& check : checks) {
        rows.push_back({check.name + " (z-score)", check.z, 0, check.limit, check.pass});
    }
    return rows;
}

/// Processor cores this process may use.
int availableCores();

/// For EngineOptions::onThreadStart: denormal numbers count as zero (they cost up to 100 times the
/// time), and with `background` the thread yields to the window.
void prepareEngineThread(bool background);

}  // namespace lx::cli
