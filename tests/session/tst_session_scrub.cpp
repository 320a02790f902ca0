// SPDX-License-Identifier: GPL-3.0-or-later
// Going back in time over the bounded ring of states.
#include "core/session/scrub_ring.h"
#include "tests/session/harness.h"

using namespace lx;
using test::Harness;

namespace {

std::shared_ptr<const State> stateOf(std::size_t bytes) {
    State state;
    state["x"] = Array({static_cast<Index>(bytes)}, std::vector<std::uint8_t>(bytes));
    return std::make_shared<const State>(std::move(state));
}

}  // namespace

class TestSessionScrub : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ringStaysBoundedAndEven_data() {
        QTest::addColumn<int>("stateBytes");
        QTest::addColumn<int>("perRound");
        QTest::newRow("many small") << 10 << 1;
        QTest::newRow("ten fit") << 100000 << 1;
        QTest::newRow("two fit") << 450000 << 1;
        QTest::newRow("one fits") << 900000 << 1;
        QTest::newRow("none fits") << 2000000 << 1;
        QTest::newRow("rounds of several clocks") << 50000 << 7;
    }
    void ringStaysBoundedAndEven() {
        QFETCH(int, stateBytes);
        QFETCH(int, perRound);
        constexpr std::size_t kLimit = 1000000;
        ScrubRing ring;
        ring.setLimit(kLimit);
        const auto state = stateOf(static_cast<std::size_t>(stateBytes));
        Index added = 0;
        for (Index step = 0; step <= 5000; ++step) {
            const Steps now{step, step * (perRound - 1), 0};
            if (ring.due(now)) {
                ring.add(now, state);
                ++added;
            }
            QVERIFY(ring.bytes() <= kLimit);
            QVERIFY(ring.size() <= ScrubRing::kMaxEntries);
        }
        const auto steps = ring.steps(Clock::Train);
        QVERIFY(std::ranges::is_sorted(steps));
        if (stateBytes > static_cast<int>(kLimit)) {
            QVERIFY(steps.empty() && added == 1);
            return;
        }
        QVERIFY(!steps.empty());
        if (steps.size() < 3) {
            return;
        }
        QCOMPARE(steps.front(), Index{0});
        // Even coverage: no gap more than twice another, the head's own gap aside.
        Index smallest = 5000, largest = 5000 - steps.back();
        for (std::size_t i = 1; i < steps.size(); ++i) {
            largest = std::max(largest, steps[i] - steps[i - 1]);
            if (i + 1 < steps.size()) {
                smallest = std::min(smallest, steps[i] - steps[i - 1]);
            }
        }
        QVERIFY2(largest <= 2 * smallest + perRound,
                 qPrintable(QString("gaps %1 to %2").arg(smallest).arg(largest)));
    }

    void sharedStorageCountsOnce() {
        const Array draws({500000}, std::vector<std::uint8_t>(500000));
        ScrubRing ring;
        ring.setLimit(1000000);
        for (Index step = 0; step < 20; ++step) {
            State state = *stateOf(10000);
            state["draws"] = draws;
            ring.add({step, 0, 0}, std::make_shared<const State>(std::move(state)));
        }
        QCOMPARE(ring.size(), std::size_t{20});
        QVERIFY(ring.bytes() >= 700000 && ring.bytes() < 720000);
        ring.cutAfter({4, 0, 0});
        QVERIFY(ring.bytes() >= 550000 && ring.bytes() < 560000);
        ring.setLimit(540000);  // thinned until the shared part and two states are left
        QVERIFY(ring.size() >= 2 && ring.bytes() <= 540000 && ring.bytes() > 500000);
        ring.clear();
        QCOMPARE(ring.bytes(), std::size_t{0});
        ring.add({0, 0, 0}, stateOf(100));
        QVERIFY(ring.bytes() < 500);
    }

    void shrinkingTheLimitThinsAtOnce() {
        ScrubRing ring;
        ring.setLimit(1000000);
        for (Index step = 0; step < 9; ++step) {
            ring.add({step, 0, 0}, stateOf(100000));
        }
        ring.setLimit(400000);
        QVERIFY(ring.bytes() <= 400000);
        QCOMPARE(ring.steps(Clock::Train).front(), Index{0});
        QCOMPARE(ring.steps(Clock::Train).back(), Index{8});
    }

    void headComesBackExactly() {
        Harness h;
        h.load("fake-chain");
        h.session->postAll({cmd::Run{Clock::Train, 200}, cmd::Run{Clock::Sample, 200}});
        h.session->waitIdle();
        const auto head = h.walk();
        h.session->post(cmd::Observe{{"walk"}});
        h.session->post(cmd::Scrub{Clock::Train, 50});
        h.session->waitIdle();
        auto snapshot = h.session->latest();
        QVERIFY(snapshot->scrubbed);
        QCOMPARE(snapshot->head[0], Index{200});
        QVERIFY(std::abs(snapshot->step[0] - 50) <= 2);
        const Index shown = snapshot->step[0];
        const auto past = h.walk();
        QVERIFY(past != head);
        // Observation and probes see the past.
        cmd::Probe probe;
        probe.ticket = 1;
        probe.kind = "walk";
        h.session->post(probe);
        QVERIFY(h.until([&](const Snapshot& s) {
            return s.channels.contains("probe.1.x") && s.channels.contains("walk") &&
                   s.channels.at("walk").array.values<double>()[0] == past[0];
        }));
        QCOMPARE(h.session->latest()->channels.at("probe.1.x").array.values<double>()[0], past[0]);
        // The past is what the run was then.
        {
            Harness other;
            other.load("fake-chain");
            other.session->postAll({cmd::Run{Clock::Train, shown}, cmd::Run{Clock::Sample, shown}});
            other.session->waitIdle();
            QCOMPARE(past, other.walk());
        }
        h.session->post(cmd::Scrub{Clock::Train, 10});
        h.session->post(cmd::Scrub{Clock::Train, 200});
        h.session->waitIdle();
        QVERIFY(!h.session->latest()->scrubbed);
        QCOMPARE(h.walk(), head);
    }

    void runAndStepLeaveForTheHead() {
        const auto endOf = [](bool travelling) {
            Harness h;
            h.load("fake-chain");
            h.runUntil(100);
            for (int i = 0; travelling && i < 10; ++i) {
                h.session->post(cmd::Scrub{Clock::Train, 10 * i});
            }
            h.session->post(cmd::Step{Clock::Train, 5, {}});
            h.session->waitIdle();
            if (travelling) {
                h.session->post(cmd::Scrub{Clock::Train, 3});
            }
            h.runUntil(150);
            return std::pair{h.session->latest()->step[0], h.walk()};
        };
        const auto still = endOf(false), travelled = endOf(true);
        QCOMPARE(travelled.first, Index{150});
        QCOMPARE(still.second, travelled.second);
    }

    void captureWhileScrubbedTakesTheHead() {
        Harness h;
        h.load("fake-chain");
        h.runUntil(100);
        h.session->post(cmd::Scrub{Clock::Train, 20});
        h.session->post(cmd::Capture{4});
        h.session->waitIdle();
        const auto captured = h.session->takeCaptured();
        QCOMPARE(captured->step[0], Index{100});
        QCOMPARE(captured->state->at("step").values<Index>()[0], Index{100});
    }

    void parametersSetInThePastHoldAtTheHead() {
        Harness h;
        h.load("fake-chain");
        h.runUntil(100);
        h.session->post(cmd::Scrub{Clock::Train, 20});
        h.session->post(cmd::SetParam{"step_size", 0.7});
        h.runUntil(110);
        const auto changed = h.walk();
        Harness other;
        other.load("fake-chain");
        other.runUntil(100);
        other.session->post(cmd::SetParam{"step_size", 0.7});
        other.runUntil(110);
        QCOMPARE(changed, other.walk());
    }

    void allRunsShareTheBound() {
        auto options = Harness::quick();
        options.ringBytes = 20000;
        Harness h(options);
        std::vector<std::shared_ptr<Session>> sessions;
        for (int i = 0; i < 3; ++i) {
            sessions.push_back(h.engine.open());
            sessions.back()->post(cmd::Load{"fake-chain", {}, 1});
            sessions.back()->post(cmd::Run{Clock::Train, 2000});
        }
        std::size_t total = 0;
        for (const auto& session : sessions) {
            session->waitIdle();
        }
        for (const auto& session : sessions) {
            const auto [bytes, steps] = session->ring();
            total += bytes;
            QVERIFY(steps.size() >= 3);
            QCOMPARE(steps.front(), Index{0});
        }
        QVERIFY2(total <= options.ringBytes, qPrintable(QString::number(total)));
    }

    void theBoundCanChangeWhileRunsLive() {
        auto options = Harness::quick();
        options.ringBytes = 40000;
        Harness h(options);
        h.load("fake-chain");
        h.runUntil(1000);
        const auto [wide, manySteps] = h.session->ring();
        QCOMPARE(h.engine.ringBytes(), std::size_t{40000});
        QVERIFY(wide > 10000 && wide <= 40000);  // else the next lines show nothing
        h.engine.setRingBytes(10000);
        QCOMPARE(h.engine.ringBytes(), std::size_t{10000});
        QTRY_VERIFY(h.session->ring().first <= 10000);  // a paused run obeys too
        const auto fewSteps = h.session->ring().second;
        QVERIFY(fewSteps.size() >= 3 && fewSteps.size() < manySteps.size());
        QCOMPARE(fewSteps.front(), Index{0});
        h.runUntil(2000);
        QVERIFY(h.session->ring().first <= 10000);
        // Nothing fits, then there is room again.
        h.engine.setRingBytes(0);
        h.runUntil(2500);
        QVERIFY(h.session->ring().second.size() <= 1);
        h.engine.setRingBytes(40000);
        h.runUntil(4000);
        QVERIFY(h.session->ring().second.size() > 3);
        QVERIFY(h.session->ring().first <= 40000);
        // The numbers of the run do not depend on the bound.
        Harness other;
        other.load("fake-chain");
        other.runUntil(4000);
        QCOMPARE(h.walk(), other.walk());
    }

    void resetEmptiesTheRing() {
        Harness h;
        h.load("fake-chain");
        h.runUntil(50);
        QVERIFY(h.session->ring().second.size() > 10);
        h.session->post(cmd::Reset{});
        h.session->waitIdle();
        QCOMPARE(h.session->ring().second, std::vector<Index>{0});
    }
};

QTEST_GUILESS_MAIN(TestSessionScrub)
#include "tst_session_scrub.moc"
