// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/actions.h"

#include <QKeySequence>
#include <QWidget>

#include <algorithm>

namespace lx::ui {

namespace {

/// "Play or pause (Space)": the tooltip names the key.
QString tipOf(const QAction* action) {
    QString tip = action->text().remove(QLatin1Char('&'));
    if (const QKeySequence key = action->shortcut(); !key.isEmpty()) {
        tip += QStringLiteral(" (%1)").arg(key.toString(QKeySequence::NativeText));
    }
    return tip;
}

}  // namespace

Actions::Actions(QWidget* window) : QObject(window), m_window(window) {}

QAction* Actions::make(const QString& id, const QString& group, const QString& text,
                       const QString& shortcuts) {
    auto* action = new QAction(text, m_window);
    action->setObjectName(id);
    action->setProperty("group", group);
    QList<QKeySequence> keys;
    for (const QString& key : shortcuts.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        keys.append(QKeySequence(key, QKeySequence::PortableText));
    }
    action->setShortcuts(keys);
    action->setToolTip(tipOf(action));
    m_window->addAction(action);
    m_actions.push_back(action);
    return action;
}

QAction* Actions::add(const QString& id, const QString& group, const QString& text,
                      const QString& shortcuts, const std::function<void()>& run) {
    QAction* action = make(id, group, text, shortcuts);
    connect(action, &QAction::triggered, this, [run] { run(); });
    return action;
}

QAction* Actions::addToggle(const QString& id, const QString& group, const QString& text,
                            const QString& shortcuts, const std::function<void(bool)>& run) {
    QAction* action = make(id, group, text, shortcuts);
    action->setCheckable(true);
    connect(action, &QAction::triggered, this, run);
    return action;
}

QAction* Actions::addUnavailable(const QString& id, const QString& group, const QString& text,
                                 const QString& reason) {
    QAction* action = make(id, group, text, {});
    setReason(id, reason);
    return action;
}

void Actions::setReason(const QString& id, const QString& reason) {
    QAction* action = at(id);
    if (!action || (action->isEnabled() == reason.isEmpty() && reason.isEmpty())) {
        return;
    }
    action->setEnabled(reason.isEmpty());
    action->setToolTip(reason.isEmpty() ? tipOf(action)
                                        : tipOf(action) + QStringLiteral("\n") + reason);
}

QAction* Actions::at(const QString& id) const {
    const auto it =
        std::ranges::find_if(m_actions, [&](const QAction* a) { return a->objectName() == id; });
    return it == m_actions.end() ? nullptr : *it;
}

QString Actions::idOf(const QAction* action) {
    return action->objectName();
}

QString Actions::groupOf(const QAction* action) {
    return action->property("group").toString();
}

}  // namespace lx::ui
