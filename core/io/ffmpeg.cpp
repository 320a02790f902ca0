// SPDX-License-Identifier: GPL-3.0-or-later
// MP4 and WebM through the program ffmpeg: raw frames go to its standard input, it writes our
// temporary file. A crash or a missing codec there is an error here and nothing else.
#include "core/io/movie.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;

namespace lx::detail {
namespace {

constexpr int kPatienceSeconds = 60;  // for one frame
constexpr auto kFinish = std::chrono::minutes(10);

std::vector<std::string> argumentsOf(const MovieSettings& settings, MovieFormat format,
                                     const std::string& out) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.6g", settings.fps);
    std::vector<std::string> all = {
        settings.ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "rawvideo",
        "-pixel_format", "rgb24", "-video_size",
        std::to_string(settings.width) + "x" + std::to_string(settings.height), "-framerate", rate,
        "-i", "pipe:0", "-an",
        // Colour is stored at half the resolution, so sides are even.
        "-vf",
        "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,"
        "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd",
        "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc",
        "iec61966-2-1", "-color_range", "tv"};
    const auto add = [&all](std::initializer_list<const char*> more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    if (format == MovieFormat::Mp4) {
        add({"-c:v", "libx264", "-crf", "17", "-preset", "medium", "-tune", "animation",
             "-movflags", "+faststart", "-f", "mp4"});
    } else {
        add({"-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1", "-f", "webm"});
    }
    for (const auto& [key, text] : settings.texts) {
        all.insert(all.end(), {"-metadata", "comment=" + key + "=" + text});
    }
    all.push_back("file:" + out);
    return all;
}

class Ffmpeg : public MovieWriter {
public:
    Ffmpeg(const std::filesystem::path& path, const MovieSettings& settings, MovieFormat format)
        : m_path(path), m_file(path) {
        int ends[2];
        // A socket instead of a pipe: writing to a dead one is an error, not a signal.
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            throw WriteError(path.string() + ": ffmpeg cannot be reached: " + std::strerror(errno));
        }
        m_to = ends[0];
        const timeval patience{kPatienceSeconds, 0};
        ::setsockopt(m_to, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        m_said = ::memfd_create("ffmpeg", MFD_CLOEXEC);

        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, m_said, 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        // Ctrl-C in the terminal is ours to handle.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        auto arguments = argumentsOf(settings, format, m_file.temporary().string());
        std::vector<char*> raw;
        for (auto& argument : arguments) {
            raw.push_back(argument.data());
        }
        raw.push_back(nullptr);
        const int error = ::posix_spawnp(&m_child, settings.ffmpeg.c_str(), &actions, &attributes,
                                         raw.data(), environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) {
            m_child = -1;
            close();
            throw WriteError(path.string() + ": '" + settings.ffmpeg + "' could not be started (" +
                             std::strerror(error) +
                             "); install the package ffmpeg, or write .gif or .apng");
        }
    }
    Ffmpeg(const Ffmpeg&) = delete;
    Ffmpeg& operator=(const Ffmpeg&) = delete;
    ~Ffmpeg() override {
        if (m_child > 0) {
            ::kill(m_child, SIGKILL);
            ::waitpid(m_child, nullptr, 0);
        }
        close();
    }

    void add(std::span<const std::uint8_t> rgb) override {
        while (!rgb.empty()) {
            const ssize_t done = ::send(m_to, rgb.data(), rgb.size(), MSG_NOSIGNAL);
            if (done < 0 && errno == EINTR) {
                continue;
            }
            if (done <= 0) {
                const bool stuck = done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
                fail(stuck ? "it took no frame for a minute" : "it ended before the film did");
            }
            rgb = rgb.subspan(static_cast<std::size_t>(done));
        }
    }

    void finish() override {
        ::close(std::exchange(m_to, -1));
        const auto deadline = std::chrono::steady_clock::now() + kFinish;
        int status = 0;
        for (;;) {
            const pid_t ended = ::waitpid(m_child, &status, WNOHANG);
            if (ended == m_child) {
                m_child = -1;
                break;
            }
            if ((ended < 0 && errno != EINTR) || std::chrono::steady_clock::now() > deadline) {
                fail("it did not finish the film");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        if (WIFSIGNALED(status)) {
            fail("it was ended by signal " + std::to_string(WTERMSIG(status)));
        }
        if (WEXITSTATUS(status) != 0) {
            fail("it ended with status " + std::to_string(WEXITSTATUS(status)));
        }
        std::error_code error;
        if (std::filesystem::file_size(m_file.temporary(), error) == 0 || error) {
            fail("it wrote nothing");
        }
        m_file.commit();
    }

private:
    [[noreturn]] void fail(const std::string& what) {
        if (m_child > 0) {
            // What it said last is complete only when it has gone.
            ::kill(m_child, SIGKILL);
            ::waitpid(std::exchange(m_child, -1), nullptr, 0);
        }
        const std::string said = lastWords();
        throw WriteError(m_path.string() + ": not written, because ffmpeg failed: " + what +
                         (said.empty() ? "" : " and said \"" + said + "\"") +
                         "; write .gif or .apng, which need no other program");
    }

    std::string lastWords() const {
        char text[2048];
        const off_t size = ::lseek(m_said, 0, SEEK_END);
        const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof text));
        const ssize_t got = ::pread(m_said, text, sizeof text, from);
        std::string_view words(text, got > 0 ? static_cast<std::size_t>(got) : 0);
        while (!words.empty() && words.back() == '\n') {
            words.remove_suffix(1);
        }
        const auto line = words.rfind('\n');
        return std::string(line == std::string_view::npos ? words : words.substr(line + 1));
    }

    void close() {
        for (int* fd : {&m_to, &m_said}) {
            if (*fd >= 0) {
                ::close(std::exchange(*fd, -1));
            }
        }
    }

    std::filesystem::path m_path;
    AtomicFile m_file;
    pid_t m_child = -1;
    int m_to = -1, m_said = -1;
};

}  // namespace

bool programExists(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return ::access(name.c_str(), X_OK) == 0;
    }
    const char* variable = std::getenv("PATH");
    std::string_view folders = variable != nullptr ? variable : "/usr/bin:/bin";
    while (!folders.empty()) {
        const auto end = std::min(folders.find(':'), folders.size());
        if (::access((std::filesystem::path(folders.substr(0, end)) / name).c_str(), X_OK) == 0) {
            return true;
        }
        folders.remove_prefix(std::min(end + 1, folders.size()));
    }
    return false;
}

std::unique_ptr<MovieWriter> makeFfmpeg(const std::filesystem::path& path,
                                        const MovieSettings& settings, MovieFormat format) {
    return std::make_unique<Ffmpeg>(path, settings, format);
}

}  // namespace lx::detail
