// SPDX-License-Identifier: GPL-3.0-or-later
// A folder of many files that appears whole or not at all.
#pragma once

#include "core/io/file.h"

namespace lx {

/// Throws UsageError, ending in `remedy`, unless nothing is at `folder` or an empty folder.
void requireFree(const std::filesystem::path& folder, const std::string& remedy);

/// A hidden folder beside the one that is wanted, which takes its name when all files are there;
/// without commit() it goes with the object, and what is in it.
class NewFolder {
public:
    /// "frames/" is "frames". Throws UsageError as requireFree, WriteError when no folder can be
    /// made there.
    NewFolder(const std::filesystem::path& folder, std::string remedy);
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    ~NewFolder();

    /// Where to write the files.
    const std::filesystem::path& hidden() const noexcept { return m_hidden; }
    /// Throws UsageError when something came to lie there meanwhile, WriteError.
    void commit();

private:
    std::filesystem::path m_folder, m_hidden;
    std::string m_remedy;
};

}  // namespace lx
