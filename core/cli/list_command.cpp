// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/energies/learned.h"
#include "core/energies/registry.h"
#include "core/recipes/json_text.h"
#include "core/samplers/registry.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <ostream>

namespace lx::cli {
namespace {

Json describe(const ParamDecl& decl, const ParamValue& value) {
    const auto bound = [](const std::optional<double>& b) { return b ? Json(*b) : Json(nullptr); };
    Json choices = Json::array();
    for (const auto& choice : decl.choices) {
        choices.push_back(choice);
    }
    return {{"id", decl.id},
            {"type", typeName(decl.initial)},
            {"default", toJson(value)},
            {"min", bound(decl.min)},
            {"max", bound(decl.max)},
            {"slider", decl.slider && decl.live ? Json(*decl.slider) : Json(nullptr)},
            {"choices", std::move(choices)},
            {"unit", decl.unit},
            {"live", decl.live},
            {"help", decl.help}};
}

Json describe(const Recipe& recipe, const Setup& setup) {
    Json params = Json::array(), checks = Json::array();
    for (const auto& decl : setup.description.params) {
        params.push_back(describe(decl, setup.params.at(decl.id)));
    }
    for (const auto& check : recipe.checks) {
        checks.push_back(
            {{"name", check.name},
             {"op", check.op},
             {"threshold", check.op == "in" ? Json::array({check.threshold, check.upper})
                                            : Json(check.threshold)}});
    }
    return {{"id", recipe.id},
            {"family", recipe.family},
            {"title", recipe.title},
            {"reference", recipe.reference},
            {"clock", nameOf(recipe.clock)},
            {"steps", recipe.steps},
            {"params", std::move(params)},
            {"views", recipe.views.empty() ? setup.description.views : recipe.views},
            {"checks", std::move(checks)}};
}

Json listRecipes(const Host& host) {
    Json list = Json::array();
    const auto specs = host.engine().experiments;
    for (const auto& recipe : host.recipes.all()) {
        list.push_back(describe(recipe, prepare(recipe, familyOf(recipe, specs))));
    }
    return list;
}

Json listDatasets(const Host& host) {
    Json list = Json::array();
    for (const auto& info : host.engine().datasets()) {
        list.push_back({{"id", info.id},
                        {"title", info.title},
                        {"count", info.count},
                        {"dim", info.dim},
                        {"sample_shape", info.sampleShape},
                        {"available", info.available},
                        {"note", info.note}});
    }
    return list;
}

Json listViews(const Host& host) {
    Json list = Json::array();
    for (const auto& view : host.views) {
        list.push_back(
            {{"id", view.id}, {"title", view.title}, {"channel_kinds", view.channelKinds}});
    }
    return list;
}

Json listEnergies() {
    Json list = Json::array();
    auto specs = energySpecs();
    specs.push_back(learnedDeclaration());
    for (const auto& spec : specs) {
        Json params = Json::array();
        for (const auto& decl : spec.params) {
            params.push_back(describe(decl, decl.initial));
        }
        list.push_back({{"id", spec.id},
                        {"title", spec.title},
                        {"reference", spec.reference},
                        {"params", std::move(params)}});
    }
    return list;
}

Json listSamplers() {
    Json list = Json::array();
    for (const auto& spec : samplerSpecs()) {
        Json params = Json::array();
        for (const auto& decl : spec.params) {
            params.push_back(describe(decl, decl.initial));
        }
        list.push_back({{"id", spec.id},
                        {"title", spec.title},
                        {"reference", spec.reference},
                        {"params", std::move(params)},
                        {"exact", spec.exact},
                        {"gradient", spec.needs.gradient},
                        {"minibatch", spec.needs.minibatch},
                        {"ensemble", spec.needs.ensemble}});
    }
    return list;
}

Json listOf(const std::string& what, const Host& host) {
    return what == "recipes"    ? listRecipes(host)
           : what == "datasets" ? listDatasets(host)
           : what == "views"    ? listViews(host)
           : what == "energies" ? listEnergies()
           : what == "samplers" ? listSamplers()
                                : Json::array();
}

std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A recipe, an energy or a sampler, which are described alike.
void printWithParams(const Json& recipe, bool withParams, std::ostream& out) {
    char line[512];
    std::snprintf(line, sizeof line, "  %-20s %s\n", recipe["id"].get<std::string>().c_str(),
                  recipe["title"].get<std::string>().c_str());
    out << line;
    if (!withParams) {
        return;
    }
    out << "      " << plain(recipe["reference"]) << "\n";
    for (const auto& param : recipe["params"]) {
        std::string range;
        if (!param["choices"].empty()) {
            for (const auto& choice : param["choices"]) {
                range += (range.empty() ? "" : "|") + choice.get<std::string>();
            }
        } else if (!param["min"].is_null() || !param["max"].is_null()) {
            range = (param["min"].is_null() ? "" : param["min"].dump()) + " .. " +
                    (param["max"].is_null() ? "" : param["max"].dump());
        }
        std::snprintf(line, sizeof line, "      %-26s %-14s %-24s ",
                      param["id"].get<std::string>().c_str(), plain(param["default"]).c_str(),
                      range.c_str());
        out << line << plain(param["help"]) << "\n";
    }
}

void printOther(const Json& entry, std::ostream& out) {
    char line[512];
    const bool available = entry.value("available", true);
    std::snprintf(line, sizeof line, "  %-20s %s%s\n", entry["id"].get<std::string>().c_str(),
                  entry["title"].get<std::string>().c_str(),
                  available ? "" : ("  [" + plain(entry["note"]) + "]").c_str());
    out << line;
}

}  // namespace

ExitCode listCommand(const ListOptions& options, const Host& host) {
    const std::vector<std::string> all = {"recipes", "datasets", "samplers", "energies", "views"};
    if (options.json && !options.what.empty()) {
        host.out << listOf(options.what, host).dump(2) << std::endl;
        return ExitCode::Done;
    }
    Json everything = Json::object();
    for (const auto& what : options.what.empty() ? all : std::vector{options.what}) {
        everything[what] = listOf(what, host);
    }
    if (options.json) {
        host.out << everything.dump(2) << std::endl;
        return ExitCode::Done;
    }
    for (const auto& [what, entries] : everything.items()) {
        host.out << what << (entries.empty() ? ": none\n" : "\n");
        for (const auto& entry : entries) {
            if (what == "recipes" || what == "energies" || what == "samplers") {
                printWithParams(entry, !options.what.empty(), host.out);
            } else {
                printOther(entry, host.out);
            }
        }
    }
    host.out << std::flush;
    return ExitCode::Done;
}

}  // namespace lx::cli
