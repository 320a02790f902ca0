// SPDX-License-Identifier: GPL-3.0-or-later
// All the window knows of the rest of the program: values, and functions that `app` implements.
// Functions are called on the GUI thread and must return at once; slow ones answer through `done`,
// again on the GUI thread. They may throw lx::Error, which the window shows.
#pragma once

#include "core/session/engine_module.h"
#include "core/session/session.h"
#include "ui/shell/log_buffer.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lx::render {
class Renderer;
}

namespace lx::ui {

struct RecipeInfo {
    std::string id, title, family, reference, lesson;
    std::string layout;  ///< of the window that the recipe was made for; empty: by its clock
    ParamSet params;     ///< what the recipe sets; the rest are the family's defaults
    Index steps = 0;     ///< of the primary clock
    Clock clock = Clock::Train;
    bool available = true;
    std::string note;  ///< why it is not available, and the remedy
};

/// One run, in the words of a project file.
struct ProjectInfo {
    std::string recipe, name;
    std::string window;       ///< JSON of the window's own settings: bookmarks, layout, probe
    std::uint64_t edits = 0;  ///< rises with every parameter changed by hand; not saved
    friend bool operator==(const ProjectInfo&, const ProjectInfo&) = default;
};

struct LoadedProject {
    ProjectInfo info;
    cmd::Load load;
    std::shared_ptr<const State> state;
    std::array<Index, kClocks> step{};
};

struct Recovery {
    std::string path, title, when;  ///< "VAE, Fashion-MNIST", "today 14:02"
    Index step = 0;
};

/// `message` is one sentence; empty when all went well.
using Done = std::function<void(const std::string& message)>;
using LoadDone =
    std::function<void(const std::string& message, std::shared_ptr<LoadedProject> project)>;

/// A metric of a run beside the limit that its recipe sets, if any.
struct JudgedMetric {
    std::string name, limit;  ///< limit: "< 0.15", "in [0.1, 0.2]"; empty: none
    double value = 0;         ///< not-a-number: the run has no such metric
    std::optional<bool> pass;
};

struct AppServices {
    std::string version, settingsFolder;
    std::vector<RecipeInfo> recipes;
    std::string defaultRecipe;
    /// What "Watch samplers mix" starts, and what reads chains of others (parameter `file.paths`);
    /// empty: not there.
    std::string chainRecipe, diffusionRecipe, chainFilesRecipe;
    /// A shipped session with trained weights that moves behind the start cards; empty: none.
    std::string demoProject;
    /// Recipes that train on dropped data, with `data.source` set to the file; empty: none fits.
    std::string imageRecipe, tableRecipe;
    std::shared_ptr<LogBuffer> log;

    // Valid once the engine is there (MainWindow::engineReady).
    std::function<std::shared_ptr<Session>()> open;
    std::function<Description(const std::string& family, const ParamSet&)> describe;
    std::function<std::vector<DatasetInfo>()> datasets;
    std::function<std::vector<std::string>()> devices;
    std::function<void(const std::string&)> setDevice;
    std::function<void(int)> setThreads;
    std::string device = "cpu";
    int threads = 1, maxThreads = 1;

    std::function<std::shared_ptr<render::Renderer>()> renderer;

    // Project files. `runOpened` and `runClosed` tell the autosave what lives.
    std::function<void(std::shared_ptr<Session>, ProjectInfo, std::string path, Done)> save;
    std::function<void(std::string path, LoadDone)> load;
    std::function<void(std::shared_ptr<Session>, std::function<ProjectInfo()>)> runOpened;
    std::function<void(std::uint32_t source)> runClosed;
    std::function<std::vector<Recovery>()> recoveries;
    std::function<void(std::string path, LoadDone)> acceptRecovery;
    std::function<void(std::string path)> discardRecovery;

    /// A run as texts stored in pictures, by keyword (recipe, parameters, seed, steps, no weights);
    /// back from the texts of a picture (null: it has none) or from pasted text. The last two throw
    /// lx::InputError naming `source`.
    std::function<std::map<std::string, std::string>(const LoadedProject&)> sessionTexts;
    std::function<std::shared_ptr<LoadedProject>(const std::map<std::string, std::string>& texts,
                                                 const std::string& source)>
        sessionOfTexts;
    std::function<std::shared_ptr<LoadedProject>(const std::string& text,
                                                 const std::string& source)>
        sessionOfText;

    /// Limits of the recipe first, in its order, then all other metrics.
    std::function<std::vector<JudgedMetric>(const std::string& recipe,
                                            const std::map<std::string, double>& metrics)>
        judge;

    /// What Help > Self-test runs, one part after the other on a thread of its own; the engine's
    /// own first. Empty until the engine is there.
    std::vector<SelfTestPart> selfTest;
    /// Date of the build, compiler, versions of libraries and the processor, one a line.
    std::string build;

    /// Bytes the scrub ring may take, where it can be chosen.
    std::size_t ringBytes = std::size_t{256} << 20;
    std::function<void(std::size_t)> setRingBytes;
};

}  // namespace lx::ui
