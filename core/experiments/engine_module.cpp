// SPDX-License-Identifier: GPL-3.0-or-later
// The only export of the engine module.
#include "core/session/engine_module.h"

#include "core/data/dataset.h"
#include "core/experiments/bench.h"
#include "core/experiments/device.h"
#include "core/experiments/registry.h"
#include "core/experiments/selftest.h"
#include "core/experiments/threads.h"
#include "core/experiments/torch_errors.h"

#include <torch/version.h>

namespace lx {
namespace {

/// Lives as long as the process: the module is never closed.
struct Engine {
    std::shared_ptr<const DataLibrary> library;
    std::vector<ExperimentSpec> specs;
    EngineTable table;
};
Engine* engine = nullptr;

std::vector<std::string> devices() {
    return deviceNames(cudaState());
}

std::vector<DatasetInfo> datasets() {
    std::vector<DatasetInfo> rows;
    const bool fashion = !engine->library->fashionFolder().empty();
    for (const auto& source : dataSources()) {
        const DataShape shape = engine->library->shape({{"data.source", source.id}});
        DatasetInfo info{
            source.id,         source.title, shape.count, elementCount(shape.sampleShape),
            shape.sampleShape, true,         ""};
        if (source.id.starts_with("data.fashion") && !fashion) {
            info.available = false;
            info.note = "install the package dataset-fashion-mnist";
        }
        rows.push_back(std::move(info));
    }
    return rows;
}

std::vector<BenchRow> bench(std::span<const std::string> names, int threads) {
    return translated("bench", 0, [&] { return benchmarks::run(names, threads); });
}

std::vector<SelfTestRow> selfTest() {
    return translated("selftest", 0, [] { return selftest::run(); });
}

}  // namespace
}  // namespace lx

extern "C" __attribute__((visibility("default"))) const lx::EngineTable* lx_engine(
    const lx::HostServices* host) {
    using namespace lx;
    if (host == nullptr || host->abi != kEngineAbi) {
        return nullptr;
    }
    if (engine == nullptr) {
        auto made = std::make_unique<Engine>();
        made->library = std::make_shared<DataLibrary>(host->dataFolders);
        made->specs = experimentSpecs(made->library, *host);
        made->table.experiments = made->specs;
        made->table.torchVersion = TORCH_VERSION;
        made->table.blas = blasName();
        made->table.setThreads = setThreads;
        made->table.setDevice = setDevice;
        made->table.devices = devices;
        made->table.datasets = datasets;
        made->table.benchNames = benchmarks::names;
        made->table.bench = bench;
        made->table.selfTest = selfTest;
        engine = made.release();
    }
    return &engine->table;
}
