// SPDX-License-Identifier: GPL-3.0-or-later
// Films for the command line.
#include "app/films.h"

#include "app/offscreen.h"
#include "core/render/renderer.h"
#include "ui/shell/film.h"

#include <QImage>

#include <limits>

namespace lx::app {
namespace {

/// What the film maker said, as the error it was.
struct FilmError : Error {
    FilmError(const QString& message, int code)
        : Error(message.toStdString()), exit(static_cast<ExitCode>(code)) {}
    ExitCode exitCode() const noexcept override { return exit; }
    ExitCode exit;
};

MovieSettings settingsOf(const cli::MovieRequest& request) {
    MovieSettings settings{request.window.width, request.window.height, request.fps};
    settings.texts = request.window.texts;
    return settings;
}

bool filmOfView(Program& program, const std::stop_token& stop, const cli::MovieRequest& request) {
    ui::FilmPlan plan;
    plan.session = request.session;
    plan.clock = request.window.clock;
    plan.steps = ui::filmSteps(request.first, request.last, request.every);
    plan.view = request.view;
    plan.title = request.title;
    plan.theme = request.window.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light;
    plan.file = request.window.file;
    plan.movie = settingsOf(request);
    plan.renderer = rendererFactory(program);
    ui::applyTheme(ui::themeOf(plan.theme));
    ui::FilmMaker maker(std::move(plan));
    QString problem;
    bool stopped = false;
    int code = 0;
    QObject::connect(&maker, &ui::FilmMaker::progressed, &maker, request.progress);
    QObject::connect(&maker, &ui::FilmMaker::finished, &maker,
                     [&](const QString& what, bool ended, int exit) {
                         problem = what;
                         stopped = ended;
                         code = exit;
                     });
    maker.start();
    pumpUntil([&] { return !maker.running(); }, std::numeric_limits<int>::max(), stop);
    if (maker.running()) {
        maker.stop();
        pumpUntil([&] { return !maker.running(); }, std::numeric_limits<int>::max(), {});
    }
    if (!problem.isEmpty() && !stopped) {
        throw FilmError(problem, code);
    }
    return !stopped;
}

bool filmOfWindow(Program& program, const std::stop_token& stop, const cli::MovieRequest& request) {
    const auto steps = ui::filmSteps(request.first, request.last, request.every);
    const auto writer = makeMovieWriter(request.window.file, settingsOf(request));
    OffscreenWindow window(program, request.window);
    std::vector<std::uint8_t> rgb;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!window.runTo(steps[i], stop)) {
            return false;
        }
        const QImage picture = window.picture().convertToFormat(QImage::Format_RGB888);
        rgb.clear();
        for (int y = 0; y < picture.height(); ++y) {
            const uchar* line = picture.constScanLine(y);
            rgb.insert(rgb.end(), line, line + 3 * picture.width());
        }
        writer->add(rgb);
        request.progress(static_cast<int>(i + 1), static_cast<int>(steps.size()));
    }
    writer->finish();
    return true;
}

}  // namespace

bool paintMovie(Program& program, const std::stop_token& stop, const cli::MovieRequest& request) {
    requireApplication(program);
    return request.session ? filmOfView(program, stop, request)
                           : filmOfWindow(program, stop, request);
}

}  // namespace lx::app
