// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "ui/shell/main_window_impl.h"
#include "ui/shell/settings.h"

#include <QApplication>
#include <QCloseEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

namespace {
constexpr int kMargin = 4;
constexpr qsizetype kStageViews = 2;
/// Weight of the newest frame in the printed frame time.
constexpr double kFrameSmoothing = 0.1;

/// "VAE on boxes.csv" for a recipe that trains on a person's file; empty: the recipe's own title.
QString ownDataName(const RecipeInfo& recipe, const ParamSet& overrides) {
    const auto it = overrides.find("data.source");
    const auto* source = it == overrides.end() ? nullptr : std::get_if<std::string>(&it->second);
    if (!source || source->find('/') == std::string::npos) {
        return {};
    }
    const QString title = QString::fromStdString(recipe.title);
    return QObject::tr("%1 on %2")
        .arg(title.section(QStringLiteral(" on "), 0, 0).section(QStringLiteral(", "), 0, 0),
             QString::fromStdString(*source).section(QLatin1Char('/'), -1, -1,
                                                     QString::SectionSkipEmpty));
}
}  // namespace

MainWindow::Impl::Impl(MainWindow& window, AppServices given, StartOptions start_)
    : w(window),
      services(std::move(given)),
      options(start_),
      settings(openSettings(QString::fromStdString(services.settingsFolder), &settingsNote)),
      book(services, bridge, undo) {
    if (!services.log) {
        services.log = std::make_shared<LogBuffer>();
    }
    bridge.setRendererFactory(services.renderer);
}

MainWindow::MainWindow(AppServices services, StartOptions options) {
    systemTheme();
    m = std::make_unique<Impl>(*this, std::move(services), options);
    setObjectName(QStringLiteral("mainWindow"));
    setAcceptDrops(true);
    setDockNestingEnabled(true);
    setMinimumSize(800, 520);
    const QString saved =
        m->settings->value(QStringLiteral("theme"), QStringLiteral("system")).toString();
    m->followSystem = !options.theme && saved == QStringLiteral("system");
    m->theme = options.theme                          ? *options.theme
               : saved == QStringLiteral("dark")      ? ThemeKind::Dark
               : saved == QStringLiteral("light")     ? ThemeKind::Light
               : saved == QStringLiteral("projector") ? ThemeKind::Projector
                                                      : systemTheme();
    m->restoreFontScale();
    applyTheme(themeOf(m->theme));
    m->makeActions();
    m->build();
    m->makeMenus();
    m->connectAll();
    m->applyThemeNow();
    m->syncViews();
    m->updateReasons();
    m->updateTitle();
    m->restoreWindow();
    qApp->installEventFilter(this);
    if (!m->settingsNote.isEmpty()) {
        m->services.log->add(LogLevel::Warning, m->settingsNote.toStdString());
        m->tell(m->settingsNote);
    }
}

MainWindow::~MainWindow() {
    qApp->removeEventFilter(this);
    m->closeExports();
    // The views hold references to the bridge: they go first.
    for (auto& [id, host] : m->hosts) {
        delete host;
    }
    m->hosts.clear();
    delete m->status;
    delete m->timeline;
    delete m->inspector;
    delete m->experiment;
    delete m->transport;
    m->undo.clear();
}

AppServices& MainWindow::services() {
    return m->services;
}

SessionBridge& MainWindow::bridge() {
    return m->bridge;
}

void MainWindow::Impl::build() {
    const Theme& t = themeOf(theme);
    menuBar = new QMenuBar;
    transport = new TransportBar(*actions, book, bridge);
    auto* top = new QWidget;
    auto* topColumn = new QVBoxLayout(top);
    topColumn->setContentsMargins(0, 0, 0, 0);
    topColumn->setSpacing(0);
    topColumn->addWidget(menuBar);
    topColumn->addWidget(transport);
    w.setMenuWidget(top);

    centre = new QWidget;
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, kMargin, 0, 0);
    column->setSpacing(kMargin);
    banner = new FailureBanner(centre);
    column->addWidget(banner);
    stageArea = new QWidget;
    stageStack = new QStackedLayout(stageArea);
    // A page that becomes current is raised, also over the start cards.
    QObject::connect(stageStack, &QStackedLayout::currentChanged, &w, [this] {
        if (start) {
            start->raise();
        }
    });
    stage = new QSplitter(Qt::Horizontal);
    stage->setHandleWidth(kMargin);
    stage->setChildrenCollapsible(false);
    stage->setObjectName(QStringLiteral("stage"));
    stageBelow = new QSplitter(Qt::Horizontal);
    stageBelow->setHandleWidth(kMargin);
    stageBelow->setChildrenCollapsible(false);
    stageBelow->hide();
    auto* rows = new QSplitter(Qt::Vertical);
    rows->setHandleWidth(kMargin);
    rows->setChildrenCollapsible(false);
    rows->addWidget(stage);
    rows->addWidget(stageBelow);
    rows->setStretchFactor(0, 5);
    rows->setStretchFactor(1, 3);
    stageStack->addWidget(rows);
    auto* empty = new QFrame;
    empty->setObjectName(QStringLiteral("panelBody"));
    auto* emptyColumn = new QVBoxLayout(empty);
    emptyColumn->addStretch(1);
    emptyText = new QLabel;
    emptyText->setAlignment(Qt::AlignCenter);
    emptyText->setWordWrap(true);
    emptyText->setObjectName(QStringLiteral("stage-empty"));
    emptyText->setProperty("quiet", true);
    emptyColumn->addWidget(emptyText);
    emptyButton = new QPushButton(QObject::tr("Start the default model"));
    emptyButton->setProperty("primary", true);
    emptyColumn->addWidget(emptyButton, 0, Qt::AlignCenter);
    emptyColumn->addStretch(1);
    stageStack->addWidget(empty);
    column->addWidget(stageArea, 1);
    w.setCentralWidget(centre);

    tree = new ExperimentPanel(services, book, bridge);
    experiment = new PanelDock(QStringLiteral("dock.experiment"), QObject::tr("Experiment"), tree,
                               {kMargin, kMargin, 0, kMargin}, &w);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* inside = new QWidget;
    auto* insideColumn = new QVBoxLayout(inside);
    insideColumn->setContentsMargins(8, 4, 8, 8);
    insideColumn->setSpacing(4);
    probeSection = new Section(QObject::tr("Probe"));
    probe = new ProbePanel(bridge);
    probeSection->body()->addWidget(probe);
    insideColumn->addWidget(probeSection);
    selectionSection = new Section(QObject::tr("Selection"));
    selection = new SelectionPanel(bridge);
    selectionSection->body()->addWidget(selection);
    selectionSection->hide();
    insideColumn->addWidget(selectionSection);
    buildChainSections(*insideColumn);
    form = new ParamForm(book);
    QObject::connect(&bridge, &SessionBridge::wished, form, &ParamForm::propose);
    insideColumn->addWidget(form, 1);
    inside->setBackgroundRole(QPalette::Base);
    inside->setAutoFillBackground(true);
    scroll->setWidget(inside);
    auto* inspected = new QWidget;
    auto* inspectedColumn = new QVBoxLayout(inspected);
    inspectedColumn->setContentsMargins({});
    inspectedColumn->setSpacing(0);
    inspectedColumn->addWidget(scroll, 1);
    inspectedColumn->addWidget(form->applyBar());
    form->applyBar()->layout()->setContentsMargins(8, 6, 8, 6);
    inspector = new PanelDock(QStringLiteral("dock.inspector"), QObject::tr("Inspector"), inspected,
                              {0, kMargin, kMargin, kMargin}, &w);
    timeline = new TimelineDock(book, bridge, &w);
    log = new LogPanel(services.log, &w);
    log->hide();

    w.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    w.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    w.addDockWidget(Qt::LeftDockWidgetArea, experiment);
    w.addDockWidget(Qt::RightDockWidgetArea, inspector);
    w.addDockWidget(Qt::BottomDockWidgetArea, timeline);

    edge = new QToolBar(QObject::tr("Folded panels"), &w);
    edge->setObjectName(QStringLiteral("edgeBar"));
    edge->setMovable(false);
    edge->setIconSize({20, 20});
    edge->addAction(actions->at(QStringLiteral("panel.experiment")));
    w.addToolBar(Qt::LeftToolBarArea, edge);
    edge->hide();

    status = new StatusStrip(services, book, bridge);
    w.statusBar()->setSizeGripEnabled(false);
    w.statusBar()->addWidget(status, 1);
    w.statusBar()->setFixedHeight(t.px(24));

    palette = new CommandPalette(&w);
    drop = new DropNote(&w);
}

void MainWindow::Impl::connectAll() {
    connect(&bridge, &SessionBridge::failed, &w,
            [this](std::uint32_t source, const Failure& failure) { showFailure(source, failure); });
    connect(&bridge, &SessionBridge::noted, &w, [this](std::uint32_t source, const QString& note) {
        const RunInfo* run = book.find(source);
        const Frame* frame = bridge.frame(source);
        banner->tell(note.toHtmlEscaped());  // the engine has written it to the log
        if (run && frame) {
            const Clock clock = run->recipe.clock;
            bridge.mark({source, clock, frame->snapshot->step[static_cast<std::size_t>(clock)],
                         note.section(QLatin1Char(':'), 0, 0)});
        }
    });
    connect(&bridge, &SessionBridge::stateChanged, &w, [this](std::uint32_t source) {
        const Frame* frame = bridge.frame(source);
        if (source == failedSource && frame && !frame->snapshot->failure) {
            banner->hide();
            failedSource = kNoRun;
        }
        updateReasons();
    });
    connect(&bridge, &SessionBridge::activeChanged, &w, [this] {
        syncViews();
        updateReasons();
        updateTitle();
        const RunInfo* run = book.active();
        transport->setClock(run ? run->recipe.clock : Clock::Train);
    });
    connect(&bridge, &SessionBridge::comparedChanged, &w, [this] {
        syncViews();
        actions->at(QStringLiteral("run.compare"))->setChecked(bridge.compared() != kNoRun);
    });
    connect(&bridge, &SessionBridge::descriptionChanged, &w, [this] {
        syncViews();
        updateReasons();
    });
    connect(&bridge, &SessionBridge::snapshotChanged, &w, [this] { measureFrame(); });
    connect(&bridge, &SessionBridge::probeAnswered, &w, [this](std::uint64_t ticket) {
        if (ticket == encodeTicket && encodeTicket != 0) {
            encodeTicket = 0;
            placeEncoded(bridge.answer(ticket), encodeName);
        }
    });
    connect(&bridge.explore(), &ExploreState::selectionChanged, &w, [this] { showSelection(); });
    book.setWindowSettings([this] { return windowSettings(); });
    connect(&book, &RunBook::problem, &w, [this](const QString& message) { tell(message); });
    connect(&book, &RunBook::runsChanged, &w, [this] {
        updateReasons();
        updateTitle();
    });
    connect(tree, &ExperimentPanel::recipeChosen, &w, [this](const QString& id) {
        hideStart();
        w.openRecipe(id.toStdString(), {}, 1, true);
    });
    connect(tree, &ExperimentPanel::runClosed, &w,
            [this](std::uint32_t source) { closeRun(source); });
    connect(banner, &FailureBanner::restart, &w, [this] {
        bridge.setActive(failedSource);
        book.restart(false);
    });
    connect(banner, &FailureBanner::rollBack, &w, [this] { rollBack(); });
    connect(emptyButton, &QPushButton::clicked, &w,
            [this] { w.openRecipe(services.defaultRecipe, {}, 1, true); });
    connect(experiment, &QDockWidget::visibilityChanged, &w, [this](bool visible) {
        actions->at(QStringLiteral("panel.experiment"))->setChecked(visible);
    });
    runFor.setSingleShot(true);
    connect(&runFor, &QTimer::timeout, &w, [this] { book.pause(transport->clock()); });
    constexpr int kDemoMs = 33;
    demo.setInterval(kDemoMs);
    connect(&demo, &QTimer::timeout, &w, [this] { moveDemoCursor(); });
}

bool MainWindow::Impl::canShow(const ViewSpec& spec) const {
    const Frame* frame = bridge.activeFrame();
    if (!frame || !frame->description) {
        return false;
    }
    return (!spec.compared || bridge.compared() != kNoRun) && fits(spec, *frame->description);
}

ViewHost* MainWindow::Impl::host(const QString& id) {
    const auto it = hosts.find(id);
    if (it != hosts.end()) {
        return it->second;
    }
    const ViewSpec* spec = findView(id);
    if (!spec || !spec->make) {
        return nullptr;
    }
    // Some may stand on the stage or in a tab, which has a title of its own.
    const bool titled = spec->area == Area::Stage || id == QStringLiteral("samples") || spec->wide;
    auto* made = new ViewHost(*spec, bridge, titled, nullptr);
    made->showTitle(spec->area == Area::Stage);
    made->setObjectName(QStringLiteral("host.") + id);
    made->hide();
    connect(made, &ViewHost::exportAsked, &w, [this, made] { exportPicture(made->view()); });
    connect(made, &ViewHost::hideAsked, &w, [this, id] {
        viewChoice[id] = false;
        syncViews();
    });
    made->view()->installEventFilter(&w);
    hosts.emplace(id, made);
    if (const QJsonObject state = savedViews.value(id).toObject(); !state.isEmpty()) {
        made->view()->restore(state);
    }
    return made;
}

void MainWindow::Impl::syncViews() {
    const Frame* frame = bridge.activeFrame();
    const bool comparing = bridge.compared() != kNoRun;
    QStringList onStage, below;
    const QStringList ofLayout = comparing ? QStringList() : stageViews();
    for (const ViewSpec& spec : viewSpecs()) {
        if (!canShow(spec)) {
            continue;
        }
        // Two views side by side unless a person chose otherwise; what the inspector or a tab shows
        // already needs no room on the stage.
        const auto choice = viewChoice.find(spec.id);
        const bool staged = spec.area == Area::Stage || ofLayout.contains(spec.id);
        const bool byDefault =
            !staged || (comparing            ? spec.compared
                        : ofLayout.isEmpty() ? !spec.asked && onStage.size() < kStageViews
                                             : ofLayout.contains(spec.id));
        if (choice == viewChoice.end() ? byDefault : choice->second) {
            (staged ? onStage : below) << spec.id;
        }
    }
    if (onStage.isEmpty() && !comparing) {
        // What waits to be asked for is better than an empty stage.
        const auto& specs = viewSpecs();
        const auto spare = std::ranges::find_if(specs, [&](const ViewSpec& spec) {
            return spec.area == Area::Stage && spec.asked && canShow(spec) &&
                   !viewChoice.contains(spec.id);
        });
        if (spare != specs.end()) {
            onStage << spare->id;
        }
    }
    const QString samples = QStringLiteral("samples");
    if (!comparing && onStage == QStringList{QStringLiteral("data")} && below.contains(samples) &&
        !viewChoice.contains(samples)) {
        // Data without a map, such as pictures: what the model makes of them belongs beside them.
        below.removeAll(samples);
        onStage << samples;
    }
    QStringList upper, lower;
    for (const QString& id : onStage) {
        (findView(id)->wide ? lower : upper) << id;
    }
    if (upper.isEmpty()) {
        std::swap(upper, lower);
    }
    fillStage(*stage, upper);
    fillStage(*stageBelow, lower);
    stageBelow->setVisible(!lower.isEmpty());
    stageStack->setCurrentIndex(onStage.isEmpty() ? 1 : 0);
    const bool loading = frame != nullptr && !frame->description;
    emptyButton->setVisible(engineThere && !frame && !services.defaultRecipe.empty());
    emptyText->setText(!engineThere ? QObject::tr("Loading the engine …")
                       : loading    ? QObject::tr("Preparing the model and its data …")
                       : !frame     ? QObject::tr("No run is open. Start a model, or drop a file.")
                                    : QObject::tr("This run has nothing for the stage."));
    probeSection->setVisible(frame && spaceDim(*frame, "latent") > 0);
    syncChainSections();
    syncTimeline(below);
}

void MainWindow::Impl::syncTimeline(const QStringList& wanted) {
    std::vector<std::pair<QString, QWidget*>> pages;
    const Frame* frame = bridge.activeFrame();
    const bool trains = !frame || !frame->description || frame->description->clocks.empty() ||
                        frame->description->clocks.front() == Clock::Train;
    for (const QString& id : wanted) {
        // The curves of a run that only samples are no losses.
        const bool losses = id == QStringLiteral("losses");
        pages.emplace_back(losses && !trains ? QObject::tr("Series") : findView(id)->title,
                           host(id));
    }
    pages.emplace_back(QObject::tr("Log"), log);
    bool same = timeline->tabs()->count() == static_cast<int>(pages.size());
    for (std::size_t i = 0; same && i < pages.size(); ++i) {
        same = timeline->page(static_cast<int>(i)) == pages[i].second &&
               timeline->tabs()->tabText(static_cast<int>(i)) == pages[i].first;
    }
    if (!same) {
        const bool had = layoutTab() >= 0;
        timeline->setPages(pages);
        if (!had) {
            showLayoutTab();
        }
    }
}

ViewHost* MainWindow::Impl::focusedHost() const {
    for (QWidget* at = QApplication::focusWidget(); at; at = at->parentWidget()) {
        if (auto* found = qobject_cast<ViewHost*>(at)) {
            return found;
        }
    }
    return stage->count() > 0 ? static_cast<ViewHost*>(stage->widget(0)) : nullptr;
}

void MainWindow::Impl::applyThemeNow() {
    const Theme& t = themeOf(theme);
    applyTheme(t);
    transport->refreshTheme();
    timeline->refreshTheme();
    for (PanelDock* dock : {experiment, inspector}) {
        dock->title()->refreshIcons();
    }
    probe->setTheme(t);
    selection->setTheme(t);
    verdict->setTheme(t);
    tree->rebuild();
    w.statusBar()->setFixedHeight(t.px(24));
    actions->at(QStringLiteral("panel.experiment"))->setIcon(t.icon(QStringLiteral("model")));
    for (auto& [id, host] : hosts) {
        host->setTheme(t);
    }
    if (geometryDone) {
        fitToWidth();  // larger type folds the panels of a wider window
        sizeDocksForType();
    }
}

void MainWindow::Impl::tell(const QString& message) {
    banner->tell(message.toHtmlEscaped());
    services.log->add(LogLevel::Error, message.toStdString());
}

void MainWindow::Impl::showSelection() {
    const Selection& rows = *bridge.explore().selection();
    const bool was = !selectionSection->isHidden();
    selectionSection->setVisible(!rows.empty());
    if (!rows.empty()) {
        status->say(selectionText(rows, bridge.activeFrame()));
    } else if (was) {
        status->say(QObject::tr("Nothing is selected."));
    }
}

void MainWindow::Impl::measureFrame() {
    // From the poll to the end of the paint that it caused: zero timers run after paint events.
    if (frameUnderWay || !w.isVisible()) {
        return;
    }
    frameUnderWay = true;
    frameClock.restart();
    QTimer::singleShot(0, &w, [this] {
        frameUnderWay = false;
        const double ms = static_cast<double>(frameClock.nsecsElapsed()) * 1e-6;
        frameMs += kFrameSmoothing * (ms - frameMs);
        status->setFrameTime(frameMs);
    });
}

void MainWindow::Impl::showFailure(std::uint32_t source, const Failure& failure) {
    failedSource = source;
    const Session* session = bridge.session(source);
    const RunInfo* run = book.find(source);
    banner->show(run ? run->name : QObject::tr("The run"), failure,
                 session && !session->ring().second.empty());
    services.log->add(LogLevel::Error, failure.where + ", step " + std::to_string(failure.step) +
                                           ": " + failure.message);
    updateReasons();
    tree->rebuild();
}

void MainWindow::Impl::rollBack() {
    const Session* session = bridge.session(failedSource);
    const RunInfo* run = book.find(failedSource);
    if (!session || !run) {
        return;
    }
    const auto steps = session->ring().second;
    if (!steps.empty()) {
        bridge.postTo(failedSource, cmd::Scrub{run->recipe.clock, steps.back()});
    }
}

void MainWindow::Impl::updateTitle() {
    const RunInfo* run = book.active();
    w.setWindowTitle(run ? run->name + QStringLiteral(" – Latent Explorer")
                         : QStringLiteral("Latent Explorer"));
}

View* MainWindow::view(const QString& id) {
    const ViewSpec* spec = findView(id);
    if (!spec || !m->canShow(*spec)) {
        return nullptr;
    }
    return m->host(id)->view();
}

void MainWindow::openRecipe(const std::string& id, const ParamSet& overrides, std::uint64_t seed,
                            bool play) {
    const RecipeInfo* recipe = m->book.recipe(id);
    if (!recipe) {
        m->tell(tr("There is no recipe named %1.").arg(QString::fromStdString(id)));
        return;
    }
    if (!recipe->available && overrides.empty()) {
        m->tell(QString::fromStdString(recipe->title + ": " + recipe->note));
        return;
    }
    if (m->book.start(*recipe, overrides, seed, ownDataName(*recipe, overrides)) != kNoRun) {
        m->bridge.explore().clear();
        m->bridge.setCompared(kNoRun);  // it was the partner of another run
        const Clock clock = recipe->clock;
        m->transport->setClock(clock);
        m->layoutFor(*recipe, m->book.active() ? &m->book.active()->description : nullptr);
        if (const RunInfo* run = m->book.active()) {
            // A run that would be over before anyone has looked begins at its own pace.
            m->transport->setSpeed(run->description.pace);
        }
        if (play) {
            m->book.play(clock);
        }
    }
}

void MainWindow::engineReady() {
    m->engineThere = true;
    m->status->rebuildDevices();
    m->syncViews();
    m->tree->rebuild();
    if (m->book.all().empty()) {
        if (!m->services.demoProject.empty() && m->options.startCards) {
            m->loadProject(QString::fromStdString(m->services.demoProject));
        } else if (!m->services.defaultRecipe.empty()) {
            openRecipe(m->services.defaultRecipe, {}, 1, m->options.startCards);
        }
    }
    if (m->options.startCards) {
        m->showStart();
        m->offerRecovery();
    }
}

void MainWindow::engineFailed(const QString& message) {
    m->tell(message);
    m->emptyText->setText(tr("The engine could not be loaded, so nothing can be trained."));
}

void MainWindow::setThemeKind(ThemeKind kind) {
    m->theme = kind;
    m->applyThemeNow();
}

}  // namespace lx::ui
