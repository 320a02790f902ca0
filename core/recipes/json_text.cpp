// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/json_text.h"

#include <algorithm>
#include <limits>
#include <set>

namespace lx {
namespace {

constexpr int kMaxDepth = 32;

/// Sees every event of the parser before the value is stored.
struct Guard {
    const std::string& file;
    std::vector<std::set<std::string>> keys;

    bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kMaxDepth) {
            throw InputError(file, "", "is nested deeper than 32 levels");
        }
        if (event == Json::parse_event_t::object_start) {
            keys.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            keys.pop_back();
        } else if (event == Json::parse_event_t::key &&
                   !keys.back().insert(parsed.get<std::string>()).second) {
            throw InputError(file, "key '" + parsed.get<std::string>() + "'",
                             "appears twice in one object; remove one of them");
        }
        return true;
    }
};

}  // namespace

Json parseJson(std::string_view text, const std::string& file) {
    if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
        // The parser would take it for the end and never see what follows.
        throw InputError(file, lineAndColumn(text, zero), "is not valid JSON (a zero byte)");
    }
    // The parser recurses, so depth is bounded before it starts.
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted) {
            at += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth) {
                throw InputError(file, lineAndColumn(text, at), "is nested deeper than 32 levels");
            }
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    try {
        return Json::parse(text, Guard{file, {}});
    } catch (const Json::parse_error& error) {
        std::string what = error.what();
        const auto colon = what.find(": ");
        what = colon == std::string::npos ? what : what.substr(colon + 2);
        throw InputError(file, lineAndColumn(text, error.byte > 0 ? error.byte - 1 : 0),
                         "is not valid JSON (" + what + ")");
    } catch (const Json::exception& error) {
        throw InputError(file, "", std::string("is not usable JSON (") + error.what() + ")");
    }
}

std::string lineAndColumn(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto start = before.rfind('\n');
    const auto column = start == std::string_view::npos ? before.size() + 1 : before.size() - start;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string lineOfKey(std::string_view text, std::string_view key) {
    const auto at = text.find('"' + std::string(key) + '"');
    return at == std::string_view::npos
               ? ""
               : "line " + std::to_string(1 + std::ranges::count(text.substr(0, at), '\n'));
}

ParamValue paramFromJson(const Json& value) {
    if (value.is_boolean()) {
        return value.get<bool>();
    }
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<Index>::max()}) {
        throw UsageError("is larger than any whole number allowed here");
    }
    if (value.is_number_integer()) {
        return value.get<Index>();
    }
    if (value.is_number_float()) {
        return value.get<double>();
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_array() &&
        std::ranges::all_of(value, [](const Json& e) { return e.is_number(); })) {
        std::vector<double> list;
        for (const Json& entry : value) {
            list.push_back(entry.get<double>());
        }
        return list;
    }
    throw UsageError("must be true, false, a number, a text or a list of numbers");
}

Json toJson(const ParamValue& value) {
    return std::visit([](const auto& held) { return Json(held); }, value);
}

Json toJson(const ParamSet& set) {
    Json object = Json::object();
    for (const auto& [id, value] : set) {
        object[id] = toJson(value);
    }
    return object;
}

}  // namespace lx
