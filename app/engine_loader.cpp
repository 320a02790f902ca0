// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine_loader.h"

#include <algorithm>

#include <dlfcn.h>

namespace lx::app {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModule = "liblatent-engine.so";
constexpr double kSlowGflops = 5;

}  // namespace

const EngineTable& loadEngine(const fs::path& executable, const HostServices& services) {
    const fs::path prefix = executable.parent_path().parent_path();
    const std::vector<fs::path> folders = {prefix / "lib", prefix / LX_MODULE_FOLDER};
    std::string searched;
    for (const auto& folder : folders) {
        std::error_code error;
        if (!fs::exists(folder / kModule, error)) {
            searched += (searched.empty() ? "" : " and ") + folder.string();
            continue;
        }
        // Local scope: on Debian 13 LibTorch exports LLVM symbols that would take over those of the
        // software Vulkan driver.
        void* module = dlopen((folder / kModule).c_str(), RTLD_NOW | RTLD_LOCAL);
        if (module == nullptr) {
            const char* why = dlerror();
            throw Error("the engine " + (folder / kModule).string() + " cannot be opened: " +
                        (why != nullptr ? why : "no reason given") + "; reinstall LibTorch");
        }
        const auto entry = reinterpret_cast<EngineEntry>(dlsym(module, kEngineSymbol));
        const EngineTable* table = entry != nullptr ? entry(&services) : nullptr;
        if (table == nullptr || table->abi != kEngineAbi) {
            throw Error("the engine " + (folder / kModule).string() +
                        " belongs to another version of the program; build or install both again");
        }
        return *table;
    }
    throw Error("the engine " + std::string(kModule) + " is missing; searched in " + searched);
}

void warnAboutSlowBlas(const EngineTable& table, const LogSink& log) {
    const std::string name = "sgemm.check";
    const auto known = table.benchNames();
    if (!log || std::ranges::find(known, name) == known.end()) {
        return;
    }
    const auto rows = table.bench(std::span(&name, 1), 1);
    if (!rows.empty() && rows[0].value < kSlowGflops) {
        log(LogLevel::Warning,
            "matrix products run at " + std::to_string(static_cast<int>(rows[0].value)) +
                " GFLOP/s with " + table.blas +
                ": training is many times slower than it could be; install libopenblas0-pthread");
    }
}

}  // namespace lx::app
