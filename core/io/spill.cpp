// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/spill.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace lx {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& folder, std::size_t bytes, int error) {
    const char* reason = strerrordesc_np(error);
    throw Error(folder.string() + ": no room for " + std::to_string((bytes >> 20) + 1) +
                " MiB of a data set larger than memory (" +
                (reason != nullptr ? reason : "no reason given") +
                "); free some space there, or let XDG_CACHE_HOME name a folder on another disk");
}

/// A file of the folder without a name; -1 with errno.
int openNameless(const fs::path& folder) {
    const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) {
        return file;
    }
    std::string name = (folder / "spill-XXXXXX").string();
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) {
        ::unlink(name.c_str());
    }
    return named;
}

fs::path cacheFolder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && cache[0] == '/') {
        return fs::path(cache) / "latent-explorer";
    }
    const char* home = std::getenv("HOME");
    return home != nullptr && home[0] == '/' ? fs::path(home) / ".cache/latent-explorer"
                                             : fs::path("/var/tmp");
}

/// Physical memory, or what the container is allowed when that is less.
std::size_t memoryLimit() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
    std::size_t limit = pages > 0 && size > 0
                            ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(size)
                            : std::size_t{1} << 32;
    for (const char* name :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream file(name);
        if (std::size_t allowed = 0; file >> allowed && allowed > 0) {
            limit = std::min(limit, allowed);
        }
    }
    return limit;
}

}  // namespace

SpillPolicy SpillPolicy::ofSystem(std::size_t most) {
    return {cacheFolder(), std::min(std::max(memoryLimit() / 8, std::size_t{64} << 20), most)};
}

namespace detail {

void* mapSpill(const fs::path& folder, std::size_t bytes) {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    const int file = openNameless(folder);
    if (file < 0) {
        fail(folder, bytes, errno);
    }
    // The space is taken now: a full disk would otherwise be a signal at some later write.
    const int refused = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    void* block = refused == 0 ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                               : MAP_FAILED;
    const int error = refused != 0 ? refused : errno;
    ::close(file);
    if (block == MAP_FAILED) {
        fail(folder, bytes, error);
    }
    return block;
}

void unmapSpill(void* block, std::size_t bytes) noexcept {
    ::munmap(block, bytes);
}

void restSpill(const void* block, std::size_t bytes) noexcept {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto from = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
    const auto to = (reinterpret_cast<std::uintptr_t>(block) + bytes) / page * page;
    if (to > from) {
        // Shared pages of a file: what was written stays in the file.
        ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
    }
}

}  // namespace detail
}  // namespace lx
