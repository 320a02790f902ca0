// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/recipes/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <ostream>

namespace lx::cli {
namespace {

std::string cpuName() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) {
            const auto colon = line.find(": ");
            return colon == std::string::npos ? line : line.substr(colon + 2);
        }
    }
    return "unknown";
}

std::vector<std::string> select(std::span<const std::string> known,
                                std::span<const std::string> wanted) {
    std::vector<std::string> chosen;
    for (const auto& name : known) {
        if (wanted.empty() ||
            std::ranges::any_of(wanted, [&](const auto& w) { return name.starts_with(w); })) {
            chosen.push_back(name);
        }
    }
    return chosen;
}

/// Every wanted name lies in a group (the word before the dot) of the program's own benchmarks, so
/// that LibTorch need not be loaded.
bool ownAlone(std::span<const std::string> wanted, std::span<const std::string> own) {
    const auto group = [](std::string_view name) { return name.substr(0, name.find('.')); };
    return !wanted.empty() && std::ranges::all_of(wanted, [&](const auto& w) {
        return std::ranges::any_of(own, [&](const auto& o) { return group(o) == group(w); });
    });
}

}  // namespace

ExitCode benchCommand(const BenchOptions& options, const Host& host) {
    const EngineTable none;
    const EngineTable& table = ownAlone(options.names, host.benchNames) ? none : host.engine();
    const std::vector<std::string> engineNames =
        table.benchNames != nullptr ? table.benchNames() : std::vector<std::string>();
    std::vector<std::string> known = engineNames;
    known.insert(known.end(), host.benchNames.begin(), host.benchNames.end());
    for (const auto& name : options.names) {
        if (select(known, std::span(&name, 1)).empty()) {
            const std::string near = nearest(name, known);
            throw UsageError("no benchmark begins with '" + name + "'" +
                             (near.empty() ? "" : "; the nearest is '" + near + "'"));
        }
    }
    std::vector<BenchRow> rows;
    if (const auto names = select(engineNames, options.names); !names.empty()) {
        rows = table.bench(names, options.threads);
    }
    if (const auto names = select(host.benchNames, options.names); host.bench && !names.empty()) {
        const auto more = host.bench(names, options.threads);
        rows.insert(rows.end(), more.begin(), more.end());
    }
    const bool draws = host.drawnBy && std::ranges::any_of(rows, [](const BenchRow& row) {
                           return row.name.starts_with("render.");
                       });
    const std::string drawnBy = draws ? host.drawnBy() : std::string();
    if (options.json) {
        Json list = Json::array();
        for (const auto& row : rows) {
            list.push_back({{"name", row.name}, {"value", row.value}, {"unit", row.unit}});
        }
        const Json result = {{"conditions",
                              {{"cpu", cpuName()},
                               {"threads", options.threads},
                               {"blas", table.blas},
                               {"executor", host.executor},
                               {"drawn by", drawnBy},
                               {"torch", table.torchVersion}}},
                             {"rows", std::move(list)}};
        host.out << result.dump(2) << std::endl;
        return ExitCode::Done;
    }
    host.out << cpuName() << ", " << options.threads << " thread(s)";
    if (!table.torchVersion.empty()) {
        host.out << ", " << table.blas << ", LibTorch " << table.torchVersion;
    }
    host.out << ", chains: " << host.executor << (draws ? ", pictures by " + drawnBy : "") << "\n";
    for (const auto& row : rows) {
        char line[160];
        std::snprintf(line, sizeof line, "  %-34s %12.4g %s\n", row.name.c_str(), row.value,
                      row.unit.c_str());
        host.out << line;
    }
    host.out << std::flush;
    return ExitCode::Done;
}

}  // namespace lx::cli
