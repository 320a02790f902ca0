// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/recipes/recipe.h"

namespace lx {

/// A file compiled into the program, so that nothing has to be found at run time.
struct EmbeddedFile {
    std::string_view name, text;
};
std::span<const EmbeddedFile> embeddedRecipes() noexcept;
std::span<const EmbeddedFile> embeddedLessons() noexcept;

/// Folder with recipes/, lessons/ and data/: <prefix>/share/latent-explorer of an installed
/// program, or resources/ of the source tree it was built in. Empty when neither is there.
std::filesystem::path resourceFolder(const std::filesystem::path& executable);

/// All recipes the program knows, in the order of their ids.
class RecipeBook {
public:
    /// The built-in recipes; a file in `folder`/recipes with the same id takes the place of the
    /// built-in one. Unreadable files go to `problems`, one sentence each.
    static RecipeBook shipped(const std::filesystem::path& folder,
                              std::vector<std::string>& problems);

    /// Throws UsageError naming both sources when the id is taken.
    void add(Recipe);
    std::span<const Recipe> all() const noexcept { return m_recipes; }
    const Recipe* find(std::string_view id) const noexcept;
    /// A known id, or a path to a recipe file. Throws UsageError naming the nearest id, or
    /// InputError for a bad file.
    Recipe open(const std::string& idOrFile) const;
    /// Markdown of the lesson, or "".
    std::string lesson(const Recipe&) const;

private:
    std::vector<Recipe> m_recipes;
    std::filesystem::path m_folder;
};

}  // namespace lx
