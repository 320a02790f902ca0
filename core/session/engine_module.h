// SPDX-License-Identifier: GPL-3.0-or-later
// The border between the program and the engine module (liblatent-engine, opened at local scope).
// Both sides are built from one tree by one compiler, so C++ types may cross; `abi` guards a mix.
#pragma once

#include "core/base/log.h"
#include "core/session/experiment.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lx {

class ChainView;
struct ChainExport;
namespace executors {
class ChainExecutor;
class Program;
struct StepSettings;
}  // namespace executors

inline constexpr std::uint32_t kEngineAbi = 3;

/// Chains on a graphics processor: core/executors/vulkan_executor.h.
using GpuChains = std::function<std::unique_ptr<executors::ChainExecutor>(
    std::shared_ptr<const executors::Program>, const executors::StepSettings&,
    std::span<const float> positions, Key)>;
/// Chains as ArviZ reads them: core/chains/netcdf_file.h.
using SaveChains =
    std::function<void(const std::filesystem::path&, const ChainView&, const ChainExport&)>;

/// What the program lends to the engine; functions may be null.
struct HostServices {
    std::uint32_t abi = kEngineAbi;
    LogSink log;
    std::vector<std::string> dataFolders;  ///< searched for data sets, in order
    GpuChains gpuChains;
    SaveChains saveNetCdf;
};

struct BenchRow {
    std::string name;
    double value = 0;
    std::string unit;
};

struct SelfTestRow {
    std::string name;
    double value = 0, expected = 0, tolerance = 0;
    bool pass = false;
};

/// Some rows of the self-test that belong together. Any thread may run it; seconds.
struct SelfTestPart {
    std::string name;
    std::function<std::vector<SelfTestRow>()> run;
};

struct DatasetInfo {
    std::string id, title;
    Index count = 0, dim = 0;
    std::vector<Index> sampleShape;
    bool available = true;
    std::string note;  ///< why it is not available, and the remedy
};

struct EngineTable {
    std::uint32_t abi = kEngineAbi;
    std::span<const ExperimentSpec> experiments;
    std::string torchVersion, blas;
    /// Compute threads of LibTorch; call before the first run or between runs.
    void (*setThreads)(int) = nullptr;
    /// cpu, cuda or cuda:N for the runs made from now on. Throws DeviceError on an absent one.
    void (*setDevice)(const std::string&) = nullptr;
    /// Those there are, the processor first.
    std::vector<std::string> (*devices)() = nullptr;
    std::vector<DatasetInfo> (*datasets)() = nullptr;
    std::vector<std::string> (*benchNames)() = nullptr;
    std::vector<BenchRow> (*bench)(std::span<const std::string> names, int threads) = nullptr;
    std::vector<SelfTestRow> (*selfTest)() = nullptr;
};

/// Symbol name and type of the module's only export.
inline constexpr const char* kEngineSymbol = "lx_engine";
using EngineEntry = const EngineTable* (*)(const HostServices*);

}  // namespace lx
