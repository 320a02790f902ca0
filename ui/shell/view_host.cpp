// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/view_host.h"

#include "ui/panels/data_table_window.h"
#include "ui/panels/layer_list.h"
#include "ui/panels/panel_title.h"
#include "ui/views/figure_view.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QScreen>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

ViewHost::ViewHost(const ViewSpec& spec, SessionBridge& bridge, bool titled, QWidget* parent)
    : QFrame(parent),
      m_id(spec.id),
      m_name(spec.title),
      m_bridge(bridge),
      m_view(spec.make(bridge, nullptr)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_view->setObjectName(QStringLiteral("view.") + spec.id);
    m_view->setAccessibleName(spec.title);
    if (SceneWidget* plot = scene()) {
        plot->setAccessibleName(tr("Plot of %1").arg(spec.title));
        connect(plot, &SceneWidget::viewChanged, this, &ViewHost::passCameraOn);
        connect(plot, &SceneWidget::menuAsked, this, &ViewHost::openMenu);
    }
    if (FigureView* linked = figureView()) {
        connect(linked, &FigureView::cameraLinkChanged, this, &ViewHost::passCameraOn);
    }
    if (titled) {
        m_title = new PanelTitle(m_view->title());
        auto* settings = m_title->addButton(QStringLiteral("gear"), QStringLiteral("Settings"));
        auto* more = m_title->addButton(QStringLiteral("menu"), QStringLiteral("Menu"));
        connect(settings, &QToolButton::clicked, this, [this, settings] {
            QMenu menu;
            fillSettings(menu);
            menu.exec(settings->mapToGlobal(QPoint(0, settings->height())));
        });
        connect(more, &QToolButton::clicked, this, [this, more] {
            QMenu menu;
            fillMenu(menu);
            menu.exec(more->mapToGlobal(QPoint(0, more->height())));
        });
        connect(m_view, &View::titleChanged, this, [this] { m_title->setTitle(m_view->title()); });
        column->addWidget(m_title);
        auto* body = new QFrame;
        body->setObjectName(QStringLiteral("panelBody"));
        auto* box = new QVBoxLayout(body);
        box->setContentsMargins(1, 0, 1, 1);
        box->addWidget(m_view);
        m_place = box;
        column->addWidget(body, 1);
    } else {
        column->addWidget(m_view);
        m_place = column;
    }
    m_view->setTheme(currentTheme());
    connect(m_view, &View::channelsChanged, this, &ViewHost::observe);
    connect(&m_bridge, &SessionBridge::snapshotChanged, this, [this] {
        if (isVisible()) {
            present();
        }
    });
    connect(&m_bridge, &SessionBridge::seriesAppended, this,
            [this](const std::vector<SeriesPoint>& points) { m_view->append(points); });
}

void ViewHost::showTitle(bool shown) {
    if (m_title) {
        m_title->setVisible(shown);
    }
}

ViewHost::~ViewHost() = default;

FigureView* ViewHost::figureView() const {
    return qobject_cast<FigureView*>(m_view);
}

SceneWidget* ViewHost::scene() const {
    FigureView* found = figureView();
    return found ? found->scene() : nullptr;
}

void ViewHost::fillSettings(QMenu& menu) {
    if (scene()) {
        menu.addAction(tr("Layers…"), this, &ViewHost::showLayers);
        menu.addSeparator();
    }
    m_view->fillMenu(menu);
    if (menu.isEmpty()) {
        menu.addAction(tr("This view has no settings"))->setEnabled(false);
    }
}

void ViewHost::fillMenu(QMenu& menu) {
    menu.addAction(tr("Fit to content"), this, [this] { m_view->fit(); });
    if (SceneWidget* plot = scene()) {
        QAction* back = menu.addAction(tr("Undo camera move"), this, &ViewHost::undoCamera);
        back->setEnabled(plot->canUndoCamera());
        QAction* on = menu.addAction(tr("Redo camera move"), this, &ViewHost::redoCamera);
        on->setEnabled(plot->canRedoCamera());
        FigureView* linked = figureView();
        QAction* link = menu.addAction(tr("Link camera with views of the same axes"));
        link->setCheckable(true);
        link->setChecked(linked->cameraLinked());
        link->setEnabled(!plot->cameraSpan().isEmpty());
        connect(link, &QAction::toggled, linked, &FigureView::setCameraLinked);
        menu.addSeparator();
        menu.addAction(tr("Layers…"), this, &ViewHost::showLayers);
    }
    menu.addAction(tr("Data table…"), this, &ViewHost::showTable);
    menu.addAction(isViewFullScreen() ? tr("Leave full screen") : tr("Full screen of this view"),
                   this, [this] { setFullScreen(!isViewFullScreen()); });
    menu.addSeparator();
    menu.addAction(tr("Export figure…"), this, &ViewHost::exportAsked);
    menu.addSeparator();
    menu.addAction(tr("Hide this view"), this, &ViewHost::hideAsked);
}

void ViewHost::openMenu(QPoint global) {
    QMenu menu;
    fillMenu(menu);
    menu.exec(global);
}

void ViewHost::contextMenuEvent(QContextMenuEvent* event) {
    openMenu(event->globalPos());
}

LayerList* ViewHost::showLayers() {
    if (!m_layers && scene()) {
        m_layers = new LayerList(scene(), m_name, m_screen ? m_screen.data() : this);
    }
    if (m_layers) {
        placeOver(*m_layers);
        m_layers->show();
        m_layers->raise();
    }
    return m_layers;
}

/// A window of this view opens in its lower right corner, on the screen as a whole.
void ViewHost::placeOver(QWidget& opened) const {
    if (opened.isVisible() || opened.testAttribute(Qt::WA_Moved)) {
        return;
    }
    const QRect room = screen()->availableGeometry();
    const QSize size = opened.size();
    const int inset = currentTheme().px(16);
    const QPoint corner = mapToGlobal(rect().bottomRight()) - QPoint(inset, inset) -
                          QPoint(size.width(), size.height());
    opened.move(
        std::clamp(corner.x(), room.left(), std::max(room.left(), room.right() - size.width())),
        std::clamp(corner.y(), room.top(), std::max(room.top(), room.bottom() - size.height())));
}

DataTableWindow* ViewHost::showTable() {
    if (!m_table) {
        m_table = new DataTableWindow([this] { return m_view->tables(); }, m_name,
                                      m_screen ? m_screen.data() : this);
    }
    placeOver(*m_table);
    m_table->show();
    m_table->raise();
    m_table->activateWindow();
    return m_table;
}

bool ViewHost::undoCamera() {
    return scene() && scene()->undoCamera();
}

bool ViewHost::redoCamera() {
    return scene() && scene()->redoCamera();
}

void ViewHost::passCameraOn() {
    const FigureView* from = figureView();
    const SceneWidget* plot = scene();
    if (m_passing || !from || !plot || !from->cameraLinked() || plot->cameraSpan().isEmpty()) {
        return;
    }
    for (ViewHost* other : window()->findChildren<ViewHost*>()) {
        SceneWidget* to = other->scene();
        if (other == this || !to || !to->isVisible() || !other->figureView()->cameraLinked() ||
            to->cameraSpan() != plot->cameraSpan()) {
            continue;
        }
        // The other one must not answer.
        other->m_passing = true;
        to->followCamera(*plot);
        other->m_passing = false;
    }
}

void ViewHost::setFullScreen(bool on) {
    if (on == isViewFullScreen() || (on && !isVisible())) {
        return;
    }
    if (on) {
        // A child of this host: what looks for the host of the focus finds it.
        auto* screen = new QWidget(this, Qt::Window);
        screen->setObjectName(QStringLiteral("viewScreen"));
        screen->setAccessibleName(tr("%1, full screen").arg(m_name));
        screen->setWindowTitle(m_name);
        auto* box = new QVBoxLayout(screen);
        box->setContentsMargins(0, 0, 0, 0);
        box->addWidget(m_view);
        screen->addActions(window()->actions());  // their shortcuts work here as well
        screen->installEventFilter(this);
        m_screen = screen;
        // Where no window manager does it.
        screen->setGeometry(window()->screen()->geometry());
        screen->showFullScreen();
        m_view->setFocus();
        return;
    }
    QWidget* screen = m_screen;
    m_screen = nullptr;
    m_place->addWidget(m_view);
    m_view->show();
    for (QWidget* window : {static_cast<QWidget*>(m_layers), static_cast<QWidget*>(m_table)}) {
        if (window && window->parentWidget() == screen) {
            window->close();
        }
    }
    screen->hide();
    screen->deleteLater();
    if (isVisible()) {
        m_view->setFocus();  // F and the other keys go on meaning this view
    }
}

bool ViewHost::eventFilter(QObject* object, QEvent* event) {
    if (object == m_screen) {
        if (event->type() == QEvent::ShortcutOverride) {
            const int key = static_cast<QKeyEvent*>(event)->key();
            if (key == Qt::Key_Escape || key == Qt::Key_F11) {
                event->accept();  // before the window's own use of the key
                return true;
            }
        } else if (event->type() == QEvent::KeyPress) {
            const int key = static_cast<QKeyEvent*>(event)->key();
            if (key == Qt::Key_Escape || key == Qt::Key_F11) {
                setFullScreen(false);
                return true;
            }
        } else if (event->type() == QEvent::Close) {
            event->ignore();
            setFullScreen(false);
            return true;
        }
    }
    return QFrame::eventFilter(object, event);
}

void ViewHost::setTheme(const Theme& theme) {
    if (m_title) {
        m_title->refreshIcons();
    }
    m_view->setTheme(theme);
    present();
}

void ViewHost::present() {
    m_view->present(m_bridge.frames());
}

void ViewHost::observe() {
    m_bridge.observe(m_view, isVisible() ? m_view->channels() : QStringList());
    if (m_title) {
        m_title->setTitle(m_view->title());
    }
}

void ViewHost::showEvent(QShowEvent* event) {
    QFrame::showEvent(event);
    observe();
    present();
}

void ViewHost::hideEvent(QHideEvent* event) {
    QFrame::hideEvent(event);
    setFullScreen(false);
    m_bridge.observe(m_view, {});
}

}  // namespace lx::ui
