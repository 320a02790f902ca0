// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/program.h"

#include "app/engine_loader.h"
#include "app/process.h"
#include "core/chains/netcdf_file.h"
#include "core/executors/selftest.h"
#include "core/executors/vulkan_executor.h"

#include <cstdlib>
#include <iostream>

namespace lx::app {
namespace fs = std::filesystem;
namespace {

executors::MakeExecutor gpuChains(LogSink log) {
    return [log = std::move(log)](executors::ProgramPtr program,
                                  const executors::StepSettings& settings,
                                  std::span<const float> positions, Key key) {
        return executors::vulkanExecutor(std::move(program), settings, positions,
                                         {.key = key, .software = true, .log = log});
    };
}

}  // namespace

Program::Program()
    : m_executable(executablePath()),
      m_resources(resourceFolder(m_executable)),
      m_sink([](LogLevel level, const std::string& message) {
          if (level >= LogLevel::Warning) {
              std::cerr << "latent-explorer: " << message << std::endl;
          }
      }),
      m_log([this](LogLevel level, const std::string& message) {
          rememberForCrash(level, message);
          const std::lock_guard lock(m_sinkMutex);
          m_sink(level, message);
      }) {
    std::vector<std::string> problems;
    m_recipes = RecipeBook::shipped(m_resources, problems);
    for (const auto& problem : problems) {
        m_log(LogLevel::Warning, problem);
    }
}

void Program::setLogSink(LogSink sink) {
    const std::lock_guard lock(m_sinkMutex);
    m_sink = std::move(sink);
}

const EngineTable& Program::engine() {
    const std::lock_guard lock(m_engineMutex);
    if (m_engine == nullptr) {
        HostServices services;
        services.log = m_log;
        services.dataFolders = dataFolders();
        services.gpuChains = gpuChains(m_log);
        services.saveNetCdf = writeNetCdf;
        m_engine = &loadEngine(m_executable, services);
    }
    return *m_engine;
}

std::map<std::string, std::string, std::less<>> Program::versions() const {
    std::map<std::string, std::string, std::less<>> all = {{"latent-explorer", LX_VERSION},
                                                           {"compiler", "g++ " __VERSION__}};
    if (const EngineTable* table = m_engine) {
        all["torch"] = table->torchVersion;
        all["blas"] = table->blas;
    }
    return all;
}

std::vector<std::string> Program::dataFolders() const {
    std::vector<std::string> folders;
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    if (data != nullptr && data[0] == '/') {
        folders.push_back((fs::path(data) / "latent-explorer").string());
    } else if (home != nullptr && home[0] != '\0') {
        folders.push_back((fs::path(home) / ".local/share/latent-explorer").string());
    }
    folders.emplace_back("/usr/share/datasets/fashion-mnist");
    if (!m_resources.empty()) {
        folders.push_back((m_resources / "data").string());
    }
    return folders;
}

std::string Program::defaultRecipe() const {
    for (const auto& folder : dataFolders()) {
        std::error_code error;
        for (const char* name : {"train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"}) {
            if (fs::exists(fs::path(folder) / name, error)) {
                return "vae-fashion";
            }
        }
    }
    return "vae-shapes";
}

std::vector<SelfTestPart> Program::selfTest() const {
    auto parts = cli::ownSelfTestParts();
    parts.push_back({"fused executor", [] { return cli::scoreRows(executors::fusedSelftest()); }});
    parts.push_back(
        {"Vulkan executor", [log = m_log] {
             // Where there is no device the fused executor steps the chains.
             try {
                 return cli::scoreRows(executors::executorSelftest("vulkan", gpuChains(log), 4000));
             } catch (const DeviceError& error) {
                 return std::vector<SelfTestRow>{
                     {std::string("vulkan, not tested: ") + error.what(), 0, 0, 0, true}};
             }
         }});
    return parts;
}

}  // namespace lx::app
