// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/program.h"
#include "app/session_store.h"
#include "ui/shell/main_window.h"

namespace lx::app {

/// Everything behind one window: engine, files, and the services made of them.
class Composition {
public:
    Composition(Program&, bool autosave);
    /// Recipes, files and renderer; the engine's functions come with attachEngine.
    ui::AppServices services();
    /// Call on the GUI thread once Program::engine() has returned; then MainWindow::engineReady.
    void attachEngine(const EngineTable&, ui::AppServices&);
    /// A person's own recipe file joins the shipped ones. Returns its id.
    std::string addRecipe(const Recipe&);
    SessionStore& store() noexcept { return m_store; }

private:
    void fillSessionCodes(ui::AppServices&) const;

    Program& m_program;
    std::vector<Recipe> m_own;
    std::shared_ptr<ui::LogBuffer> m_log = std::make_shared<ui::LogBuffer>();
    std::unique_ptr<Engine> m_engine;
    SessionStore m_store;
};

}  // namespace lx::app
