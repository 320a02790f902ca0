// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDockWidget>
#include <QTabBar>

#include <vector>

class QFrame;
class QSlider;
class QStackedWidget;
class QToolButton;

namespace lx::ui {

class RunBook;
class SessionBridge;

/// The dock at the bottom: tabs for its title bar, and the slider over the ring of past states.
class TimelineDock : public QDockWidget {
    Q_OBJECT
public:
    TimelineDock(RunBook&, SessionBridge&, QWidget* parent);

    /// Replaces all tabs; pages are owned by the caller and only reparented.
    void setPages(const std::vector<std::pair<QString, QWidget*>>& pages);
    QTabBar* tabs() const { return m_tabs; }
    QWidget* page(int) const;
    QSlider* scrub() const { return m_scrub; }
    /// Nothing but the tabs; choosing one opens the dock again.
    void setCollapsed(bool);
    bool collapsed() const { return m_collapsed; }
    void refreshTheme();
    /// One kept state back (-1) or on (+1).
    void scrubBy(int direction);
    void scrubToEnd(bool newest);

private:
    void refreshScrub();
    void onScrub(int position);

    RunBook& m_book;
    SessionBridge& m_bridge;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    QFrame *m_title, *m_body;
    QWidget* m_titleFrame;
    QSlider* m_scrub;
    QToolButton *m_float, *m_fold;
    std::vector<std::int64_t> m_steps;
    bool m_collapsed = false;
};

}  // namespace lx::ui
