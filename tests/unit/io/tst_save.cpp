// SPDX-License-Identifier: GPL-3.0-or-later
// Saving is old-or-new: killed at any moment, with any system call failing, on a full disk.
#include "core/io/digest.h"
#include "io_support.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <filesystem>
#include <random>

using namespace lx;
using namespace lx::test;
namespace fs = std::filesystem;

namespace {

constexpr Index kSmall = 16;  // KiB

struct Child {
    int status = -1;
    bool faultMet = false;
    std::string message;
};

class Folder {
public:
    Folder() { saveProject(file(), sampleProject(1, kSmall)); }
    fs::path path() const { return m_dir.path().toStdString(); }
    fs::path file() const { return path() / "session.safetensors"; }
    /// Files besides the session itself.
    int leftovers() const {
        return static_cast<int>(std::distance(fs::directory_iterator(path()), {})) -
               (fs::exists(file()) ? 1 : 0);
    }

private:
    QTemporaryDir m_dir;
};

Child save(const Folder& folder, const QString& mode, const QString& how, const QString& call,
           int at, int error, const QStringList& more = {}) {
    QProcess child;
    auto environment = QProcessEnvironment::systemEnvironment();
    if (!call.isEmpty()) {
        environment.insert("LD_PRELOAD", LX_FAULTS);
        environment.insert("LX_FAULT_DIR", QString::fromStdString(folder.path().string()));
        environment.insert("LX_FAULT_CALL", call);
        environment.insert("LX_FAULT_AT", QString::number(at));
        environment.insert("LX_FAULT_ERRNO", QString::number(error));
        // A sanitizer wants to be the first library; the shim does not allocate before it.
        environment.insert("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0");
    }
    child.setProcessEnvironment(environment);
    // Permissions bind root too, once this capability is out of reach.
    child.setChildProcessModifier([] { ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0); });
    child.start(LX_SAVER, QStringList{mode, how, QString::fromStdString(folder.file().string()),
                                      QString::number(kSmall), "2"} +
                              more);
    if (!child.waitForFinished(60'000) || child.exitStatus() != QProcess::NormalExit) {
        return {};
    }
    Child result;
    result.status = child.exitCode();
    result.message = child.readAllStandardError().toStdString();
    result.faultMet = result.message.find("lx_faults:") != std::string::npos;
    return result;
}

/// Runs the fault loop for one kind of call: fails the 1st, 2nd, ... until a run meets none.
/// Returns the broken promises.
QStringList faultLoop(const QString& how, const QString& call, int error, int& cases) {
    QStringList broken;
    const Project older = sampleProject(1, kSmall), newer = sampleProject(2, kSmall);
    for (int at = 1; at < 500; ++at) {
        const Folder folder;
        const Child child = save(folder, "once", how, call, at, error);
        if (!child.faultMet) {
            if (child.status != 0 || !same(loadProject(folder.file()), newer)) {
                broken << call + ": not saved although nothing failed";
            }
            return broken;
        }
        ++cases;
        const QString name = QString("%1 %2").arg(call).arg(at);
        const bool afterRename = child.message.find("written, but") != std::string::npos;
        if (child.status != 10) {
            broken << name + ": reported as saved";
        }
        if (child.message.find("failed") == std::string::npos ||
            child.message.find(';') == std::string::npos) {
            broken << name + ": no call or remedy in: " + QString::fromStdString(child.message);
        }
        try {
            if (!same(loadProject(folder.file()), afterRename ? newer : older)) {
                broken << name + ": another file than the old one";
            }
        } catch (const InputError&) {
            broken << name + ": the old file is destroyed";
        }
        if (folder.leftovers() != 0) {
            broken << name + ": a temporary file is left";
        }
    }
    broken << call + ": never came to an end";
    return broken;
}

/// Kills a process that saves without pause. Returns how often the file was neither old nor new.
int torn(const QString& how, int kills, std::uint32_t seed) {
    int count = 0;
    std::mt19937 random(seed);
    constexpr Index kLarge = 512;  // KiB
    for (int kill = 0; kill < kills; ++kill) {
        QTemporaryDir dir;
        const fs::path file = fs::path(dir.path().toStdString()) / "session.safetensors";
        saveProject(file, sampleProject(5, kLarge));
        QProcess child;
        child.start(LX_SAVER, {"loop", how, QString::fromStdString(file.string()),
                               QString::number(kLarge), "5"});
        if (!child.waitForReadyRead(60'000)) {
            return -1;
        }
        ::usleep(random() % 20'000);
        ::kill(static_cast<pid_t>(child.processId()), SIGKILL);
        child.waitForFinished(60'000);
        try {
            const Project found = loadProject(file);
            count += same(found, sampleProject(5, kLarge)) || same(found, sampleProject(6, kLarge))
                         ? 0
                         : 1;
        } catch (const InputError&) {
            ++count;
        }
    }
    return count;
}

}  // namespace

class TestSave : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void killedSavesAreOldOrNew() { QCOMPARE(torn("atomic", 50, 1), 0); }

    void killedSavesInPlaceAreCaught() {
        const int count = torn("in-place", 20, 2);
        qInfo("saving in place: %d of 20 files torn", count);
        QVERIFY(count >= 1);
    }

    void everyFailingCall_data() {
        QTest::addColumn<QString>("call");
        QTest::addColumn<int>("error");
        QTest::addColumn<int>("least");
        QTest::newRow("open: permission") << "open" << EACCES << 2;
        QTest::newRow("open: read-only disk") << "open" << EROFS << 2;
        QTest::newRow("open: too many files") << "open" << EMFILE << 2;
        QTest::newRow("write: disk full") << "write" << ENOSPC << 4;
        QTest::newRow("write: fault") << "write" << EIO << 4;
        QTest::newRow("fsync") << "fsync" << EIO << 2;
        QTest::newRow("close") << "close" << EIO << 1;
        QTest::newRow("fchmod") << "fchmod" << EPERM << 1;
        QTest::newRow("rename") << "rename" << EACCES << 1;
    }

    void everyFailingCall() {
        QFETCH(QString, call);
        QFETCH(int, error);
        QFETCH(int, least);
        int cases = 0;
        const QStringList broken = faultLoop("atomic", call, error, cases);
        qInfo("%d calls failed", cases);
        QVERIFY2(broken.isEmpty(), qPrintable(broken.join("; ")));
        QVERIFY(cases >= least);
    }

    void faultLoopRejectsSavingInPlace() {
        for (const char* call : {"open", "write", "fsync", "close"}) {
            int cases = 0;
            QVERIFY2(!faultLoop("in-place", call, EIO, cases).isEmpty(), call);
        }
    }

    void interruptedAndShortWritesGoOn() {
        for (const int error : {EINTR, 0}) {
            const Folder folder;
            const Child child = save(folder, "once", "atomic", "write", 2, error);
            QVERIFY(child.faultMet);
            QCOMPARE(child.status, 0);
            QVERIFY(same(loadProject(folder.file()), sampleProject(2, kSmall)));
        }
    }

    void workIsStillThereAfterAFailure() {
        const Folder folder;
        const Child child = save(folder, "retry", "atomic", "write", 1, ENOSPC);
        QVERIFY(child.faultMet);
        QCOMPARE(child.status, 0);
        QVERIFY(same(loadProject(folder.file()), sampleProject(2, kSmall)));
        QCOMPARE(folder.leftovers(), 0);
    }

    void fullDiskAtEverySize() {
        const auto size = static_cast<int>(encodeProject(sampleProject(2, kSmall)).size());
        int kept = 0;
        for (int part = 0; part < 100; ++part) {
            const Folder folder;
            const Child child =
                save(folder, "once", "atomic", {}, 0, 0, {QString::number(size * part / 100)});
            QCOMPARE(child.status, 10);
            QVERIFY(child.message.find("write failed") != std::string::npos);
            QCOMPARE(folder.leftovers(), 0);
            kept += same(loadProject(folder.file()), sampleProject(1, kSmall)) ? 1 : 0;
        }
        QCOMPARE(kept, 100);
        const Folder folder;
        QCOMPARE(save(folder, "once", "atomic", {}, 0, 0, {QString::number(size)}).status, 0);
    }

    void readOnlyFolder() {
        for (const char* how : {"atomic", "in-place"}) {
            const Folder folder;
            fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
            const Child child = save(folder, "once", how, {}, 0, 0);
            fs::permissions(folder.path(), fs::perms::owner_all);
            const bool old = same(loadProject(folder.file()), sampleProject(1, kSmall));
            // The twin needs no new name in the folder, so it writes over the old file.
            const bool guarded = std::string_view(how) == "atomic";
            QCOMPARE(old, guarded);
            QCOMPARE(child.status, guarded ? 10 : 0);
            if (guarded) {
                QVERIFY2(child.message.find("ermission") != std::string::npos,
                         child.message.c_str());
                QCOMPARE(folder.leftovers(), 0);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestSave)
#include "tst_save.moc"
