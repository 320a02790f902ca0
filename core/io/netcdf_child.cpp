// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/bytes.h"
#include "core/io/chain_pipe.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

extern char** environ;

namespace lx {
namespace {

constexpr const char* kRemedy =
    "; write the file again, or save the posterior as CmdStan CSV or as npz";

/// Both ends of a pipe, closed at the end.
struct Pipe {
    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0) {
            throw Error(std::string("no pipe to a reader can be opened: ") + std::strerror(errno));
        }
    }
    ~Pipe() {
        close(ends[0]);
        closeWriter();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void closeWriter() {
        if (ends[1] >= 0) {
            close(ends[1]);
        }
        ends[1] = -1;
    }
    int ends[2] = {-1, -1};
};

pid_t start(const NetCdfLimits& limits, const std::string& file, int out) {
    const std::string program = limits.program.string();
    std::string reader = kNetCdfReader, path = file;
    std::string memory = std::to_string(limits.memory), cpu = std::to_string(limits.cpuSeconds);
    char* arguments[] = {const_cast<char*>(program.c_str()),
                         reader.data(),
                         path.data(),
                         memory.data(),
                         cpu.data(),
                         nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    // HDF5 prints a stack of errors of its own; ours says what a person needs.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        throw Error("the reader of NetCDF cannot be started: " + program + ": " +
                    std::strerror(error));
    }
    return child;
}

/// Waits for the child, whatever happens between.
class Child {
public:
    explicit Child(pid_t id) : m_id(id) {}
    ~Child() {
        if (m_id > 0) {
            kill(m_id, SIGKILL);
            wait();
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    /// Whether it ended within so many milliseconds.
    bool endsWithin(int milliseconds) const {
        // A child has closed its pipe when it ends, so that in general there is nothing to wait
        // for.
        for (int waited = 0; waited < milliseconds; ++waited) {
            siginfo_t info{};
            if (waitid(P_PID, static_cast<id_t>(m_id), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
                info.si_pid != 0) {
                return true;
            }
            usleep(1000);
        }
        return false;
    }
    int wait() {
        int status = 0;
        while (waitpid(m_id, &status, 0) < 0 && errno == EINTR) {
        }
        m_id = -1;
        return status;
    }

private:
    pid_t m_id;
};

}  // namespace

ChainFile readNetCdfInChild(const std::filesystem::path& path, const NetCdfLimits& limits) {
    const std::string file = path.string();
    // An absolute path cannot be taken for an option, nor for an address on the network.
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    readPrefix(path, 1);  // a regular file that can be opened, or an error in our own words
    Pipe pipe;
    Child child(start(limits, whole.string(), pipe.ends[1]));
    pipe.closeWriter();
    Bytes answer;
    std::vector<std::byte> piece(std::size_t{1} << 20);
    // The limit on CPU time ends a child that spins; this one a child that sleeps.
    const int patience = static_cast<int>(limits.cpuSeconds + limits.idleSeconds) * 1000;
    bool silent = false;
    while (true) {
        pollfd wait{pipe.ends[0], POLLIN, 0};
        const int ready = poll(&wait, 1, patience);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            silent = true;
            break;
        }
        const ssize_t got = read(pipe.ends[0], piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        answer.insert(answer.end(), piece.begin(), piece.begin() + got);
        if (answer.size() > limits.memory) {
            silent = true;
            break;
        }
    }
    if (silent || !child.endsWithin(patience)) {
        throw InputError(file, "", std::string("its reader did not come to an end") + kRemedy);
    }
    const int status = child.wait();
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        throw InputError(
            file, "",
            (signal == SIGXCPU || signal == SIGKILL
                 ? "its reader used up its " + std::to_string(limits.cpuSeconds) + " s of time"
                 : "its reader died of it (signal " + std::to_string(signal) +
                       "), so the file is damaged") +
                kRemedy);
    }
    if (WEXITSTATUS(status) == static_cast<int>(ExitCode::BadInput)) {
        // The message is for a terminal: nothing of the file may move its cursor.
        std::string text(detail::textOf(answer).substr(0, 1000));
        std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
        throw InputError(file, "", text.empty() ? "cannot be read" : text);
    }
    if (WEXITSTATUS(status) != 0) {
        throw InputError(
            file, "",
            "its reader failed (status " + std::to_string(WEXITSTATUS(status)) + ")" + kRemedy);
    }
    return decodeChains(answer, file);
}

}  // namespace lx
