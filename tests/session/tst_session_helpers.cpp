// SPDX-License-Identifier: GPL-3.0-or-later
// Experiments whose steps are longer than a slice, and those with a thread of their own.
#include "core/session/session.h"

#include <QtTest>
#include <atomic>
#include <limits>
#include <thread>

using namespace lx;

namespace {

/// A step takes `parts` calls of advance; between them waiting() says so. A helper thread, when
/// started by the probe "work", brings `value` from 0 to 1 without any step.
class Slow final : public Experiment {
public:
    Slow(Index parts, bool honest) : m_parts(parts), m_honest(honest) {}

    void advance(Clock, Budget budget, std::stop_token stop, SeriesSink&) override {
        const auto start = std::chrono::steady_clock::now();
        for (Index made = 0; made < budget.maxSteps;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (++m_part == m_parts) {
                m_part = 0;
                ++m_step;
                ++made;
            }
            if (stop.stop_requested() ||
                (budget.maxTime.count() > 0 &&
                 std::chrono::steady_clock::now() - start > budget.maxTime)) {
                return;
            }
        }
    }
    Index step(Clock) const override { return m_step; }
    bool waiting() const noexcept override { return m_honest && m_part > 0; }
    std::uint64_t news() const noexcept override { return m_news; }
    bool working() const noexcept override { return m_working; }
    void set(const cmd::SetParam&) override {}
    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        struct Start final : Task {
            explicit Start(Slow& slow) : owner(slow) {}
            bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
                owner.m_working = true;
                owner.m_thread = std::jthread([&slow = owner] {
                    std::this_thread::sleep_for(std::chrono::milliseconds(150));
                    slow.m_value = 1;
                    ++slow.m_news;
                    slow.m_working = false;
                });
                out.set("started", Array({}, std::vector<Index>{1}));
                return true;
            }
            Slow& owner;
        };
        return probe.kind == "work" ? std::make_unique<Start>(*this) : nullptr;
    }
    std::unique_ptr<Task> observe(std::span<const std::string>, Detail) const override {
        struct Look final : Task {
            explicit Look(Index now) : value(now) {}
            bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
                out.set("value", Array({}, std::vector<Index>{value}));
                return true;
            }
            Index value;
        };
        return std::make_unique<Look>(m_value);
    }
    State capture() const override {
        return {{"at", Array({2}, std::vector<Index>{m_step, m_part})}};
    }
    void restore(const State& state) override {
        const auto at = state.at("at").values<Index>();
        m_step = at[0];
        m_part = at[1];
    }
    std::map<std::string, double> metrics(Key, std::stop_token) const override { return {}; }

private:
    Index m_parts, m_part = 0, m_step = 0;
    bool m_honest;
    std::atomic<Index> m_value = 0;
    std::atomic<std::uint64_t> m_news = 0;
    std::atomic<bool> m_working = false;
    std::jthread m_thread;
};

std::vector<ExperimentSpec> specs(Index parts, bool honest = true) {
    ExperimentSpec spec;
    spec.id = "slow";
    spec.describe = [](const ParamSet&) {
        Description out;
        out.channels = {{"value", "value", "", "[]", "", Clock::Sample}};
        out.clocks = {Clock::Sample};
        return out;
    };
    spec.make = [=](const ParamSet&, Key) { return std::make_unique<Slow>(parts, honest); };
    return {spec};
}

struct Bench {
    explicit Bench(Index parts, bool honest = true)
        : all(specs(parts, honest)), engine(all), session(engine.open()) {
        session->post(cmd::Load{"slow", {}, 1});
        session->waitIdle();
    }
    std::vector<ExperimentSpec> all;
    Engine engine;
    std::shared_ptr<Session> session;
};

constexpr auto kSample = static_cast<std::size_t>(Clock::Sample);

}  // namespace

class TestSessionHelpers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aStepMayTakeSeveralSlices() {
        Bench b(40);  // 40 ms a step, slices of 8 ms
        b.session->post(cmd::Run{Clock::Sample, 3});
        QVERIFY(b.session->waitIdle());
        QVERIFY(!b.session->latest()->failure);
        QCOMPARE(b.session->latest()->step[kSample], Index{3});
        b.session->post(cmd::Step{Clock::Sample, 2, ""});
        QVERIFY(b.session->waitIdle());
        QCOMPARE(b.session->latest()->step[kSample], Index{5});
    }

    void aPauseCutsALongStep() {
        Bench b(100000);
        b.session->post(cmd::Run{Clock::Sample, 0});
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        b.session->post(cmd::Pause{Clock::Sample});
        QVERIFY(b.session->waitIdle());  // a step would take 100 s
        QVERIFY(!b.session->latest()->failure);
        QCOMPARE(b.session->latest()->step[kSample], Index{0});
        b.session->post(cmd::Capture{1});
        b.session->waitIdle();
        QVERIFY(b.session->takeCaptured()->state->at("at").values<Index>()[1] > 0);
    }

    /// The twin: without waiting() such an experiment counts as stuck.
    void noStepWithoutAReasonIsAFailure() {
        Bench b(40, false);
        b.session->post(cmd::Run{Clock::Sample, 3});
        b.session->waitIdle();
        QVERIFY(b.session->latest()->failure.has_value());
        QVERIFY(b.session->latest()->failure->message.find("made no step") != std::string::npos);
    }

    void newsOfAThreadAreShownAtRest() {
        Bench b(1);
        b.session->post(cmd::Observe{{"value"}});
        const auto shown = [&](Index wanted) {
            for (int i = 0; i < 20000; ++i) {
                const auto snapshot = b.session->latest();
                const auto at = snapshot->channels.find("value");
                if (at != snapshot->channels.end() &&
                    at->second.array.values<Index>()[0] == wanted) {
                    return true;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            return false;
        };
        QVERIFY(shown(0));
        b.session->post(cmd::Probe{1, "work", {}, {}});
        QVERIFY(shown(1));
        QCOMPARE(b.session->latest()->step[kSample], Index{0});
    }
};

QTEST_GUILESS_MAIN(TestSessionHelpers)
#include "tst_session_helpers.moc"
