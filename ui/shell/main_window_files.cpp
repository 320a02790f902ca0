// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/image.h"
#include "ui/shell/chain_probe.h"
#include "ui/shell/main_window_impl.h"
#include "ui/shell/numbers.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageBox>
#include <QMimeData>
#include <QUrl>

#include <cmath>
#include <numbers>

namespace lx::ui {

namespace {

std::filesystem::path toPath(const QString& path) {
    return {path.toStdString()};
}

/// Shape [H, W] of one picture of the run's data space, or nothing.
std::optional<std::pair<Index, Index>> pictureShape(const Frame* frame) {
    if (frame && frame->description) {
        for (const SpaceDecl& space : frame->description->spaces) {
            if (space.id == "data" && space.sampleShape.size() == 2) {
                return std::pair(space.sampleShape[0], space.sampleShape[1]);
            }
        }
    }
    return {};
}

}  // namespace

QString MainWindow::Impl::dropAction(const QString& path, const FileProbe& found) const {
    const QString name = QFileInfo(path).fileName();
    if (looksLikeChains(path) && !services.chainFilesRecipe.empty()) {
        return QObject::tr("Drop to diagnose the chains in %1, and to follow it while it grows")
            .arg(name);
    }
    switch (found.kind) {
        case FileKind::Csv:
            return QObject::tr("Drop to choose columns and train a VAE on %1").arg(name);
        case FileKind::ImageFolder:
        case FileKind::Idx:
        case FileKind::Npy:
        case FileKind::Npz: return QObject::tr("Drop to train a VAE on %1").arg(name);
        case FileKind::Image:
            try {
                if (const auto session = sessionIn(path)) {
                    return QObject::tr("Drop to run %1 again, as it was in %2")
                        .arg(QString::fromStdString(session->info.name), name);
                }
            } catch (const Error&) {
                return QObject::tr("%1 holds a session that cannot be read").arg(name);
            }
            return pictureShape(bridge.activeFrame())
                       ? QObject::tr("Drop to encode %1, mark it on the map and reconstruct it")
                             .arg(name)
                       : QObject::tr(
                             "%1 is a picture: open a model of pictures first, then drop it "
                             "to encode it")
                             .arg(name);
        case FileKind::Project:
            return QObject::tr("Drop to open the session %1 beside the runs that are open")
                .arg(name);
        case FileKind::Recipe:
            return QObject::tr("%1 is a recipe: start the program with it").arg(name);
        case FileKind::Safetensors:
            return QObject::tr("%1 holds weights without a session; nothing will be opened")
                .arg(name);
        case FileKind::Unknown: break;
    }
    return QObject::tr("%1 cannot be used").arg(name);
}

void MainWindow::Impl::openPath(const QString& path) {
    const FileProbe found = probeFile(toPath(path));
    switch (found.kind) {
        case FileKind::Project: loadProject(path); break;
        case FileKind::Csv:
        case FileKind::ImageFolder:
        case FileKind::Idx:
        case FileKind::Npy:
        case FileKind::Npz: importData(path, found); break;
        case FileKind::Image: openPicture(path); break;
        case FileKind::Recipe:
        case FileKind::Safetensors:
        case FileKind::Unknown:
            tell(QFileInfo(path).fileName() + QStringLiteral(": ") +
                 QString::fromStdString(found.sentence));
            break;
    }
}

void MainWindow::Impl::importData(const QString& path, const FileProbe& found) {
    try {
        ImportDialog dialog(path, found, &w);
        if (dialog.exec() != QDialog::Accepted) {
            return;
        }
        const bool pictures = found.kind == FileKind::ImageFolder || found.shape.size() == 3;
        const std::string& id = pictures ? services.imageRecipe : services.tableRecipe;
        if (id.empty()) {
            tell(QObject::tr("No recipe of this installation trains on such data."));
            return;
        }
        hideStart();
        w.openRecipe(id, dialog.params(), 1, true);
    } catch (const std::exception& error) {
        tell(QString::fromUtf8(error.what()));
    }
}

void MainWindow::Impl::encodeImage(const QString& path) {
    const auto shape = pictureShape(bridge.activeFrame());
    if (!shape) {
        tell(QObject::tr("%1 is a picture, but the active run does not learn pictures: start one "
                         "that does, then drop it again.")
                 .arg(QFileInfo(path).fileName()));
        return;
    }
    try {
        const Bytes bytes = readFile(toPath(path));
        const Array gray =
            toGray(decodeImage(bytes, path.toStdString()), shape->first, shape->second);
        encodeName = QFileInfo(path).completeBaseName();
        encodeTicket = bridge.probe(
            "encode", {}, {{"x", Array({1, shape->first, shape->second}, gray.values<float>())}},
            "encode");
        status->say(QObject::tr("Encoding %1 …").arg(encodeName));
    } catch (const std::exception& error) {
        tell(QString::fromUtf8(error.what()));
    }
}

void MainWindow::Impl::placeEncoded(const State& answer, const QString& name) {
    const auto mean = answer.find("mean");
    if (mean == answer.end() || mean->second.dtype() != DType::F32 || mean->second.count() == 0) {
        tell(QObject::tr("The model could not encode %1.").arg(name));
        return;
    }
    const auto values = mean->second.values<float>();
    const std::vector<float> z(values.begin(), values.end());
    auto marks = bridge.explore().marks();
    marks.push_back({name, z});
    bridge.explore().setMarks(std::move(marks));
    // The probe goes there: the inspector shows the reconstruction.
    bridge.explore().setCursor(z);
    status->say(
        QObject::tr("%1 is marked on the map; the probe shows its reconstruction.").arg(name));
}

void MainWindow::openFiles(const QStringList& paths) {
    QStringList chains, others;
    for (const QString& path : paths) {
        (looksLikeChains(path) ? chains : others) << path;
    }
    if (!chains.isEmpty() && !m->openChains(chains)) {
        others = paths;
    }
    for (const QString& path : others) {
        openFile(path);
    }
}

void MainWindow::openFile(const QString& path) {
    m->hideStart();
    if (looksLikeChains(path) && m->openChains({path})) {
        return;
    }
    m->openPath(path);
}

void MainWindow::Impl::chooseFiles() {
    const QStringList paths = QFileDialog::getOpenFileNames(
        &w, QObject::tr("Open a session, chains, a table, an array or a picture"), {},
        QObject::tr("Known files (*.safetensors *.csv *.tsv *.npy *.npz *.nc *.gz *.idx* *.png "
                    "*.jpg *.jpeg);;All files (*)"));
    if (!paths.isEmpty()) {
        w.openFiles(paths);
    }
}

std::string MainWindow::Impl::windowSettings() const {
    const auto numbers = [](const std::vector<float>& z) {
        QJsonArray out;
        for (const float v : z) {
            out.append(static_cast<double>(v));
        }
        return out;
    };
    QJsonArray marks;
    for (const Bookmark& mark : bridge.explore().bookmarks()) {
        marks.append(QJsonObject{{QStringLiteral("name"), mark.name},
                                 {QStringLiteral("z"), numbers(mark.z)}});
    }
    const QJsonObject window{{QStringLiteral("layout"), layout},
                             {QStringLiteral("views"), viewStates()},
                             {QStringLiteral("bookmarks"), marks},
                             {QStringLiteral("probe"), numbers(bridge.explore().cursor())}};
    return QJsonDocument(window).toJson(QJsonDocument::Compact).toStdString();
}

void MainWindow::Impl::save(bool ask) {
    auto session = bridge.sharedSession(bridge.active());
    if (!session || !services.save) {
        return;
    }
    std::string path = ask ? std::string() : projectPath;
    if (path.empty()) {
        const RunInfo* run = book.active();
        const QString suggestion =
            QString::fromStdString(run->recipe.id) + QStringLiteral(".safetensors");
        path = QFileDialog::getSaveFileName(&w, QObject::tr("Save the session"), suggestion,
                                            QObject::tr("Session (*.safetensors)"))
                   .toStdString();
    }
    if (path.empty()) {
        return;
    }
    const QPointer<MainWindow> alive(&w);
    services.save(
        session, book.projectInfo(bridge.active()), path,
        [this, alive, path](const std::string& message) {
            if (!alive) {
                return;
            }
            if (message.empty()) {
                projectPath = path;
                status->say(QObject::tr("Saved as %1.").arg(QString::fromStdString(path)));
            } else {
                tell(QString::fromStdString(message));
            }
        });
}

void MainWindow::Impl::loadProject(const QString& path) {
    if (!services.load) {
        return;
    }
    const QPointer<MainWindow> alive(&w);
    services.load(path.toStdString(), [this, alive](const std::string& message,
                                                    const std::shared_ptr<LoadedProject>& project) {
        if (!alive) {
            return;
        }
        if (project) {
            adopt(*project);
        } else {
            tell(QString::fromStdString(message));
            if (book.all().empty() && !services.defaultRecipe.empty()) {
                w.openRecipe(services.defaultRecipe, {}, 1, true);
            }
        }
    });
}

void MainWindow::Impl::adopt(const LoadedProject& project) {
    if (book.adopt(project) == kNoRun) {
        return;
    }
    const QJsonObject window =
        QJsonDocument::fromJson(QByteArray::fromStdString(project.info.window)).object();
    const auto numbers = [](const QJsonValue& value) {
        std::vector<float> out;
        for (const auto& item : value.toArray()) {
            out.push_back(static_cast<float>(item.toDouble()));
        }
        return out;
    };
    std::vector<Bookmark> marks;
    for (const auto& item : window.value(QStringLiteral("bookmarks")).toArray()) {
        marks.push_back({item.toObject().value(QStringLiteral("name")).toString(),
                         numbers(item.toObject().value(QStringLiteral("z")))});
    }
    const QString saved = window.value(QStringLiteral("layout")).toString();
    if (!saved.isEmpty() && saved != layout) {
        setLayoutNamed(saved);
    }
    restoreViewStates(window.value(QStringLiteral("views")).toObject());
    bridge.explore().setBookmarks(std::move(marks));
    bridge.explore().setCursor(numbers(window.value(QStringLiteral("probe"))));
}

void MainWindow::Impl::offerRecovery() {
    const auto items = services.recoveries ? services.recoveries() : std::vector<Recovery>{};
    if (items.empty()) {
        status->say(QObject::tr("No unsaved work was left behind."));
        return;
    }
    auto* dialog = new RecoveryDialog(items, &w);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    const QPointer<MainWindow> alive(&w);
    dialog->onOpen = [this, alive](const Recovery& item) {
        if (!services.acceptRecovery) {
            return;
        }
        hideStart();
        services.acceptRecovery(item.path,
                                [this, alive](const std::string& message,
                                              const std::shared_ptr<LoadedProject>& project) {
                                    if (alive && project) {
                                        adopt(*project);
                                    } else if (alive) {
                                        tell(QString::fromStdString(message));
                                    }
                                });
    };
    dialog->onDiscard = [this](const Recovery& item) {
        if (services.discardRecovery) {
            services.discardRecovery(item.path);
        }
    };
    // Not modal: the window must stay usable, and the dialog waits for a decision.
    dialog->show();
}

void MainWindow::Impl::closeRun(std::uint32_t source) {
    const RunInfo* run = book.find(source);
    const Frame* frame = bridge.frame(source);
    if (!run || !frame) {
        return;
    }
    const Index step = frame->snapshot->step[static_cast<std::size_t>(run->recipe.clock)];
    if (step > 0 &&
        QMessageBox::question(&w, QObject::tr("Discard this run?"),
                              QObject::tr("%1 stands at step %2. Discarding it cannot be undone.")
                                  .arg(run->name, formatInteger(step)),
                              QMessageBox::Discard | QMessageBox::Cancel) != QMessageBox::Discard) {
        return;
    }
    book.close(source);
}

void MainWindow::Impl::showStart() {
    if (start) {
        return;
    }
    start = new StartCards(services, stageArea);
    connect(start, &StartCards::explore, &w, [this] {
        hideStart();
        if (!services.defaultRecipe.empty()) {
            const RunInfo* run = book.active();
            if (run && run->recipe.id == services.defaultRecipe) {
                book.play(run->recipe.clock);
            } else {
                w.openRecipe(services.defaultRecipe, {}, 1, true);
            }
        }
    });
    const auto opens = [this](const std::string& recipe) {
        return [this, recipe] {
            hideStart();
            // The example behind the cards gives way: two runs would share the processor.
            if (const RunInfo* run = book.active()) {
                book.pause(run->recipe.clock);
            }
            w.openRecipe(recipe, {}, 1, true);
        };
    };
    connect(start, &StartCards::sample, &w, opens(services.chainRecipe));
    connect(start, &StartCards::denoise, &w, opens(services.diffusionRecipe));
    connect(start, &StartCards::openFiles, &w, [this] { chooseFiles(); });
    connect(start, &StartCards::closed, &w, [this] { hideStart(); });
    demoPhase = 0;
    demo.start();
}

void MainWindow::Impl::hideStart() {
    demo.stop();
    if (start) {
        start->hide();
        start->deleteLater();
        start.clear();
    }
}

void MainWindow::Impl::moveDemoCursor() {
    // A slow Lissajous curve inside two standard deviations of the prior: every frame decodes.
    const Frame* frame = bridge.activeFrame();
    const Index d = frame ? spaceDim(*frame, "latent") : 0;
    if (d <= 0) {
        return;
    }
    constexpr double kStep = 0.012, kReach = 1.6;
    demoPhase += kStep;
    std::vector<float> z(static_cast<std::size_t>(d), 0.0F);
    z[0] = static_cast<float>(kReach * std::sin(2 * demoPhase));
    if (d > 1) {
        z[1] = static_cast<float>(kReach * std::sin(3 * demoPhase + std::numbers::pi / 4));
    }
    bridge.explore().setCursor(std::move(z));
}

}  // namespace lx::ui
