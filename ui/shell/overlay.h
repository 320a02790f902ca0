// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over the stage for a moment: start cards, the note of a drop, the failure banner.
#pragma once

#include "ui/shell/app_services.h"

#include <QFrame>
#include <QPushButton>
#include <QWidget>

#include <functional>

class QLabel;

namespace lx::ui {

/// Follows the size of its parent.
class Overlay : public QWidget {
    Q_OBJECT
public:
    explicit Overlay(QWidget* parent);

protected:
    bool eventFilter(QObject*, QEvent*) override;
    virtual void place();
};

/// A button of several lines: icon, bold title, sentence, and why it is not there yet.
class Card : public QPushButton {
    Q_OBJECT
public:
    Card(const QString& icon, const QString& title, const QString& text, const QString& reason,
         QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    QString m_icon, m_title, m_text, m_reason;
};

/// Four large cards over the dimmed stage. Esc or a click beside them closes.
class StartCards : public Overlay {
    Q_OBJECT
public:
    /// A card whose recipe the program does not have says so and cannot be pressed.
    StartCards(const AppServices&, QWidget* parent);

Q_SIGNALS:
    void explore();
    void sample();
    void denoise();
    void openFiles();
    void closed();

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void place() override;

private:
    std::vector<Card*> m_cards;
};

/// Says what a drop will do, before it does it.
class DropNote : public Overlay {
    Q_OBJECT
public:
    explicit DropNote(QWidget* parent);
    void say(const QString& what, const QString& action);
    QString text() const;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    QLabel *m_what, *m_action;
};

/// Message, where, step, and the ways out. The window stays usable below it.
class FailureBanner : public QFrame {
    Q_OBJECT
public:
    explicit FailureBanner(QWidget* parent);
    void show(const QString& run, const Failure&, bool canRollBack);
    void tell(const QString& message);
    QString text() const;

Q_SIGNALS:
    void restart();
    void rollBack();
    void dismissed();

private:
    QLabel *m_icon, *m_text;
    QPushButton *m_restart, *m_back;
};

}  // namespace lx::ui
