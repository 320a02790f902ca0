// SPDX-License-Identifier: GPL-3.0-or-later
// What people chose inside views (charts, modes): kept per layout and in sessions.
#include "ui/shell/main_window_impl.h"

#include <QJsonDocument>

namespace lx::ui {

namespace {

QString viewsKey(const QString& layout) {
    return QStringLiteral("views/") + layout;
}

}  // namespace

QJsonObject MainWindow::Impl::viewStates() const {
    QJsonObject out = savedViews;  // of views that were not opened this time
    for (const auto& [id, shown] : hosts) {
        const QJsonObject state = shown->view()->state();
        if (!state.isEmpty()) {
            out[id] = state;
        }
    }
    return out;
}

void MainWindow::Impl::restoreViewStates(const QJsonObject& states) {
    savedViews = states;
    for (const auto& [id, shown] : hosts) {
        if (const QJsonObject state = states.value(id).toObject(); !state.isEmpty()) {
            shown->view()->restore(state);
        }
    }
}

void MainWindow::Impl::rememberViews() {
    settings->setValue(viewsKey(layout),
                       QJsonDocument(viewStates()).toJson(QJsonDocument::Compact));
}

void MainWindow::Impl::recallViews() {
    const QByteArray saved = settings->value(viewsKey(layout)).toByteArray();
    if (!saved.isEmpty()) {
        restoreViewStates(QJsonDocument::fromJson(saved).object());
    }
}

}  // namespace lx::ui
