// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/key.h"

#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lx::cli {

struct WindowOptions {
    std::vector<std::string> inputs;  ///< recipes or files
    std::string device = "auto";
    int threads = 0;                 ///< 0: cores - 1
    std::optional<int> memory = {};  ///< MiB for scrubbing
};
struct ListOptions {
    std::string what;  ///< "", recipes, datasets, samplers, energies, views
    bool json = false;
};
struct RunOptions {
    std::string recipe;
    std::vector<std::string> set;
    std::optional<Index> steps;
    std::optional<std::uint64_t> seed;
    std::string device = "auto";
    int threads = 0;  ///< 0: all cores
    std::string out, resume;
    bool check = false, json = false;
};
struct GenerateOptions {
    std::string model;  ///< a recipe, or a saved run
    Index count = 64, first = 0;
    std::optional<Key> key;
    std::vector<std::string> set;
    std::optional<Index> steps;
    std::optional<std::uint64_t> seed;
    std::string device = "auto";
    int threads = 0;
    std::string out;
};
struct ShotOptions {
    std::string recipe;
    bool all = false;
    std::vector<std::string> set;
    std::optional<Index> steps;
    std::optional<std::uint64_t> seed;
    std::string view;
    bool window = false;
    std::string layout;
    int width = 0, height = 0;  ///< 0: the default of a view or of the window
    bool dark = false;
    std::string device = "auto";
    int threads = 0;
    double dpi = 0;   ///< of PNG, and of raster parts of SVG and PDF; 0: 96 with a size, else 144
    std::string out;  ///< --png or --out
};
struct MovieOptions {
    std::string recipe;
    std::vector<std::string> set;
    Index first = 0, every = 0;  ///< every 0: about a hundred frames
    std::optional<Index> last;   ///< none: the recipe's own number of steps
    double fps = 12;
    std::optional<std::uint64_t> seed;
    std::string view;
    bool window = false;
    std::string layout;
    int width = 0, height = 0;  ///< 0: the default of a view or of the window
    bool dark = false;
    std::string device = "auto";
    int threads = 0;
    std::string out;
};
struct BenchOptions {
    std::vector<std::string> names;
    int threads = 1;
    bool json = false;
};
struct DiagnoseOptions {
    std::vector<std::string> files;
    bool json = false;
};
struct SelfTestOptions {
    bool json = false;
};

using Command = std::variant<WindowOptions, ListOptions, RunOptions, GenerateOptions, ShotOptions,
                             MovieOptions, DiagnoseOptions, BenchOptions, SelfTestOptions>;

/// Reads the arguments without the program's name. Help and version go to `out`, errors to `err`;
/// then the result is the exit status.
std::variant<Command, ExitCode> parseCommandLine(std::vector<std::string> arguments,
                                                 const std::string& version, std::ostream& out,
                                                 std::ostream& err);

/// list, run, ...
const std::vector<std::string>& commandWords();
/// "list, run, generate, shot, movie, diagnose, bench, selftest".
std::string commandNames();

}  // namespace lx::cli
