// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session_store.h"

#include "app/program.h"

#include <QDateTime>
#include <QMetaObject>

namespace lx::app {
namespace fs = std::filesystem;
namespace {

constexpr int kPollMs = 20;
constexpr auto kPatience = std::chrono::seconds(60);           // a slow step may stand in the way
constexpr std::uint32_t kFirstClaim = 1'000'000;               // apart from numbers of runs
constexpr std::uint64_t kTicketBase = std::uint64_t{1} << 48;  // apart from tickets of the window

std::string whenText(std::chrono::system_clock::time_point time) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    const QDateTime when = QDateTime::fromSecsSinceEpoch(seconds);
    const qint64 days = when.date().daysTo(QDate::currentDate());
    const QString day = days == 0   ? QStringLiteral("today")
                        : days == 1 ? QStringLiteral("yesterday")
                                    : when.toString(QStringLiteral("d MMM yyyy"));
    return (day + when.toString(QStringLiteral(" HH:mm"))).toStdString();
}

}  // namespace

SessionStore::SessionStore(Program& program, bool autosave, QObject* parent)
    : QObject(parent),
      m_program(program),
      m_folder(stateFolder() / "autosave"),
      m_process(thisProcess()) {
    m_io.setMaxThreadCount(1);
    m_poll.setInterval(kPollMs);
    connect(&m_poll, &QTimer::timeout, this, &SessionStore::pollTaken);
    connect(&m_autosave, &QTimer::timeout, this, &SessionStore::autosave);
    if (autosave) {
        m_autosave.start(autosaveInterval());
    }
}

SessionStore::~SessionStore() {
    m_io.waitForDone();
    if (m_keep) {
        return;
    }
    std::error_code error;
    for (const auto& [source, run] : m_runs) {
        fs::remove(autosavePath(source), error);
    }
    for (const auto& path : m_claimed) {
        fs::remove(path, error);
    }
}

void SessionStore::fill(ui::AppServices& services) {
    services.save = [this](std::shared_ptr<Session> session, ui::ProjectInfo info, std::string path,
                           ui::Done done) {
        save(std::move(session), info, path, std::move(done));
    };
    services.load = [this](std::string path, ui::LoadDone done) { read(path, std::move(done)); };
    services.runOpened = [this](std::shared_ptr<Session> session,
                                std::function<ui::ProjectInfo()> info) {
        runOpened(std::move(session), std::move(info));
    };
    services.runClosed = [this](std::uint32_t source) { runClosed(source); };
    services.recoveries = [this] { return recoveries(); };
    services.acceptRecovery = [this](std::string path, ui::LoadDone done) {
        accept(path, std::move(done));
    };
    services.discardRecovery = [](std::string path) {
        std::error_code error;
        if (!fs::remove(path, error)) {
            throw Error(path + ": cannot be removed (" + error.message() + ")");
        }
    };
}

fs::path SessionStore::autosavePath(std::uint32_t source) const {
    return m_folder / autosaveName(m_process, source);
}

SessionDocument SessionStore::documentOf(const Captured& captured,
                                         const ui::ProjectInfo& info) const {
    SessionDocument document;
    document.recipe = info.recipe;
    document.title = info.name;
    document.load = captured.load;
    document.step = captured.step;
    document.versions = m_program.versions();
    document.layout = info.window;
    return document;
}

void SessionStore::take(std::shared_ptr<Session> session, Taken done) {
    const std::uint32_t source = session->id();
    auto& queue = m_pending[source];
    queue.push_back({std::move(session), 0, std::move(done), {}});
    if (queue.size() == 1) {
        ask(queue.front());
    }
    m_poll.start();
}

void SessionStore::ask(Pending& pending) {
    pending.ticket = kTicketBase + m_nextTicket++;
    pending.asked = std::chrono::steady_clock::now();
    pending.session->post(cmd::Capture{pending.ticket});
}

void SessionStore::pollTaken() {
    for (auto entry = m_pending.begin(); entry != m_pending.end();) {
        auto& queue = entry->second;
        std::optional<Captured> captured = queue.front().session->takeCaptured();
        const bool mine = captured && captured->ticket == queue.front().ticket;
        const bool late = std::chrono::steady_clock::now() - queue.front().asked > kPatience;
        if (mine || late) {
            const Taken done = std::move(queue.front().done);
            queue.pop_front();
            if (!queue.empty()) {
                ask(queue.front());
            }
            done(mine ? "" : "the run did not hand out its state; is it still computing a step?",
                 mine ? &*captured : nullptr);
        }
        entry = queue.empty() ? m_pending.erase(entry) : std::next(entry);
    }
    if (m_pending.empty()) {
        m_poll.stop();
    }
}

void SessionStore::write(const fs::path& path, SessionDocument document,
                         std::shared_ptr<const State> state,
                         std::function<void(const std::string&)> done) {
    m_io.start([this, path, document = std::move(document), state = std::move(state),
                done = std::move(done)] {
        std::string problem;
        try {
            saveSession(path, document, *state);
        } catch (const std::exception& error) {
            problem = error.what();
        }
        QMetaObject::invokeMethod(this, [done, problem] { done(problem); }, Qt::QueuedConnection);
    });
}

void SessionStore::read(const fs::path& path, ui::LoadDone done) {
    m_io.start([this, path, done = std::move(done)] {
        std::string problem;
        auto project = std::make_shared<ui::LoadedProject>();
        try {
            SessionFile file = loadSession(path);
            project->info = {.recipe = file.document.recipe,
                             .name = file.document.title,
                             .window = file.document.layout};
            project->load = file.document.load;
            project->state = file.state;
            project->step = file.document.step;
        } catch (const std::exception& error) {
            problem = error.what();
            project.reset();
        }
        QMetaObject::invokeMethod(
            this, [done, problem, project] { done(problem, project); }, Qt::QueuedConnection);
    });
}

void SessionStore::save(std::shared_ptr<Session> session, const ui::ProjectInfo& info,
                        const std::string& path, ui::Done done) {
    take(std::move(session),
         [this, info, path, done](const std::string& problem, const Captured* captured) {
             if (captured == nullptr) {
                 done(problem);
                 return;
             }
             write(path, documentOf(*captured, info), captured->state, done);
         });
}

void SessionStore::runOpened(std::shared_ptr<Session> session,
                             std::function<ui::ProjectInfo()> info) {
    const std::uint32_t source = session->id();
    m_runs[source] = {.session = std::move(session), .info = std::move(info)};
}

void SessionStore::runClosed(std::uint32_t source) {
    m_runs.erase(source);
    m_pending.erase(source);
    // Behind whatever is being written to it.
    m_io.start([path = autosavePath(source)] {
        std::error_code error;
        fs::remove(path, error);
    });
}

void SessionStore::autosave() {
    std::error_code error;
    fs::create_directories(m_folder, error);
    for (auto& [source, run] : m_runs) {
        const auto snapshot = run.session->latest();
        const ui::ProjectInfo info = run.info();
        const bool begun = snapshot->head != std::array<Index, kClocks>{};
        const bool changed = !run.saved || snapshot->head != run.step ||
                             snapshot->epoch != run.epoch || info != run.last;
        if (run.busy || !begun || !changed || snapshot->failure) {
            continue;
        }
        run.busy = true;
        run.step = snapshot->head;
        run.epoch = snapshot->epoch;
        run.last = info;
        const auto finished = [this, source = source](const std::string& problem) {
            if (const auto found = m_runs.find(source); found != m_runs.end()) {
                found->second.busy = false;
                found->second.saved = problem.empty();
            }
            if (!problem.empty() && !m_warned) {
                m_warned = true;  // once: the disk stays full every 30 s
                m_program.log()(LogLevel::Warning, "autosave: " + problem);
            }
        };
        take(run.session, [this, source = source, info, finished](const std::string& problem,
                                                                  const Captured* captured) {
            if (captured == nullptr || !m_runs.contains(source)) {
                finished(problem);
                return;
            }
            write(autosavePath(source), documentOf(*captured, info), captured->state, finished);
        });
    }
}

std::vector<ui::Recovery> SessionStore::recoveries() {
    std::vector<std::string> problems;
    std::vector<ui::Recovery> offers;
    for (const auto& leftover : findLeftovers(m_folder, problems)) {
        const auto& document = leftover.document;
        offers.push_back({.path = leftover.path.string(),
                          .title = document.title.empty() ? document.recipe : document.title,
                          .when = whenText(leftover.saved),
                          .step = *std::ranges::max_element(document.step)});
    }
    for (const auto& problem : problems) {
        m_program.log()(LogLevel::Warning, "an autosaved session was left alone: " + problem);
    }
    return offers;
}

void SessionStore::accept(const std::string& path, ui::LoadDone done) {
    // Claimed before it is read, so that two windows never open the same one.
    const fs::path mine = claimLeftover(path, kFirstClaim + m_claims++);
    read(mine, [this, path, mine, done = std::move(done)](
                   const std::string& problem, const std::shared_ptr<ui::LoadedProject>& project) {
        if (project) {
            m_claimed.push_back(mine);
        } else {
            // Unread it stays a leftover, which a clean end must not remove.
            std::error_code error;
            fs::rename(mine, path, error);
        }
        done(problem, project);
    });
}

}  // namespace lx::app
