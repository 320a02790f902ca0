// SPDX-License-Identifier: GPL-3.0-or-later
// One declaration of a parameter serves the form, --set, JSON validation and list --json.
#pragma once

#include "core/base/error.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lx {

using ParamValue = std::variant<bool, Index, double, std::string, std::vector<double>>;
using ParamSet = std::map<std::string, ParamValue, std::less<>>;

enum class Scale : std::uint8_t { Linear, Log };
/// What a text names: nothing of the disk, one file, or several, one a line.
enum class PathKind : std::uint8_t { None, File, Files };

struct ParamDecl {
    std::string id, label, unit, help;
    ParamValue initial;
    std::optional<double> min, max;
    /// What a slider spans: where a hand likes to move a live number.
    std::optional<std::array<double, 2>> slider;
    std::vector<std::string> choices;
    Scale scale = Scale::Linear;
    PathKind path = PathKind::None;
    bool basic = true;  ///< false: shown under All only
    bool live = true;   ///< false: a change starts a new run
};

/// "bool", "integer", "number", "text" or "numbers".
std::string_view typeName(const ParamValue&) noexcept;

/// The declaration of `id`, or null.
const ParamDecl* find(std::span<const ParamDecl>, std::string_view id) noexcept;

/// Reads `text` as the declared type and checks range and choices. Numbers by from_chars, so the
/// locale plays no part. Throws UsageError naming the range or the choices.
ParamValue parse(const ParamDecl&, std::string_view text);

/// Converts `value` to the declared type where that loses nothing (2 -> 2.0), adds an omitted group
/// prefix of a choice (normal -> prior.normal), and checks the range. Throws UsageError.
ParamValue checked(const ParamDecl&, ParamValue value);

/// Shortest text that reads back as the same value.
std::string format(const ParamValue&);

/// Defaults overlaid with `given`. An unknown key is a UsageError that names the nearest valid one.
ParamSet resolve(std::span<const ParamDecl>, const ParamSet& given);

/// The value in force of a declared parameter: the given one, checked, or the initial one. Throws
/// UsageError.
ParamValue chosen(const ParamDecl&, const ParamSet& given);
template <class T>
T chosenAs(const ParamDecl& decl, const ParamSet& given) {
    return std::get<T>(chosen(decl, given));
}

/// Those of `params` that are declared in `decls`.
ParamSet only(const ParamSet& params, std::span<const ParamDecl> decls);

/// The value of `id`, or `fallback` where the choices made declare no such parameter.
template <class T>
T valueOr(const ParamSet& params, std::string_view id, T fallback) {
    const auto found = params.find(id);
    return found == params.end() ? std::move(fallback) : std::get<T>(found->second);
}

/// The candidate with the smallest edit distance to `word`; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// Typed access. Throws UsageError when the key is absent or of another type.
bool flag(const ParamSet&, std::string_view id);
Index integer(const ParamSet&, std::string_view id);
double number(const ParamSet&, std::string_view id);
const std::string& text(const ParamSet&, std::string_view id);
const std::vector<double>& numbers(const ParamSet&, std::string_view id);

}  // namespace lx
