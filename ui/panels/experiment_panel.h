// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/app_services.h"

#include <QTreeWidget>

namespace lx::ui {

class RunBook;
class SessionBridge;

/// The tree at the left: data of the active run, recipes, bookmarks, runs.
class ExperimentPanel : public QTreeWidget {
    Q_OBJECT
public:
    ExperimentPanel(AppServices&, RunBook&, SessionBridge&, QWidget* parent = nullptr);
    /// Fills the tree anew; cheap enough for every change of runs or bookmarks.
    void rebuild();

Q_SIGNALS:
    void recipeChosen(const QString& id);
    void runClosed(std::uint32_t source);

protected:
    void contextMenuEvent(QContextMenuEvent*) override;

private:
    void updateStatus();
    void onClicked(QTreeWidgetItem*);
    void onActivated(QTreeWidgetItem*);
    QTreeWidgetItem* group(const QString& title);
    QTreeWidgetItem* row(QTreeWidgetItem* group, const QString& text, const QString& status);
    /// The recipes of that clock.
    void addRecipes(QTreeWidgetItem* group, Clock);
    /// Targets, samplers and files of chains.
    void addChains();
    /// A grey row that says what belongs here, with the reason or the way in its tooltip.
    void hint(QTreeWidgetItem* group, const QString& text, const QString& tip);

    AppServices& m_services;
    RunBook& m_book;
    SessionBridge& m_bridge;
};

}  // namespace lx::ui
