// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/command_line.h"

#include "core/base/params.h"
#include "core/session/samples.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>

namespace lx::cli {
namespace {

constexpr const char* kFooter =
    "Exit status: 0 done, 1 a check failed, 2 wrong usage, 3 unreadable or malformed input,\n"
    "4 numerical failure, 5 device unavailable, 130 interrupted.\n"
    "Messages go to standard error, results to standard output.";

std::string readSize(const std::string& text, int& width, int& height) {
    const char* const end = text.data() + text.size();
    const auto [cross, first] = std::from_chars(text.data(), end, width);
    if (first == std::errc{} && cross != end && *cross == 'x') {
        const auto [rest, second] = std::from_chars(cross + 1, end, height);
        if (second == std::errc{} && rest == end && width >= 64 && height >= 64 && width <= 16384 &&
            height <= 16384) {
            return {};
        }
    }
    return "'" + text + "' is not a size; write 1280x800, each side from 64 to 16384";
}

/// auto, cpu, cuda or cuda:N; whether it is there is known once the engine is loaded.
std::string readDevice(const std::string& text) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto rest = std::string_view(text).starts_with("cuda:")
                          ? std::from_chars(text.data() + 5, end, number)
                          : std::from_chars_result{end, std::errc::invalid_argument};
    const bool card = rest.ec == std::errc{} && rest.ptr == end;
    return card || text == "auto" || text == "cpu" || text == "cuda"
               ? std::string()
               : "'" + text + "' is no device; write auto, cpu, cuda or cuda:N";
}

/// A:B or A:B:K.
std::string readSteps(const std::string& text, MovieOptions& movie) {
    Index values[3] = {0, 0, 0};
    const char* at = text.data();
    const char* const end = at + text.size();
    int count = 0;
    for (; count < 3; ++count) {
        const auto [rest, error] = std::from_chars(at, end, values[count]);
        at = rest;
        if (error != std::errc{} || values[count] < 0 || at == end || *at != ':') {
            count += error == std::errc{} ? 1 : 0;
            break;
        }
        ++at;
    }
    const bool fine = at == end && !text.empty() && text.back() != ':' && count >= 2 &&
                      values[0] <= values[1] && (count < 3 || values[2] >= 1) &&
                      values[1] <= Index{1} << 40;
    if (!fine) {
        return "'" + text +
               "' is no range of steps; write FIRST:LAST:STRIDE, for example 0:2000:20";
    }
    movie.first = values[0];
    movie.last = values[1];
    movie.every = values[2];
    return {};
}

void addCompute(CLI::App& command, std::string& device, int& threads) {
    command.add_option("--device", device, "where to compute: auto, cpu, cuda or cuda:N")
        ->check(readDevice)
        ->type_name("NAME");
    command.add_option("--threads", threads, "compute threads; 0 chooses")
        ->check(CLI::Range(0, 1024))
        ->type_name("N");
}

void addRun(CLI::App& command, std::vector<std::string>& set, std::optional<Index>& steps,
            std::optional<std::uint64_t>& seed) {
    command.add_option("--set", set, "a parameter, as `list recipes` names it; may be repeated")
        ->allow_extra_args(false)
        ->type_name("ID=VALUE");
    command.add_option("--steps", steps, "total steps of the recipe's clock")
        ->check(CLI::Range(Index{0}, Index{1} << 40))
        ->type_name("N");
    command.add_option("--seed", seed, "seed of all random streams")->type_name("S");
}

}  // namespace

const std::vector<std::string>& commandWords() {
    static const std::vector<std::string> words = {"list",  "run",      "generate", "shot",
                                                   "movie", "diagnose", "bench",    "selftest"};
    return words;
}

std::string commandNames() {
    std::string names;
    for (const auto& name : commandWords()) {
        names += (names.empty() ? "" : ", ") + name;
    }
    return names;
}

std::variant<Command, ExitCode> parseCommandLine(std::vector<std::string> arguments,
                                                 const std::string& version, std::ostream& out,
                                                 std::ostream& err) {
    CLI::App app(
        "Trains small generative models live: pick a recipe and watch it learn.\n"
        "Without a command the window opens.",
        "latent-explorer");
    app.set_version_flag("--version", "latent-explorer " + version);
    app.footer(kFooter);
    WindowOptions window;
    app.add_option("inputs", window.inputs,
                   "recipes, sessions, data or chains to open in the window; chains are followed "
                   "while they grow")
        ->type_name("RECIPE|FILE");
    addCompute(app, window.device, window.threads);
    app.add_option("--memory", window.memory,
                   "MiB that the past states of all runs may take, for scrubbing back")
        ->check(CLI::Range(0, 1 << 20))
        ->type_name("MIB");

    ListOptions list;
    CLI::App* listApp = app.add_subcommand("list", "shows what exists, with parameters and ranges");
    listApp
        ->add_option("what", list.what,
                     "recipes, datasets, samplers, energies or views; all if left out")
        ->check(CLI::IsMember({"recipes", "datasets", "samplers", "energies", "views"}));
    listApp->add_flag("--json", list.json, "as JSON");

    RunOptions run;
    CLI::App* runApp = app.add_subcommand("run", "trains and samples without a window");
    runApp->add_option("recipe", run.recipe, "id of a recipe, or a recipe file")->required();
    addRun(*runApp, run.set, run.steps, run.seed);
    addCompute(*runApp, run.device, run.threads);
    runApp
        ->add_option("--out", run.out,
                     "folder for report, series, arrays, chains, figures and weights")
        ->type_name("DIR");
    runApp->add_option("--resume", run.resume, "goes on from a session file or the folder of a run")
        ->type_name("FILE");
    runApp->add_flag("--check", run.check,
                     "evaluates the recipe's checks; status 1 when one fails");
    runApp->add_flag("--json", run.json, "prints the report as JSON");

    GenerateOptions generate;
    std::string key;
    CLI::App* generateApp = app.add_subcommand(
        "generate", "samples of a model, trained here or saved; each with its key");
    generateApp
        ->add_option("model", generate.model,
                     "id of a recipe, a recipe file, a session file, or the folder of a run")
        ->required()
        ->type_name("RECIPE|SESSION");
    generateApp->add_option("--count", generate.count, "samples; 64 if left out")
        ->check(CLI::Range(Index{1}, Index{100'000'000}))
        ->type_name("N");
    addRun(*generateApp, generate.set, generate.steps, generate.seed);
    generateApp->get_option("--seed")->description(
        "seed of all random streams; of a saved run, of the samples alone");
    generateApp->get_option("--steps")->description(
        "total steps of the recipe's clock; a saved run stays where it is if left out");
    addCompute(*generateApp, generate.device, generate.threads);
    generateApp
        ->add_option("--key", key, "makes the samples of this key again, in place of a seed's")
        ->type_name("SEED:STREAM");
    generateApp->add_option("--first", generate.first, "row of the key to begin at")
        ->check(CLI::Range(Index{0}, (Index{1} << 32) - 1))
        ->type_name("ROW");
    generateApp
        ->add_option("--out", generate.out,
                     "file .npz, or a new folder of PNG pictures or CSV tables")
        ->required()
        ->type_name("FILE|DIR");

    ShotOptions shot;
    std::string size, theme = "light", png;
    CLI::App* shotApp =
        app.add_subcommand("shot", "pictures of a view or of the window, offscreen");
    shotApp->add_option("recipe", shot.recipe, "id of a recipe, or a recipe file");
    shotApp->add_flag("--all", shot.all, "every recipe, every view and the window, into a folder");
    addRun(*shotApp, shot.set, shot.steps, shot.seed);
    addCompute(*shotApp, shot.device, shot.threads);
    auto* view = shotApp->add_option("--view", shot.view, "id of one view")->type_name("ID");
    shotApp->add_flag("--window", shot.window, "the whole window")->excludes(view);
    shotApp->add_option("--layout", shot.layout, "layout of the window")->type_name("NAME");
    shotApp->add_option("--size", size, "size in pixels")->type_name("WxH");
    shotApp->add_option("--theme", theme, "light or dark")
        ->check(CLI::IsMember({"light", "dark"}))
        ->type_name("NAME");
    shotApp
        ->add_option(
            "--dpi", shot.dpi,
            "pixels per inch; 96 are one per pixel of --size; without --size 144 of 640x480")
        ->check(CLI::Range(24.0, 1200.0))
        ->type_name("N");
    auto* pngOption = shotApp->add_option("--png", png, "file to write")->type_name("FILE");
    shotApp->add_option("--out", shot.out, "file (.png, .svg, .pdf) or folder to write")
        ->excludes(pngOption)
        ->type_name("FILE|DIR");

    MovieOptions movie;
    std::string movieSize, movieTheme = "light", steps;
    CLI::App* movieApp = app.add_subcommand("movie", "a film of a run, offscreen");
    movieApp->add_option("recipe", movie.recipe, "id of a recipe, or a recipe file")->required();
    movieApp
        ->add_option("--set", movie.set, "a parameter, as `list recipes` names it; may be repeated")
        ->allow_extra_args(false)
        ->type_name("ID=VALUE");
    movieApp
        ->add_option("--steps", steps,
                     "first and last step of the recipe's clock, and the stride between frames")
        ->type_name("A:B:K");
    movieApp->add_option("--seed", movie.seed, "seed of all random streams")->type_name("S");
    addCompute(*movieApp, movie.device, movie.threads);
    movieApp->add_option("--fps", movie.fps, "frames a second")
        ->check(CLI::Range(0.1, 240.0))
        ->type_name("N");
    auto* movieView = movieApp->add_option("--view", movie.view, "id of one view")->type_name("ID");
    movieApp->add_flag("--window", movie.window, "the whole window")->excludes(movieView);
    movieApp->add_option("--layout", movie.layout, "layout of the window")->type_name("NAME");
    movieApp->add_option("--size", movieSize, "size in pixels")->type_name("WxH");
    movieApp->add_option("--theme", movieTheme, "light or dark")
        ->check(CLI::IsMember({"light", "dark"}))
        ->type_name("NAME");
    movieApp
        ->add_option("--out", movie.out,
                     "file (.gif, .apng, .mp4, .webm), or a new folder for PNG pictures")
        ->required()
        ->type_name("FILE|DIR");

    DiagnoseOptions diagnose;
    CLI::App* diagnoseApp =
        app.add_subcommand("diagnose", "convergence of chains made by anyone: table and verdict");
    diagnoseApp
        ->add_option("files", diagnose.files,
                     "CmdStan CSV, a table with a chain column, npy or npz [draws, chains, D], "
                     "NetCDF of ArviZ, or the folder of a run")
        ->required()
        ->type_name("FILE");
    diagnoseApp->add_flag("--json", diagnose.json, "as JSON");

    BenchOptions bench;
    CLI::App* benchApp =
        app.add_subcommand("bench", "speed figures; a name selects all that begin so");
    benchApp->add_option("names", bench.names, "benchmarks");
    benchApp->add_option("--threads", bench.threads, "compute threads")
        ->check(CLI::Range(1, 1024))
        ->type_name("N");
    benchApp->add_flag("--json", bench.json, "as JSON");

    SelfTestOptions selfTest;
    CLI::App* selfTestApp = app.add_subcommand("selftest", "compares against known truth");
    selfTestApp->add_flag("--json", selfTest.json, "as JSON");

    try {
        std::ranges::reverse(arguments);  // CLI11 takes them from the back
        app.parse(arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            app.exit(error, out, err);
            return ExitCode::Done;
        }
        err << "latent-explorer: " << error.what()
            << "\nlatent-explorer --help lists the commands (" << commandNames()
            << ") and their options.\n";
        return ExitCode::Usage;
    }

    const auto refuse = [&err](const std::string& why) {
        err << "latent-explorer: " << why << "\n";
        return ExitCode::Usage;
    };
    if (listApp->parsed()) {
        return Command(list);
    }
    if (runApp->parsed()) {
        return Command(run);
    }
    if (generateApp->parsed()) {
        try {
            if (!key.empty()) {
                generate.key = keyOf(key);
            }
        } catch (const UsageError& error) {
            return refuse("--key: " + std::string(error.what()));
        }
        return Command(generate);
    }
    if (shotApp->parsed()) {
        if (!size.empty()) {
            if (const std::string why = readSize(size, shot.width, shot.height); !why.empty()) {
                return refuse("--size: " + why);
            }
        }
        shot.dark = theme == "dark";
        shot.out = png.empty() ? shot.out : png;
        if (shot.all == !shot.recipe.empty()) {
            return refuse("shot: give either a recipe or --all");
        }
        if (shot.out.empty()) {
            return refuse("shot: say where to write, with --png FILE or --out FILE|DIR");
        }
        return Command(shot);
    }
    if (movieApp->parsed()) {
        std::string why;
        if (!movieSize.empty() && !(why = readSize(movieSize, movie.width, movie.height)).empty()) {
            return refuse("--size: " + why);
        }
        if (!steps.empty() && !(why = readSteps(steps, movie)).empty()) {
            return refuse("--steps: " + why);
        }
        movie.dark = movieTheme == "dark";
        return Command(movie);
    }
    if (diagnoseApp->parsed()) {
        return Command(diagnose);
    }
    if (benchApp->parsed()) {
        return Command(bench);
    }
    if (selfTestApp->parsed()) {
        return Command(selfTest);
    }
    return Command(window);
}

}  // namespace lx::cli
