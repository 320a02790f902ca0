// SPDX-License-Identifier: GPL-3.0-or-later
// A6: windows killed while they train leave sessions that can be recovered; none is overwritten.
#include "core/recipes/recovery.h"
#include "tests/cli/program.h"

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace lx;
using namespace lx::test;

namespace {

constexpr int kKills = 8;
constexpr int kSignals[] = {SIGKILL, SIGSEGV, SIGABRT};

QMap<QString, QByteArray> digests(const QString& folder) {
    QMap<QString, QByteArray> all;
    for (const auto& file : QDir(folder).entryInfoList({"*.safetensors"}, QDir::Files)) {
        all[file.fileName()] =
            QCryptographicHash::hash(contentOf(file.filePath()), QCryptographicHash::Sha256);
    }
    return all;
}

}  // namespace

class TestKillAndRecover : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void killedWindowsLoseLittle() {
        QTemporaryDir home;
        const QString folder = home.filePath("latent-explorer/autosave");
        QProcessEnvironment environment = isolated(home.path());
        environment.insert("LX_AUTOSAVE_SECONDS", "1");
        qint64 worst = 0;
        for (int kill = 0; kill < kKills; ++kill) {
            const auto before = digests(folder);
            QCOMPARE(before.size(), kill);
            QProcess window;
            window.setProcessEnvironment(environment);
            window.start(kProgram, {"vae-ring8", "--threads", "1"});
            QVERIFY(window.waitForStarted());
            QTRY_VERIFY_WITH_TIMEOUT(digests(folder).size() == kill + 1, 60'000);
            // A moment that differs each time, in the midst of training and saving.
            QTest::qWait(300 + 431 * kill % 1700);
            QVERIFY2(window.state() == QProcess::Running, window.readAllStandardError());
            ::kill(static_cast<pid_t>(window.processId()), kSignals[kill % 3]);
            QVERIFY(window.waitForFinished(30'000));
            QCOMPARE(window.exitStatus(), QProcess::CrashExit);

            const auto after = digests(folder);
            QCOMPARE(after.size(), kill + 1);
            for (auto old = before.begin(); old != before.end(); ++old) {
                QVERIFY2(after.value(old.key()) == old.value(), "a new start changed a leftover");
            }
            for (auto fresh = after.begin(); fresh != after.end(); ++fresh) {
                if (!before.contains(fresh.key())) {
                    const QFileInfo file(folder + "/" + fresh.key());
                    worst =
                        std::max(worst, file.lastModified().msecsTo(QDateTime::currentDateTime()));
                }
            }
        }
        qInfo("largest loss of %d kills: %lld ms (figure: 2000)", kKills, worst);
        QVERIFY(worst < 3 * 2000);

        std::vector<std::string> problems;
        const auto leftovers = findLeftovers(folder.toStdString(), problems);
        QVERIFY2(problems.empty(), problems.empty() ? "" : problems[0].c_str());
        QCOMPARE(leftovers.size(), std::size_t{kKills});
        for (const auto& leftover : leftovers) {
            const SessionFile session = loadSession(leftover.path);
            QVERIFY(session.document.step[0] > 0);
            QCOMPARE(session.document.recipe, std::string("vae-ring8"));
        }
        // And a recovered one goes on.
        const Index step = leftovers.front().document.step[0];
        const Outcome more =
            runProgram(home.path(), {"run", "vae-ring8", "--resume",
                                     QString::fromStdString(leftovers.front().path.string()),
                                     "--steps", QString::number(step + 10)});
        QVERIFY2(more.status == 0, more.err);
    }

    void withoutAutosaveNothingIsRecovered() {
        // Broken twin: the same kill of a window that never autosaves. What is recovered above
        // comes from the autosave and from nothing else.
        QTemporaryDir home;
        QProcessEnvironment environment = isolated(home.path());
        environment.insert("LX_AUTOSAVE_SECONDS", "3600");
        QProcess window;
        window.setProcessEnvironment(environment);
        window.start(kProgram, {"vae-ring8", "--threads", "1"});
        QVERIFY(window.waitForStarted());
        QTest::qWait(4000);
        QVERIFY2(window.state() == QProcess::Running, window.readAllStandardError());
        window.kill();
        QVERIFY(window.waitForFinished(30'000));
        QVERIFY(digests(home.filePath("latent-explorer/autosave")).isEmpty());
    }

    // A signal that asks the window to end leaves its work to the next start; none is needed after
    // a person closed it (tests/unit/app).
    void anEndFromOutsideKeepsTheWork() {
        QTemporaryDir home;
        const QString folder = home.filePath("latent-explorer/autosave");
        QProcessEnvironment environment = isolated(home.path());
        environment.insert("LX_AUTOSAVE_SECONDS", "1");
        QProcess window;
        window.setProcessEnvironment(environment);
        window.start(kProgram, {"vae-ring8", "--threads", "1"});
        QVERIFY(window.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(digests(folder).size() == 1, 60'000);
        window.terminate();
        QVERIFY(window.waitForFinished(30'000));
        QCOMPARE(window.exitStatus(), QProcess::NormalExit);
        std::vector<std::string> problems;
        QCOMPARE(findLeftovers(folder.toStdString(), problems).size(), std::size_t{1});
    }

    void aCrashWritesAReportAndNamesIt() {
        QTemporaryDir home;
        QProcess window;
        window.setProcessEnvironment(isolated(home.path()));
        window.start(kProgram, {"vae-ring8"});
        QVERIFY(window.waitForStarted());
        QTest::qWait(1500);
        QVERIFY2(window.state() == QProcess::Running, window.readAllStandardError());
        ::kill(static_cast<pid_t>(window.processId()), SIGSEGV);
        QVERIFY(window.waitForFinished(30'000));
        const auto reports = QDir(home.filePath("latent-explorer/crashes"))
                                 .entryInfoList({"crash-*.txt"}, QDir::Files);
        QCOMPARE(reports.size(), 1);
        const QByteArray text = contentOf(reports[0].filePath());
        for (const char* part :
             {"Latent Explorer ", "'vae-ring8'", "SIGSEGV", "last messages:", "stack:"}) {
            QVERIFY2(text.contains(part), part);
        }
        const QByteArray said = window.readAllStandardError();
        QVERIFY2(said.contains(reports[0].filePath().toUtf8()), said);
    }
};

QTEST_GUILESS_MAIN(TestKillAndRecover)
#include "tst_kill_and_recover.moc"
