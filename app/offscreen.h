// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that paint without a display share.
#pragma once

#include "app/composition.h"

#include <QElapsedTimer>
#include <QString>

#include <functional>

namespace lx::app {

/// The one application of a command, always offscreen. It lives until the process ends: taking it
/// apart among the static objects of Qt and the engine is what crashes programs at exit.
void requireApplication(const Program&);

/// How pictures are drawn is worth a line in the log, not a warning.
LogSink quietly(const LogSink&);
/// Makes renderers that log so.
std::function<std::shared_ptr<render::Renderer>()> rendererFactory(const Program&);

/// Works off events until `done` or for so long; returns whether it was done.
bool pumpUntil(const std::function<bool()>& done, int milliseconds, const std::stop_token&);

/// Until no new snapshot arrived for a while.
void settle(ui::SessionBridge&, const std::stop_token&);

/// That run with the series which were drained from it before, for one more reader.
std::shared_ptr<Session> replayed(std::shared_ptr<Session>, std::vector<SeriesPoint>);

/// The program's window on a recipe, as a command asks for it.
class OffscreenWindow {
public:
    /// Throws Error.
    OffscreenWindow(Program&, const cli::WindowRequest&);

    /// Runs to that step of the recipe's clock and waits for the views. Returns false when stopped;
    /// throws the failure of the run.
    bool runTo(Index step, const std::stop_token&);
    QImage picture();

private:
    Clock m_clock;
    std::unique_ptr<Composition> m_composition;
    std::unique_ptr<ui::MainWindow> m_window;
};

}  // namespace lx::app
