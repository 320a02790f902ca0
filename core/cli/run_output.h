// SPDX-License-Identifier: GPL-3.0-or-later
// The folder that `run --out DIR` writes: report.json, series.csv, arrays/<channel>.npy,
// figures/<view>.png, session.json and, last, weights.safetensors.
#pragma once

#include "core/cli/headless_run.h"

#include <fstream>

namespace lx::cli {

/// Everything report.json says.
Json makeReport(const HeadlessRun&, const Host&, const std::map<std::string, double>& metrics,
                std::span<const CheckResult> checks, bool interrupted);

/// Streams step, series, value; numbers read back exactly.
class SeriesWriter {
public:
    /// Rows of `earlier` (series.csv of the resumed run, may be missing) up to `firstStep` come
    /// first, so that the file holds the whole run. Throws Error when `file` cannot be written.
    SeriesWriter(const std::filesystem::path& file, const std::filesystem::path& earlier,
                 Index firstStep);
    void add(std::span<const SeriesPoint>, const Description&);
    /// Throws Error when the disk did not take everything.
    void finish();

private:
    std::filesystem::path m_path;
    std::ofstream m_file;
};

/// Makes the folder and its parents. Throws Error naming the reason.
void makeFolder(const std::filesystem::path&);
/// arrays/<channel>.npy for each; returns the files.
std::vector<std::filesystem::path> writeArrays(const std::filesystem::path& folder,
                                               const std::map<std::string, Array>& channels);
void writeJson(const std::filesystem::path&, const Json&);

}  // namespace lx::cli
