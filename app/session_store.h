// SPDX-License-Identifier: GPL-3.0-or-later
// Saving, loading, autosaving and recovering the runs of the window. Lives on the GUI thread; files
// are written and read on one I/O worker.
#pragma once

#include "core/recipes/recovery.h"
#include "ui/shell/app_services.h"

#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include <chrono>
#include <deque>
#include <map>
#include <optional>

namespace lx::app {

class Program;

class SessionStore : public QObject {
    Q_OBJECT
public:
    /// `autosave` off: nothing is written by itself (pictures of the window).
    SessionStore(Program&, bool autosave, QObject* parent = nullptr);
    /// Finishes what is being written. A clean end needs no autosaves: they are removed unless
    /// keepAutosaves() was called.
    ~SessionStore() override;

    /// Fills the functions of the services that concern files.
    void fill(ui::AppServices&);
    /// The program is being ended from outside: what it autosaved is offered at the next start.
    void keepAutosaves() { m_keep = true; }

private:
    using Taken = std::function<void(const std::string& problem, const Captured*)>;
    struct Run {
        std::shared_ptr<Session> session;
        std::function<ui::ProjectInfo()> info;
        std::array<Index, kClocks> step{};
        std::uint64_t epoch = 0;
        ui::ProjectInfo last = {};  ///< as autosaved
        bool saved = false, busy = false;
    };
    struct Pending {
        std::shared_ptr<Session> session;
        std::uint64_t ticket = 0;
        Taken done;
        std::chrono::steady_clock::time_point asked;
    };

    void take(std::shared_ptr<Session>, Taken);
    void ask(Pending&);
    void pollTaken();
    void write(const std::filesystem::path&, SessionDocument, std::shared_ptr<const State>,
               std::function<void(const std::string&)>);
    void read(const std::filesystem::path&, ui::LoadDone);
    void save(std::shared_ptr<Session>, const ui::ProjectInfo&, const std::string& path, ui::Done);
    void autosave();
    void runOpened(std::shared_ptr<Session>, std::function<ui::ProjectInfo()>);
    void runClosed(std::uint32_t source);
    std::vector<ui::Recovery> recoveries();
    void accept(const std::string& path, ui::LoadDone);
    SessionDocument documentOf(const Captured&, const ui::ProjectInfo&) const;
    std::filesystem::path autosavePath(std::uint32_t source) const;

    Program& m_program;
    std::filesystem::path m_folder;
    ProcessId m_process;
    bool m_keep = false, m_warned = false;
    std::uint64_t m_nextTicket = 1;
    std::map<std::uint32_t, Run> m_runs;
    std::map<std::uint32_t, std::deque<Pending>> m_pending;  ///< by session; one is asked at a time
    std::uint32_t m_claims = 0;
    std::vector<std::filesystem::path> m_claimed;  ///< leftovers that were opened, now ours
    QTimer m_poll, m_autosave;
    QThreadPool m_io;
};

}  // namespace lx::app
