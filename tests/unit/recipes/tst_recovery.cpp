// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/recovery.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

using namespace lx;
namespace fs = std::filesystem;

namespace {

SessionDocument document(Index step) {
    SessionDocument out;
    out.recipe = "vae-ring8";
    out.title = "Ring";
    out.load = {.recipe = "autoencoder", .params = {}, .seed = 1};
    out.step = {step, 0, 0};
    return out;
}

const State& state() {
    static const State value = {{"w", Array({2}, std::vector<float>{1, 2})}};
    return value;
}

/// A process that has lived and died.
ProcessId gone() {
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    ProcessId id = thisProcess();
    id.pid = child;
    std::ifstream file("/proc/" + std::to_string(child) + "/stat");
    std::string field;
    for (int i = 0; i < 21; ++i) {
        file >> field;  // the test's own name holds no blank
    }
    file >> id.start;
    const bool lived = isAlive(id);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return lived ? id : ProcessId{};
}

}  // namespace

class TestRecovery : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knowsTheLivingFromTheDead() {
        QVERIFY(isAlive(thisProcess()));
        const ProcessId dead = gone();
        QVERIFY2(dead.pid != 0, "the child was not seen alive");
        QVERIFY(!isAlive(dead));
        ProcessId reused = thisProcess();  // the same number, given to another process later
        reused.start += 1;
        QVERIFY(!isAlive(reused));
        ProcessId lastBoot = thisProcess();
        lastBoot.boot = "0123";
        QVERIFY(!isAlive(lastBoot));
    }

    void offersEveryLeftoverAndOverwritesNone() {
        QTemporaryDir dir;
        const fs::path folder = dir.path().toStdString();
        const ProcessId one = gone(), two = gone();
        saveSession(folder / autosaveName(one, 1), document(10), state());
        saveSession(folder / autosaveName(one, 2), document(20), state());
        saveSession(folder / autosaveName(two, 1), document(30), state());
        saveSession(folder / autosaveName(thisProcess(), 1), document(40), state());
        std::ofstream(folder / "notes.txt") << "not ours";
        std::vector<std::string> problems;
        const auto found = findLeftovers(folder, problems);
        QCOMPARE(found.size(), std::size_t{3});  // not the one of this living process
        QVERIFY(problems.empty());
        Index steps = 0;
        for (const auto& leftover : found) {
            steps += leftover.document.step[0];
            QCOMPARE(loadSession(leftover.path).document.step[0], leftover.document.step[0]);
            const auto age = std::chrono::system_clock::now() - leftover.saved;
            QVERIFY(age < std::chrono::minutes(5) && age > -std::chrono::minutes(1));
        }
        QCOMPARE(steps, Index{60});
        QCOMPARE(findLeftovers(folder, problems).size(),
                 std::size_t{3});  // looking changes nothing
    }

    void aClaimedLeftoverIsOfferedNoMore() {
        QTemporaryDir dir;
        const fs::path folder = dir.path().toStdString();
        const fs::path path = folder / autosaveName(gone(), 1);
        saveSession(path, document(10), state());
        const fs::path mine = claimLeftover(path, 77);
        QCOMPARE(loadSession(mine).document.step[0], Index{10});
        std::vector<std::string> problems;
        QVERIFY(findLeftovers(folder, problems).empty());
        bool refused = false;
        try {
            claimLeftover(path, 78);  // a second window had the same offer
        } catch (const Error&) {
            refused = true;
        }
        QVERIFY(refused);
    }

    void aDamagedLeftoverIsNamedAndKept() {
        QTemporaryDir dir;
        const fs::path folder = dir.path().toStdString();
        const fs::path path = folder / autosaveName(gone(), 1);
        std::ofstream(path) << "torn";
        std::vector<std::string> problems;
        QVERIFY(findLeftovers(folder, problems).empty());
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(problems[0].find(path.string()) != std::string::npos);
        QVERIFY(fs::exists(path));
    }

    void intervalIsInjectable() {
        unsetenv("LX_AUTOSAVE_SECONDS");
        QCOMPARE(autosaveInterval().count(), 30000L);
        setenv("LX_AUTOSAVE_SECONDS", "0.5", 1);
        QCOMPARE(autosaveInterval().count(), 500L);
        for (const char* bad : {"0", "-1", "often", "1e9", "nan"}) {
            setenv("LX_AUTOSAVE_SECONDS", bad, 1);
            QCOMPARE(autosaveInterval().count(), 30000L);
        }
    }

    void folderFollowsTheXdgRules() {
        setenv("XDG_STATE_HOME", "/somewhere", 1);
        QCOMPARE(stateFolder(), fs::path("/somewhere/latent-explorer"));
        setenv("XDG_STATE_HOME", "relative", 1);
        setenv("HOME", "/home/me", 1);
        QCOMPARE(stateFolder(), fs::path("/home/me/.local/state/latent-explorer"));
    }
};

QTEST_GUILESS_MAIN(TestRecovery)
#include "tst_recovery.moc"
