// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that share out the parts of one piece of work; also run under ThreadSanitizer.
#include "core/render/team.h"

#include <QtTest>

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

using lx::render::Team;

class TestTeam : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyPartIsDoneOnce_data() {
        QTest::addColumn<int>("threads");
        QTest::addColumn<int>("parts");
        for (const int threads : {0, 1, 2, 3, 8}) {
            for (const int parts : {0, 1, 2, 7, 300}) {
                QTest::addRow("%d threads, %d parts", threads, parts) << threads << parts;
            }
        }
    }
    void everyPartIsDoneOnce() {
        QFETCH(int, threads);
        QFETCH(int, parts);
        Team team(threads);
        QCOMPARE(team.threads(), std::max(threads, 1));
        std::vector<int> done(static_cast<std::size_t>(parts), 0);  // no lock: each part its own
        for (int round = 1; round <= 50; ++round) {
            team.run(parts, [&](int part) { ++done[static_cast<std::size_t>(part)]; });
            // What the parts wrote is seen by the caller.
            QCOMPARE(std::accumulate(done.begin(), done.end(), 0), round * parts);
        }
        QVERIFY(std::all_of(done.begin(), done.end(), [](int n) { return n == 50; }));
    }

    /// Helpers really help: two parts that wait for each other are done by two threads only.
    void partsRunAtTheSameTime() {
        Team team(2);
        std::atomic<int> arrived = 0;
        std::array<std::thread::id, 2> by;
        team.run(2, [&](int part) {
            by[static_cast<std::size_t>(part)] = std::this_thread::get_id();
            ++arrived;
            while (arrived < 2) {
                std::this_thread::yield();
            }
        });
        QVERIFY(by[0] != by[1]);
        // The twin: alone, the caller does both.
        Team alone(1);
        alone.run(
            2, [&](int part) { by[static_cast<std::size_t>(part)] = std::this_thread::get_id(); });
        QVERIFY(by[0] == by[1] && by[0] == std::this_thread::get_id());
    }

    void theFirstFailureIsTheCallers() {
        Team team(3);
        for (int round = 0; round < 200; ++round) {
            std::atomic<int> begun = 0;
            try {
                team.run(1000, [&](int part) {
                    ++begun;
                    if (part == 5) {
                        throw std::runtime_error("part 5");
                    }
                });
                QFAIL("nothing was thrown");
            } catch (const std::runtime_error& error) {
                QCOMPARE(error.what(), "part 5");
            }
            QVERIFY(begun >= 6);
            // The team serves again.
            std::atomic<int> sum = 0;
            team.run(10, [&](int part) { sum += part; });
            QCOMPARE(sum.load(), 45);
        }
    }

    void teamsComeAndGo() {
        for (int round = 0; round < 300; ++round) {
            Team team(1 + round % 4);
            if (round % 3 != 0) {  // also one that never works
                std::atomic<int> sum = 0;
                team.run(round % 17, [&](int) { ++sum; });
                QCOMPARE(sum.load(), round % 17);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestTeam)
#include "tst_team.moc"
