// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

namespace lx::app {
namespace {

constexpr std::size_t kTail = std::size_t{32} << 10;  // bytes of log in a report
constexpr std::array kSignals = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

// Everything the handler touches is static, so that it neither allocates nor locks.
char g_path[4096];
char g_header[8192];
char g_log[kTail];
std::atomic<std::size_t> g_logEnd = 0;  // bytes ever written; the ring holds the last kTail
std::mutex g_logMutex;                  // writers only

int g_wake[2] = {-1, -1};

void put(int file, const char* text, std::size_t size) {
    while (size > 0) {
        const ssize_t written = write(file, text, size);
        if (written <= 0) {
            return;
        }
        text += written;
        size -= static_cast<std::size_t>(written);
    }
}
void put(int file, const char* text) {
    put(file, text, std::strlen(text));
}

const char* signalName(int signal) {
    switch (signal) {
        case SIGSEGV: return "SIGSEGV, a bad memory access";
        case SIGABRT: return "SIGABRT, an uncaught error";
        case SIGBUS: return "SIGBUS, a bad memory mapping";
        case SIGFPE: return "SIGFPE, an arithmetic fault";
        default: return "SIGILL, an unknown instruction";
    }
}

void writeReport(int file, int signal) {
    put(file, g_header);
    put(file, "signal: ");
    put(file, signalName(signal));
    put(file, "\n\nlast messages:\n");
    const std::size_t end = g_logEnd.load();
    const std::size_t held = std::min(end, kTail), begin = (end - held) % kTail;
    const std::size_t first = std::min(held, kTail - begin);
    put(file, g_log + begin, first);
    put(file, g_log, held - first);
    put(file, "\nstack:\n");
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), file);
}

void onCrash(int signal) {
    static std::atomic_flag entered = ATOMIC_FLAG_INIT;
    if (!entered.test_and_set()) {
        const int file = open(g_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        put(STDERR_FILENO, "\nlatent-explorer crashed (");
        put(STDERR_FILENO, signalName(signal));
        if (file >= 0) {
            writeReport(file, signal);
            close(file);
            put(STDERR_FILENO, "); a report is in ");
            put(STDERR_FILENO, g_path);
            put(STDERR_FILENO, "\n");
        } else {
            put(STDERR_FILENO, "); no report could be written, so it follows\n");
            writeReport(STDERR_FILENO, signal);
        }
    }
    std::signal(signal, SIG_DFL);
    raise(signal);
}

void onStop(int signal) {
    const char byte = signal == SIGINT ? 'i' : 't';
    [[maybe_unused]] const ssize_t written = write(g_wake[1], &byte, 1);
    std::signal(signal, SIG_DFL);  // the second time ends the program
}

void setDefault(const char* name, const char* value) {
    setenv(name, value, 0);
}

}  // namespace

void prepareProcess() {
    // Temporaries of a training step stay in the heap instead of being mapped and zeroed each time.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
    setDefault("OMP_WAIT_POLICY", "passive");  // spinning workers cost up to 100 times the step
    setDefault("UCX_HANDLE_ERRORS", "none");   // keeps its handlers away from ours
    setDefault("OPENBLAS_NUM_THREADS", "1");   // one pool of threads, OpenMP's
    setDefault("QT_LOGGING_RULES", "qt.qpa.plugin.debug=false");
    // A write past the file-size limit then fails with a message instead of ending the program.
    std::signal(SIGXFSZ, SIG_IGN);
}

std::filesystem::path executablePath() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error);
}

void rememberForCrash(LogLevel level, const std::string& message) {
    static constexpr const char* kNames[] = {"debug: ", "info: ", "warning: ", "error: "};
    const std::string line = kNames[static_cast<std::size_t>(level)] + message + "\n";
    const std::lock_guard lock(g_logMutex);
    std::size_t end = g_logEnd.load();
    for (const char c : line) {
        g_log[end++ % kTail] = c;
    }
    g_logEnd = end;
}

void useAlternateStack() {
    thread_local std::unique_ptr<char[]> memory;
    if (memory) {
        return;
    }
    constexpr std::size_t kSize = std::size_t{64} << 10;
    memory = std::make_unique<char[]>(kSize);
    stack_t stack{};
    stack.ss_sp = memory.get();
    stack.ss_size = kSize;
    sigaltstack(&stack, nullptr);
}

void installCrashHandler(const std::filesystem::path& folder, const std::string& header) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string path = (folder / ("crash-" + std::to_string(time(nullptr)) + "-" +
                                        std::to_string(getpid()) + ".txt"))
                                 .string();
    std::strncpy(g_path, path.c_str(), sizeof g_path - 1);
    std::strncpy(g_header, header.c_str(), sizeof g_header - 1);
    void* frame[1];
    backtrace(frame, 1);  // loads libgcc now, since loading allocates

    useAlternateStack();
    struct sigaction action{};
    action.sa_handler = onCrash;
    action.sa_flags = SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (const int signal : kSignals) {
        sigaction(signal, &action, nullptr);
    }
}

std::stop_token stopOnSignals() {
    static std::stop_source source;
    static std::once_flag once;
    std::call_once(once, [] {
        if (pipe2(g_wake, O_CLOEXEC) != 0) {
            return;
        }
        // A handler may only write; this thread does the rest. It lives as long as the program.
        std::thread([copy = source]() mutable {
            char byte = 0;
            while (read(g_wake[0], &byte, 1) < 0 && errno == EINTR) {
            }
            copy.request_stop();
        }).detach();
        struct sigaction action{};
        action.sa_handler = onStop;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(SIGINT, &action, nullptr);
        sigaction(SIGTERM, &action, nullptr);
    });
    return source.get_token();
}

void whenStopped(std::stop_token token, std::function<void()> act) {
    // The callback object must live as long as the program.
    static std::unique_ptr<std::stop_callback<std::function<void()>>> callback;
    callback = std::make_unique<std::stop_callback<std::function<void()>>>(token, std::move(act));
}

}  // namespace lx::app
