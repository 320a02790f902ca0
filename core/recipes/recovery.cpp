// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/recovery.h"

#include "core/io/safetensors.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace lx {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSuffix = ".safetensors";

std::string bootId() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    file >> id;
    std::erase(id, '-');
    return id.empty() ? "unknown" : id;
}

/// Field 22 of /proc/<pid>/stat; 0 when there is no such process.
unsigned long long startOf(long pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    // The command's name, in parentheses, may hold blanks and parentheses itself.
    const auto close = line.rfind(')');
    if (close == std::string::npos) {
        return 0;
    }
    std::istringstream rest(line.substr(close + 1));
    std::string field;
    for (int i = 3; i < 22; ++i) {
        rest >> field;
    }
    unsigned long long start = 0;
    rest >> start;
    return start;
}

template <class T>
bool readWhole(std::string_view text, T& value) {
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    return status == std::errc{} && end == text.data() + text.size();
}

/// The process that a file name speaks of; false when the name is not one of ours.
bool ownerOf(std::string name, ProcessId& owner) {
    if (!name.ends_with(kSuffix)) {
        return false;
    }
    name.resize(name.size() - kSuffix.size());
    std::vector<std::string> parts;
    std::istringstream stream(name);
    for (std::string part; std::getline(stream, part, '.');) {
        parts.push_back(part);
    }
    if (parts.size() != 4) {
        return false;
    }
    owner.boot = parts[0];
    std::uint32_t run = 0;
    return readWhole(parts[1], owner.pid) && readWhole(parts[2], owner.start) &&
           readWhole(parts[3], run);
}

/// Settings only: the weights are read and verified when the leftover is accepted.
SessionDocument readSettings(const fs::path& path) {
    const std::uint64_t size = fs::file_size(path);
    const Bytes prefix = readPrefix(path, kMaxSafetensorsHeader + 8);
    const auto header = readSafetensorsHeader(prefix, size, path.string());
    const auto settings = header.metadata.find("session");
    if (settings == header.metadata.end()) {
        throw InputError(path.string(), "metadata", "holds no session settings");
    }
    return sessionFromJson(settings->second, path.string());
}

}  // namespace

fs::path stateFolder() {
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr &&
        state[0] == '/') {  // relative paths are to be ignored, says the standard
        return fs::path(state) / "latent-explorer";
    }
    const char* home = std::getenv("HOME");
    return fs::path(home != nullptr && home[0] != '\0' ? home : "/var/tmp") / ".local" / "state" /
           "latent-explorer";
}

ProcessId thisProcess() {
    const long pid = getpid();
    return {bootId(), pid, startOf(pid)};
}

bool isAlive(const ProcessId& process) {
    return process.boot == bootId() && startOf(process.pid) == process.start && process.start != 0;
}

std::string autosaveName(const ProcessId& process, std::uint32_t run) {
    return process.boot + "." + std::to_string(process.pid) + "." + std::to_string(process.start) +
           "." + std::to_string(run) + std::string(kSuffix);
}

std::vector<Leftover> findLeftovers(const fs::path& folder, std::vector<std::string>& problems) {
    std::vector<Leftover> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        ProcessId owner;
        if (!ownerOf(entry.path().filename().string(), owner) || isAlive(owner)) {
            continue;
        }
        try {
            // The clocks of files and of the day differ by a constant.
            const auto age = fs::file_time_type::clock::now() - entry.last_write_time();
            found.push_back(
                {entry.path(), readSettings(entry.path()),
                 std::chrono::system_clock::now() -
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(age)});
        } catch (const std::exception& problem) {
            problems.emplace_back(problem.what());
        }
    }
    std::ranges::sort(found, std::greater{}, &Leftover::saved);
    return found;
}

fs::path claimLeftover(const fs::path& path, std::uint32_t number) {
    const fs::path mine = path.parent_path() / autosaveName(thisProcess(), number);
    std::error_code error;
    if (fs::exists(mine, error)) {
        throw Error(mine.string() + ": exists already");
    }
    fs::rename(path, mine, error);
    if (error) {
        throw Error(path.string() + ": the saved session is gone; another window may have it (" +
                    error.message() + ")");
    }
    return mine;
}

std::chrono::milliseconds autosaveInterval() {
    double seconds = 30;
    if (const char* text = std::getenv("LX_AUTOSAVE_SECONDS")) {
        double given = 0;
        if (readWhole(std::string_view(text), given) && given >= 0.1 && given <= 3600) {
            seconds = given;
        }
    }
    return std::chrono::milliseconds(static_cast<long>(seconds * 1000));
}

}  // namespace lx
