// SPDX-License-Identifier: GPL-3.0-or-later
// Figures, films and the session code of the window.
#include "core/io/image.h"
#include "core/io/png.h"
#include "ui/shell/export_dialogs.h"
#include "ui/shell/main_window_impl.h"
#include "ui/shell/numbers.h"
#include "ui/shell/recorder.h"
#include "ui/shell/samples_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>

namespace lx::ui {
namespace {

constexpr std::uint64_t kMaxPicture = std::uint64_t{256} << 20;

std::vector<ShownView> shownViews(const std::map<QString, ViewHost*>& hosts) {
    std::vector<ShownView> out;
    for (const ViewSpec& spec : viewSpecs()) {
        const auto at = hosts.find(spec.id);
        if (at != hosts.end() && at->second->isVisible()) {
            out.push_back({spec.id, spec.title, at->second->view()});
        }
    }
    return out;
}

}  // namespace

std::map<std::string, std::string> MainWindow::Impl::sessionTexts(Index atStep) const {
    const RunInfo* run = book.active();
    const Frame* frame = bridge.activeFrame();
    if (!run || !frame || !services.sessionTexts) {
        return {};
    }
    LoadedProject project;
    project.info.recipe = run->recipe.id;
    project.info.name = run->name.toStdString();
    project.load = {run->recipe.family, run->params, run->seed};
    project.step = frame->snapshot->step;
    if (atStep >= 0) {
        project.step = {};
        project.step[static_cast<std::size_t>(run->recipe.clock)] = atStep;
    }
    return services.sessionTexts(project);
}

void MainWindow::Impl::exportPicture(View* view) {
    QString chosen;
    for (const auto& [id, shown] : hosts) {
        chosen = shown->view() == view ? id : chosen;
    }
    auto* dialog = new FigureDialog(shownViews(hosts), chosen, &w);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->onExport = [this](FigureChoice choice) {
        choice.texts = sessionTexts(-1);
        writeFigure(choice, &w);
        status->say(QObject::tr("Written to %1.").arg(choice.path));
    };
    dialog->show();
}

void MainWindow::Impl::generateSamples() {
    auto* dialog = new SamplesDialog(bridge, book, &w);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &SamplesDialog::written, &w, [this](const QString& path, qint64 n) {
        status->say(QObject::tr("%1 samples written to %2.").arg(formatInteger(n)).arg(path));
    });
    samplesDialog = dialog;
    dialog->show();
}

void MainWindow::Impl::exportMovie() {
    if (movie) {
        movie->show();
        movie->raise();
        return;
    }
    ViewHost* focused = focusedHost();
    movie = new MovieDialog(services, bridge, book, shownViews(hosts),
                            focused ? focused->id() : QString(), &w);
    movie->setAttribute(Qt::WA_DeleteOnClose);
    movie->texts = [this](Index step) { return sessionTexts(step); };
    QObject::connect(movie, &MovieDialog::filmed, &w, [this](const QString& problem) {
        if (problem.isEmpty()) {
            status->say(QObject::tr("The film is written."));
        }
    });
    movie->show();
}

void MainWindow::Impl::closeExports() {
    delete samplesDialog.data();
    delete movie.data();  // a film in the making draws with the renderer of the window
    delete std::exchange(recorder, nullptr);
}

void MainWindow::Impl::setRecording(bool on) {
    if (!recorder) {
        recorder = new Recorder(&w);
        QObject::connect(recorder, &Recorder::saved, &w, [this](const QString& problem) {
            if (problem.isEmpty()) {
                status->say(QObject::tr("The recording is written."));
            } else {
                tell(problem);
            }
        });
    }
    recorder->setRunning(on);
    actions->setReason(QStringLiteral("file.save-recording"),
                       on ? QString() : QObject::tr("Switch Keep the last 30 seconds on first."));
    status->say(on ? QObject::tr("The last 30 seconds are kept from now on.")
                   : QObject::tr("Nothing is recorded any more."));
}

void MainWindow::Impl::saveRecording() {
    if (!recorder) {
        return;
    }
    const QString path = QFileDialog::getSaveFileName(
        &w, QObject::tr("Save the last 30 seconds"), QStringLiteral("last-30-seconds.gif"),
        QObject::tr("Films (*.gif *.apng *.mp4 *.webm)"));
    if (!path.isEmpty()) {
        status->say(QObject::tr("Writing %1 …").arg(QFileInfo(path).fileName()));
        recorder->save(path.toStdString(), sessionTexts(-1));
    }
}

void MainWindow::Impl::copyCode() {
    const auto texts = sessionTexts(-1);
    if (texts.empty()) {
        status->say(QObject::tr("There is no run to copy."));
        return;
    }
    QApplication::clipboard()->setText(QString::fromStdString(texts.begin()->second));
    status->say(QObject::tr("The session code is on the clipboard: paste it anywhere."));
}

void MainWindow::Impl::pasteCode() {
    const QString text = QApplication::clipboard()->text();
    try {
        if (!services.sessionOfText) {
            throw UsageError("the engine is not loaded yet; try again in a moment");
        }
        restoreRun(*services.sessionOfText(text.toStdString(), "the clipboard"));
    } catch (const Error& error) {
        tell(QString::fromUtf8(error.what()));
    }
}

std::shared_ptr<LoadedProject> MainWindow::Impl::sessionIn(const QString& path) const {
    const Bytes head = readPrefix(path.toStdString(), 8);
    if (!services.sessionOfTexts || head.size() < 8 || !isPng(head)) {
        return nullptr;
    }
    const Bytes bytes = readFile(path.toStdString(), kMaxPicture);
    const std::string name = QFileInfo(path).fileName().toStdString();
    return services.sessionOfTexts(pngTexts(bytes, name), name);
}

void MainWindow::Impl::openPicture(const QString& path) {
    try {
        if (const auto project = sessionIn(path)) {
            restoreRun(*project);
            return;
        }
    } catch (const Error& error) {
        tell(QObject::tr("No session was restored: %1").arg(QString::fromUtf8(error.what())));
        return;
    }
    encodeImage(path);
}

void MainWindow::Impl::restoreRun(const LoadedProject& project) {
    RecipeInfo recipe;
    if (const RecipeInfo* known = book.recipe(project.info.recipe)) {
        recipe = *known;
    } else {
        recipe.id = project.info.recipe;
        recipe.title = project.info.name;
        for (std::size_t i = 0; i < kClocks; ++i) {
            recipe.clock = project.step[i] > 0 ? static_cast<Clock>(i) : recipe.clock;
        }
    }
    recipe.family = project.load.recipe;
    recipe.params.clear();  // the code is complete
    if (!services.describe) {
        throw UsageError("the engine is not loaded yet; try again in a moment");
    }
    hideStart();
    const std::uint32_t source = book.start(recipe, project.load.params, project.load.seed,
                                            QString::fromStdString(project.info.name));
    const Index step = project.step[static_cast<std::size_t>(recipe.clock)];
    if (source == kNoRun || step <= 0) {
        return;
    }
    // The same seed gives the same run: it is trained up to the step of the picture.
    book.setUntil(source, step);
    book.play(recipe.clock);
    status->say(QObject::tr("Restoring the run: it pauses at step %1, as in the picture.")
                    .arg(formatInteger(step)));
}

}  // namespace lx::ui
