// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to a run, and that looking does not disturb it (RELIABILITY C3).
#include "tests/session/harness.h"

using namespace lx;
using test::Harness;

namespace {

cmd::Probe decodeProbe(std::uint64_t ticket, float x) {
    cmd::Probe probe;
    probe.ticket = ticket;
    probe.kind = "decode";
    probe.arrays["z"] = Array({1, 2}, std::vector<float>{x, 0.0F});
    return probe;
}

cmd::Probe plainProbe(std::uint64_t ticket, const std::string& kind) {
    cmd::Probe probe;
    probe.ticket = ticket;
    probe.kind = kind;
    return probe;
}

std::vector<std::pair<Index, double>> valuesOf(const std::vector<SeriesPoint>& points) {
    std::vector<std::pair<Index, double>> out;
    for (const auto& point : points) {
        out.emplace_back(point.step * 100 + static_cast<Index>(point.series), point.value);
    }
    return out;
}

/// Looks in ten silent parts of 30 ms, then says how many steps it saw.
class SlowLook final : public Experiment {
public:
    void advance(Clock, Budget, std::stop_token, SeriesSink&) override { ++m_step; }
    Index step(Clock) const override { return m_step; }
    void set(const cmd::SetParam&) override {}
    std::unique_ptr<Task> probe(const cmd::Probe&) override { return nullptr; }
    std::unique_ptr<Task> observe(std::span<const std::string>, Detail) const override {
        struct Parts final : Task {
            Index seen = 0, left = 10;
            bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
                std::this_thread::sleep_for(std::chrono::milliseconds(30));
                if (--left == 0) {
                    out.set("seen", Array({1}, std::vector<Index>{seen}));
                }
                return left == 0;
            }
        };
        auto task = std::make_unique<Parts>();
        task->seen = m_step;
        return task;
    }
    State capture() const override { return {}; }
    void restore(const State&) override {}
    std::map<std::string, double> metrics(Key, std::stop_token) const override { return {}; }

private:
    Index m_step = 0;
};

}  // namespace

class TestSessionProbes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Whoever takes a picture of a run at rest waits for the whole look: looking() says so, though
    /// no snapshot comes meanwhile. The twin: a run that nobody watches is not looked at.
    void lookingLastsUntilTheLook() {
        ExperimentSpec spec;
        spec.id = "slow-look";
        spec.describe = [](const ParamSet&) {
            Description out;
            out.channels = {{"seen", "bars", "", "[1]", "", Clock::Train}};
            return out;
        };
        spec.make = [](const ParamSet&, Key) { return std::make_unique<SlowLook>(); };
        const std::vector<ExperimentSpec> specs{spec};
        Engine engine(specs, Harness::quick());
        const auto session = engine.open();
        session->post(cmd::Load{"slow-look", {}, 1});
        session->waitIdle();
        QVERIFY(!session->looking());
        session->post(cmd::Observe{{"seen"}});
        session->post(cmd::Step{Clock::Train, 5, {}});
        session->waitIdle();
        QVERIFY(session->looking());
        for (int i = 0; i < 20'000 && session->looking(); ++i) {
            static_cast<void>(session->latest());
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        QVERIFY(!session->looking());
        const auto last = session->latest();
        QVERIFY(last->channels.contains("seen"));
        QCOMPARE(last->channels.at("seen").array.values<Index>()[0], Index{5});
        session->post(cmd::Observe{{"seen"}, /*hidden=*/true});
        session->post(cmd::Step{Clock::Train, 5, {}});
        session->waitIdle();
        QVERIFY(!session->looking());
    }

    void answersAndCancels() {
        Harness h;
        h.load("fake-vae");
        h.session->post(decodeProbe(5, 1.0F));
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.contains("probe.5.x"); }));
        const auto snapshot = h.session->latest();
        QCOMPARE(snapshot->channels.at("probe.5.x").array.count(), Index{28 * 28});
        QVERIFY(snapshot->channels.contains("probe.5.logp"));
        QVERIFY(snapshot->channels.contains("probe.5.nearest"));
        // Answers survive Observe and training; only Cancel removes them.
        h.session->post(cmd::Observe{{"kl_units"}});
        h.runUntil(20);
        QVERIFY(h.session->latest()->channels.contains("probe.5.x"));
        h.session->post(cmd::Cancel{5});
        QVERIFY(h.until([](const Snapshot& s) { return !s.channels.contains("probe.5.x"); }));
    }

    void laterProbeOfTheTagTakesThePlace() {
        Harness h;
        h.load("fake-vae");
        h.session->post(decodeProbe(1, 0.0F), "cursor");
        h.session->post(decodeProbe(100, 0.0F), "other");
        QVERIFY(h.until([](const Snapshot& s) {
            return s.channels.contains("probe.1.x") && s.channels.contains("probe.100.x");
        }));
        for (std::uint64_t ticket = 2; ticket <= 40; ++ticket) {
            h.session->post(decodeProbe(ticket, 0.05F * static_cast<float>(ticket)), "cursor");
        }
        bool gap = false, both = false;
        QVERIFY(h.until([&](const Snapshot& s) {
            int answers = 0;
            for (const auto& [id, channel] : s.channels) {
                answers += id.ends_with(".x") && !id.starts_with("probe.100.") ? 1 : 0;
            }
            gap = gap || answers == 0;
            both = both || answers > 1;
            return s.channels.contains("probe.40.x");
        }));
        QVERIFY2(!gap, "the old answer went before the new one came");
        QVERIFY2(!both, "two answers of one tag were shown");
        QVERIFY(h.session->latest()->channels.contains("probe.100.x"));
    }

    void sheetRefines() {
        Harness h;
        h.load("fake-vae");
        cmd::Probe probe = plainProbe(3, "sheet");
        probe.args = {{"x0", -3.0}, {"y0", -3.0},           {"x1", 3.0},
                      {"y1", 3.0},  {"columns", Index{40}}, {"rows", Index{40}}};
        h.session->post(probe);
        std::vector<std::uint64_t> versions;
        QVERIFY(h.until([&](const Snapshot& s) {
            const auto found = s.channels.find("probe.3.x");
            if (found != s.channels.end() &&
                (versions.empty() || versions.back() != found->second.version)) {
                versions.push_back(found->second.version);
            }
            return versions.size() > 2;
        }));
    }

    void errorsAreAnswers() {
        Harness h;
        h.load("fake-vae");
        h.session->post(cmd::Run{Clock::Train, 0});
        h.session->post(plainProbe(1, "no_such_kind"));
        h.session->post(plainProbe(2, "decode"));  // without z
        QVERIFY(h.until([](const Snapshot& s) {
            return s.channels.contains("probe.1.error") && s.channels.contains("probe.2.error");
        }));
        const auto snapshot = h.session->latest();
        QVERIFY(test::textOf(snapshot->channels.at("probe.1.error").array).find("no_such_kind") !=
                std::string::npos);
        QVERIFY(test::textOf(snapshot->channels.at("probe.2.error").array).find("'z'") !=
                std::string::npos);
        QCOMPARE(snapshot->state, RunState::Running);
        QVERIFY(h.loggedContains("no_such_kind"));
    }

    void endlessProbeDoesNotStopTheRun() {
        Harness h;
        h.load("fake-fault");
        h.session->post(plainProbe(8, "endless"));
        h.runUntil(300);
        QCOMPARE(h.session->latest()->step[0], Index{300});
        QVERIFY(h.until([](const Snapshot& s) { return s.channels.contains("probe.8.count"); }));
        h.session->post(cmd::Cancel{8});
        QVERIFY(h.until([](const Snapshot& s) { return !s.channels.contains("probe.8.count"); }));
    }

    void lookingDoesNotDisturb_data() {
        QTest::addColumn<QString>("recipe");
        for (int i = 0; i < 5; ++i) {
            QTest::addRow("vae %d", i) << "fake-vae";
            QTest::addRow("chain %d", i) << "fake-chain";
        }
    }
    void lookingDoesNotDisturb() {
        QFETCH(QString, recipe);
        static std::uint64_t seed = 10;
        ++seed;
        const bool chain = recipe == "fake-chain";
        const auto run = [&](bool looking) {
            Harness h;
            h.load(recipe.toStdString(), {}, seed);
            std::vector<Command> start{cmd::Run{Clock::Train, 1500}};
            if (chain) {
                start.push_back(cmd::Run{Clock::Sample, 1500});
            }
            if (looking) {
                h.session->post(
                    cmd::Observe{{"walk", "codes", "labels", "samples", "reconstructions"}});
            }
            h.session->postAll(std::move(start));
            std::uint64_t ticket = 0;
            while (looking && h.session->latest()->step[0] < 1500) {
                ++ticket;
                h.session->post(chain ? plainProbe(ticket, "walk") : decodeProbe(ticket, 0.1F),
                                "cursor");
                h.session->post(cmd::Capture{ticket});
                if (ticket == 20) {
                    h.session->post(cmd::Speed{Clock::Train, 3e5});
                }
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
            h.session->waitIdle();
            h.session->post(cmd::Capture{1000000});
            h.session->waitIdle();
            const auto captured = h.session->takeCaptured();
            std::vector<std::byte> bytes;
            for (const auto& [name, array] : *captured->state) {
                bytes.insert(bytes.end(), array.bytes().begin(), array.bytes().end());
            }
            return std::pair{valuesOf(h.session->drainSeries()), bytes};
        };
        const auto alone = run(false), watched = run(true);
        QCOMPARE(alone.first.size(), watched.first.size());
        QVERIFY(alone.first == watched.first);
        QVERIFY(alone.second == watched.second);
    }

    void destructionStopsWithProbes() {
        auto h = std::make_unique<Harness>();
        h->load("fake-fault", {{"step_ms", Index{1}}});
        h->session->post(cmd::Run{Clock::Train, 0});
        for (std::uint64_t ticket = 1; ticket < 6; ++ticket) {
            h->session->post(plainProbe(ticket, "endless"));
        }
        QVERIFY(h->until([](const Snapshot& s) { return s.channels.contains("probe.5.count"); }));
        const auto start = std::chrono::steady_clock::now();
        h.reset();
        const double took =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                .count();
        qInfo("engine stopped in %.1f ms with a running clock and five probes (goal 100)", took);
        QCOMPARE(test::fakeAlive(), 0);
        QVERIFY(took < 300);
    }

    void pauseIsPrompt() {
        Harness h;
        h.load("fake-vae", {{"step_ms", Index{5}}});
        h.session->post(cmd::Observe{{"codes", "samples", "reconstructions"}});
        double worst = 0;
        for (int i = 0; i < 20; ++i) {
            h.session->post(cmd::Run{Clock::Train, 0});
            QVERIFY(h.until([](const Snapshot& s) { return s.running[0]; }));
            const auto start = std::chrono::steady_clock::now();
            h.session->post(cmd::Pause{Clock::Train});
            QVERIFY(h.until([](const Snapshot& s) { return !s.running[0]; }));
            worst = std::max(worst, std::chrono::duration<double, std::milli>(
                                        std::chrono::steady_clock::now() - start)
                                        .count());
        }
        qInfo("pause shown after at most %.1f ms with steps of 5 ms (goal 100)", worst);
        QVERIFY(worst < 300);
    }
};

QTEST_GUILESS_MAIN(TestSessionProbes)
#include "tst_session_probes.moc"
