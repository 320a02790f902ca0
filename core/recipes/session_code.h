// SPDX-License-Identifier: GPL-3.0-or-later
// A run as one line of text: recipe, complete parameters, seed and steps, but no weights. Whoever
// pastes it gets the same run again, since every draw follows from the seed. Pictures carry it.
#pragma once

#include "core/recipes/session_file.h"

namespace lx {

/// Keyword of the code in PNG files.
inline constexpr const char* kSessionCodeKey = "latent-explorer.session";
/// A longer one is refused before it is unpacked.
inline constexpr std::size_t kMaxSessionCode = std::size_t{64} << 10;

/// "LX1:" and letters, digits, - and _ (packed JSON, base64url).
std::string sessionCode(const SessionDocument&);
/// `source` is named in errors. Throws InputError on anything that sessionCode did not write.
SessionDocument readSessionCode(std::string_view code, const std::string& source);

}  // namespace lx
