// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of views and of the window for the command line, painted offscreen by the code that
// paints the screen.
#include "app/composition.h"
#include "core/render/bench.h"
#include "core/render/renderer.h"
#include "ui/shell/theme.h"
#include "ui/shell/view_host.h"
#include "ui/views/view.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QImage>

#include <algorithm>
#include <clocale>
#include <cstdlib>

namespace lx::app {
namespace {

constexpr int kChannelsMs = 60'000;  // evaluating a channel may take many steps' time
constexpr int kQuietMs = 400;        // nothing new for so long: the picture is finished
constexpr int kSettleMs = 15'000;

/// Qt's remarks are of no use to a script; they go to the log only.
const LogSink* g_log = nullptr;
void onQtMessage(QtMsgType, const QMessageLogContext&, const QString& message) {
    if (g_log != nullptr && *g_log) {
        (*g_log)(LogLevel::Debug, "Qt: " + message.toStdString());
    }
}

/// The one application of a command, always offscreen. It lives until the process ends: taking it
/// apart among the static objects of Qt and the engine is what crashes programs at exit.
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

/// How pictures are drawn is worth a line in the log, not a warning.
LogSink quietly(const LogSink& log) {
    return [log](LogLevel level, const std::string& message) {
        log(level == LogLevel::Warning ? LogLevel::Info : level, message);
    };
}

void pump(int milliseconds) {
    QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents,
                                milliseconds);
}

/// Works off events until `done` or for so long; returns whether it was done.
template <class F>
bool pumpUntil(F&& done, int milliseconds, const std::stop_token& stop) {
    QElapsedTimer clock;
    clock.start();
    while (!done()) {
        if (clock.elapsed() > milliseconds || stop.stop_requested()) {
            return false;
        }
        pump(10);
    }
    return true;
}

/// Until no new snapshot arrived for a while.
void settle(ui::SessionBridge& bridge, const std::stop_token& stop) {
    QElapsedTimer quiet;
    quiet.start();
    const auto restart = [&quiet] { quiet.restart(); };
    const auto changed = QObject::connect(&bridge, &ui::SessionBridge::snapshotChanged, restart);
    pumpUntil([&] { return quiet.elapsed() > kQuietMs; }, kSettleMs, stop);
    QObject::disconnect(changed);
}

/// A session whose series were drained before: hands them out again, once.
class Replay : public Session {
public:
    Replay(std::shared_ptr<Session> session, std::vector<SeriesPoint> series)
        : m_session(std::move(session)), m_series(std::move(series)) {}
    std::uint32_t id() const override { return m_session->id(); }
    void post(Command command, std::string_view tag) override {
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
    std::shared_ptr<const Description> description() const override {
        return m_session->description();
    }
    std::map<std::string, double> metrics(Key key, std::stop_token stop) override {
        return m_session->metrics(key, stop);
    }
    std::map<std::string, Array> exportChannels(std::vector<std::string> channels,
                                                std::stop_token stop) override {
        return m_session->exportChannels(std::move(channels), stop);
    }
    std::pair<std::size_t, std::vector<Index>> ring() const override { return m_session->ring(); }

private:
    std::shared_ptr<Session> m_session;
    std::vector<SeriesPoint> m_series;
};

bool fits(const ui::ViewSpec& spec, const Description& description) {
    return spec.make && std::ranges::all_of(spec.channelKinds, [&](const QString& kind) {
               return std::ranges::any_of(description.channels, [&](const ChannelDecl& channel) {
                   return channel.kind == kind.toStdString();
               });
           });
}

void savePicture(const QImage& picture, const std::filesystem::path& file) {
    if (picture.isNull() || !picture.save(QString::fromStdString(file.string()), "PNG")) {
        throw Error(file.string() +
                    ": the picture cannot be written; is there space, and may you "
                    "write there?");
    }
}

std::vector<std::filesystem::path> paintFigures(Program& program, const std::stop_token& stop,
                                                const cli::FigureRequest& request) {
    requireApplication(program);
    const ui::Theme& theme = ui::themeOf(request.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light);
    ui::applyTheme(theme);
    ui::SessionBridge bridge;
    bridge.setRendererFactory([log = quietly(program.log())] {
        render::RendererOptions options;
        options.log = log;
        return std::shared_ptr<render::Renderer>(render::Renderer::create(options));
    });
    bridge.addRun(std::make_shared<Replay>(request.session, request.series),
                  QString::fromStdString(request.title));
    bridge.poll();
    const auto description = request.session->description();
    const QSize size(request.width, request.height);
    std::vector<std::filesystem::path> files;
    for (const ui::ViewSpec& spec : ui::viewSpecs()) {
        const std::string id = spec.id.toStdString();
        const bool wanted =
            request.views.empty() || std::ranges::find(request.views, id) != request.views.end();
        if (!wanted || !description || !fits(spec, *description)) {
            continue;
        }
        ui::ViewHost host(spec, bridge, false);
        host.setTheme(theme);
        host.resize(size);
        host.show();
        // A view may ask for more than this run declares (labels of data that have none).
        QStringList channels = host.view()->channels();
        channels.removeIf([&](const QString& channel) {
            return std::ranges::none_of(description->channels, [&](const ChannelDecl& decl) {
                return decl.id == channel.toStdString();
            });
        });
        const auto there = [&] {
            const ui::Frame* frame = bridge.activeFrame();
            return frame != nullptr && std::ranges::all_of(channels, [&](const QString& channel) {
                       return ui::channel(*frame, channel.toStdString()) != nullptr;
                   });
        };
        pumpUntil(there, kChannelsMs, stop);
        host.view()->fit();
        settle(bridge, stop);
        if (stop.stop_requested()) {
            break;
        }
        files.push_back(request.file(id));
        savePicture(host.view()->picture(size, 1.0), files.back());
    }
    return files;
}

std::vector<std::filesystem::path> paintWindow(Program& program, const std::stop_token& stop,
                                               const cli::WindowRequest& request) {
    requireApplication(program);
    Composition composition(program, false);
    if (program.recipes().find(request.recipe) == nullptr) {
        Recipe own;
        own.id = request.recipe;
        own.title = request.recipe;
        own.clock = request.clock;
        own.steps = request.steps;
        composition.addRecipe(own);
    }
    ui::MainWindow window(composition.services(),
                          {.startCards = false,
                           .restoreGeometry = false,
                           .theme = request.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light});
    window.resize(request.width, request.height);
    window.show();
    composition.attachEngine(program.engine(), window.services());
    window.openRecipe(request.recipe, request.params, request.seed, false);
    window.engineReady();
    if (!request.layout.empty()) {
        window.setLayoutNamed(QString::fromStdString(request.layout));
    }
    ui::SessionBridge& bridge = window.bridge();
    const auto clock = static_cast<std::size_t>(request.clock);
    const auto failed = [&] {
        const ui::Frame* frame = bridge.activeFrame();
        return frame != nullptr && frame->snapshot->failure.has_value();
    };
    if (request.steps > 0) {
        bridge.post(cmd::Run{request.clock, request.steps});
        constexpr int kDayMs = 24 * 3600 * 1000;
        pumpUntil(
            [&] {
                const ui::Frame* frame = bridge.activeFrame();
                return failed() ||
                       (frame != nullptr && frame->snapshot->step[clock] >= request.steps &&
                        !frame->snapshot->running[clock]);
            },
            kDayMs, stop);
    }
    if (failed()) {
        throw Error(bridge.activeFrame()->snapshot->failure->message);
    }
    if (stop.stop_requested()) {
        return {};
    }
    settle(bridge, stop);
    savePicture(window.grab().toImage(), request.file);
    return {request.file};
}

}  // namespace

void addPictures(Program& program, cli::Host& host) {
    for (const ui::ViewSpec& spec : ui::viewSpecs()) {
        cli::ViewInfo info{spec.id.toStdString(), spec.title.toStdString(), {}};
        for (const QString& kind : spec.channelKinds) {
            info.channelKinds.push_back(kind.toStdString());
        }
        host.views.push_back(std::move(info));
    }
    host.paintFigures = [&program, stop = host.interrupt](const cli::FigureRequest& request) {
        return paintFigures(program, stop, request);
    };
    host.paintWindow = [&program, stop = host.interrupt](const cli::WindowRequest& request) {
        return paintWindow(program, stop, request);
    };
    host.benchNames = {"render.points1e4", "render.density1e6", "render.field"};
    host.bench = [log = program.log()](std::span<const std::string> names) {
        const auto renderer = render::Renderer::create({.log = log});
        std::vector<BenchRow> rows;
        for (const render::BenchRow& row : render::bench(*renderer)) {
            if (std::ranges::find(names, row.name) != names.end()) {
                rows.push_back({row.name, row.value, row.unit});
            }
        }
        return rows;
    };
}

}  // namespace lx::app
