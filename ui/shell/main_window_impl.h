// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the main_window*.cpp files, each of which holds one concern of the window.
#pragma once

#include "core/io/probe.h"
#include "ui/bridge/session_bridge.h"
#include "ui/panels/experiment_panel.h"
#include "ui/panels/log_panel.h"
#include "ui/panels/panel_title.h"
#include "ui/panels/param_form.h"
#include "ui/panels/status_strip.h"
#include "ui/panels/timeline_dock.h"
#include "ui/panels/transport_bar.h"
#include "ui/panels/verdict_panel.h"
#include "ui/shell/actions.h"
#include "ui/shell/dialogs.h"
#include "ui/shell/main_window.h"
#include "ui/shell/overlay.h"
#include "ui/shell/run_book.h"
#include "ui/shell/view_host.h"
#include "ui/views/probe_panel.h"
#include "ui/views/selection_panel.h"

#include <QElapsedTimer>
#include <QJsonObject>
#include <QPointer>
#include <QSettings>
#include <QSplitter>
#include <QTimer>
#include <QUndoStack>

#include <map>
#include <memory>
#include <optional>

class QMenu;
class QMenuBar;
class QScrollArea;
class QStackedLayout;
class QToolBar;
class QVBoxLayout;

namespace lx::ui {

class MovieDialog;
class Recorder;
class SamplesDialog;

struct MainWindow::Impl {
    Impl(MainWindow& window, AppServices given, StartOptions start);

    // main_window.cpp
    void build();
    void connectAll();
    void syncViews();
    void syncTimeline(const QStringList& wanted);
    bool canShow(const ViewSpec&) const;
    ViewHost* host(const QString& id);
    ViewHost* focusedHost() const;
    void applyThemeNow();
    void tell(const QString& message);
    void showSelection();
    void measureFrame();
    void showFailure(std::uint32_t source, const Failure&);
    void rollBack();
    void updateReasons();
    void updateTitle();
    void closeRun(std::uint32_t source);

    // main_window_actions.cpp
    void makeActions();
    void makeTransportActions();
    void compareWithCopy();
    void makeFileActions();
    void makeViewActions();
    void makeToolActions();
    void makeMenus();
    void openPalette();
    void askRunTo();
    void askRunFor();
    void newSeedOrSame(bool newSeed);

    // main_window_stage.cpp
    void makeStageActions();
    void fillStageMenu(QMenu&);
    void setFontPercent(int);
    void restoreFontScale();

    // main_window_chains.cpp
    void makeChainActions();
    void fillChainMenus(QMenu& sample);
    void buildChainSections(QVBoxLayout&);
    void syncChainSections();
    void layoutFor(const RecipeInfo&, const Description*);
    QStringList stageViews() const;
    void fillStage(QSplitter&, const QStringList&);
    /// The page of the timeline that the layout begins with; -1: none.
    int layoutTab() const;
    void showLayoutTab();
    void moveChain(int by);
    void askChain(const char* probe, bool all);
    bool openChains(const QStringList& paths);
    void chooseChains();
    void chooseFollowed();
    void watchStrokes();

    // main_window_files.cpp
    void openPath(const QString& path);
    QString dropAction(const QString& path, const FileProbe&) const;
    void importData(const QString& path, const FileProbe&);
    void encodeImage(const QString& path);
    void placeEncoded(const State& answer, const QString& name);
    void loadProject(const QString& path);
    void adopt(const LoadedProject&);
    void save(bool ask);
    std::string windowSettings() const;
    void offerRecovery();
    void chooseFiles();
    void showStart();
    void hideStart();
    void moveDemoCursor();

    // main_window_export.cpp
    void exportPicture(View*);
    void exportMovie();
    void generateSamples();
    void closeExports();
    void setRecording(bool on);
    void saveRecording();
    void copyCode();
    void pasteCode();
    void openPicture(const QString& path);
    std::shared_ptr<LoadedProject> sessionIn(const QString& path) const;
    void restoreRun(const LoadedProject&);
    std::map<std::string, std::string> sessionTexts(Index atStep) const;

    // main_window_layout.cpp
    static const QStringList& layoutNames();
    void setLayoutNamed(const QString& name);
    void resetLayout();
    void applyDefaultLayout(const QString& name);
    void rememberLayout();
    // main_window_views.cpp
    QJsonObject viewStates() const;
    void restoreViewStates(const QJsonObject&);
    void rememberViews();
    void recallViews();
    void themeForLayout();
    void sizeDocks(const QString& name);
    /// After a change of type: another size, or the projector's theme.
    void sizeDocksForType();
    void fitToWidth();
    void toggleFullScreen();
    void togglePanels();
    void restoreWindow();
    void saveWindow();

    MainWindow& w;
    AppServices services;
    StartOptions options;
    std::unique_ptr<QSettings> settings;
    QString settingsNote;
    SessionBridge bridge;
    QUndoStack undo;
    RunBook book;
    Actions* actions = nullptr;
    ThemeKind theme{};
    std::optional<ThemeKind> beforePresent;  ///< to return to after the projector's theme
    bool followSystem = true;

    QMenuBar* menuBar = nullptr;
    TransportBar* transport = nullptr;
    QToolBar* edge = nullptr;
    StatusStrip* status = nullptr;
    QWidget* centre = nullptr;
    FailureBanner* banner = nullptr;
    QWidget* stageArea = nullptr;
    QStackedLayout* stageStack = nullptr;
    QSplitter *stage = nullptr, *stageBelow = nullptr;  ///< rows of views; the lower one is low
    QLabel* emptyText = nullptr;
    QPushButton* emptyButton = nullptr;
    PanelDock *experiment = nullptr, *inspector = nullptr;
    TimelineDock* timeline = nullptr;
    ExperimentPanel* tree = nullptr;
    ProbePanel* probe = nullptr;
    Section* probeSection = nullptr;
    SelectionPanel* selection = nullptr;
    Section* selectionSection = nullptr;
    VerdictPanel* verdict = nullptr;
    TruthPanel* truth = nullptr;
    Section *verdictSection = nullptr, *truthSection = nullptr;
    ParamForm* form = nullptr;
    LogPanel* log = nullptr;
    CommandPalette* palette = nullptr;
    DropNote* drop = nullptr;
    QPointer<StartCards> start;
    QPointer<MovieDialog> movie;
    QPointer<SamplesDialog> samplesDialog;
    Recorder* recorder = nullptr;

    std::map<QString, ViewHost*> hosts;
    QJsonObject savedViews;              ///< what was chosen inside views, by view
    std::map<QString, bool> viewChoice;  ///< what a person showed or hid
    QString layout = QStringLiteral("explore");
    int sizedFor = 0;  ///< width of the inspector that the docks were sized with
    bool compact = false, panelsHidden = false, engineThere = false, geometryDone = false;
    bool experimentWanted = true;
    QByteArray beforeHiding;
    QTimer runFor, demo;
    double demoPhase = 0;
    QElapsedTimer frameClock;
    double frameMs = 0;
    bool frameUnderWay = false;
    std::uint32_t failedSource = kNoRun;
    std::string projectPath;
    std::uint64_t encodeTicket = 0;
    QString encodeName;
};

}  // namespace lx::ui
