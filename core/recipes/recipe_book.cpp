// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/recipe_book.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace lx {
namespace fs = std::filesystem;

fs::path resourceFolder(const fs::path& executable) {
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(executable, error).parent_path();
    const fs::path installed = folder / ".." / "share" / "latent-explorer";
    if (fs::is_directory(installed / "recipes", error)) {
        return fs::weakly_canonical(installed, error);
    }
    for (fs::path up = folder; up.has_relative_path(); up = up.parent_path()) {
        if (fs::is_directory(up / "resources" / "recipes", error)) {
            return up / "resources";
        }
    }
    return {};
}

RecipeBook RecipeBook::shipped(const fs::path& folder, std::vector<std::string>& problems) {
    RecipeBook book;
    book.m_folder = folder;
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / "recipes", error)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
        try {
            book.add(readRecipe(file));
        } catch (const Error& problem) {
            problems.emplace_back(problem.what());
        }
    }
    for (const EmbeddedFile& file : embeddedRecipes()) {
        Recipe recipe = parseRecipe(file.text, "built in " + std::string(file.name));
        if (book.find(recipe.id) == nullptr) {
            book.add(std::move(recipe));
        }
    }
    return book;
}

void RecipeBook::add(Recipe recipe) {
    if (const Recipe* other = find(recipe.id)) {
        throw UsageError("recipe '" + recipe.id + "' exists twice, in " + other->source + " and " +
                         recipe.source + "; give one of them another id");
    }
    const auto place = std::ranges::upper_bound(m_recipes, recipe.id, {}, &Recipe::id);
    m_recipes.insert(place, std::move(recipe));
}

const Recipe* RecipeBook::find(std::string_view id) const noexcept {
    const auto found = std::ranges::find(m_recipes, id, &Recipe::id);
    return found == m_recipes.end() ? nullptr : &*found;
}

Recipe RecipeBook::open(const std::string& idOrFile) const {
    if (const Recipe* recipe = find(idOrFile)) {
        return *recipe;
    }
    std::error_code error;
    if (idOrFile.ends_with(".json") || fs::exists(idOrFile, error)) {
        return readRecipe(idOrFile);
    }
    std::vector<std::string> ids;
    std::ranges::transform(m_recipes, std::back_inserter(ids), &Recipe::id);
    std::string all;
    for (const auto& id : ids) {
        all += (all.empty() ? "" : ", ") + id;
    }
    const std::string near = nearest(idOrFile, ids);
    throw UsageError(
        "'" + idOrFile + "' is neither a recipe nor a file" +
        (near.empty() ? "; recipes: " + all : "; the nearest recipe is '" + near + "'"));
}

std::string RecipeBook::lesson(const Recipe& recipe) const {
    if (recipe.lesson.empty()) {
        return {};
    }
    std::ifstream file(m_folder / "lessons" / recipe.lesson, std::ios::binary);
    if (!m_folder.empty() && file) {
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    const auto found = std::ranges::find(embeddedLessons(), recipe.lesson, &EmbeddedFile::name);
    return found == embeddedLessons().end() ? std::string() : std::string(found->text);
}

}  // namespace lx
