// SPDX-License-Identifier: GPL-3.0-or-later
// What crosses threads, hammered by threads (RELIABILITY D3; meant for ThreadSanitizer).
#include "core/session/channel_store.h"
#include "core/session/command_queue.h"
#include "tests/session/harness.h"

using namespace lx;
using test::Harness;

namespace {

Request tagged(std::string tag, std::uint64_t ticket) {
    return {cmd::Cancel{ticket}, std::move(tag), nullptr};
}

std::vector<std::uint64_t> tickets(std::deque<Request> requests) {
    std::vector<std::uint64_t> out;
    for (const auto& request : requests) {
        out.push_back(std::get<cmd::Cancel>(request.command).ticket);
    }
    return out;
}

constexpr int kOperations = 1000000;

}  // namespace

class TestExchange : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void coalescingNeverReorders() {
        CommandQueue queue;
        queue.push(tagged("a", 1));
        queue.push(tagged("a", 2));  // replaces 1
        queue.push(tagged("b", 3));
        queue.push(tagged("a", 4));  // must not take the place of 2, nor remove it
        queue.push(tagged("a", 5));  // replaces 4
        queue.push(tagged("", 6));
        queue.push(tagged("", 7));
        queue.push(tagged("a", 8));
        QCOMPARE(tickets(queue.drain()), (std::vector<std::uint64_t>{2, 3, 5, 6, 7, 8}));
        QVERIFY(queue.empty());
    }

    void versionsRiseOnlyWithContent() {
        ChannelStore store;
        const Array one({2}, std::vector<float>{1, 2});
        store.set("x", one);
        const auto version = store.channels().at("x").version;
        store.set("x", one);
        store.set("x", Array({2}, std::vector<float>{1, 2}));
        QCOMPARE(store.channels().at("x").version, version);
        QVERIFY(store.channels().at("x").array.sharesStorageWith(one));
        store.set("x", Array({1, 2}, std::vector<float>{1, 2}));  // another shape
        QVERIFY(store.channels().at("x").version > version);
        const auto large = [] { return Array({100000}, std::vector<float>(100000)); };
        store.set("y", large());
        const auto before = store.channels().at("y").version;
        store.set("y", large());  // too large to compare: counts as new
        QVERIFY(store.channels().at("y").version > before);
        store.erasePrefix("y");
        store.set("y", one);
        QVERIFY(store.channels().at("y").version > before + 1);
    }

    void whatANewEpochDoesNotSetIsDropped() {
        ChannelStore store;
        const Array one({2}, std::vector<float>{1, 2});
        for (const char* id : {"x", "y", "probe.1.x"}) {
            store.set(id, one);
        }
        const auto version = store.channels().at("x").version;
        store.dropPast();  // nothing is of the past yet
        QCOMPARE(store.channels().size(), std::size_t{3});
        store.beginAnew();
        store.set("x", one);
        QCOMPARE(store.channels().size(), std::size_t{3});  // on screen until the new ones are
        QVERIFY(store.takeChanged());
        store.dropPast();
        QVERIFY(store.takeChanged());
        QVERIFY(!store.channels().contains("y"));
        QVERIFY(store.channels().contains("probe.1.x"));
        QCOMPARE(store.channels().at("x").version, version);
    }

    void queueKeepsOrder() {
        CommandQueue queue;
        constexpr int kThreads = 4, kEach = kOperations / 8 / kThreads;
        std::atomic<int> writing = kThreads;
        std::vector<std::thread> writers;
        for (int t = 0; t < kThreads; ++t) {
            writers.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    queue.push(tagged(
                        "", static_cast<std::uint64_t>(t) << 32 | static_cast<std::uint64_t>(i)));
                }
                --writing;
            });
        }
        std::array<std::int64_t, kThreads> last;
        last.fill(-1);
        int total = 0;
        bool ordered = true;
        while (total < kThreads * kEach) {
            const bool finished = writing == 0;
            const auto got = tickets(queue.drain());
            for (const std::uint64_t ticket : got) {
                auto& previous = last[ticket >> 32];
                const auto i = static_cast<std::int64_t>(ticket & 0xFFFFFFFFU);
                ordered = ordered && i == previous + 1;
                previous = i;
            }
            total += static_cast<int>(got.size());
            if (finished && got.empty()) {
                break;
            }
        }
        for (auto& writer : writers) {
            writer.join();
        }
        QCOMPARE(total, kThreads * kEach);
        QVERIFY(ordered);
    }

    void snapshotsAreWhole() {
        SnapshotSlot slot;
        std::atomic<bool> done = false;
        std::thread writer([&] {
            for (std::uint64_t i = 1; i <= kOperations / 8; ++i) {
                auto snapshot = std::make_shared<Snapshot>();
                snapshot->sequence = i;
                snapshot->step.fill(static_cast<Index>(i));
                slot.put(std::move(snapshot));
            }
            done = true;
        });
        std::atomic<bool> whole = true;
        const auto reading = [&] {
            std::uint64_t last = 0;
            while (!done) {
                bool first = false;
                const auto s = slot.take(first);
                if (s->sequence < last || s->step[2] != static_cast<Index>(s->sequence)) {
                    whole = false;
                }
                last = s->sequence;
            }
        };
        std::thread reader(reading);
        reading();
        writer.join();
        reader.join();
        QVERIFY(whole);
    }

    void seriesArriveOnceEach() {
        SeriesBuffer buffer;
        std::atomic<bool> done = false;
        std::thread writer([&] {
            std::vector<SeriesPoint> points;
            for (Index i = 0; i < kOperations / 2; ++i) {
                points.push_back({0, 0, Clock::Train, i, 0.5});
                if (i % 3 == 0) {
                    buffer.append(points);
                }
            }
            buffer.append(points);
            done = true;
        });
        Index expected = 0;
        bool ordered = true;
        const auto take = [&] {
            for (const auto& point : buffer.drain()) {
                ordered = ordered && point.step == expected;
                ++expected;
            }
        };
        while (!done) {
            take();
        }
        writer.join();
        take();
        QVERIFY(ordered);
        QCOMPARE(expected, Index{kOperations / 2});
    }

    void enginesComeAndGo() {
        // A stop that arrives just as a round begins must not be slept over.
        Pulse pulse;
        pulse.stop();
        pulse.beginRound();
        QVERIFY(pulse.wait(std::chrono::steady_clock::now() + std::chrono::seconds(2)));
        for (int i = 0; i < 4000; ++i) {
            Engine engine(test::fakeSpecs());
            const auto session = engine.open();
            for (int spin = 0; spin < i % 64; ++spin) {
                session->drainSeries();
            }
        }
    }

    void sessionsUnderFire() {
        // Every member of a session from three threads at once, while runs come and go.
        Harness h;
        std::atomic<bool> stop = false;
        std::atomic<int> operations = 0;
        const auto fire = [&](int seed) {
            std::uint64_t random = splitmix64(static_cast<std::uint64_t>(seed));
            auto own = h.engine.open();
            own->post(cmd::Load{"fake-chain", {}, 1});
            while (!stop) {
                random = splitmix64(random);
                Session& session = random & 64 ? *own : *h.session;
                cmd::Probe probe;
                probe.ticket = random % 7;
                probe.kind = "walk";
                switch (random % 16) {
                    case 0: session.post(cmd::Load{"fake-chain", {}, random % 3}); break;
                    case 1:
                    case 2: session.post(cmd::Run{Clock::Train, 0}); break;
                    case 3: session.post(cmd::Run{Clock::Sample, 0}); break;
                    case 4: session.post(cmd::Pause{Clock::Train}); break;
                    case 5: session.post(cmd::Step{Clock::Train, 3, {}}); break;
                    case 6: session.post(cmd::Scrub{Clock::Train, Index(random % 50)}); break;
                    case 7: session.post(cmd::SetParam{"step_size", 0.1}, "step_size"); break;
                    case 8: session.post(cmd::Observe{{"walk", "fixed"}}, "observe"); break;
                    case 9:
                    case 10: session.post(std::move(probe), "probe"); break;
                    case 11: session.post(cmd::Capture{1}); break;
                    case 12: session.drainSeries(); break;
                    case 13: session.takeCaptured(); break;
                    case 14: session.ring(); break;
                    default: session.latest(); break;
                }
                if (random % 4096 == 17) {
                    own = h.engine.open();
                    own->post(cmd::Load{"fake-chain", {}, 1});
                }
                ++operations;
            }
        };
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back(fire, t);
        }
        while (operations < 60000) {
            h.session->latest();
            h.session->drainSeries();
            h.session->description();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        stop = true;
        for (auto& thread : threads) {
            thread.join();
        }
        h.load("fake-chain");
        h.runUntil(10);
        QCOMPARE(h.session->latest()->step[0], Index{10});
        QVERIFY(!h.session->latest()->failure);
    }
};

QTEST_GUILESS_MAIN(TestExchange)
#include "tst_exchange.moc"
