// SPDX-License-Identifier: GPL-3.0-or-later
// Samples through a session: tile by tile, and only from one state of the run.
#include "core/session/samples.h"
#include "tests/session/harness.h"

#include <set>

using namespace lx;
using test::Harness;

namespace {

/// What a stream gives within 20 s; the sentence when it throws.
struct Taken {
    std::vector<State> tiles;
    std::string error;
};
Taken take(SampleStream& stream, std::size_t most = 1'000'000) {
    Taken out;
    try {
        for (int i = 0; i < 20'000 && !stream.finished() && out.tiles.size() < most; ++i) {
            if (auto rows = stream.poll()) {
                out.tiles.push_back(std::move(*rows));
            } else {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    } catch (const Error& error) {
        out.error = error.what();
    }
    return out;
}

}  // namespace

class TestSessionSamples : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tilesFollowEachOther() {
        Harness h;
        h.load("fake-vae");
        SampleStream stream(h.session, {.first = 5, .count = 100});
        const Taken taken = take(stream);
        QVERIFY2(taken.error.empty(), taken.error.c_str());
        QVERIFY(stream.finished());
        Index row = 5;
        std::set<Index> sizes;
        for (const State& tile : taken.tiles) {
            const auto keys = tile.at("keys").values<Index>();
            for (Index i = 0; i < tile.at("keys").dim(0); ++i, ++row) {
                QCOMPARE(keys[static_cast<std::size_t>(3 * i) + 2], row);
            }
            sizes.insert(tile.at("samples").dim(0));
            QVERIFY(!tile.contains("done"));
        }
        QCOMPARE(row, Index{105});
        QCOMPARE(*sizes.rbegin(), Index{16});
        // Nothing of it stays in the run.
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.empty(); }));
    }

    /// A step, a reset, another recipe: what came before does not belong to what would come.
    void runThatMovesOnEndsIt() {
        const std::vector<Command> moves = {cmd::Step{Clock::Train, 1, {}}, cmd::Reset{},
                                            cmd::Load{"fake-vae", {}, 2}};
        for (const Command& move : moves) {
            Harness h;
            h.load("fake-vae");
            SampleStream stream(h.session, {.count = 1000});
            QVERIFY(take(stream, 2).error.empty());
            h.session->post(move);
            h.session->waitIdle();
            const Taken rest = take(stream);
            QVERIFY2(rest.error.find("moved on") != std::string::npos, rest.error.c_str());
        }
        // The twin: looking moves nothing.
        Harness h;
        h.load("fake-vae");
        SampleStream stream(h.session, {.count = 100});
        QVERIFY(take(stream, 2).error.empty());
        h.session->post(cmd::Observe{{"samples"}});
        h.session->waitIdle();
        QVERIFY(take(stream).error.empty());
        QVERIFY(stream.finished());
    }

    void refusalsAreSentences() {
        Harness h;
        h.load("fake-chain");
        SampleStream none(h.session, {.count = 3});
        QVERIFY(take(none).error.find("no model") != std::string::npos);
        Harness faults;
        faults.load("fake-fault", {{"fault.where", std::string("probe")}});
        SampleStream fails(faults.session, {.count = 3});
        QVERIFY(take(fails).error.find("planted fault") != std::string::npos);
        QVERIFY_THROWS_EXCEPTION(UsageError, SampleStream(h.session, {.count = 0}));
    }

    /// Two streams on one session do not take each other's rows; one that goes withdraws its
    /// question.
    void streamsKeepApart() {
        Harness h;
        h.load("fake-vae");
        SampleStream a(h.session, {.seed = 1, .count = 64});
        {
            SampleStream b(h.session, {.seed = 2, .count = 64});
            for (int i = 0; i < 4; ++i) {
                const Taken x = take(a, 1), y = take(b, 1);
                QVERIFY(x.error.empty() && y.error.empty());
                QCOMPARE(x.tiles.at(0).at("keys").values<Index>()[0], Index{1});
                QCOMPARE(y.tiles.at(0).at("keys").values<Index>()[0], Index{2});
            }
            SampleStream c(h.session, {.seed = 3, .count = 64});
            static_cast<void>(c.poll());
        }
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.empty(); }));
    }
};

QTEST_GUILESS_MAIN(TestSessionSamples)
#include "tst_session_samples.moc"
