// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <QFrame>
#include <QPointer>

#include <vector>

class QLabel;
class QMenu;
class QSlider;
class QToolButton;

namespace lx::ui {

class Actions;
class RunBook;
class SessionBridge;

/// The 44 px bar: clock, transport of the active clock, speed, step counter, tools, export, layout.
/// Acts only through Actions, RunBook and the bridge.
class TransportBar : public QFrame {
    Q_OBJECT
public:
    TransportBar(Actions&, RunBook&, SessionBridge&, QWidget* parent = nullptr);

    Clock clock() const { return m_clock; }
    void setClock(Clock);
    /// Steps a second of the active clock; 0: as fast as possible.
    void setSpeed(double stepsPerSecond);
    bool running() const;
    /// Icons only for the tools, so that the bar fits 1024 pixels; also where the bar itself finds
    /// no room for texts.
    void setCompact(bool);
    void setLayoutName(const QString&);
    QMenu* layoutMenu() const { return m_layoutMenu; }
    QMenu* runMenu() const { return m_runMenu; }
    void refreshTheme();

Q_SIGNALS:
    void clockChanged();

protected:
    void resizeEvent(QResizeEvent*) override;

private:
    /// What the row needs with texts on its buttons, pixels.
    int fullWidth() const;
    void fit();
    /// What the row can do without, as menus and keys offer it too; first what goes first.
    std::vector<QWidget*> dispensable() const;
    void setTexts(bool compact);
    QToolButton* button(const QString& actionId, const QString& icon, bool withText);
    void addLine();
    void refresh();
    void postSpeed();

    Actions& m_actions;
    RunBook& m_book;
    SessionBridge& m_bridge;
    Clock m_clock = Clock::Train;
    QToolButton *m_clockButton, *m_play, *m_step, *m_layout;
    QLabel *m_speedLabel, *m_remaining;
    QSlider* m_speed;
    QMenu *m_clockMenu, *m_runMenu, *m_layoutMenu;
    struct Tinted {
        QToolButton* button;
        QString icon;
        bool text;
    };
    std::vector<Tinted> m_tinted;
    bool m_compact = false, m_narrowWindow = false;
};

}  // namespace lx::ui
