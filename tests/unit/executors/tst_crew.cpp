// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/crew.h"

#include <QtTest>
#include <limits>
#include <set>

using namespace lx::executors;

class TestCrew : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyPartOnce_data() {
        QTest::addColumn<int>("threads");
        QTest::newRow("alone") << 1;
        QTest::newRow("two") << 2;
        QTest::newRow("more than there are processors") << 9;
    }
    void everyPartOnce() {
        QFETCH(int, threads);
        Crew crew(threads);
        QCOMPARE(crew.threads(), threads);
        // Many short pieces in a row: helpers that wake late meet the next piece.
        for (std::uint32_t piece = 0; piece < 3000; ++piece) {
            const std::uint32_t count = piece % 17;
            std::vector<std::atomic<int>> seen(17);
            std::atomic<bool> stranger{false};
            crew.run(count, [&](std::uint32_t part, int worker) {
                seen[part].fetch_add(1);
                if (worker < 0 || worker >= threads) {
                    stranger = true;
                }
            });
            for (std::uint32_t i = 0; i < 17; ++i) {
                QCOMPARE(seen[i].load(), i < count ? 1 : 0);
            }
            QVERIFY(!stranger);
        }
    }

    void wakesAfterSleep() {
        Crew crew(3);
        for (int i = 0; i < 3; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            std::atomic<int> sum{0};
            crew.run(100, [&](std::uint32_t part, int) { sum += static_cast<int>(part); });
            QCOMPARE(sum.load(), 4950);
        }
    }

    void workersAreDistinct() {
        Crew crew(4);
        std::vector<std::atomic<int>> inside(4);
        std::atomic<bool> shared{false};
        crew.run(200, [&](std::uint32_t, int worker) {
            auto& here = inside[static_cast<std::size_t>(worker)];
            if (here.fetch_add(1) != 0) {
                shared = true;  // two threads with one scratch memory
            }
            std::this_thread::yield();
            here.fetch_sub(1);
        });
        QVERIFY(!shared);
    }

    void denormalsCountAsZeroOnlyInside() {
#if defined(__SSE2__)
        volatile float tiny = std::numeric_limits<float>::min();
        QVERIFY(tiny * 0.5F != 0.0F);
        Crew crew(2);
        std::atomic<int> kept{0};
        crew.run(64, [&](std::uint32_t, int) { kept += tiny * 0.5F != 0.0F ? 1 : 0; });
        QCOMPARE(kept.load(), 0);
        QVERIFY(tiny * 0.5F != 0.0F);
#else
        QSKIP("denormal numbers are not flushed on this processor");
#endif
    }

    void helpersAreStartedByTheCaller() {
        std::atomic<int> started{0};
        {
            Crew crew(3, [&] { ++started; });
        }
        QCOMPARE(started.load(), 2);
    }
};

QTEST_GUILESS_MAIN(TestCrew)
#include "tst_crew.moc"
