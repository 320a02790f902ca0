// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/views/view.h"

#include <QFrame>

namespace lx::ui {

class PanelTitle;

/// Holds one view: title bar with settings and menu, polling while visible, an empty state.
class ViewHost : public QFrame {
    Q_OBJECT
public:
    /// `titled`: with its own title bar (stage); without one inside tabs, where the tab is the
    /// title.
    ViewHost(const ViewSpec&, SessionBridge&, bool titled, QWidget* parent = nullptr);

    View* view() const { return m_view; }
    const QString& id() const { return m_id; }
    void setTheme(const Theme&);
    /// The view's own settings and the export entries.
    void fillMenu(QMenu&);

Q_SIGNALS:
    void exportAsked();
    void hideAsked();

protected:
    void showEvent(QShowEvent*) override;
    void hideEvent(QHideEvent*) override;

private:
    void present();
    void observe();

    QString m_id;
    SessionBridge& m_bridge;
    PanelTitle* m_title = nullptr;
    View* m_view;
};

}  // namespace lx::ui
