// SPDX-License-Identifier: GPL-3.0-or-later
// Random sequences of commands against a model of what they mean (RELIABILITY D2).
#include "tests/session/harness.h"

#include <rapidcheck.h>
#include <rapidcheck/state.h>

using namespace lx;
using test::Harness;

namespace {

/// What must be true after each command and waitIdle().
struct Model {
    bool loaded = false, failed = false, scrubbed = false;
    Index step = 0;
    std::uint64_t epoch = 0;
};

struct System {
    System() { h.load("fake-chain"); }
    Harness h;
};

constexpr Model kLoaded{true, false, false, 0, 1};

using Base = rc::state::Command<Model, System>;

int g_compared = 0, g_scrubbed = 0;

void compare(const Model& model, System& system) {
    ++g_compared;
    g_scrubbed += model.scrubbed ? 1 : 0;
    RC_ASSERT(system.h.session->waitIdle());
    const auto snapshot = system.h.session->latest();
    RC_ASSERT(snapshot->epoch == model.epoch);
    RC_ASSERT(snapshot->failure.has_value() == model.failed);
    RC_ASSERT(snapshot->scrubbed == model.scrubbed);
    RC_ASSERT(snapshot->state == (model.failed    ? RunState::Failed
                                  : !model.loaded ? RunState::Idle
                                                  : RunState::Paused));
    if (model.loaded) {
        RC_ASSERT(snapshot->head[0] == model.step);
        RC_ASSERT(snapshot->scrubbed || snapshot->step[0] == model.step);
    }
}

/// One command: what it does to the model, and what is posted.
struct Simple : Base {
    void run(const Model& before, System& system) const override {
        post(system);
        Model after = before;
        apply(after);
        compare(after, system);
    }
    virtual void post(System&) const = 0;
};

struct Load : Simple {
    bool good = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
    void apply(Model& m) const override { m = Model{good, !good, false, 0, m.epoch + 1}; }
    void post(System& s) const override {
        s.h.session->post(cmd::Load{good ? "fake-chain" : "no-such-family", {}, 5});
    }
    void show(std::ostream& os) const override { os << "Load " << good; }
};

/// The twin: a model that forgets that running leaves scrubbing.
bool g_forgetful = false;

struct RunFor : Simple {
    Index count = *rc::gen::inRange<Index>(1, 200);
    void apply(Model& m) const override {
        if (m.loaded && !m.failed) {
            m.scrubbed = m.scrubbed && g_forgetful;
            m.step = std::max(m.step, count);
        }
    }
    void post(System& s) const override { s.h.session->post(cmd::Run{Clock::Train, count}); }
    void show(std::ostream& os) const override { os << "Run until " << count; }
};

struct Steps : Simple {
    Index count = *rc::gen::inRange<Index>(1, 20);
    void apply(Model& m) const override {
        if (m.loaded && !m.failed) {
            m.scrubbed = false;
            m.step += 2 * count;
        }
    }
    void post(System& s) const override {
        s.h.session->post(cmd::Step{Clock::Train, count, {}});
        s.h.session->post(cmd::Step{Clock::Train, count, {}});
    }
    void show(std::ostream& os) const override { os << "Step twice " << count; }
};

/// Running and pausing at once: the model cannot know the step, so it asks.
struct StartStop : Base {
    void apply(Model&) const override {}
    void checkPreconditions(const Model& m) const override { RC_PRE(!m.loaded); }
    void run(const Model& before, System& system) const override {
        system.h.session->post(cmd::Run{Clock::Train, 0});
        system.h.session->post(cmd::Pause{Clock::Train});
        compare(before, system);
    }
    void show(std::ostream& os) const override { os << "Start, stop"; }
};

struct Reset : Simple {
    void apply(Model& m) const override {
        if (m.loaded) {
            m = Model{true, false, false, 0, m.epoch + 1};
        }
    }
    void post(System& s) const override { s.h.session->post(cmd::Reset{true}); }
    void show(std::ostream& os) const override { os << "Reset"; }
};

struct Scrub : Simple {
    bool past = *rc::gen::arbitrary<bool>();
    void apply(Model& m) const override {
        if (m.loaded && !m.failed) {
            m.scrubbed = past && m.step > 0;
        }
    }
    void post(System& s) const override {
        s.h.session->post(cmd::Scrub{Clock::Train, past ? 0 : 1000000000});
    }
    void show(std::ostream& os) const override { os << "Scrub " << past; }
};

struct Noise : Simple {
    int kind = *rc::gen::inRange(0, 6);
    void apply(Model&) const override {}
    void post(System& s) const override {
        cmd::Probe probe;
        probe.ticket = 1;
        probe.kind = kind == 0 ? "walk" : "nonsense";
        switch (kind) {
            case 0:
            case 1: s.h.session->post(probe, "probe"); break;
            case 2: s.h.session->post(cmd::Cancel{1}); break;
            case 3: s.h.session->post(cmd::Observe{{"walk", "fixed"}}); break;
            case 4: s.h.session->post(cmd::Capture{3}); break;
            default: s.h.session->post(cmd::Pause{Clock::Train}); break;
        }
        s.h.session->drainSeries();
    }
    void show(std::ostream& os) const override { os << "Noise " << kind; }
};

/// Run freely, let it go for a moment, pause: stop means stop.
struct FreeRun : Base {
    void checkPreconditions(const Model& m) const override { RC_PRE(m.loaded && !m.failed); }
    void apply(Model& m) const override { m = Model{true, false, false, 0, m.epoch + 1}; }
    void run(const Model& before, System& system) const override {
        system.h.session->post(cmd::Run{Clock::Train, 0});
        std::this_thread::sleep_for(std::chrono::microseconds(300));
        system.h.session->post(cmd::Pause{Clock::Train});
        const auto start = std::chrono::steady_clock::now();
        RC_ASSERT(system.h.session->waitIdle());
        const double took =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                .count();
        s_worstStop = std::max(s_worstStop, took);
        const Index step = system.h.session->latest()->step[0];
        RC_ASSERT(step >= before.step);
        std::this_thread::sleep_for(std::chrono::microseconds(300));
        RC_ASSERT(system.h.session->latest()->step[0] == step);
        system.h.session->post(cmd::Reset{true});
        Model after = before;
        apply(after);
        compare(after, system);
    }
    void show(std::ostream& os) const override { os << "Run freely, stop, reset"; }
    static inline double s_worstStop = 0;
};

bool holds(const std::string& name) {
    return rc::check(name, [] {
        System system;
        rc::state::check(
            kLoaded, system,
            rc::state::gen::execOneOfWithArgs<Load, RunFor, RunFor, Steps, Scrub, Scrub, Scrub,
                                              Reset, StartStop, Noise, FreeRun>());
    });
}

}  // namespace

class TestSessionRandom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qputenv("RC_PARAMS", "seed=20240607 max_success=100 max_size=120"); }

    void anyOrder() {
        g_forgetful = false;
        QVERIFY(holds("commands in any order do what the model says"));
        qInfo("%d states compared, %d of them scrubbed; slowest stop %.2f ms (goal 100)",
              g_compared, g_scrubbed, FreeRun::s_worstStop);
        QVERIFY(g_compared > 500 && g_scrubbed > 20);
        QVERIFY(FreeRun::s_worstStop < 300);
    }

    void aWrongModelIsCaught() {
        g_forgetful = true;
        QVERIFY(!holds("a model that forgets to leave scrubbing (must fail)"));
    }
};

QTEST_GUILESS_MAIN(TestSessionRandom)
#include "tst_session_random.moc"
