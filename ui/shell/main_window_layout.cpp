// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window_impl.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QScreen>
#include <QStackedLayout>
#include <QStatusBar>
#include <QToolBar>
#include <QUrl>

#include <algorithm>

namespace lx::ui {

namespace {

/// Below this width the left dock folds to the edge and the timeline to its tabs.
constexpr int kCompactWidth = 1200;
constexpr int kLeft = 226, kRight = 318, kBottom = 214, kTallBottom = 340;
/// Of saveState: rises when the set of docks changes.
constexpr int kStateVersion = 1;

QString titleOf(const QString& layout) {
    return layout.left(1).toUpper() + layout.mid(1);
}

QString keyOf(const QString& layout) {
    return QStringLiteral("layouts/") + layout;
}

}  // namespace

void MainWindow::Impl::applyDefaultLayout(const QString& name) {
    const bool present = name == QStringLiteral("present");
    for (QDockWidget* dock :
         {static_cast<QDockWidget*>(experiment), static_cast<QDockWidget*>(inspector),
          static_cast<QDockWidget*>(timeline)}) {
        dock->setFloating(false);
    }
    w.addDockWidget(Qt::LeftDockWidgetArea, experiment);
    w.addDockWidget(Qt::RightDockWidgetArea, inspector);
    w.addDockWidget(Qt::BottomDockWidgetArea, timeline);
    experimentWanted = !present;
    experiment->setVisible(!present && !compact);
    inspector->setVisible(!present);
    timeline->setVisible(!present);
    timeline->setCollapsed(compact);
    sizeDocks(name);
}

void MainWindow::Impl::sizeDocks(const QString& name) {
    const Theme& t = themeOf(theme);
    sizedFor = t.px(kRight);
    const int right = std::min(t.px(kRight), w.width() / 2);  // large type leaves a stage
    if (experiment->isVisibleTo(&w)) {
        w.resizeDocks({experiment, inspector}, {t.px(kLeft), right}, Qt::Horizontal);
    } else {
        w.resizeDocks({inspector}, {right}, Qt::Horizontal);
    }
    if (!timeline->collapsed()) {
        const bool tall = name == QStringLiteral("train") || name == QStringLiteral("sample");
        w.resizeDocks({timeline}, {t.px(tall ? kTallBottom : kBottom)}, Qt::Vertical);
    }
}

void MainWindow::Impl::sizeDocksForType() {
    if (themeOf(theme).px(kRight) != sizedFor) {
        sizeDocks(layout);
    }
}

void MainWindow::Impl::rememberLayout() {
    // A folded window is a matter of its width, not of the layout.
    if (!compact && geometryDone && !panelsHidden && options.restoreGeometry) {
        settings->setValue(keyOf(layout), w.saveState(kStateVersion));
        rememberViews();
    }
}

const QStringList& MainWindow::Impl::layoutNames() {
    static const QStringList names{QStringLiteral("explore"), QStringLiteral("sample"),
                                   QStringLiteral("diffuse"), QStringLiteral("train"),
                                   QStringLiteral("energy"),  QStringLiteral("geometry"),
                                   QStringLiteral("present")};
    return names;
}

void MainWindow::Impl::setLayoutNamed(const QString& name) {
    if (!layoutNames().contains(name)) {
        const QStringList& all = layoutNames();
        tell(QObject::tr("There is no layout named %1: %2 and %3 exist.")
                 .arg(name, all.mid(0, all.size() - 1).join(QStringLiteral(", ")), all.back()));
        return;
    }
    rememberLayout();
    layout = name;
    panelsHidden = false;
    compact = false;  // a window that was narrow before may have been made wide meanwhile
    timeline->setCollapsed(false);
    const QByteArray saved =
        options.restoreGeometry ? settings->value(keyOf(name)).toByteArray() : QByteArray();
    if (saved.isEmpty() || !w.restoreState(saved, kStateVersion)) {
        applyDefaultLayout(name);
    }
    syncViews();
    showLayoutTab();
    transport->setLayoutName(titleOf(name));
    themeForLayout();
    fitToWidth();
    if (options.restoreGeometry) {
        recallViews();
        settings->setValue(QStringLiteral("layout"), name);
    }
}

void MainWindow::setLayoutNamed(const QString& name) {
    m->setLayoutNamed(name.toLower());
}

void MainWindow::Impl::resetLayout() {
    settings->remove(keyOf(layout));
    viewChoice.clear();
    panelsHidden = false;
    timeline->setCollapsed(false);
    compact = false;
    applyDefaultLayout(layout);
    syncViews();
    fitToWidth();
}

/// A room reads from afar: Present takes the large, contrasting theme, and leaving it the old one.
void MainWindow::Impl::themeForLayout() {
    const bool present = layout == QStringLiteral("present");
    if (present && !beforePresent && theme != ThemeKind::Projector) {
        beforePresent = theme;
        theme = ThemeKind::Projector;
        applyThemeNow();
    } else if (!present && beforePresent) {
        theme = *std::exchange(beforePresent, std::nullopt);
        applyThemeNow();
    }
}

void MainWindow::Impl::fitToWidth() {
    const bool narrow = w.width() < themeOf(theme).px(kCompactWidth);
    const bool present = layout == QStringLiteral("present");
    transport->setCompact(narrow);
    edge->setVisible(narrow && !present);
    // A presentation has no panels to fold: those of the other layouts stay as they were.
    if (present || panelsHidden || narrow == compact) {
        return;
    }
    compact = narrow;
    if (narrow) {
        experimentWanted = experiment->isVisibleTo(&w);
        experiment->hide();
        timeline->setCollapsed(true);
    } else {
        experiment->setVisible(experimentWanted);
        timeline->setCollapsed(false);
        sizeDocks(layout);
    }
}

void MainWindow::Impl::toggleFullScreen() {
    if (w.isFullScreen()) {
        w.showNormal();
    } else {
        w.showFullScreen();
    }
}

void MainWindow::Impl::togglePanels() {
    if (panelsHidden) {
        panelsHidden = false;
        w.restoreState(beforeHiding, kStateVersion);
    } else {
        beforeHiding = w.saveState(kStateVersion);
        panelsHidden = true;
        for (QDockWidget* dock :
             {static_cast<QDockWidget*>(experiment), static_cast<QDockWidget*>(inspector),
              static_cast<QDockWidget*>(timeline)}) {
            dock->hide();
        }
    }
}

void MainWindow::Impl::restoreWindow() {
    // The first window takes what a large screen offers; the panels need no more than this.
    const QSize room = w.screen() ? w.screen()->availableSize() * 9 / 10 : QSize(1440, 900);
    w.resize(room.expandedTo(QSize(1024, 640)).boundedTo(QSize(1920, 1200)));
    QString name = QStringLiteral("explore");
    if (options.restoreGeometry) {
        w.restoreGeometry(settings->value(QStringLiteral("geometry")).toByteArray());
        name = settings->value(QStringLiteral("layout"), name).toString();
    }
    applyDefaultLayout(QStringLiteral("explore"));
    // Nobody begins with a presentation.
    const bool fits = layoutNames().contains(name) && name != QStringLiteral("present");
    setLayoutNamed(fits ? name : QStringLiteral("explore"));
    geometryDone = true;
    // Dock sizes take hold only once the window is laid out.
    QTimer::singleShot(0, &w, [this, fresh = settings->value(keyOf(layout)).isNull()] {
        if (fresh || !options.restoreGeometry) {
            sizeDocks(layout);
        }
    });
}

void MainWindow::Impl::saveWindow() {
    if (!options.restoreGeometry) {
        return;
    }
    settings->setValue(QStringLiteral("geometry"), w.saveGeometry());
    rememberLayout();
    settings->sync();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    m->saveWindow();
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    if (m && m->geometryDone) {
        // Docks must not be hidden in the middle of the layout of this very resize.
        QTimer::singleShot(0, this, [this] { m->fitToWidth(); });
    }
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (m && event->type() == QEvent::WindowStateChange) {
        m->bridge.setPaused(isMinimized());
    }
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (urls.isEmpty() || !urls.first().isLocalFile()) {
        return;
    }
    const QString path = urls.first().toLocalFile();
    const FileProbe probe = probeFile({path.toStdString()});
    m->drop->say(QString::fromStdString(probe.sentence), m->dropAction(path, probe));
    event->acceptProposedAction();
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) {
    m->drop->hide();
}

void MainWindow::dropEvent(QDropEvent* event) {
    m->drop->hide();
    event->acceptProposedAction();
    QStringList paths;
    for (const QUrl& url : event->mimeData()->urls()) {
        if (url.isLocalFile()) {
            paths << url.toLocalFile();
        }
    }
    // The source of the drag waits for the end of this event: dialogs come after it.
    QTimer::singleShot(0, this, [this, paths] { openFiles(paths); });
}

bool MainWindow::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::MouseButtonPress && m->demo.isActive() && !m->start) {
        // The hand takes over from the wandering cursor.
        m->demo.stop();
    }
    if (event->type() == QEvent::KeyPress && qobject_cast<View*>(object) &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Tab &&
        static_cast<QKeyEvent*>(event)->modifiers() == Qt::NoModifier) {
        m->togglePanels();
        return true;
    }
    return QMainWindow::eventFilter(object, event);
}

}  // namespace lx::ui
