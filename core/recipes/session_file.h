// SPDX-License-Identifier: GPL-3.0-or-later
// A session is one safetensors file: settings as text metadata, the state as tensors, a SHA-256
// for each. session.json beside it is its readable copy and is never needed to load it.
#pragma once

#include "core/recipes/json_text.h"
#include "core/session/experiment.h"

#include <array>
#include <filesystem>
#include <memory>
#include <string>

namespace lx {

/// Settings of a run. `layout` is the window's own (JSON) and is stored apart from them.
struct SessionDocument {
    std::string recipe, title;
    cmd::Load load;  ///< family, complete parameters, seed
    std::array<Index, kClocks> step{};
    std::map<std::string, std::string, std::less<>> versions;
    std::string layout;
};

struct SessionFile {
    SessionDocument document;
    std::shared_ptr<const State> state;
};

inline constexpr int kSessionFormat = 1;

/// Without `layout`.
Json toJson(const SessionDocument&);
/// Throws InputError with the JSON place; a newer format is refused naming both versions.
SessionDocument sessionFromJson(std::string_view json, const std::string& file);

/// Old-or-new; throws WriteError.
void saveSession(const std::filesystem::path&, const SessionDocument&, const State&);
/// `path`: the file, its readable copy session.json, or the folder of a run. Throws InputError.
SessionFile loadSession(const std::filesystem::path&);
/// The safetensors file that `path` stands for (see loadSession).
std::filesystem::path sessionWeights(const std::filesystem::path&);

}  // namespace lx
