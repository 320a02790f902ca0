// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/run_output.h"

#include "core/io/npy.h"

#include <charconv>
#include <cmath>
#include <sstream>

namespace lx::cli {
namespace {

Json toJson(const CheckResult& result) {
    return {{"name", result.check.name},
            {"value", result.value},
            {"op", result.check.op},
            {"threshold", result.check.op == "in"
                              ? Json::array({result.check.threshold, result.check.upper})
                              : Json(result.check.threshold)},
            {"pass", result.pass}};
}

/// Channel ids may hold dots but never a path.
std::string fileNameOf(std::string id) {
    for (char& c : id) {
        c = c == '/' || c == '\\' ? '_' : c;
    }
    return id;
}

}  // namespace

Json makeReport(const HeadlessRun& run, const Host& host,
                const std::map<std::string, double>& metrics, std::span<const CheckResult> checks,
                bool interrupted) {
    Json numbers = Json::object();
    for (const auto& [name, value] : metrics) {
        numbers[name] = value;
    }
    Json results = Json::array();
    for (const auto& check : checks) {
        results.push_back(toJson(check));
    }
    Json versions = Json::object();
    for (const auto& [name, version] : host.versions()) {
        versions[name] = version;
    }
    const double made = static_cast<double>(run.step() - run.firstStep());
    Json report = {{"recipe", run.recipe().id},
                   {"seed", run.seed()},
                   {"steps", run.step()},
                   {"device", run.device()},
                   {"threads", run.threads()},
                   {"seconds", run.seconds()},
                   {"steps_per_second", run.seconds() > 0 ? made / run.seconds() : 0.0},
                   {"params", lx::toJson(run.params())},
                   {"metrics", std::move(numbers)},
                   {"checks", std::move(results)},
                   {"versions", std::move(versions)}};
    if (interrupted) {
        report["interrupted"] = true;
    }
    return report;
}

SeriesWriter::SeriesWriter(const std::filesystem::path& file, const std::filesystem::path& earlier,
                           Index firstStep)
    : m_path(file) {
    std::string kept;
    if (!earlier.empty()) {
        std::ifstream before(earlier, std::ios::binary);
        std::string line;
        std::getline(before, line);  // header
        while (std::getline(before, line)) {
            Index step = 0;
            const auto [end, status] =
                std::from_chars(line.data(), line.data() + line.size(), step);
            if (status == std::errc{} && end != line.data() + line.size() && *end == ',' &&
                step <= firstStep) {
                kept += line + "\n";
            }
        }
    }
    m_file.open(file, std::ios::binary | std::ios::trunc);
    m_file << "step,series,value\n" << kept;
    if (!m_file) {
        throw Error(file.string() + ": cannot be written; choose another --out folder");
    }
}

void SeriesWriter::add(std::span<const SeriesPoint> points, const Description& description) {
    std::string lines;
    for (const auto& point : points) {
        char value[32];
        const auto [end, status] = std::to_chars(value, value + sizeof value, point.value);
        lines += std::to_string(point.step) + ',';
        lines += point.series < description.series.size() ? description.series[point.series].id
                                                          : std::to_string(point.series);
        lines += ',';
        lines.append(value, end);
        lines += '\n';
    }
    m_file << lines;
}

void SeriesWriter::finish() {
    m_file.close();
    if (!m_file) {
        throw Error(m_path.string() + ": could not be written whole; free some disk space");
    }
}

void makeFolder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder)) {
        throw Error(folder.string() + ": the folder cannot be made (" +
                    (error ? error.message() : std::string("a file of that name exists")) + ")");
    }
}

std::vector<std::filesystem::path> writeArrays(const std::filesystem::path& folder,
                                               const std::map<std::string, Array>& channels) {
    makeFolder(folder / "arrays");
    std::vector<std::filesystem::path> files;
    for (const auto& [id, array] : channels) {
        if (array.defined()) {
            files.push_back(folder / "arrays" / (fileNameOf(id) + ".npy"));
            writeNpy(files.back(), array);
        }
    }
    return files;
}

void writeJson(const std::filesystem::path& path, const Json& json) {
    const std::string text = json.dump(2) + "\n";
    writeFileAtomically(path, std::as_bytes(std::span(text)));
}

}  // namespace lx::cli
