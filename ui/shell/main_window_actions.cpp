// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/checks_window.h"
#include "ui/panels/self_test_window.h"
#include "ui/shell/main_window_impl.h"
#include "ui/shell/numbers.h"
#include "ui/views/geodesic_hand.h"

#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QFileDialog>
#include <QInputDialog>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QSlider>

namespace lx::ui {

namespace {
QString s(const char* text) {
    return QString::fromUtf8(text);
}
}  // namespace

void MainWindow::Impl::makeActions() {
    actions = new Actions(&w);
    makeTransportActions();
    makeFileActions();
    makeViewActions();
    makeStageActions();
    makeToolActions();
    makeChainActions();
}

void MainWindow::Impl::makeTransportActions() {
    const QString group = s("Transport");
    actions->add(s("transport.play"), group, s("Play"), s("Space"), [this] {
        demo.stop();
        if (transport->running()) {
            book.pause(transport->clock());
        } else {
            book.play(transport->clock());
        }
    });
    actions->add(s("transport.step"), group, s("One step on"), s("."),
                 [this] { bridge.post(cmd::Step{transport->clock(), 1, {}}); });
    actions->add(s("transport.back"), group, s("One kept state back"), s(", Left"),
                 [this] { timeline->scrubBy(-1); });
    actions->add(s("transport.on"), group, s("One kept state on"), s("Right"),
                 [this] { timeline->scrubBy(1); });
    actions->add(s("transport.first"), group, s("First kept state"), s("Home"),
                 [this] { timeline->scrubToEnd(false); });
    actions->add(s("transport.last"), group, s("Newest state"), s("End"),
                 [this] { timeline->scrubToEnd(true); });
    actions->add(s("transport.restart"), group, s("Restart with the same seed"), s("R"),
                 [this] { book.restart(false); });
    actions->add(s("transport.new-seed"), group, s("Restart with a new seed"), s("Shift+R"),
                 [this] { book.restart(true); });
    actions->add(s("transport.run-to"), group, s("Run to step…"), {}, [this] { askRunTo(); });
    actions->add(s("transport.run-for"), group, s("Run for seconds…"), {}, [this] { askRunFor(); });
    const auto clock = [&](const char* id, const char* text, const char* key, Clock which) {
        actions->add(s(id), group, s(text), s(key), [this, which] { transport->setClock(which); });
    };
    clock("clock.train", "Train clock", "T", Clock::Train);
    clock("clock.sample", "Sample clock", "S", Clock::Sample);
    clock("clock.diffuse", "Diffuse clock", "X", Clock::Diffuse);
    actions->addToggle(s("run.compare"), s("Runs"), s("Compare"), s("C"), [this](bool) {
        if (bridge.compared() == kNoRun) {
            compareWithCopy();
        } else {
            bridge.setCompared(kNoRun);  // both runs stay
        }
        actions->at(s("run.compare"))->setChecked(bridge.compared() != kNoRun);
    });
    actions->add(s("run.discard"), s("Runs"), s("Discard this run…"), {},
                 [this] { closeRun(bridge.active()); });
}

void MainWindow::Impl::compareWithCopy() {
    const RunInfo* run = book.active();
    const Frame* frame = bridge.activeFrame();
    if (!run || !frame) {
        return;
    }
    // Same recipe, parameters in force and seed; it catches up with the original, which waits.
    const RunInfo original = *run;
    const Clock clock = original.recipe.clock;
    const bool running = frame->snapshot->running[static_cast<std::size_t>(clock)];
    const ParamSet params = original.params;
    const std::uint32_t copy =
        book.start(original.recipe, params, original.seed, original.name + s(", copy"));
    if (copy == kNoRun) {
        return;
    }
    book.setUntil(copy, original.until);
    bridge.setCompared(original.source);
    if (running) {
        book.play(clock);  // for both
    }
    status->say(s("Time is linked; a parameter changed now changes the copy alone."));
}

void MainWindow::Impl::makeFileActions() {
    const QString group = s("File");
    actions->add(s("file.open"), group, s("Open…"), s("Ctrl+O"), [this] { chooseFiles(); });
    actions->add(s("file.open-folder"), group, s("Open a folder of pictures…"), {}, [this] {
        const QString path = QFileDialog::getExistingDirectory(
            &w, s("Open a folder of pictures, one sub-folder for each class"));
        if (!path.isEmpty()) {
            w.openFile(path);
        }
    });
    actions->add(s("file.save"), group, s("Save"), s("Ctrl+S"), [this] { save(false); });
    actions->add(s("file.save-as"), group, s("Save as…"), s("Ctrl+Shift+S"),
                 [this] { save(true); });
    actions->add(s("file.export"), group, s("Export figure…"), s("Ctrl+E"), [this] {
        ViewHost* shown = focusedHost();
        exportPicture(shown ? shown->view() : nullptr);
    });
    actions->add(s("file.export-movie"), group, s("Export movie…"), s("Ctrl+Shift+E"),
                 [this] { exportMovie(); });
    actions->add(s("file.generate"), group, s("Generate samples…"), s("Ctrl+Shift+G"),
                 [this] { generateSamples(); });
    actions->addToggle(s("file.record"), group, s("Keep the last 30 seconds"), s("Ctrl+R"),
                       [this](bool on) { setRecording(on); });
    actions->add(s("file.save-recording"), group, s("Save the last 30 seconds…"), s("Ctrl+Shift+R"),
                 [this] { saveRecording(); });
    actions->setReason(s("file.save-recording"), s("Switch Keep the last 30 seconds on first."));
    actions->add(s("edit.copy-code"), s("Edit"), s("Copy session code"), s("Ctrl+Shift+C"),
                 [this] { copyCode(); });
    actions->add(s("edit.paste-code"), s("Edit"), s("Run a pasted session code"), s("Ctrl+Shift+V"),
                 [this] { pasteCode(); });
    actions->add(s("file.recover"), group, s("Recover unsaved work…"), {},
                 [this] { offerRecovery(); });
    actions->add(s("file.quit"), group, s("Quit"), s("Ctrl+Q"), [this] { w.close(); });
    const QString edit = s("Edit");
    actions->add(s("edit.undo"), edit, s("Undo parameter change"), s("Ctrl+Z"),
                 [this] { undo.undo(); });
    actions->add(s("edit.redo"), edit, s("Redo parameter change"), s("Ctrl+Shift+Z"),
                 [this] { undo.redo(); });
    QObject::connect(&undo, &QUndoStack::canUndoChanged, &w, [this](bool can) {
        actions->setReason(s("edit.undo"), can ? QString() : s("Nothing to undo."));
    });
    QObject::connect(&undo, &QUndoStack::canRedoChanged, &w, [this](bool can) {
        actions->setReason(s("edit.redo"), can ? QString() : s("Nothing to redo."));
    });
    actions->setReason(s("edit.undo"), s("Nothing to undo."));
    actions->setReason(s("edit.redo"), s("Nothing to redo."));
    actions->add(s("edit.copy-picture"), edit, s("Copy picture of the view"), s("Ctrl+C"), [this] {
        if (ViewHost* shown = focusedHost()) {
            constexpr qreal kRatio = 2;
            QApplication::clipboard()->setImage(
                shown->view()->picture(shown->view()->size(), kRatio));
            status->say(s("The picture is on the clipboard."));
        }
    });
    actions->add(s("edit.find"), edit, s("Search parameters"), s("Ctrl+F"), [this] {
        inspector->show();
        form->focusSearch();
    });
    actions->add(s("help.palette"), s("Help"), s("Command palette"), s("Ctrl+K"),
                 [this] { openPalette(); });
    actions->add(s("help.keys"), s("Help"), s("Shortcuts"), s("F1 ?"), [this] {
        ShortcutSheet sheet(*actions, &w);
        sheet.exec();
    });
    actions->add(s("help.start"), s("Help"), s("Start cards"), {}, [this] { showStart(); });
    actions->add(s("help.selftest"), s("Help"), s("Self-test"), {}, [this] {
        if (services.selfTest.empty()) {
            status->say(s("The engine is still being loaded."));
            return;
        }
        auto* test = new SelfTestWindow(services.selfTest,
                                        s("Latent Explorer %1\n%2")
                                            .arg(QString::fromStdString(services.version),
                                                 QString::fromStdString(services.build)),
                                        &w);
        test->setAttribute(Qt::WA_DeleteOnClose);
        test->show();
        test->start();
    });
    actions->add(s("diagnose.check"), s("Diagnose"), s("Check this run"), {}, [this] {
        const RunInfo* run = book.active();
        const Frame* frame = bridge.activeFrame();
        if (!run || !frame || !services.judge) {
            return;
        }
        const auto clock = static_cast<std::size_t>(run->recipe.clock);
        auto* checks =
            new ChecksWindow({bridge.sharedSession(run->source), run->recipe.id, run->name,
                              run->seed, frame->snapshot->step[clock], run->recipe.steps},
                             services.judge, &w);
        checks->setAttribute(Qt::WA_DeleteOnClose);
        checks->show();
        checks->start();
    });
    actions->add(s("help.about"), s("Help"), s("About"), {}, [this] {
        QMessageBox::about(
            &w, s("Latent Explorer"),
            s("<b>Latent Explorer %1</b><p>Small generative models, trained live.</p>"
              "<p>Licence: GPL-3.0-or-later. Font: DejaVu.</p>")
                .arg(QString::fromStdString(services.version)));
    });
}

void MainWindow::Impl::makeViewActions() {
    const QString group = s("View");
    const auto layoutAction = [&](const char* id, const char* text, const char* key) {
        actions->add(s("layout.") + s(id), group, s(text), s(key),
                     [this, name = s(id)] { setLayoutNamed(name); });
    };
    layoutAction("explore", "Layout Explore", "Ctrl+1");
    layoutAction("sample", "Layout Sample", "Ctrl+2");
    layoutAction("diffuse", "Layout Diffuse", "Ctrl+3");
    layoutAction("train", "Layout Train", "Ctrl+4");
    layoutAction("energy", "Layout Energy", "Ctrl+8");
    layoutAction("geometry", "Layout Geometry", "Ctrl+7");
    layoutAction("present", "Layout Present", "Ctrl+6 F5");
    actions->add(s("layout.reset"), group, s("Reset this layout"), s("Ctrl+0"),
                 [this] { resetLayout(); });
    actions->addToggle(s("panel.experiment"), group, s("Experiment panel"), {}, [this](bool on) {
        experimentWanted = on;
        experiment->setVisible(on);
    });
    actions->addToggle(s("panel.inspector"), group, s("Inspector panel"), {},
                       [this](bool on) { inspector->setVisible(on); });
    actions->addToggle(s("panel.timeline"), group, s("Timeline panel"), {},
                       [this](bool on) { timeline->setVisible(on); });
    actions->add(s("view.hide-panels"), group, s("Hide or show all panels"), s("Ctrl+B"),
                 [this] { togglePanels(); });
    actions->add(s("view.full-screen"), group, s("Full screen"), s("F11"),
                 [this] { toggleFullScreen(); });
    actions->add(s("view.fit"), group, s("Fit the view"), s("F"), [this] {
        if (ViewHost* shown = focusedHost()) {
            shown->view()->fit();
        }
    });
    actions->add(s("view.fit-all"), group, s("Fit all views"), s("Shift+F"), [this] {
        for (auto& [id, shown] : hosts) {
            if (shown->isVisible()) {
                shown->view()->fit();
            }
        }
    });
    for (int mode = 1; mode <= 9; ++mode) {
        actions->add(s("view.mode-%1").arg(mode), group, s("View mode %1").arg(mode),
                     QString::number(mode), [this, mode] {
                         if (ViewHost* shown = focusedHost()) {
                             shown->view()->setMode(mode);
                         }
                     });
    }
    for (const ViewSpec& spec : viewSpecs()) {
        actions->addToggle(s("view.show.") + spec.id, group, s("Show ") + spec.title, {},
                           [this, id = spec.id](bool on) {
                               viewChoice[id] = on;
                               syncViews();
                           });
    }
    const auto themeAction = [&](const char* id, const char* text, std::optional<ThemeKind> kind) {
        actions->add(s("theme.") + s(id), group, s(text), {}, [this, kind, name = s(id)] {
            followSystem = !kind;
            theme = kind.value_or(systemTheme());
            beforePresent.reset();  // chosen by hand: it stays when the presentation ends
            settings->setValue(s("theme"), name);
            applyThemeNow();
        });
    };
    themeAction("system", "Theme of the system", std::nullopt);
    themeAction("light", "Light theme", ThemeKind::Light);
    themeAction("dark", "Dark theme", ThemeKind::Dark);
    themeAction("projector", "Projector theme", ThemeKind::Projector);
}

void MainWindow::Impl::makeToolActions() {
    const QString group = s("Tools");
    auto* tools = new QActionGroup(&w);
    const auto tool = [&](const char* id, const char* text, const char* key, Tool which) {
        QAction* action = actions->addToggle(s(id), group, s(text), s(key), [this, which](bool) {
            ExploreState& explore = bridge.explore();
            if (which == Tool::Select && explore.tool() == which) {
                // The key of the tool in hand takes its other shape.
                const bool lasso = explore.outline() == Outline::Rectangle;
                explore.setOutline(lasso ? Outline::Lasso : Outline::Rectangle);
                status->say(lasso ? s("A drag draws a lasso.") : s("A drag draws a rectangle."));
            }
            explore.setTool(which);
        });
        tools->addAction(action);
        action->setChecked(bridge.explore().tool() == which);
        QObject::connect(
            &bridge.explore(), &ExploreState::toolChanged, action,
            [this, action, which] { action->setChecked(bridge.explore().tool() == which); });
    };
    tool("tool.select", "Select", "V", Tool::Select);
    tool("tool.probe", "Probe", "P", Tool::Probe);
    tool("tool.geodesic", "Geodesic", "G", Tool::Geodesic);
    tool("tool.brush", "Brush", "B", Tool::Brush);
    actions->add(s("bookmark.add"), group, s("Bookmark the probe"), s("M"), [this] {
        if (bridge.explore().cursor().empty()) {
            status->say(s("Place the probe on the map first."));
        } else {
            probe->bookmark();
        }
    });
    actions->add(s("bookmark.list"), group, s("Bookmarks…"), s("Ctrl+M"), [this] {
        QMenu menu;
        for (const Bookmark& mark : bridge.explore().bookmarks()) {
            menu.addAction(mark.name, &w, [this, z = mark.z] { bridge.explore().setCursor(z); });
        }
        if (menu.isEmpty()) {
            menu.addAction(s("No bookmark yet: M keeps the place of the probe"))->setEnabled(false);
        }
        menu.exec(centre->mapToGlobal(centre->rect().center()));
    });
    actions->add(s("tool.leave"), group, s("Leave the tool, stop the animation"), s("Esc"), [this] {
        demo.stop();
        if (start) {
            hideStart();
        }
        const bool gesture = QApplication::mouseButtons() != Qt::NoButton;
        if (ViewHost* shown = focusedHost()) {
            shown->view()->cancelGesture();
        }
        if (!gesture) {
            bridge.explore().clearSelection();
        }
    });
}

void MainWindow::Impl::updateReasons() {
    const Frame* frame = bridge.activeFrame();
    const RunInfo* run = book.active();
    const QString none = QObject::tr("No run is open yet.");
    const auto has = [&](Clock clock) {
        return run && std::ranges::count(run->description.clocks, clock) > 0;
    };
    actions->setReason(QStringLiteral("clock.train"),
                       has(Clock::Train) ? QString() : QObject::tr("This run does not train."));
    actions->setReason(QStringLiteral("clock.sample"),
                       has(Clock::Sample) ? QString() : QObject::tr("This run has no sampler."));
    actions->setReason(
        QStringLiteral("clock.diffuse"),
        has(Clock::Diffuse) ? QString() : QObject::tr("This run has no diffusion process."));
    const bool latent = frame && spaceDim(*frame, "latent") > 0;
    actions->setReason(QStringLiteral("tool.probe"),
                       latent ? QString() : QObject::tr("This run has no latent space."));
    const bool curves = run && offersGeodesic(run->description);
    actions->setReason(QStringLiteral("tool.geodesic"),
                       curves ? QString()
                              : QObject::tr("This run has no metric of codes: choose one under "
                                            "Geometry in the inspector."));
    const bool painted = run && lx::find(run->description.params, "energy.strokes");
    actions->setReason(QStringLiteral("tool.brush"),
                       painted ? QString()
                               : QObject::tr("Only a painted energy takes strokes: choose the "
                                             "target of that name."));
    for (const char* id :
         {"file.save", "file.save-as", "file.export", "run.compare", "diagnose.check"}) {
        actions->setReason(QLatin1String(id), run ? QString() : none);
    }
    for (const char* id :
         {"file.generate", "transport.run-to", "transport.run-for", "transport.new-seed",
          "chain.kick", "chain.restart", "chain.restart-all"}) {
        actions->setReason(QLatin1String(id),
                           run ? QString::fromStdString(run->description.fixed) : none);
    }
    transport->refreshTheme();
}

void MainWindow::Impl::makeMenus() {
    const auto fill = [&](const char* title, std::initializer_list<const char*> ids) {
        QMenu* menu = menuBar->addMenu(s(title));
        menu->setToolTipsVisible(true);
        for (const char* id : ids) {
            if (*id == '\0') {
                menu->addSeparator();
            } else if (QAction* action = actions->at(s(id))) {
                menu->addAction(action);
            }
        }
        return menu;
    };
    const auto later = [&](QMenu* menu, const char* text, const char* reason) {
        QAction* action = menu->addAction(s(text));
        action->setEnabled(false);
        action->setToolTip(s(reason));
    };
    fill("File", {"file.open", "file.open-folder", "chain.open", "chain.follow", "", "file.save",
                  "file.save-as", "file.recover", "", "file.export", "file.export-movie",
                  "file.generate", "file.record", "file.save-recording", "", "file.quit"});
    fill("Edit",
         {"edit.undo", "edit.redo", "", "edit.copy-picture", "edit.copy-code", "edit.paste-code",
          "edit.find", "", "bookmark.add", "bookmark.list", "", "help.palette"});
    fill("View", {"layout.explore",
                  "layout.sample",
                  "layout.diffuse",
                  "layout.train",
                  "layout.energy",
                  "layout.geometry",
                  "layout.present",
                  "layout.reset",
                  "",
                  "view.hide-panels",
                  "view.full-screen",
                  "",
                  "view.fit",
                  "view.fit-all",
                  "view.show-all",
                  "",
                  "theme.system",
                  "theme.light",
                  "theme.dark",
                  "theme.projector"});
    fillStageMenu(*menuBar->actions().last()->menu());
    QMenu* data = fill("Data", {"file.open", "file.open-folder"});
    data->addSeparator();
    QObject::connect(data, &QMenu::aboutToShow, &w, [this, data] {
        for (QAction* old : data->actions()) {
            if (old->property("dataset").isValid()) {
                data->removeAction(old);
            }
        }
        const RunInfo* run = book.active();
        const bool takes = run && lx::find(run->description.params, "data.source");
        for (const DatasetInfo& set :
             services.datasets ? services.datasets() : std::vector<DatasetInfo>{}) {
            QAction* action = data->addAction(s("Train on ") + QString::fromStdString(set.title));
            action->setProperty("dataset", true);
            action->setEnabled(takes && set.available);
            action->setToolTip(!set.available ? QString::fromStdString(set.note)
                               : !takes       ? s("The active run takes no data.")
                                              : s("Starts a new run beside this one"));
            QObject::connect(action, &QAction::triggered, &w,
                             [this, id = set.id] { book.applyCold({{"data.source", id}}); });
        }
    });
    QMenu* model = fill("Model", {});
    QObject::connect(model, &QMenu::aboutToShow, &w, [this, model] {
        model->clear();
        for (const RecipeInfo& recipe : services.recipes) {
            if (recipe.clock != Clock::Train) {
                continue;  // in the menu Sample
            }
            QAction* action = model->addAction(QString::fromStdString(recipe.title));
            action->setEnabled(recipe.available);
            action->setToolTip(
                QString::fromStdString(recipe.available ? recipe.reference : recipe.note));
            QObject::connect(action, &QAction::triggered, &w, [this, id = recipe.id] {
                hideStart();
                w.openRecipe(id, {}, 1, true);
            });
        }
    });
    fill("Train", {"transport.play", "transport.step", "transport.back", "transport.on", "",
                   "transport.run-to", "transport.run-for", "", "transport.restart",
                   "transport.new-seed", "run.compare", "run.discard", "", "clock.train"});
    fillChainMenus(*fill(
        "Sample", {"clock.sample", "clock.diffuse", "", "chain.previous", "chain.next", "",
                   "chain.kick", "chain.restart", "chain.restart-all", "", "chain.open", ""}));
    fill("Geometry", {"tool.geodesic", "", "layout.geometry", "view.show.metric-map",
                      "view.show.path-strips", "view.show.path-chart"});
    fill("Diagnose",
         {"diagnose.check", "", "marks.divergences", "marks.warmup", "", "view.show.trace-rank"});
    later(fill("Lessons", {}), "Shipped lessons", "Lessons are not in this version yet.");
    QMenu* window = fill("Window", {"panel.experiment", "panel.inspector", "panel.timeline", ""});
    for (const ViewSpec& spec : viewSpecs()) {
        window->addAction(actions->at(s("view.show.") + spec.id));
    }
    QObject::connect(window, &QMenu::aboutToShow, &w, [this] {
        actions->at(s("panel.inspector"))->setChecked(inspector->isVisible());
        actions->at(s("panel.timeline"))->setChecked(timeline->isVisible());
        for (const ViewSpec& spec : viewSpecs()) {
            const auto at = hosts.find(spec.id);
            actions->at(s("view.show.") + spec.id)
                ->setChecked(at != hosts.end() && at->second->parentWidget());
            actions->setReason(s("view.show.") + spec.id,
                               canShow(spec) ? QString() : s("This run does not feed that view."));
        }
    });
    fill("Help", {"help.start", "help.keys", "help.palette", "", "help.selftest", "help.about"});

    QMenu* run = transport->runMenu();
    run->addAction(actions->at(s("transport.run-to")));
    run->addAction(actions->at(s("transport.run-for")));
    run->addAction(s("No end"), &w, [this] { book.setUntil(bridge.active(), 0); });
    for (const QString& name : layoutNames()) {
        transport->layoutMenu()->addAction(actions->at(s("layout.") + name));
    }
    transport->layoutMenu()->addAction(actions->at(s("layout.reset")));
}

void MainWindow::Impl::askRunTo() {
    const RunInfo* run = book.active();
    const Frame* frame = bridge.activeFrame();
    if (!run || !frame) {
        return;
    }
    const auto now =
        static_cast<int>(frame->snapshot->step[static_cast<std::size_t>(run->recipe.clock)]);
    bool ok = false;
    const int step = QInputDialog::getInt(&w, s("Run to step"), s("Pause when this step is shown"),
                                          std::max(now + 1, static_cast<int>(run->until)), now + 1,
                                          2'000'000'000, 100, &ok);
    if (ok) {
        book.setUntil(run->source, step);
        book.play(run->recipe.clock);
    }
}

void MainWindow::Impl::askRunFor() {
    bool ok = false;
    const double seconds =
        QInputDialog::getDouble(&w, s("Run for seconds"), s("Pause after"), 10, 0.1, 86400, 1, &ok);
    if (ok) {
        runFor.start(static_cast<int>(seconds * 1000));
        book.play(transport->clock());
    }
}

void MainWindow::Impl::openPalette() {
    std::vector<PaletteEntry> entries;
    for (QAction* action : actions->all()) {
        entries.push_back(
            {Actions::groupOf(action), action->text().remove(QLatin1Char('&')),
             action->shortcut().toString(QKeySequence::NativeText),
             action->isEnabled() ? QString() : action->toolTip().section(QLatin1Char('\n'), 1),
             [action] { action->trigger(); }});
    }
    if (const RunInfo* run = book.active()) {
        for (const ParamDecl& decl : run->description.params) {
            entries.push_back({s("Parameter"),
                               QString::fromStdString(decl.label) + s("  (") +
                                   QString::fromStdString(decl.id) + s(")"),
                               {},
                               {},
                               [this, id = QString::fromStdString(decl.id)] {
                                   inspector->show();
                                   form->reveal(id);
                               }});
        }
    }
    for (const RecipeInfo& recipe : services.recipes) {
        entries.push_back({s("Model"),
                           s("Start ") + QString::fromStdString(recipe.title),
                           {},
                           recipe.available ? QString() : QString::fromStdString(recipe.note),
                           [this, id = recipe.id] { w.openRecipe(id, {}, 1, true); }});
    }
    palette->open(std::move(entries));
}

}  // namespace lx::ui
