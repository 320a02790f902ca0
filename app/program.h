// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the program that the window and the commands share.
#pragma once

#include "core/cli/command_line.h"
#include "core/cli/host.h"
#include "core/recipes/recipe_book.h"

#include <atomic>
#include <mutex>

namespace lx::app {

class Program {
public:
    Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    const RecipeBook& recipes() const noexcept { return m_recipes; }
    const std::filesystem::path& resources() const noexcept { return m_resources; }
    /// Opens the engine module at the first call; any thread. Throws Error.
    const EngineTable& engine();
    /// Messages of every layer; any thread. Warnings and errors go to standard error until another
    /// sink is set.
    const LogSink& log() const noexcept { return m_log; }
    void setLogSink(LogSink);
    /// Versions of the program and of what it is built on; LibTorch's once the engine is open.
    std::map<std::string, std::string, std::less<>> versions() const;
    /// What the program tests of itself besides the engine.
    std::vector<SelfTestPart> selfTest() const;
    /// vae-fashion where its data are installed, else vae-shapes.
    std::string defaultRecipe() const;
    /// Folders with data sets, in the order they are searched.
    std::vector<std::string> dataFolders() const;

private:
    std::filesystem::path m_executable, m_resources;
    RecipeBook m_recipes;
    std::mutex m_engineMutex, m_sinkMutex;
    std::atomic<const EngineTable*> m_engine = nullptr;
    LogSink m_sink, m_log;
};

#ifdef LX_WITH_UI
/// Opens the window and returns when it is closed.
ExitCode openWindow(Program&, const cli::WindowOptions&);
/// Gives the commands what needs Qt: views, pictures, benchmarks of the window.
void addPictures(Program&, cli::Host&);
#endif

}  // namespace lx::app
