// SPDX-License-Identifier: GPL-3.0-or-later
// What commands do to one run, and what its snapshots say.
#include "tests/session/harness.h"

using namespace lx;
using test::Harness;

class TestSession : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void startsIdle() {
        Harness h;
        QVERIFY(h.session->latest() != nullptr);
        QCOMPARE(h.session->latest()->state, RunState::Idle);
        QVERIFY(h.session->description() == nullptr);
        QVERIFY(h.session->waitIdle());
        QVERIFY_EXCEPTION_THROWN(h.session->metrics(Key{}), UsageError);
        h.session->post(cmd::Run{});
        h.session->waitIdle();
        QVERIFY(h.session->latest()->note.find("no run is loaded") != std::string::npos);
    }

    void runsUntil() {
        Harness h;
        h.load("fake-chain");
        QCOMPARE(h.session->latest()->state, RunState::Paused);
        QCOMPARE(h.session->latest()->epoch, std::uint64_t{1});
        h.runUntil(1000);
        const auto snapshot = h.session->latest();
        QCOMPARE(snapshot->step[0], Index{1000});
        QCOMPARE(snapshot->head[0], Index{1000});
        QCOMPARE(snapshot->state, RunState::Paused);
        h.runUntil(500);  // already past it
        QCOMPARE(h.session->latest()->step[0], Index{1000});
    }

    void stepsCount() {
        Harness h;
        h.load("fake-chain");
        h.session->post(cmd::Step{Clock::Train, 7, {}});
        h.session->post(cmd::Step{Clock::Train, 5, {}});
        h.session->post(cmd::Step{Clock::Sample, 3, {}});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->step[0], Index{12});
        QCOMPARE(h.session->latest()->step[1], Index{3});
        h.session->post(cmd::Step{Clock::Train, 1, "encoder"});
        h.session->post(cmd::Step{Clock::Diffuse, 1, {}});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->notes, std::uint64_t{2});
        QVERIFY(h.session->latest()->note.find("diffuse") != std::string::npos);
        QVERIFY(h.loggedContains("no phase 'encoder'"));
        QCOMPARE(h.session->latest()->state, RunState::Paused);
    }

    void stepsApplyInOrderWithParameters() {
        // 10 steps, a change, 10 steps: as when somebody waits in between.
        const auto walkOf = [](bool waiting) {
            Harness h;
            h.load("fake-chain");
            h.session->post(cmd::Step{Clock::Train, 10, {}});
            if (waiting) {
                h.session->waitIdle();
            }
            h.session->post(cmd::SetParam{"step_size", 0.5});
            h.session->post(cmd::Step{Clock::Train, 10, {}});
            h.session->waitIdle();
            return h.walk();
        };
        QCOMPARE(walkOf(false), walkOf(true));
    }

    void pauseCutsStepsShort() {
        Harness h;
        h.load("fake-chain", {{"step_ms", Index{1}}});
        h.session->post(cmd::Step{Clock::Train, 1000000, {}});
        QVERIFY(h.until([](const Snapshot& s) { return s.step[0] > 0; }));
        h.session->post(cmd::Pause{Clock::Train});
        h.session->waitIdle();
        const Index step = h.session->latest()->step[0];
        QVERIFY(step > 0 && step < 1000000);
        QVERIFY(!h.session->latest()->running[0]);
    }

    void seriesLoseNothing() {
        Harness h;
        h.load("fake-chain");
        std::vector<SeriesPoint> all;
        h.session->post(cmd::Run{Clock::Train, 20000});
        while (h.session->latest()->step[0] < 20000) {
            for (const auto& point : h.session->drainSeries()) {
                all.push_back(point);
            }
        }
        h.session->waitIdle();
        for (const auto& point : h.session->drainSeries()) {
            all.push_back(point);
        }
        QCOMPARE(all.size(), std::size_t{20000});
        for (std::size_t i = 0; i < all.size(); ++i) {
            QCOMPARE(all[i].step, static_cast<Index>(i + 1));
            QCOMPARE(all[i].source, h.session->id());
        }
    }

    void clocksInterleaveByRatio() {
        // Together to 600 and 1800, whatever the slices were.
        const auto walkOf = [](std::chrono::milliseconds slice, bool disturbed) {
            auto options = Harness::quick();
            options.sliceTime = slice;
            Harness h(options);
            h.load("fake-chain", {{"run.sample_per_train", Index{3}}});
            h.session->postAll({cmd::Run{Clock::Train, 600}, cmd::Run{Clock::Sample, 1800}});
            for (int i = 0; disturbed && i < 200; ++i) {
                h.session->post(cmd::Speed{Clock::Train, i < 199 ? 1e6 : 0.0});
                std::this_thread::yield();
            }
            h.session->waitIdle();
            const auto snapshot = h.session->latest();
            if (snapshot->step[0] != 600 || snapshot->step[1] != 1800) {
                return std::vector<double>{};
            }
            return h.walk();
        };
        const auto reference = walkOf(std::chrono::milliseconds{8}, false);
        QCOMPARE(reference.size(), std::size_t{8});
        QCOMPARE(walkOf(std::chrono::milliseconds{1}, false), reference);
        QCOMPARE(walkOf(std::chrono::milliseconds{1}, true), reference);
        QCOMPARE(walkOf(std::chrono::milliseconds{0}, true), reference);
        // The twin that must differ: one clock after the other.
        Harness h;
        h.load("fake-chain", {{"run.sample_per_train", Index{3}}});
        h.runUntil(600);
        h.runUntil(1800, Clock::Sample);
        QVERIFY(h.walk() != reference);
    }

    void pausedRoundGoesOnWhereItStopped() {
        const auto walkOf = [](int pauses) {
            Harness h;
            h.load("fake-chain", {{"run.sample_per_train", Index{5}}, {"step_ms", Index{1}}});
            for (int i = 0; i < pauses; ++i) {
                h.session->postAll({cmd::Run{Clock::Train, 40}, cmd::Run{Clock::Sample, 200}});
                std::this_thread::sleep_for(std::chrono::milliseconds(7));
                h.session->postAll({cmd::Pause{Clock::Train}, cmd::Pause{Clock::Sample}});
                h.session->waitIdle();
            }
            h.session->postAll({cmd::Run{Clock::Train, 40}, cmd::Run{Clock::Sample, 200}});
            h.session->waitIdle();
            return h.walk();
        };
        QCOMPARE(walkOf(6), walkOf(0));
    }

    void speedLimits() {
        Harness h;
        h.load("fake-chain");
        h.session->post(cmd::Speed{Clock::Train, 200});
        h.session->post(cmd::Run{Clock::Train, 0});
        const auto start = std::chrono::steady_clock::now();
        QVERIFY(h.until([](const Snapshot& s) { return s.step[0] >= 60; }));
        const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start);
        qInfo("60 steps at 200 steps/s took %.3f s, shown rate %.1f", took.count(),
              h.session->latest()->stepsPerSecond[0]);
        // Slowness of the machine only adds; the limit itself must have held.
        QVERIFY(took.count() > 0.15);
        h.session->post(cmd::Speed{Clock::Train, 0});
        QVERIFY(h.until([](const Snapshot& s) { return s.step[0] >= 5000; }));
    }

    void parameters() {
        Harness h;
        h.load("fake-vae");
        h.session->post(cmd::SetParam{"step_size", 0.2});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->notes, std::uint64_t{0});
        h.session->post(cmd::SetParam{"latent.dim", Index{3}});  // cold
        h.session->waitIdle();
        QVERIFY(h.session->latest()->note.find("load a new run") != std::string::npos);
        h.session->post(cmd::SetParam{"step_size", 99.0});
        h.session->waitIdle();
        QVERIFY(h.session->latest()->note.find("outside its range") != std::string::npos);
        h.session->post(cmd::SetParam{"step_siz", 0.1});
        h.session->waitIdle();
        QVERIFY(h.session->latest()->note.find("'step_size'") != std::string::npos);
        QCOMPARE(h.session->latest()->notes, std::uint64_t{3});
        QVERIFY(!h.session->latest()->failure);
        h.session->post(cmd::Capture{9});
        h.session->waitIdle();
        const auto captured = h.session->takeCaptured();
        QVERIFY(captured);
        QCOMPARE(captured->ticket, std::uint64_t{9});
        QCOMPARE(number(captured->load.params, "step_size"), 0.2);
        QVERIFY(!h.session->takeCaptured());
    }

    void resetAndRestore() {
        Harness h;
        h.load("fake-chain");
        h.runUntil(50);
        const auto at50 = h.walk();
        h.session->post(cmd::Capture{1});
        h.session->waitIdle();
        const auto captured = h.session->takeCaptured();
        QVERIFY(captured);
        h.session->post(cmd::SetParam{"step_size", 0.3});
        h.runUntil(80);
        h.session->post(cmd::Reset{false});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->step[0], Index{0});
        QCOMPARE(h.session->latest()->epoch, std::uint64_t{2});
        h.runUntil(50);
        QVERIFY(h.walk() != at50);  // the parameter stayed
        h.session->post(cmd::Reset{true});
        h.runUntil(50);
        QCOMPARE(h.walk(), at50);
        h.runUntil(70);
        const auto at70 = h.walk();
        h.session->post(cmd::Restore{captured->state});
        h.session->waitIdle();
        QCOMPARE(h.session->latest()->step[0], Index{50});
        QCOMPARE(h.session->latest()->epoch, std::uint64_t{4});
        QCOMPARE(h.walk(), at50);
        h.runUntil(70);
        QCOMPARE(h.walk(), at70);
    }

    void channelsKeepVersionAndStorage() {
        Harness h;
        h.load("fake-chain");
        h.session->post(cmd::Observe{{"walk", "fixed", "no_such_channel"}});
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.contains("fixed"); }));
        const auto first = h.session->latest();
        h.runUntil(100);
        const auto version = first->channels.at("walk").version;
        QVERIFY(h.until([&](const Snapshot& s) {
            return s.channels.at("walk").version != version && s.step[0] == 100;
        }));
        const auto second = h.session->latest();
        QCOMPARE(second->channels.at("fixed").version, first->channels.at("fixed").version);
        QVERIFY(second->channels.at("fixed").array.sharesStorageWith(
            first->channels.at("fixed").array));
        h.session->post(cmd::Observe{{"fixed"}});
        QVERIFY(h.until([](const Snapshot& s) { return !s.channels.contains("walk"); }));
        QVERIFY(h.session->latest()->channels.contains("fixed"));
    }

    void nobodyLooksNothingIsObserved() {
        Harness h;
        h.load("fake-chain");
        h.session->post(cmd::Observe{{"walk"}});
        h.session->post(cmd::Run{Clock::Train, 3000});
        h.session->waitIdle();
        // Not one snapshot was taken while it ran: state changes only.
        QVERIFY(h.session->latest()->sequence < 8);
        QCOMPARE(h.session->latest()->step[0], Index{3000});
    }

    /// What was shown stays while nobody looks, costs nothing, and is fresh at the next look.
    void hiddenRunsAreNotLookedAt() {
        Harness h;
        h.load("fake-chain");
        h.session->post(cmd::Observe{{"walk"}});
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.contains("walk"); }));
        const auto shown = h.session->latest()->channels.at("walk").version;
        h.session->post(cmd::Observe{{"walk"}, true});
        h.runUntil(50);
        QVERIFY(h.until([](const Snapshot& s) { return s.step[0] == 50; }));
        QCOMPARE(h.session->latest()->channels.at("walk").version, shown);
        h.session->post(cmd::Observe{{"walk"}, false});
        QVERIFY(h.until([&](const Snapshot& s) { return s.channels.at("walk").version > shown; }));
    }

    void severalRunsSideBySide() {
        Harness h;
        std::vector<std::shared_ptr<Session>> sessions;
        for (int i = 0; i < 4; ++i) {
            sessions.push_back(h.engine.open());
            sessions.back()->post(cmd::Load{"fake-chain", {}, static_cast<std::uint64_t>(i % 2)});
            sessions.back()->post(cmd::Run{Clock::Train, 500});
        }
        std::vector<std::map<std::string, double>> metrics;
        for (const auto& session : sessions) {
            session->waitIdle();
            metrics.push_back(session->metrics(Key{}));
        }
        QCOMPARE(metrics[0], metrics[2]);
        QCOMPARE(metrics[1], metrics[3]);
        QVERIFY(metrics[0] != metrics[1]);
        const int before = test::fakeAlive();
        sessions.pop_back();
        QTRY_COMPARE(test::fakeAlive(), before - 1);
    }

    /// Steps of 1 ms that a run made while another one made 40 of 20 ms.
    static Index stepsBesideASlowRun(bool watched) {
        Harness h;
        h.load("fake-chain", {{"step_ms", Index{1}}});
        if (watched) {
            h.session->post(cmd::Observe{{"walk"}});
        }
        const auto slow = h.engine.open();
        slow->post(cmd::Load{"fake-chain", {{"step_ms", Index{20}}}, 1});
        h.session->post(cmd::Run{Clock::Train, 0});
        slow->post(cmd::Run{Clock::Train, 40});
        slow->waitIdle();
        h.session->post(cmd::Pause{Clock::Train});
        h.session->waitIdle();
        return h.session->latest()->step[0];
    }

    /// Whoever is looked at has half the engine's time beside a run with slow steps.
    void theWatchedRunIsFavoured() {
        const Index watched = stepsBesideASlowRun(true), hidden = stepsBesideASlowRun(false);
        QVERIFY2(watched > 3 * hidden,
                 qPrintable(QStringLiteral("%1 and %2 steps").arg(watched).arg(hidden)));
    }

    void waitIdleStops() {
        Harness h;
        h.load("fake-chain", {{"step_ms", Index{1}}});
        h.session->post(cmd::Run{Clock::Train, 0});
        std::stop_source stop;
        std::thread asker([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            stop.request_stop();
        });
        QVERIFY(!h.session->waitIdle(stop.get_token()));
        asker.join();
        QVERIFY(!h.session->latest()->running[0]);
        QVERIFY(h.session->waitIdle());
    }

    void exportsChannels() {
        Harness h;
        h.load("fake-vae");
        const auto arrays = h.session->exportChannels({"codes", "labels"});
        QCOMPARE(arrays.at("codes").dim(0), arrays.at("labels").dim(0));
        QVERIFY_EXCEPTION_THROWN(h.session->exportChannels({"codez"}), UsageError);
    }

    void outlivesTheEngine() {
        std::shared_ptr<Session> session;
        {
            Harness h;
            h.load("fake-chain");
            h.session->post(cmd::Run{Clock::Train, 0});
            QVERIFY(h.until([](const Snapshot& s) { return s.step[0] > 0; }));
            session = h.session;
        }
        QCOMPARE(test::fakeAlive(), 0);
        session->post(cmd::Step{});
        QVERIFY(session->waitIdle());
        QVERIFY(session->latest() != nullptr);
        session->drainSeries();
        QVERIFY_EXCEPTION_THROWN(session->metrics(Key{}), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
