// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QObject>
#include <QString>

#include <functional>
#include <vector>

namespace lx::ui {

/// Every command of the window by a stable id ("transport.play"): menus, tool bar, palette and
/// shortcut sheet are made from this one list. Single letters rest while a text field has focus,
/// because such fields claim them.
class Actions : public QObject {
    Q_OBJECT
public:
    /// `group` is the heading in the shortcut sheet. Shortcuts in portable text, several separated
    /// by blanks. The actions become part of `window`, so their shortcuts work there.
    explicit Actions(QWidget* window);

    QAction* add(const QString& id, const QString& group, const QString& text,
                 const QString& shortcuts, const std::function<void()>& run);
    QAction* addToggle(const QString& id, const QString& group, const QString& text,
                       const QString& shortcuts, const std::function<void(bool)>& run);
    /// An action of which only the reason of its absence exists yet.
    QAction* addUnavailable(const QString& id, const QString& group, const QString& text,
                            const QString& reason);
    /// Greys `id` and puts the reason in its tooltip; an empty reason enables it again.
    void setReason(const QString& id, const QString& reason);

    QAction* at(const QString& id) const;  ///< null when unknown
    const std::vector<QAction*>& all() const { return m_actions; }
    static QString idOf(const QAction*);
    static QString groupOf(const QAction*);

private:
    QAction* make(const QString& id, const QString& group, const QString& text,
                  const QString& shortcuts);

    QWidget* m_window;
    std::vector<QAction*> m_actions;
};

}  // namespace lx::ui
