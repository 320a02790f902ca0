// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDockWidget>
#include <QFrame>
#include <QLabel>
#include <QToolButton>

#include <utility>
#include <vector>

class QHBoxLayout;

namespace lx::ui {

/// A label that ends in an ellipsis when the room is short and keeps the whole text as tooltip.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    void setFullText(const QString&);
    const QString& fullText() const { return m_full; }
    /// Drops whole clauses (after ", " or ": ") from the end of a text that is too long, before it
    /// cuts words.
    void setDropsClauses(bool);
    /// What fits.
    QString shown() const;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    QString m_full;
    bool m_dropsClauses = false;
};

/// The 24 px bar over a panel: bold title, small buttons at the right.
class PanelTitle : public QFrame {
    Q_OBJECT
public:
    explicit PanelTitle(const QString& title, QWidget* parent = nullptr);
    void setTitle(const QString&);
    QToolButton* addButton(const QString& icon, const QString& name);
    /// Puts the icons of the present theme.
    void refreshIcons();

private:
    ElidedLabel* m_title;
    QHBoxLayout* m_row;
    std::vector<std::pair<QToolButton*, QString>> m_buttons;
};

/// A dock that looks as the pictures show: title bar, bordered body, a 4 px margin towards the
/// edges of the window.
class PanelDock : public QDockWidget {
    Q_OBJECT
public:
    PanelDock(const QString& name, const QString& title, QWidget* content, QMargins margins,
              QWidget* parent);
    PanelTitle* title() const { return m_title; }

private:
    PanelTitle* m_title = nullptr;
};

/// Wraps a widget so that the window's colour shows around it.
QWidget* withMargins(QWidget* content, QMargins);

}  // namespace lx::ui
