// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/offscreen.h"

#include "core/render/renderer.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QEventLoop>
#include <QImage>
#include <QThread>

#include <clocale>
#include <cstdlib>
#include <utility>
#include <variant>

namespace lx::app {
namespace {

constexpr int kQuietMs = 400;  // nothing new for so long: the picture is finished
constexpr int kSettleMs = 60'000;
constexpr int kDayMs = 24 * 3600 * 1000;

/// Qt's remarks are of no use to a script; they go to the log only.
const LogSink* g_log = nullptr;
void onQtMessage(QtMsgType, const QMessageLogContext&, const QString& message) {
    if (g_log != nullptr && *g_log) {
        (*g_log)(LogLevel::Debug, "Qt: " + message.toStdString());
    }
}

/// A session whose series were drained before: hands them out again, once. It cannot be
/// loaded anew.
class Replay : public Session {
public:
    Replay(std::shared_ptr<Session> session, std::vector<SeriesPoint> series)
        : m_session(std::move(session)), m_series(std::move(series)) {}
    std::uint32_t id() const override { return m_session->id(); }
    void post(Command command, std::string_view tag) override {
        if (std::holds_alternative<cmd::Load>(command)) {
            return;  // it is loaded, and stands where it is wanted
        }
        m_session->post(std::move(command), tag);
    }
    std::shared_ptr<const Snapshot> latest() const override { return m_session->latest(); }
    std::vector<SeriesPoint> drainSeries() override {
        auto points = std::exchange(m_series, {});
        const auto fresh = m_session->drainSeries();
        points.insert(points.end(), fresh.begin(), fresh.end());
        return points;
    }
    std::optional<Captured> takeCaptured() override { return m_session->takeCaptured(); }
    bool waitIdle(std::stop_token stop) override { return m_session->waitIdle(stop); }
    bool looking() const override { return m_session->looking(); }
    std::shared_ptr<const Description> description() const override {
        return m_session->description();
    }
    std::map<std::string, double> metrics(Key key, std::stop_token stop) override {
        return m_session->metrics(key, stop);
    }
    std::map<std::string, Array> exportChannels(std::vector<std::string> channels,
                                                std::stop_token stop, Detail detail) override {
        return m_session->exportChannels(std::move(channels), stop, detail);
    }
    std::pair<std::size_t, std::vector<Index>> ring() const override { return m_session->ring(); }

private:
    std::shared_ptr<Session> m_session;
    std::vector<SeriesPoint> m_series;
};

}  // namespace

std::shared_ptr<Session> replayed(std::shared_ptr<Session> session,
                                  std::vector<SeriesPoint> series) {
    return std::make_shared<Replay>(std::move(session), std::move(series));
}

void requireApplication(const Program& program) {
    static int argc = 1;
    static char name[] = "latent-explorer";
    static char* argv[] = {name, nullptr};
    static const QApplication* application = nullptr;
    if (application == nullptr) {
        setenv("QT_QPA_PLATFORM", "offscreen", 1);
        g_log = &program.log();
        qInstallMessageHandler(onQtMessage);
        application = new QApplication(argc, argv);
        std::setlocale(LC_NUMERIC, "C");
        QApplication::setApplicationName(QStringLiteral("latent-explorer"));
    }
}

LogSink quietly(const LogSink& log) {
    return [log](LogLevel level, const std::string& message) {
        log(level == LogLevel::Warning ? LogLevel::Info : level, message);
    };
}

std::function<std::shared_ptr<render::Renderer>()> rendererFactory(const Program& program) {
    return [log = quietly(program.log())] {
        render::RendererOptions options;
        options.log = log;
        return std::shared_ptr<render::Renderer>(render::Renderer::create(options));
    };
}

bool pumpUntil(const std::function<bool()>& done, int milliseconds, const std::stop_token& stop) {
    QElapsedTimer clock;
    clock.start();
    while (!done()) {
        if (clock.elapsed() > milliseconds || stop.stop_requested()) {
            return false;
        }
        QApplication::processEvents(QEventLoop::AllEvents, 10);
        QThread::msleep(1);  // Qt does not wait for events when it is given a time
    }
    return true;
}

void settle(ui::SessionBridge& bridge, const std::stop_token& stop) {
    QElapsedTimer quiet;
    quiet.start();
    const auto restart = [&quiet] { quiet.restart(); };
    const auto changed = QObject::connect(&bridge, &ui::SessionBridge::snapshotChanged, restart);
    // A slow look, such as pictures out of a U-Net, is quiet for seconds, and what it found comes
    // after its end.
    const auto looking = [&] {
        const Session* run = bridge.session(bridge.active());
        return run != nullptr && run->looking();
    };
    const auto settled = [&] {
        if (bridge.waiting() || looking()) {
            quiet.restart();
        }
        return quiet.elapsed() > kQuietMs;
    };
    pumpUntil(settled, kSettleMs, stop);
    QObject::disconnect(changed);
}

OffscreenWindow::OffscreenWindow(Program& program, const cli::WindowRequest& request)
    : m_clock(request.clock) {
    requireApplication(program);
    m_composition = std::make_unique<Composition>(program, false);
    if (program.recipes().find(request.recipe) == nullptr) {
        Recipe own;
        own.id = request.recipe;
        own.title = request.recipe;
        own.clock = request.clock;
        own.steps = request.steps;
        m_composition->addRecipe(own);
    }
    m_window = std::make_unique<ui::MainWindow>(
        m_composition->services(),
        ui::StartOptions{.startCards = false,
                         .restoreGeometry = false,
                         .theme = request.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light});
    m_window->resize(request.width, request.height);
    m_window->show();
    m_composition->attachEngine(program.engine(), m_window->services());
    if (request.session) {
        m_window->services().open = [run = replayed(request.session, request.series)] {
            return run;
        };
    }
    m_window->openRecipe(request.recipe, request.params, request.seed, false);
    if (m_window->bridge().active() == ui::kNoRun) {
        // Else the default recipe would take its place, and the picture would be of that.
        throw UsageError("the window could not open '" + request.recipe + "'");
    }
    m_window->engineReady();
    if (!request.layout.empty()) {
        m_window->setLayoutNamed(QString::fromStdString(request.layout));
    }
}

bool OffscreenWindow::runTo(Index step, const std::stop_token& stop) {
    ui::SessionBridge& bridge = m_window->bridge();
    const auto clock = static_cast<std::size_t>(m_clock);
    const auto failed = [&] {
        const ui::Frame* frame = bridge.activeFrame();
        return frame != nullptr && frame->snapshot->failure.has_value();
    };
    if (step > 0) {
        bridge.post(cmd::Run{m_clock, step});
        pumpUntil(
            [&] {
                const ui::Frame* frame = bridge.activeFrame();
                return failed() || (frame != nullptr && frame->snapshot->step[clock] >= step &&
                                    !frame->snapshot->running[clock]);
            },
            kDayMs, stop);
    }
    if (failed()) {
        throw Error(bridge.activeFrame()->snapshot->failure->message);
    }
    if (!stop.stop_requested()) {
        settle(bridge, stop);
    }
    return !stop.stop_requested();
}

QImage OffscreenWindow::picture() {
    return m_window->grab().toImage();
}

}  // namespace lx::app
