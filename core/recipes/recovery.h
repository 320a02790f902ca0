// SPDX-License-Identifier: GPL-3.0-or-later
// Autosaved sessions: one file a run in the XDG state folder, named after the process that writes
// it, so that a new start can tell what a crash left behind and never overwrites it.
#pragma once

#include "core/recipes/session_file.h"

#include <chrono>
#include <vector>

namespace lx {

/// $XDG_STATE_HOME/latent-explorer, or ~/.local/state/latent-explorer.
std::filesystem::path stateFolder();

/// A process for ever: its number may be used again, but not with this boot and start time.
struct ProcessId {
    std::string boot;  ///< /proc/sys/kernel/random/boot_id without its dashes
    long pid = 0;
    unsigned long long start = 0;  ///< clock ticks after boot
    friend bool operator==(const ProcessId&, const ProcessId&) = default;
};
ProcessId thisProcess();
bool isAlive(const ProcessId&);

/// <boot>.<pid>.<start>.<run>.safetensors
std::string autosaveName(const ProcessId&, std::uint32_t run);

struct Leftover {
    std::filesystem::path path;
    SessionDocument document;
    std::chrono::system_clock::time_point saved;
};

/// Sessions in `folder` whose process is gone, newest first. A damaged one stays where it is and is
/// named in `problems`.
std::vector<Leftover> findLeftovers(const std::filesystem::path& folder,
                                    std::vector<std::string>& problems);

/// Makes a leftover this process's own, so that no other window offers it. Returns its new path.
/// Throws Error when it is gone.
std::filesystem::path claimLeftover(const std::filesystem::path&, std::uint32_t number);

/// Seconds between two autosaves: 30, or what LX_AUTOSAVE_SECONDS says (0.1 to 3600).
std::chrono::milliseconds autosaveInterval();

}  // namespace lx
