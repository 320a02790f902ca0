// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of a run is constant in time: curves of any length keep their extremes, their start
// and their end in a bounded table, also while the window is minimised.
#include "tests/gui/fake_session.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"

#include <QTest>

#include <cmath>
#include <deque>
#include <limits>

#include <malloc.h>

using namespace lx;
using namespace lx::ui;

namespace {

constexpr Index kLong = 3'000'000;
constexpr Index kWarm = 400'000, kMeasured = 600'000;  // steps of a run without brake
constexpr double kGrowthMb = 24;

double heapMb() {
    const struct mallinfo2 now = mallinfo2();
    return double(now.uordblks + now.hblkhd) / (1 << 20);
}

double wave(Index i) {
    return std::sin(double(i) * 1e-5);
}

/// True when no stretch of steps is much emptier than another.
bool coversEvenly(const std::vector<double>& step, double last) {
    double widest = step.front();
    for (std::size_t i = 1; i < step.size(); ++i) {
        widest = std::max(widest, step[i] - step[i - 1]);
    }
    return widest <= 6 * last / double(step.size()) && step.back() == last;
}

}  // namespace

class TestSeriesMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aShortSeriesIsWhole() {
        SeriesData data;
        for (std::size_t i = 0; i < SeriesData::kMost; ++i) {
            data.add(double(i), wave(Index(i)));
        }
        QCOMPARE(data.step.size(), SeriesData::kMost);
        QCOMPARE(data.stride(), std::size_t{1});
    }

    void aLongSeriesIsBoundedAndTrue() {
        SeriesData data;
        const double nan = std::numeric_limits<double>::quiet_NaN();
        for (Index i = 0; i < kLong; ++i) {
            const double v = i == 1234 ? 7 : i == 1'777'777 ? -9 : i == 2'345'678 ? nan : wave(i);
            data.add(double(i), v);
            if (data.step.size() > SeriesData::kMost + 4 || data.step.back() != double(i)) {
                QFAIL(qPrintable(QStringLiteral("%1 points at step %2, the last at %3")
                                     .arg(data.step.size())
                                     .arg(i)
                                     .arg(data.step.back())));
            }
        }
        QVERIFY(data.step.size() > SeriesData::kMost / 3);
        QVERIFY(coversEvenly(data.step, double(kLong - 1)));
        int peaks = 0;
        for (std::size_t n = 0; n < data.step.size(); ++n) {
            const auto i = Index(data.step[n]);
            QVERIFY(n == 0 || data.step[n] > data.step[n - 1]);
            if (i == 1234 || i == 1'777'777) {
                QCOMPARE(data.value[n], i == 1234 ? 7.0 : -9.0);
                ++peaks;
            } else if (i == 2'345'678) {
                QVERIFY(std::isnan(data.value[n]));
                ++peaks;
            } else {
                QCOMPARE(data.value[n], wave(i));  // measured, not averaged
            }
        }
        QCOMPARE(peaks, 3);

        data.rewind(1e6);
        QVERIFY(data.step.back() < 1e6 && data.step.back() > 1e6 - 2.0 * double(data.stride()));
        data.add(1e6, 0.5);
        QCOMPARE(data.value.back(), 0.5);
        data.rewind(0);
        data.add(0, 1);
        QCOMPARE(data.stride(), std::size_t{1});
        QCOMPARE(data.step.size(), std::size_t{1});
    }

    /// To drop every second point whenever the table is full forgets the start of the run.
    void twinThatForgetsTheStartIsSeen() {
        std::vector<double> step;
        for (Index i = 0; i < kLong; ++i) {
            step.push_back(double(i));
            if (step.size() > SeriesData::kMost) {
                bool keep = false;
                std::erase_if(step, [&](double) { return !std::exchange(keep, !keep); });
            }
        }
        QVERIFY(!coversEvenly(step, step.back()));
    }

    void aMinimisedWindowFetchesTheSeries() {
        auto session = std::make_shared<test::FakeSession>();
        SessionBridge bridge;
        bridge.addRun(session, QStringLiteral("run"));
        bridge.setPaused(true);
        const auto before = bridge.activeFrame()->snapshot;
        session->publish([](Snapshot& s) { s.step[0] = 5; });
        for (Index i = 1; i <= 5; ++i) {
            session->points.push_back({7, 0, Clock::Train, i, double(i)});
        }
        QTRY_VERIFY(session->points.empty());
        const SeriesData* data = bridge.series().find({7, 0, Clock::Train});
        QVERIFY(data);
        QCOMPARE(data->step.size(), std::size_t{5});
        QCOMPARE(bridge.activeFrame()->snapshot, before);  // nothing else is done for nobody
        bridge.setPaused(false);
        QVERIFY(bridge.activeFrame()->snapshot != before);
        bridge.removeRun(7);
        QVERIFY(bridge.series().empty());
    }

    void aRunWithoutBrakeStaysSmall_data() {
        QTest::addColumn<bool>("minimised");
        QTest::addColumn<bool>("hoards");
        QTest::newRow("shown") << false << false;
        QTest::newRow("minimised") << true << false;
        QTest::newRow("twin that keeps all points") << false << true;
    }
    void aRunWithoutBrakeStaysSmall() {
        QFETCH(bool, minimised);
        QFETCH(bool, hoards);
        test::WindowHarness harness;
        MainWindow& window = harness.open();
        QTRY_VERIFY(window.bridge().activeFrame());
        SessionBridge& bridge = window.bridge();
        const auto session = bridge.sharedSession(bridge.active());
        std::deque<SeriesPoint> all;  // a vector may have its room already
        if (hoards) {
            connect(&bridge, &SessionBridge::seriesAppended, this,
                    [&](const std::vector<SeriesPoint>& points) {
                        all.insert(all.end(), points.begin(), points.end());
                    });
        }
        const auto reaches = [&](Index step) {
            return QTest::qWaitFor([&] { return session->latest()->step[0] >= step; }, 120'000);
        };
        bridge.post(cmd::Run{Clock::Train, 0});
        if (minimised) {
            window.showMinimized();
        }
        const Index first = kWarm;
        QVERIFY(reaches(first));
        // Measured at rest both times: what only a moving run holds comes and goes.
        const auto atRest = [&] {
            bridge.post(cmd::Pause{Clock::Train});
            QTest::qWait(600);
            return heapMb();
        };
        const double before = atRest();
        const Index from = session->latest()->step[0];
        bridge.post(cmd::Run{Clock::Train, 0});
        QVERIFY(reaches(from + kMeasured));
        const double growth = atRest() - before;
        qInfo("%.1f MB more after %lld steps", growth,
              static_cast<long long>(session->latest()->step[0] - from));
        QVERIFY2(hoards ? growth > kGrowthMb : growth < kGrowthMb,
                 qPrintable(QString::number(growth)));
    }
};

QTEST_MAIN(TestSeriesMemory)
#include "tst_series_memory.moc"
