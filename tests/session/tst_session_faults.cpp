// SPDX-License-Identifier: GPL-3.0-or-later
// The failure boundary (RELIABILITY D7): whatever an experiment throws, at whatever call, the
// engine lives and the next run works.
#include "tests/session/harness.h"

using namespace lx;
using test::Harness;

class TestSessionFaults : public QObject {
    Q_OBJECT

    static ParamSet fault(const char* where, Index call, const char* kind = "std") {
        return {{"fault.where", std::string(where)},
                {"fault.call", call},
                {"fault.kind", std::string(kind)}};
    }

    static void requireAlive(Harness& h) {
        h.load("fake-chain");
        h.runUntil(30);
        QCOMPARE(h.session->latest()->step[0], Index{30});
        QCOMPARE(h.session->latest()->state, RunState::Paused);
        QVERIFY(!h.session->latest()->failure);
    }

private Q_SLOTS:
    void advance() {
        Harness h;
        for (Index call = 1; call <= 100; ++call) {
            h.load("fake-fault", fault("advance", call, call % 3 == 0 ? "foreign" : "std"));
            h.runUntil(100);
            const auto snapshot = h.session->latest();
            QCOMPARE(snapshot->state, RunState::Failed);
            QVERIFY(snapshot->failure.has_value());
            QCOMPARE(snapshot->failure->where, std::string("advance train"));
            QCOMPARE(snapshot->failure->step, call - 1);
            QVERIFY(!snapshot->failure->message.empty());
            QVERIFY(!snapshot->running[0]);
            // Every point made before the failure arrived.
            QCOMPARE(h.session->drainSeries().size(), static_cast<std::size_t>(call - 1));
            // Refused, not crashed.
            h.session->post(cmd::Run{Clock::Train, 0});
            h.session->waitIdle();
            QVERIFY(h.session->latest()->note.find("has failed") != std::string::npos);
        }
        requireAlive(h);
    }

    void exitCodes() {
        Harness h;
        h.load("fake-fault", fault("advance", 4, "numerical"));
        h.runUntil(100);
        QCOMPARE(h.session->latest()->failure->exitCode, ExitCode::Numerical);
        QVERIFY(h.session->latest()->failure->message.find("walk at step 4") != std::string::npos);
        h.load("fake-chian");
        QCOMPARE(h.session->latest()->failure->exitCode, ExitCode::Usage);
        QVERIFY(h.session->latest()->failure->message.find("'fake-chain'") != std::string::npos);
        h.load("fake-chain", {{"step_sise", 1.0}});
        QVERIFY(h.session->latest()->failure->message.find("'step_size'") != std::string::npos);
        requireAlive(h);
    }

    void together() {
        Harness h;
        for (Index call = 1; call <= 20; ++call) {
            h.load("fake-fault", fault("advance", call));
            h.session->postAll({cmd::Run{Clock::Train, 0}, cmd::Run{Clock::Sample, 0}});
            h.session->waitIdle();
            QCOMPARE(h.session->latest()->state, RunState::Failed);
            const auto& step = h.session->latest()->step;
            QCOMPARE(step[0] + step[1], call - 1);
        }
        requireAlive(h);
    }

    void makeSetRestore() {
        Harness h;
        const int before = test::fakeAlive();
        h.load("fake-fault", fault("make", 1));
        QCOMPARE(h.session->latest()->failure->where, std::string("load fake-fault"));
        QCOMPARE(test::fakeAlive(), before);
        h.load("fake-fault", fault("set", 2));
        h.session->post(cmd::SetParam{"step_size", 0.2});
        h.session->waitIdle();
        QVERIFY(!h.session->latest()->failure);
        h.session->post(cmd::SetParam{"step_size", 0.3});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->failure->where, std::string("set step_size"));
        h.load("fake-fault", fault("restore", 1, "foreign"));
        h.session->post(cmd::Reset{});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->failure->where, std::string("reset"));
        h.session->post(cmd::Reset{});  // the second call succeeds and heals
        h.session->waitIdle();
        QVERIFY(!h.session->latest()->failure);
        State wrong;
        wrong["step"] = Array({1}, std::vector<Index>{1});
        h.session->post(cmd::Restore{std::make_shared<const State>(wrong)});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->failure->where, std::string("restore"));
        requireAlive(h);
    }

    void probesNeverKill() {
        Harness h;
        for (Index call = 1; call <= 100; ++call) {
            const bool inMake = call % 2 == 0;
            h.load("fake-fault", fault(inMake ? "probe" : "probe_advance", call % 5 + 1,
                                       call % 3 == 0 ? "foreign" : "std"));
            h.session->post(cmd::Run{Clock::Train, 0});
            bool error = false;
            for (std::uint64_t ticket = 1; ticket <= 6; ++ticket) {
                cmd::Probe probe;
                probe.ticket = ticket;
                probe.kind = "walk";
                h.session->post(probe);
            }
            // Whichever came to the failing call; the other five have their answers.
            error = h.until([&](const Snapshot& s) {
                int errors = 0, answers = 0;
                for (const auto& [id, channel] : s.channels) {
                    errors += id.ends_with(".error") ? 1 : 0;
                    answers += id.ends_with(".x") ? 1 : 0;
                }
                return errors == 1 && answers == 5;
            });
            QVERIFY(error);
            QCOMPARE(h.session->latest()->state, RunState::Running);
        }
        requireAlive(h);
    }

    void observeNeverKills() {
        Harness h;
        h.session->post(cmd::Observe{{"walk"}});
        for (Index call = 1; call <= 100; ++call) {
            {
                const std::lock_guard lock(h.logMutex);
                h.logged.clear();
            }
            h.load("fake-fault",
                   fault(call % 2 == 0 ? "observe" : "observe_advance", call % 4 + 1));
            h.session->post(cmd::Run{Clock::Train, 0});
            QVERIFY(
                h.until([&](const Snapshot&) { return h.loggedContains("looking at the run"); }));
            // The next look works again.
            const Index now = h.session->latest()->step[0];
            QVERIFY(h.until(
                [&](const Snapshot& s) { return s.step[0] > now && s.channels.contains("walk"); }));
            QCOMPARE(h.session->latest()->state, RunState::Running);
        }
        requireAlive(h);
    }

    void captureNeverKills() {
        Harness h;
        for (Index call = 2; call <= 101; ++call) {
            h.load("fake-fault", fault("capture", call));
            h.runUntil(120);
            QCOMPARE(h.session->latest()->step[0], Index{120});
            QVERIFY(h.loggedContains("planted fault at capture"));
            h.session->post(cmd::Capture{1});
            h.session->waitIdle();
            QVERIFY(h.session->takeCaptured().has_value());
        }
        h.load("fake-fault", fault("capture", 1));
        QCOMPARE(h.session->latest()->state, RunState::Failed);
        requireAlive(h);
    }

    void metricsThrowToTheCaller() {
        Harness h;
        h.load("fake-fault", fault("metrics", 1));
        QVERIFY_EXCEPTION_THROWN(h.session->metrics(Key{}), std::runtime_error);
        QVERIFY(!h.session->metrics(Key{}).empty());
        requireAlive(h);
    }

    void nanInASeriesIsDelivered() {
        Harness h;
        h.load("fake-chain", {{"nan_from", Index{10}}});
        h.runUntil(20);
        const auto points = h.session->drainSeries();
        QCOMPARE(points.size(), std::size_t{20});
        QVERIFY(std::isfinite(points[8].value) && std::isnan(points[9].value));
    }

    void timeTravelHealsAFailure() {
        Harness h;
        h.load("fake-fault", fault("advance", 61, "numerical"));
        h.runUntil(1000);
        QCOMPARE(h.session->latest()->state, RunState::Failed);
        h.session->post(cmd::Scrub{Clock::Train, 40});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->state, RunState::Paused);
        QCOMPARE(h.session->latest()->step[0], Index{40});
        QVERIFY(!h.session->latest()->scrubbed);
        QCOMPARE(h.session->ring().second.back(), Index{40});
        h.runUntil(100);
        const auto healed = h.walk();
        QCOMPARE(h.session->latest()->step[0], Index{100});
        h.load("fake-chain");
        h.runUntil(100);
        QCOMPARE(healed, h.walk());
    }
};

QTEST_GUILESS_MAIN(TestSessionFaults)
#include "tst_session_faults.moc"
