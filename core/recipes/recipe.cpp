// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/recipe.h"

#include "core/recipes/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

namespace lx {
namespace {

constexpr std::string_view kClockNames[] = {"train", "sample", "diffuse"};
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
const std::vector<std::string> kKeys = {"id",     "title",  "family", "reference",
                                        "lesson", "clock",  "steps",  "seed",
                                        "params", "layout", "views",  "checks"};
const std::vector<std::string> kCheckKeys = {"name", "op", "threshold"};

/// Reads fields of one JSON object and names the place of whatever is wrong.
class Fields {
public:
    Fields(const Json& object, std::string source, std::string_view text, std::string prefix)
        : m_object(object), m_source(std::move(source)), m_text(text), m_prefix(std::move(prefix)) {
        if (!object.is_object()) {
            fail("", "must be an object { ... }");
        }
    }

    [[noreturn]] void fail(const std::string& key, const std::string& what) const {
        std::string place = m_prefix + key;
        const std::string line = key.empty() ? "" : lineOfKey(m_text, key);
        place = line.empty() ? place : line + ", " + place;
        throw InputError(m_source, place, what);
    }

    void requireKnown(const std::vector<std::string>& known) const {
        for (const auto& [key, value] : m_object.items()) {
            if (std::ranges::find(known, key) == known.end()) {
                const std::string near = nearest(key, known);
                fail(key, "unknown key" + (near.empty() ? "" : "; the nearest is '" + near + "'"));
            }
        }
    }

    const Json& required(const std::string& key) const {
        const auto found = m_object.find(key);
        if (found == m_object.end()) {
            fail(key, "is missing");
        }
        return *found;
    }

    std::string text(const std::string& key, bool mayMiss = false) const {
        if (mayMiss && !m_object.contains(key)) {
            return {};
        }
        const Json& value = required(key);
        if (!value.is_string()) {
            fail(key, "must be a text");
        }
        return value.get<std::string>();
    }

    std::uint64_t whole(const std::string& key, std::uint64_t least) const {
        const Json& value = required(key);
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least ||
            value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<Index>::max()}) {
            fail(key, "must be a whole number from " + std::to_string(least));
        }
        return value.get<std::uint64_t>();
    }

    bool has(const std::string& key) const { return m_object.contains(key); }

private:
    const Json& m_object;
    std::string m_source;
    std::string_view m_text;
    std::string m_prefix;
};

bool isIdentifier(const std::string& id) {
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

Check readCheck(const Json& json, const std::string& source, std::string_view text,
                const std::string& prefix) {
    const Fields fields(json, source, text, prefix);
    fields.requireKnown(kCheckKeys);
    Check check{.name = fields.text("name"), .op = fields.text("op")};
    const Json& threshold = fields.required("threshold");
    if (check.op == "in") {
        if (!threshold.is_array() || threshold.size() != 2 || !threshold[0].is_number() ||
            !threshold[1].is_number() ||
            !(threshold[0].get<double>() <= threshold[1].get<double>())) {
            fields.fail("threshold", "must be [low, high] for the operator in");
        }
        check.threshold = threshold[0].get<double>();
        check.upper = threshold[1].get<double>();
    } else if (check.op == "<" || check.op == "<=" || check.op == ">" || check.op == ">=") {
        if (!threshold.is_number()) {
            fields.fail("threshold", "must be a number");
        }
        check.threshold = check.upper = threshold.get<double>();
    } else {
        fields.fail("op", "'" + check.op + "' is not one of <, <=, >, >=, in");
    }
    return check;
}

std::vector<std::string> idsOf(std::span<const ParamDecl> decls) {
    std::vector<std::string> ids;
    std::ranges::transform(decls, std::back_inserter(ids), &ParamDecl::id);
    return ids;
}

[[noreturn]] void refuseParam(const Recipe& recipe, const std::string& id,
                              const std::string& what) {
    const std::string line = lineOfKey(recipe.text, id);
    throw InputError(recipe.source, (line.empty() ? "" : line + ", ") + "params/" + id, what);
}

/// The description for the parameters as written. `describe` may refuse a part by its value.
Description describeRecipe(const Recipe& recipe, const ExperimentSpec& spec) {
    try {
        return spec.describe(recipe.params);
    } catch (const UsageError& error) {
        throw InputError(recipe.source, "params", error.what());
    }
}

void requireValid(const Recipe& recipe, const Description& description) {
    for (const auto& [id, value] : recipe.params) {
        const ParamDecl* decl = find(description.params, id);
        if (decl == nullptr) {
            const std::string near = nearest(id, idsOf(description.params));
            refuseParam(recipe, id,
                        "unknown parameter of the family '" + recipe.family + "'" +
                            (near.empty() ? "" : "; the nearest is '" + near + "'"));
        }
        try {
            checked(*decl, value);
        } catch (const UsageError& error) {
            refuseParam(recipe, id, error.what());
        }
    }
}

}  // namespace

std::string_view nameOf(Clock clock) noexcept {
    return kClockNames[static_cast<std::size_t>(clock)];
}

std::string limitText(const Check& check) {
    char text[80];
    if (check.op == "in") {
        std::snprintf(text, sizeof text, "in [%.6g, %.6g]", check.threshold, check.upper);
    } else {
        std::snprintf(text, sizeof text, "%s %.6g", check.op.c_str(), check.threshold);
    }
    return text;
}

std::vector<CheckResult> evaluate(std::span<const Check> checks,
                                  const std::map<std::string, double>& metrics) {
    std::vector<CheckResult> results;
    for (const Check& check : checks) {
        const auto found = metrics.find(check.name);
        const double value =
            found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
        // Comparisons with not-a-number are false, so a missing metric fails by itself.
        const bool pass = check.op == "<"    ? value < check.threshold
                          : check.op == "<=" ? value <= check.threshold
                          : check.op == ">"  ? value > check.threshold
                          : check.op == ">=" ? value >= check.threshold
                                             : value >= check.threshold && value <= check.upper;
        results.push_back({check, value, pass});
    }
    return results;
}

Recipe parseRecipe(std::string_view json, const std::string& source) {
    const Json document = parseJson(json, source);
    const Fields fields(document, source, json, "");
    fields.requireKnown(kKeys);
    Recipe recipe;
    recipe.source = source;
    recipe.text = json;
    recipe.id = fields.text("id");
    if (!isIdentifier(recipe.id)) {
        fields.fail("id", "must consist of a-z, 0-9, '-', '_' and '.', at most 64 of them");
    }
    recipe.title = fields.text("title");
    recipe.family = fields.text("family");
    recipe.reference = fields.text("reference", true);
    recipe.lesson = fields.text("lesson", true);
    if (!recipe.lesson.empty() && !isIdentifier(recipe.lesson)) {
        fields.fail("lesson", "must be the name of a file in the lessons folder, without a path");
    }
    recipe.layout = fields.text("layout", true);
    if (fields.has("clock")) {
        const std::string clock = fields.text("clock");
        const auto found = std::ranges::find(kClockNames, clock);
        if (found == std::end(kClockNames)) {
            fields.fail("clock", "'" + clock + "' is not one of train, sample, diffuse");
        }
        recipe.clock = static_cast<Clock>(found - std::begin(kClockNames));
    }
    recipe.steps = static_cast<Index>(fields.whole("steps", 1));
    recipe.seed = fields.has("seed") ? fields.whole("seed", 0) : 0;
    if (fields.has("params")) {
        const Json& params = fields.required("params");
        if (!params.is_object()) {
            fields.fail("params", "must be an object { ... }");
        }
        for (const auto& [id, value] : params.items()) {
            try {
                recipe.params.emplace(id, paramFromJson(value));
            } catch (const UsageError& error) {
                refuseParam(recipe, id, error.what());
            }
        }
    }
    if (fields.has("views")) {
        const Json& views = fields.required("views");
        if (!views.is_array() ||
            !std::ranges::all_of(views, [](const Json& v) { return v.is_string(); })) {
            fields.fail("views", "must be a list of texts");
        }
        recipe.views = views.get<std::vector<std::string>>();
    }
    if (fields.has("checks")) {
        const Json& checks = fields.required("checks");
        if (!checks.is_array()) {
            fields.fail("checks", "must be a list of objects");
        }
        for (std::size_t i = 0; i < checks.size(); ++i) {
            recipe.checks.push_back(
                readCheck(checks[i], source, json, "checks/" + std::to_string(i) + "/"));
        }
    }
    return recipe;
}

Recipe readRecipe(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        throw InputError(path.string(), "", "cannot be read; give a recipe file (.json)");
    }
    std::string text(kMaxBytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxBytes) {
        throw InputError(path.string(), "", "is larger than 1 MiB, which no recipe is");
    }
    return parseRecipe(text, path.string());
}

const ExperimentSpec& familyOf(const Recipe& recipe, std::span<const ExperimentSpec> specs) {
    std::vector<std::string> ids;
    for (const auto& spec : specs) {
        if (spec.id == recipe.family) {
            return spec;
        }
        ids.push_back(spec.id);
    }
    const std::string near = nearest(recipe.family, ids);
    const std::string line = lineOfKey(recipe.text, "family");
    throw InputError(recipe.source, (line.empty() ? "" : line + ", ") + "family",
                     "unknown experiment family '" + recipe.family + "'" +
                         (near.empty() ? "" : "; the nearest is '" + near + "'"));
}

Setup prepare(const Recipe& recipe, const ExperimentSpec& spec,
              std::span<const std::string> overrides) {
    requireValid(recipe, describeRecipe(recipe, spec));

    struct Override {
        std::string id, text;
        bool applied = false;
    };
    std::vector<Override> waiting;
    std::set<std::string> seen;
    for (const auto& text : overrides) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw UsageError("'" + text + "' is not of the form id=value");
        }
        waiting.push_back({text.substr(0, equals), text.substr(equals + 1)});
        if (!seen.insert(waiting.back().id).second) {
            throw UsageError("parameter '" + waiting.back().id + "' is set twice");
        }
    }

    // A choice can bring new keys and remove others, so overrides are applied in rounds.
    ParamSet given = recipe.params;
    Description description = spec.describe(given);
    for (bool progress = true; progress;) {
        progress = false;
        for (auto& entry : waiting) {
            const ParamDecl* decl = entry.applied ? nullptr : find(description.params, entry.id);
            if (decl != nullptr) {
                given[entry.id] = parse(*decl, entry.text);
                entry.applied = progress = true;
            }
        }
        if (progress) {
            description = spec.describe(given);
            std::erase_if(given, [&](const auto& pair) {
                return find(description.params, pair.first) == nullptr &&
                       !seen.contains(pair.first);
            });
        }
    }
    for (const auto& entry : waiting) {
        if (!entry.applied) {
            given[entry.id] = entry.text;  // resolve() names the nearest key
        }
    }
    ParamSet params = resolve(description.params, given);
    return {std::move(params), std::move(description)};
}

}  // namespace lx
