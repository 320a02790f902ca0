// SPDX-License-Identifier: GPL-3.0-or-later
// From the start of the process to its window, and to something that moves. Prints the figures;
// fails only at three times the goal.
#include "tests/cli/program.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

class TestStart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void windowAndFirstMotion() {
        constexpr double kMovingGoal = 2;
        const QTemporaryDir home;
        QElapsedTimer clock;
        clock.start();
        const lx::test::Outcome outcome =
            lx::test::runProgram(home.path(), {"bench", "start", "--json"});
        const double whole = static_cast<double>(clock.nsecsElapsed()) * 1e-9;
        QVERIFY2(outcome.status == 0, outcome.err);
        const QJsonArray rows = outcome.json().object()["rows"].toArray();
        QCOMPARE(rows.size(), 2);
        QCOMPARE(rows[0].toObject()["name"].toString(), QString("start.window"));
        QCOMPARE(rows[1].toObject()["name"].toString(), QString("start.moving"));
        const double window = rows[0].toObject()["value"].toDouble();
        const double moving = rows[1].toObject()["value"].toDouble();
        qInfo("window after %.2f s, something moves after %.2f s (goal %.0f)", window, moving,
              kMovingGoal);
        QVERIFY(window > 0 && window < moving);
        // Three starts were made: a row cannot take longer than all of them.
        QVERIFY(2 * moving < whole);
        QVERIFY(moving < 3 * kMovingGoal);
        QVERIFY(QDir(home.path()).entryList({"latent-explorer.conf"}).isEmpty());
    }

    /// A program that cannot come up must not be measured: the engine is missing beside this one.
    void aProgramThatDoesNotComeUpIsAnError() {
        const QTemporaryDir home;
        QVERIFY(QDir(home.path()).mkdir("bin"));
        const QString copy = home.filePath("bin/latent-explorer");
        QVERIFY(QFile::copy(lx::test::kProgram, copy));
        QProcess process;
        process.setProcessEnvironment(lx::test::isolated(home.path()));
        process.start(copy, {"bench", "start"});
        QVERIFY(process.waitForFinished(120'000));
        QVERIFY(process.exitCode() != 0);
        QVERIFY(process.readAllStandardOutput().indexOf("start.moving") < 0);
        QVERIFY(!process.readAllStandardError().isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestStart)
#include "tst_start.moc"
