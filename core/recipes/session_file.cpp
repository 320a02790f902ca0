// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/session_file.h"

#include "core/io/project.h"
#include "core/recipes/recipe.h"

#include <limits>

namespace lx {
namespace {

constexpr const char* kSettingsKey = "session";
constexpr const char* kLayoutKey = "layout";

const Json& member(const Json& object, const char* key, Json::value_t type, const std::string& file,
                   const std::string& prefix = "") {
    const auto found = object.find(key);
    const bool fits = found != object.end() &&
                      (found->type() == type ||
                       (type == Json::value_t::number_unsigned && found->is_number_unsigned()));
    if (!fits) {
        throw InputError(
            file, prefix + key,
            found == object.end()
                ? "is missing"
                : std::string("must be ") + (type == Json::value_t::object   ? "an object"
                                             : type == Json::value_t::string ? "a text"
                                                                             : "a whole number"));
    }
    return *found;
}

Index stepFrom(const Json& steps, Clock clock, const std::string& file) {
    const std::string name(nameOf(clock));
    const Json& value = member(steps, name.c_str(), Json::value_t::number_unsigned, file, "steps/");
    if (value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<Index>::max()}) {
        throw InputError(file, "steps/" + name, "is larger than any step");
    }
    return value.get<Index>();
}

}  // namespace

Json toJson(const SessionDocument& document) {
    Json steps = Json::object();
    for (std::size_t i = 0; i < kClocks; ++i) {
        steps[std::string(nameOf(static_cast<Clock>(i)))] = document.step[i];
    }
    Json versions = Json::object();
    for (const auto& [name, version] : document.versions) {
        versions[name] = version;
    }
    return {{"format", "latent-explorer session"}, {"version", kSessionFormat},
            {"recipe", document.recipe},           {"title", document.title},
            {"family", document.load.recipe},      {"seed", document.load.seed},
            {"steps", std::move(steps)},           {"params", toJson(document.load.params)},
            {"versions", std::move(versions)}};
}

SessionDocument sessionFromJson(std::string_view json, const std::string& file) {
    const Json root = parseJson(json, file);
    if (!root.is_object()) {
        throw InputError(file, "", "is not a session: it must be an object { ... }");
    }
    using Type = Json::value_t;
    if (member(root, "format", Type::string, file).get<std::string>() !=
        "latent-explorer session") {
        throw InputError(file, "format", "is not that of a session of Latent Explorer");
    }
    const auto version = member(root, "version", Type::number_unsigned, file).get<std::uint64_t>();
    if (version > std::uint64_t{kSessionFormat}) {
        throw InputError(file, "version",
                         "is " + std::to_string(version) + ", this program reads up to " +
                             std::to_string(kSessionFormat) + "; update the program");
    }
    SessionDocument document;
    document.recipe = member(root, "recipe", Type::string, file).get<std::string>();
    document.title = member(root, "title", Type::string, file).get<std::string>();
    document.load.recipe = member(root, "family", Type::string, file).get<std::string>();
    document.load.seed = member(root, "seed", Type::number_unsigned, file).get<std::uint64_t>();
    const Json& steps = member(root, "steps", Type::object, file);
    for (std::size_t i = 0; i < kClocks; ++i) {
        document.step[i] = stepFrom(steps, static_cast<Clock>(i), file);
    }
    for (const auto& [id, value] : member(root, "params", Type::object, file).items()) {
        try {
            document.load.params.emplace(id, paramFromJson(value));
        } catch (const UsageError& error) {
            throw InputError(file, "params/" + id, error.what());
        }
    }
    for (const auto& [name, value] : member(root, "versions", Type::object, file).items()) {
        if (!value.is_string()) {
            throw InputError(file, "versions/" + name, "must be a text");
        }
        document.versions.emplace(name, value.get<std::string>());
    }
    return document;
}

void saveSession(const std::filesystem::path& path, const SessionDocument& document,
                 const State& state) {
    Project project;
    project.state = state;
    project.settings[kSettingsKey] = toJson(document).dump();
    if (!document.layout.empty()) {
        project.settings[kLayoutKey] = document.layout;
    }
    saveProject(path, project);
}

std::filesystem::path sessionWeights(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return path / "weights.safetensors";
    }
    return path.extension() == ".json" ? path.parent_path() / "weights.safetensors" : path;
}

SessionFile loadSession(const std::filesystem::path& path) {
    const auto weights = sessionWeights(path);
    Project project = loadProject(weights);
    const auto settings = project.settings.find(kSettingsKey);
    if (settings == project.settings.end()) {
        throw InputError(weights.string(), "metadata",
                         "holds no session settings; give a file that this program saved");
    }
    SessionFile file;
    file.document = sessionFromJson(settings->second, weights.string());
    if (const auto layout = project.settings.find(kLayoutKey); layout != project.settings.end()) {
        file.document.layout = layout->second;
    }
    file.state = std::make_shared<const State>(std::move(project.state));
    return file;
}

}  // namespace lx
