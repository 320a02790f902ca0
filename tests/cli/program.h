// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the built program as a person or a script would.
#pragma once

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringList>

namespace lx::test {

inline const QString kProgram = QStringLiteral(LX_BINARY_DIR "/bin/latent-explorer");
inline const QString kModule = QStringLiteral(LX_BINARY_DIR "/lib/liblatent-engine.so");

struct Outcome {
    int status = -1;
    QByteArray out, err;
    QJsonDocument json() const { return QJsonDocument::fromJson(out); }
};

/// State, data and settings of the program go below `home`, never to the user's own folders.
inline QProcessEnvironment isolated(const QString& home) {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"}) {
        environment.insert(QString::fromLatin1(name), home);
    }
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    return environment;
}

inline Outcome runProgram(const QString& home, const QStringList& arguments,
                          int milliseconds = 240'000) {
    QProcess process;
    process.setProcessEnvironment(isolated(home));
    process.start(kProgram, arguments);
    if (!process.waitForFinished(milliseconds)) {
        process.kill();
        process.waitForFinished();
        return {-1, {}, "the program did not end"};
    }
    const int status = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    return {status, process.readAllStandardOutput(), process.readAllStandardError()};
}

inline QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace lx::test
