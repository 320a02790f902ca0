// SPDX-License-Identifier: GPL-3.0-or-later
// A film of one view of a run: the same code for the command line and for the window.
#pragma once

#include "core/io/movie.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/key_frames.h"
#include "ui/shell/theme.h"

#include <QElapsedTimer>
#include <QImage>
#include <QObject>
#include <QString>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lx::ui {

class ViewHost;

struct FilmPlan {
    std::shared_ptr<Session> session;  ///< of the film's own: it is run from where it stands
    std::optional<cmd::Load> load;     ///< posted first
    Clock clock{};
    std::vector<Index> steps;  ///< on that clock, rising; one frame each
    std::vector<KeyFrame> keys;
    std::string view, title;
    ThemeKind theme{};
    std::filesystem::path file;
    MovieSettings movie;
    SessionBridge::RendererFactory renderer;
};

/// `first`, `first + every`, … and `last`. Throws UsageError unless 0 <= first <= last, every > 0
/// and there are at most 100 000 of them.
std::vector<Index> filmSteps(Index first, Index last, Index every);

/// Steps the session, paints each frame, writes the film. The engine and the encoder run on
/// another thread; only the painting of single frames happens on the GUI thread.
class FilmMaker : public QObject {
    Q_OBJECT
public:
    FilmMaker(FilmPlan, QObject* parent = nullptr);
    ~FilmMaker() override;  ///< stops; no file remains

    void start();
    /// finished() follows, and no file remains.
    void stop();
    bool running() const { return m_running; }

Q_SIGNALS:
    void progressed(int done, int total);
    /// `problem` is one sentence, empty when the film was written; `stopped` when stop() ended it.
    void finished(const QString& problem, bool stopped, int exitCode);

private:
    class Proxy;
    struct Shown {
        QImage picture;
        std::vector<std::string> channels;  ///< what the view wants to see
    };
    void work(std::stop_token);
    void makeFilm(std::stop_token);
    void postParams(Index step);
    /// On the worker: has the GUI thread paint and waits for it; nothing when stopped.
    std::optional<Shown> shown(std::stop_token, std::shared_ptr<const Snapshot>,
                               std::vector<SeriesPoint>);
    void paint(const std::shared_ptr<const Snapshot>&, const std::vector<SeriesPoint>&);
    void paintWhenSettled();
    void answer(Shown);

    FilmPlan m_plan;
    std::shared_ptr<Proxy> m_proxy;
    std::unique_ptr<SessionBridge> m_bridge;
    std::unique_ptr<ViewHost> m_host;
    bool m_running = false, m_rested = false;
    QElapsedTimer m_patience;
    Index m_step = 0;

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::optional<Shown> m_shown;
    std::jthread m_worker;  ///< last: it ends before what it uses
};

}  // namespace lx::ui
