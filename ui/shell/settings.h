// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSettings>
#include <QString>

#include <memory>

namespace lx::ui {

/// The window's own settings, an ini file in `folder`. A file that cannot be read, or that another
/// version wrote, is kept aside as <name>.broken-<n> and a fresh one begins; `note` says so.
/// An empty or unwritable folder gives settings that live in memory only.
std::unique_ptr<QSettings> openSettings(const QString& folder, QString* note);

}  // namespace lx::ui
