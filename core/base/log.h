// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lx {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

/// Where messages go. Handed down explicitly, because the engine module and the program each link
/// this library: a global sink would exist twice. May be called from any thread.
using LogSink = std::function<void(LogLevel, const std::string& message)>;

}  // namespace lx
