// SPDX-License-Identifier: GPL-3.0-or-later
// Strict JSON for everything a person may hand us: repeated keys are refused, depth is bounded and
// every error names file, line and column.
#pragma once

#include "core/base/params.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace lx {

using Json = nlohmann::ordered_json;

/// Throws InputError with line and column. Nesting is limited to 32 levels.
Json parseJson(std::string_view text, const std::string& file);

/// "line 12, column 3" of a byte offset.
std::string lineAndColumn(std::string_view text, std::size_t offset);
/// "line 12" of the first occurrence of the key, or "" when it is not there.
std::string lineOfKey(std::string_view text, std::string_view key);

/// A parameter value: true, 3, 0.5, "text" or [1, 2]. Throws UsageError on anything else.
ParamValue paramFromJson(const Json&);
Json toJson(const ParamValue&);
Json toJson(const ParamSet&);

}  // namespace lx
