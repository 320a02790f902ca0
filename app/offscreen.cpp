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

}  // namespace

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
    pumpUntil([&] { return quiet.elapsed() > kQuietMs && !bridge.waiting(); }, kSettleMs, stop);
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
    m_window->openRecipe(request.recipe, request.params, request.seed, false);
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
