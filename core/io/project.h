// SPDX-License-Identifier: GPL-3.0-or-later
// A session or a set of weights as one safetensors file that notices any damage.
#pragma once

#include "core/io/safetensors.h"

namespace lx {

/// Settings are text under keys that do not begin with "lx."; they are stored as metadata of the
/// same names, beside "lx.format" (this version), "lx.sha256/<tensor>" (SHA-256 of its bytes) and
/// "lx.sha256" (over every other metadata entry and the names, types and shapes of all tensors).
struct Project {
    State state;
    Metadata settings;
};

inline constexpr int kProjectFormat = 1;

/// Either what was saved, to the bit, or an InputError naming the tensor or the settings that
/// changed. A newer format is refused naming both versions.
Project loadProject(std::span<const std::byte>, const std::string& name);
Project loadProject(const std::filesystem::path&);

/// Throws UsageError on a setting that begins with "lx." and WriteError as writeFileAtomically.
Bytes encodeProject(const Project&);
void saveProject(const std::filesystem::path&, const Project&);

}  // namespace lx
