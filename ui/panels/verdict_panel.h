// SPDX-License-Identifier: GPL-3.0-or-later
// What the diagnostics mean, in words with the next step as a button; and how far the draws are
// from what is known to be true.
#pragma once

#include "ui/bridge/session_bridge.h"

#include <QWidget>

class QLabel;
class QGridLayout;
class QPushButton;

namespace lx::ui {

class RunBook;
class UnitEdit;
struct Theme;

class VerdictPanel : public QWidget {
    Q_OBJECT
public:
    VerdictPanel(RunBook&, SessionBridge&, QWidget* parent = nullptr);
    void setTheme(const Theme&);
    /// The headline and the findings as they are shown.
    QString text() const;
    std::vector<QPushButton*> buttons() const { return m_buttons; }

Q_SIGNALS:
    void recipeAsked(const QString& id);

protected:
    void showEvent(QShowEvent*) override;
    void hideEvent(QHideEvent*) override;

private:
    void refresh();
    void act(const QString& action);

    RunBook& m_book;
    SessionBridge& m_bridge;
    QLabel* m_label;
    QLabel* m_note;  ///< of the run: who steps its chains, what a file said
    QGridLayout* m_row;
    std::vector<QPushButton*> m_buttons;
    bool m_all = false;  ///< findings; else the first ones
    std::vector<std::uint64_t> m_versions;
};

class TruthPanel : public QWidget {
    Q_OBJECT
public:
    explicit TruthPanel(SessionBridge&, QWidget* parent = nullptr);
    /// "Mode weights: largest 0.29 (true 1/8)", one line for each row that is shown.
    QStringList lines() const;

protected:
    void showEvent(QShowEvent*) override;
    void hideEvent(QHideEvent*) override;

private:
    struct Row {
        QLabel* name = nullptr;
        UnitEdit* field = nullptr;
        QString truth;
    };
    void refresh();
    void show(Row&, const QString& value, const QString& truth);

    SessionBridge& m_bridge;
    QLabel* m_nothing = nullptr;
    Row m_weights, m_hops, m_mean, m_stein;
    std::vector<std::uint64_t> m_versions;
};

}  // namespace lx::ui
