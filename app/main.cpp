// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process.h"
#include "app/program.h"
#include "core/chains/netcdf_file.h"
#include "core/cli/commands.h"
#include "core/executors/bench.h"
#include "core/geometry/bench.h"
#include "core/io/chain_pipe.h"
#include "core/recipes/recovery.h"

#include <iostream>
#include <sstream>

#include <unistd.h>

namespace {

using namespace lx;

std::vector<std::string> ownBenchNames() {
    std::vector<std::string> names = executors::benchNames();
    for (auto& name : geometry::benchNames()) {
        names.push_back(std::move(name));
    }
    return names;
}

std::vector<BenchRow> ownBench(std::span<const std::string> names, int threads) {
    std::vector<BenchResult> all = executors::bench(names, threads);
    for (auto& result : geometry::bench(names)) {
        all.push_back(std::move(result));
    }
    std::vector<BenchRow> rows;
    for (auto& [name, unit, value] : all) {
        rows.push_back({std::move(name), value, std::move(unit)});
    }
    return rows;
}

/// Everything but the window.
ExitCode runCommandLine(app::Program& program, const cli::Command& command) {
    cli::Host host{.version = LX_VERSION,
                   .out = std::cout,
                   .err = std::cerr,
                   .terminal = isatty(STDERR_FILENO) != 0,
                   .recipes = program.recipes(),
                   .engine = [&program]() -> const EngineTable& { return program.engine(); },
                   .views = {},
                   .versions = [&program] { return program.versions(); },
                   .interrupt = app::stopOnSignals(),
                   .log = program.log(),
                   .paintFigures = {},
                   .paintWindow = {},
                   .paintSheet = {},
                   .paintMovie = {},
                   .benchNames = ownBenchNames(),
                   .bench = ownBench,
                   .selfTest = program.selfTest(),
                   .drawnBy = {},
                   .executor = executors::benchExecutor()};
#ifdef LX_WITH_UI
    app::addPictures(program, host);
#endif
    return cli::execute(command, host);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2 && std::string_view(argv[1]) == kNetCdfReader) {
        return serveNetCdf(argc, argv, STDOUT_FILENO);
    }
    app::prepareProcess();
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto parsed = cli::parseCommandLine(arguments, LX_VERSION, std::cout, std::cerr);
    if (const auto* status = std::get_if<ExitCode>(&parsed)) {
        return static_cast<int>(*status);
    }
    std::ostringstream header;
    header << "Latent Explorer " LX_VERSION ", built by g++ " __VERSION__ "\narguments:";
    for (const auto& argument : arguments) {
        header << " '" << argument << "'";
    }
    header << "\n";
    app::installCrashHandler(stateFolder() / "crashes", header.str());

    const auto& command = std::get<cli::Command>(parsed);
    try {
        app::Program program;
        const auto* window = std::get_if<cli::WindowOptions>(&command);
        if (window == nullptr) {
            return static_cast<int>(runCommandLine(program, command));
        }
        cli::requireInputs(*window, program.recipes());
#ifdef LX_WITH_UI
        return static_cast<int>(app::openWindow(program, *window));
#else
        throw UsageError("this build has no window; the commands are " + cli::commandNames());
#endif
    } catch (const Error& error) {
        std::cerr << "latent-explorer: " << error.what() << std::endl;
        return static_cast<int>(error.exitCode());
    }
}
