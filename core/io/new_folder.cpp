// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/new_folder.h"

#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace lx {
namespace fs = std::filesystem;

void requireFree(const fs::path& folder, const std::string& remedy) {
    std::error_code error;
    if (!fs::exists(folder, error)) {
        return;
    }
    if (!fs::is_directory(folder, error) || !fs::is_empty(folder, error)) {
        throw UsageError(folder.string() + ": there is something already; " + remedy);
    }
}

NewFolder::NewFolder(const fs::path& folder, std::string remedy)
    : m_folder(folder.has_filename() ? folder : folder.parent_path()), m_remedy(std::move(remedy)) {
    requireFree(m_folder, m_remedy);
    const fs::path parent = m_folder.has_parent_path() ? m_folder.parent_path() : fs::path(".");
    std::string pattern = (parent / ".lx-save-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw WriteError(m_folder.string() + ": no folder can be made there (" +
                         std::strerror(errno) + "); choose another place");
    }
    m_hidden = pattern;
}

NewFolder::~NewFolder() {
    if (!m_hidden.empty()) {
        std::error_code ignored;
        fs::remove_all(m_hidden, ignored);
    }
}

void NewFolder::commit() {
    requireFree(m_folder, m_remedy);
    std::error_code error;
    fs::permissions(m_hidden, fs::perms::all & ~(fs::perms::group_write | fs::perms::others_write),
                    error);
    fs::remove(m_folder, error);  // an empty one
    fs::rename(m_hidden, m_folder, error);
    if (error) {
        throw WriteError(m_folder.string() + ": the folder of pictures could not be put there (" +
                         error.message() + "); choose another place");
    }
    m_hidden.clear();
}

}  // namespace lx
