// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QObject>

namespace lx::ui {

namespace {

constexpr int kVersion = 1;

bool usable(QSettings& settings) {
    if (settings.status() != QSettings::NoError) {
        return false;
    }
    bool number = false;
    const int version = settings.value(QStringLiteral("version")).toInt(&number);
    return number && version == kVersion;
}

/// Plain text of a sane size; the ini reader itself forgives nearly everything.
bool looksLikeText(const QString& path) {
    QFile file(path);
    constexpr qint64 kLargest = 1 << 20;
    if (!file.open(QIODevice::ReadOnly) || file.size() > kLargest) {
        return false;
    }
    const QByteArray bytes = file.readAll();
    return !bytes.contains('\0') && QString::fromUtf8(bytes).toUtf8() == bytes;
}

}  // namespace

std::unique_ptr<QSettings> openSettings(const QString& folder, QString* note) {
    const QString path = folder.isEmpty() ? QString() : folder + QStringLiteral("/window.ini");
    if (!path.isEmpty()) {
        QDir().mkpath(folder);
        if (QFileInfo::exists(path)) {
            auto settings = std::make_unique<QSettings>(path, QSettings::IniFormat);
            if (looksLikeText(path) && usable(*settings)) {
                return settings;
            }
            settings.reset();
            QString aside;
            for (int n = 1; aside.isEmpty() || QFileInfo::exists(aside); ++n) {
                aside = QStringLiteral("%1.broken-%2").arg(path).arg(n);
            }
            const bool moved = QFile::rename(path, aside);
            if (note) {
                *note =
                    moved ? QObject::tr(
                                "The window's settings could not be read; they are "
                                "kept as %1 and the defaults are used.")
                                .arg(aside)
                          : QObject::tr("The window's settings in %1 could not be read.").arg(path);
            }
        }
    }
    auto settings = std::make_unique<QSettings>(path, QSettings::IniFormat);
    settings->setValue(QStringLiteral("version"), kVersion);
    return settings;
}

}  // namespace lx::ui
