// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/view_host.h"

#include "ui/panels/panel_title.h"

#include <QMenu>
#include <QVBoxLayout>

namespace lx::ui {

ViewHost::ViewHost(const ViewSpec& spec, SessionBridge& bridge, bool titled, QWidget* parent)
    : QFrame(parent), m_id(spec.id), m_bridge(bridge), m_view(spec.make(bridge, nullptr)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_view->setObjectName(QStringLiteral("view.") + spec.id);
    m_view->setAccessibleName(spec.title);
    if (titled) {
        m_title = new PanelTitle(m_view->title());
        auto* settings = m_title->addButton(QStringLiteral("gear"), QStringLiteral("Settings"));
        auto* more = m_title->addButton(QStringLiteral("menu"), QStringLiteral("Menu"));
        connect(settings, &QToolButton::clicked, this, [this, settings] {
            QMenu menu;
            m_view->fillMenu(menu);
            if (menu.isEmpty()) {
                menu.addAction(tr("This view has no settings"))->setEnabled(false);
            }
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
        column->addWidget(body, 1);
    } else {
        column->addWidget(m_view);
    }
    m_view->setTheme(currentTheme());
    for (const Frame& frame : m_bridge.frames()) {
        m_view->append(m_bridge.history(frame.source));
    }
    connect(m_view, &View::channelsChanged, this, &ViewHost::observe);
    connect(&m_bridge, &SessionBridge::snapshotChanged, this, [this] {
        if (isVisible()) {
            present();
        }
    });
    connect(&m_bridge, &SessionBridge::seriesAppended, this,
            [this](const std::vector<SeriesPoint>& points) { m_view->append(points); });
}

void ViewHost::fillMenu(QMenu& menu) {
    menu.addAction(tr("Fit to content"), this, [this] { m_view->fit(); });
    menu.addAction(tr("Export figure…"), this, &ViewHost::exportAsked);
    menu.addSeparator();
    menu.addAction(tr("Hide this view"), this, &ViewHost::hideAsked);
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
    m_bridge.observe(m_view, {});
}

}  // namespace lx::ui
