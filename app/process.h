// SPDX-License-Identifier: GPL-3.0-or-later
// What has to happen to the process before anything else, and what happens to it at the end.
#pragma once

#include "core/base/log.h"

#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

namespace lx::app {

/// Memory thresholds and the environment of libraries that are opened later. Call first in main:
/// OpenMP reads OMP_WAIT_POLICY when it is loaded, and malloc keeps what it was told first.
void prepareProcess();

/// Path of the running program.
std::filesystem::path executablePath();

/// Writes a report (versions, the last messages, the stack) to `folder` when the program crashes,
/// and names it on standard error. The handler allocates nothing.
void installCrashHandler(const std::filesystem::path& folder, const std::string& header);
/// Gives the calling thread a stack of its own for the handler, so that an overflow is reported.
void useAlternateStack();
/// Keeps a message for the report. Any thread.
void rememberForCrash(LogLevel, const std::string& message);

/// Ctrl-C and SIGTERM request the stop; a second Ctrl-C ends the program at once.
std::stop_token stopOnSignals();
/// Calls `act` on another thread when the stop is requested.
void whenStopped(std::stop_token, std::function<void()> act);

}  // namespace lx::app
