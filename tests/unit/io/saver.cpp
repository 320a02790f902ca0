// SPDX-License-Identifier: GPL-3.0-or-later
// Saves a project in a process of its own, which tests then kill, starve or give faults.
//   saver once|loop|retry atomic|in-place PATH KILOBYTES SEED [FSIZE]
// Exit status 0: saved; 10: a WriteError, printed on standard error.
#include "io_support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace lx;
using namespace lx::test;

namespace {

/// The broken twin: no temporary file, no check of any call.
void saveInPlace(const char* path, const Project& project) {
    const Bytes bytes = encodeProject(project);
    const int fd = ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (std::size_t done = 0; done < bytes.size(); done += 4096) {
        const std::size_t count = std::min<std::size_t>(4096, bytes.size() - done);
        if (::write(fd, bytes.data() + done, count) < 0) {
            break;
        }
    }
    ::fsync(fd);
    ::close(fd);
}

void save(bool inPlace, const char* path, const Project& project) {
    if (inPlace) {
        saveInPlace(path, project);
    } else {
        saveProject(path, project);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        return 2;
    }
    const std::string_view mode = argv[1];
    const bool inPlace = std::string_view(argv[2]) == "in-place";
    const char* path = argv[3];
    const Index kilobytes = std::atoll(argv[4]);
    const auto seed = static_cast<std::uint64_t>(std::atoll(argv[5]));
    const Project project = sampleProject(seed, kilobytes);
    if (argc > 6) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{static_cast<rlim_t>(std::atoll(argv[6])), RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (mode == "loop") {
        const Project other = sampleProject(seed + 1, kilobytes);
        std::puts("ready");
        std::fflush(stdout);
        for (bool second = true;; second = !second) {
            save(inPlace, path, second ? other : project);
        }
    }
    for (int attempt = 0; attempt < (mode == "retry" ? 2 : 1); ++attempt) {
        try {
            save(inPlace, path, project);
            return 0;
        } catch (const WriteError& error) {
            std::fprintf(stderr, "%s\n", error.what());
            if (!same(sampleProject(seed, kilobytes), project)) {
                return 11;
            }
        }
    }
    return 10;
}
