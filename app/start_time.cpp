// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/start_time.h"

#include "app/process.h"
#include "core/base/error.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/main_window.h"

#include <QApplication>
#include <QEvent>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace lx::app {
namespace {

constexpr const char* kVariable = "LATENT_EXPLORER_START_PIPE";
constexpr char kShown = 'w', kMoving = 'm';
constexpr int kPatienceMs = 60'000, kStarts = 3;

class StartReporter : public QObject {
public:
    StartReporter(ui::MainWindow& window, int pipe) : QObject(&window), m_pipe(pipe) {
        window.installEventFilter(this);
        ui::SessionBridge& bridge = window.bridge();
        connect(&bridge, &ui::SessionBridge::cursorDecoded, this, [this] {
            if (++m_decoded == 2) {
                moving();
            }
        });
        connect(&bridge, &ui::SessionBridge::snapshotChanged, this, [this, &bridge] {
            const ui::Frame* frame = bridge.activeFrame();
            if (frame != nullptr && frame->snapshot->running[0] && frame->snapshot->step[0] > 0) {
                moving();
            }
        });
    }

protected:
    bool eventFilter(QObject*, QEvent* event) override {
        if (event->type() == QEvent::Paint && !std::exchange(m_shown, true)) {
            // Zero timers run after the paint events.
            QTimer::singleShot(0, this, [this] { tell(kShown); });
        }
        return false;
    }

private:
    void moving() {
        if (!std::exchange(m_moved, true)) {
            QTimer::singleShot(0, this, [this] {
                tell(kMoving);
                QApplication::quit();
            });
        }
    }
    void tell(char what) const {
        while (write(m_pipe, &what, 1) < 0 && errno == EINTR) {
        }
    }

    int m_pipe;
    int m_decoded = 0;
    bool m_shown = false, m_moved = false;
};

struct Times {
    double shown = 0, moving = 0;
};

std::vector<std::string> childEnvironment(const QTemporaryDir& home, int pipe) {
    std::vector<std::string> out;
    bool display = false;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto is = [&](const char* name) { return text.starts_with(std::string(name) + "="); };
        if (is("XDG_CONFIG_HOME") || is("XDG_STATE_HOME") || is(kVariable)) {
            continue;
        }
        display = display || is("DISPLAY") || is("WAYLAND_DISPLAY") || is("QT_QPA_PLATFORM");
        out.push_back(text);
    }
    const std::string folder = home.path().toStdString();
    out.push_back("XDG_CONFIG_HOME=" + folder);
    out.push_back("XDG_STATE_HOME=" + folder);
    out.push_back(kVariable + ("=" + std::to_string(pipe)));
    if (!display) {
        out.emplace_back("QT_QPA_PLATFORM=offscreen");
    }
    return out;
}

/// Closes its file at the end of the scope.
struct File {
    int number = -1;
    ~File() {
        if (number >= 0) {
            close(number);
        }
    }
};

Times startOnce() {
    const QTemporaryDir home;
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error(std::string("start.window: no pipe (") + std::strerror(errno) + ")");
    }
    const File reading{ends[0]};
    File writing{ends[1]};
    const auto environment = childEnvironment(home, writing.number);
    std::vector<char*> variables;
    for (const std::string& entry : environment) {
        variables.push_back(const_cast<char*>(entry.c_str()));
    }
    variables.push_back(nullptr);
    const std::string path = executablePath().string();
    char* arguments[] = {const_cast<char*>(path.c_str()), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // Onto itself: that keeps the file open in the child.
    posix_spawn_file_actions_adddup2(&actions, writing.number, writing.number);
    pid_t child = 0;
    const auto begin = std::chrono::steady_clock::now();
    const int failed =
        posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, variables.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        throw Error(path + ": cannot be started (" + std::strerror(failed) + ")");
    }
    close(std::exchange(writing.number, -1));

    Times times;
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    pollfd wait{reading.number, POLLIN, 0};
    while (times.moving == 0) {
        char what = 0;
        const int left = kPatienceMs - static_cast<int>(1000 * seconds());
        if (left <= 0 || poll(&wait, 1, left) <= 0 || read(reading.number, &what, 1) != 1) {
            kill(child, SIGKILL);
            break;
        }
        (what == kShown ? times.shown : times.moving) = seconds();
    }
    waitpid(child, nullptr, 0);
    if (times.shown == 0 || times.moving == 0) {
        throw Error("start.window: the program did not show a moving picture in " +
                    std::to_string(kPatienceMs / 1000) +
                    " s; start it without arguments to see why");
    }
    return times;
}

}  // namespace

std::vector<std::string> startBenchNames() {
    return {"start.window", "start.moving"};
}

std::vector<BenchRow> startBench(std::span<const std::string> names) {
    std::vector<double> shown, moving;
    for (int i = 0; i < kStarts; ++i) {
        const Times times = startOnce();
        shown.push_back(times.shown);
        moving.push_back(times.moving);
    }
    const auto median = [](std::vector<double> values) {
        std::ranges::sort(values);
        return values[values.size() / 2];
    };
    std::vector<BenchRow> rows;
    for (const std::string& name : names) {
        rows.push_back({name, median(name == "start.window" ? shown : moving), "s"});
    }
    return rows;
}

void reportStart(ui::MainWindow& window) {
    if (const char* text = std::getenv(kVariable); text != nullptr) {
        const int pipe = std::atoi(text);
        unsetenv(kVariable);
        if (pipe > 2 && fcntl(pipe, F_GETFD) >= 0) {
            new StartReporter(window, pipe);  // the window owns it
        }
    }
}

}  // namespace lx::app
