// SPDX-License-Identifier: GPL-3.0-or-later
// The program's window on its real engine, training Fashion-MNIST as fast as it can: input to
// paint, pictures under a dragged probe, pause, the GUI thread's pauses, and what the window costs
// the training. Prints the figures; fails only at three times their goal, and only when a figure is
// missed in each of several tries: what other programs do comes and goes, a slow window stays.
#include "core/cli/host.h"
#include "tests/gui/held.h"
#include "tests/gui/real_window.h"
#include "tests/gui/ticks.h"
#include "ui/views/probe_panel.h"
#include "ui/views/view.h"

#include <QElapsedTimer>
#include <QLabel>
#include <QMouseEvent>
#include <QTimer>
#include <QToolButton>

#include <algorithm>
#include <map>
#include <vector>

using namespace lx;
using test::Held, test::milliseconds, test::missed, test::percentile, test::Ticks;

namespace {

constexpr double kInputGoalMs = 50, kPauseGoalMs = 100, kGapGoalMs = 33, kLongestGapGoalMs = 150;
/// The first recipe of a process also loads fonts, icons and kernels.
constexpr double kOpeningGoalMs = 500;
constexpr int kInputs = 150, kDragFrames = 240;
/// Between two positions of a hand that is seen 60 times a second.
constexpr double kFrameMs = 1000.0 / 60;
/// Steps with the window open over steps without, on the same threads.
constexpr double kThroughputGoal = 0.9;

void pump() {
    QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 5);
}

/// Sees the paints of `widget` and of anything in it, with the time since its making.
class PaintWatch : public QObject {
public:
    explicit PaintWatch(const QWidget* widget) : m_widget(widget) {
        qApp->installEventFilter(this);
        m_clock.start();
    }
    int paints = 0;
    std::function<void()> onPaint;

protected:
    bool eventFilter(QObject* object, QEvent* event) override {
        const auto* widget = qobject_cast<QWidget*>(object);
        if (event->type() == QEvent::Paint && widget &&
            (widget == m_widget || m_widget->isAncestorOf(widget))) {
            ++paints;
            if (onPaint) {
                onPaint();
            }
        }
        return false;
    }

private:
    const QWidget* m_widget;
    QElapsedTimer m_clock;
};

/// A hand on the map: presses in its middle, then moves.
class Hand {
public:
    explicit Hand(ui::View& map) : m_map(map), m_target(map.childAt(map.rect().center())) {
        send(QEvent::MouseButtonPress, map.rect().center(), Qt::LeftButton);
    }
    ~Hand() { send(QEvent::MouseButtonRelease, m_map.rect().center(), Qt::LeftButton); }
    Hand(const Hand&) = delete;
    Hand& operator=(const Hand&) = delete;
    /// Every call another place, all of them inside the plot.
    void move(int i) {
        send(QEvent::MouseMove,
             m_map.rect().center() + QPointF(37.0 * ((i % 9) - 4), 25.0 * ((i % 7) - 3)),
             Qt::NoButton);
    }

private:
    void send(QEvent::Type type, QPointF at, Qt::MouseButton button) {
        const QPointF local = m_target->mapFrom(&m_map, at);
        QApplication::postEvent(
            m_target, new QMouseEvent(type, local, m_target->mapToGlobal(local), button,
                                      button == Qt::NoButton || type == QEvent::MouseButtonPress
                                          ? Qt::LeftButton
                                          : Qt::NoButton,
                                      Qt::NoModifier));
    }

    ui::View& m_map;
    QWidget* m_target;
};

struct Decoded {
    int positions = 0, painted = 0;
    std::vector<double> delays;  ///< ms from the position to its painted picture
};

/// Drags through `kDragFrames` positions, one per frame, and watches which pictures are painted.
Decoded dragAndWatch(test::RealWindow& real, ui::View& map) {
    ui::SessionBridge& bridge = real.bridge();
    const auto* panel = real.window->findChild<ui::ProbePanel*>();
    Decoded out;
    std::map<std::vector<float>, double> asked;  // when each position was sent
    std::vector<std::vector<float>> waiting;     // decoded, not yet painted
    QElapsedTimer clock;
    clock.start();
    QObject context;
    QObject::connect(&bridge.explore(), &ui::ExploreState::cursorMoved, &context,
                     [&] { asked[bridge.explore().cursor()] = milliseconds(clock); });
    QObject::connect(&bridge, &ui::SessionBridge::cursorDecoded, &context, [&] {
        const auto z = bridge.cursorAnswer().find("z");
        if (z != bridge.cursorAnswer().end()) {
            const auto values = z->second.values<float>();
            waiting.emplace_back(values.begin(), values.end());
        }
    });
    PaintWatch watch(&panel->picture());
    watch.onPaint = [&] {
        for (const auto& z : waiting) {
            if (const auto it = asked.find(z); it != asked.end()) {
                out.delays.push_back(milliseconds(clock) - it->second);
                asked.erase(it);
                ++out.painted;
            }
        }
        waiting.clear();
    };
    Hand hand(map);
    for (int i = 0; i < kDragFrames; ++i) {
        const double due = milliseconds(clock) + kFrameMs;
        hand.move(i);
        ++out.positions;
        while (milliseconds(clock) < due) {
            pump();
        }
    }
    QTest::qWait(200);
    return out;
}

}  // namespace

class TestWindowReal : public QObject {
    Q_OBJECT
private:
    std::string m_recipe;

    void drawings() {
        QTest::addColumn<bool>("software");
        QTest::newRow("our rasteriser") << false;
        QTest::newRow("software Vulkan") << true;
    }
    /// Whether this row's way of drawing is there.
    static bool draws(const test::RealWindow& real, bool software) {
        const render::RendererInfo info = real.bridge().renderer().info();
        return software == info.vulkan || !software;
    }

private Q_SLOTS:
    void initTestCase() {
        if (const std::string why = test::whyNoEngine(); !why.empty()) {
            QSKIP(("the engine is not built: " + why).c_str());
        }
        m_recipe = test::program().defaultRecipe();
        qInfo("recipe %s, %d cores, LibTorch %s", m_recipe.c_str(), cli::availableCores(),
              test::program().engine().torchVersion.c_str());
    }

    void inputToPaint_data() { drawings(); }
    void inputToPaint() {
        QFETCH(bool, software);
        test::RealWindow real(software);
        if (!draws(real, software)) {
            QSKIP("no Vulkan device here");
        }
        QVERIFY(real.train(m_recipe));
        ui::View* map = real.window->view(QStringLiteral("latent-map"));
        QVERIFY(map && map->isVisible());
        QTest::qWait(500);

        ui::SessionBridge& bridge = real.bridge();
        const QString failed = missed([&](Held& held) {
            PaintWatch watch(map);
            Ticks ticks;
            Hand hand(*map);
            std::vector<double> delays;
            int placed = 0;
            const Index before = real.now().step[0];
            QElapsedTimer whole;
            whole.start();
            for (int i = 0; i < kInputs; ++i) {
                QTest::qWait(5 + (i * 7) % 23);
                const std::vector<float> old = bridge.explore().cursor();
                watch.paints = 0;
                QElapsedTimer clock;
                clock.start();
                hand.move(i);
                const auto moved = [&] {
                    return watch.paints > 0 && bridge.explore().cursor() != old;
                };
                while (!moved() && clock.elapsed() < 1000) {
                    pump();
                }
                placed += bridge.explore().cursor() != old ? 1 : 0;
                delays.push_back(milliseconds(clock));
            }
            const double rate =
                static_cast<double>(real.now().step[0] - before) / milliseconds(whole) * 1e3;
            const double p99 = percentile(delays, 0.99), gap99 = percentile(ticks.own, 0.99);
            qInfo(
                "input to paint: median %.1f ms, 99th percentile %.1f ms (goal %.0f), longest "
                "%.1f",
                percentile(delays, 0.5), p99, kInputGoalMs, percentile(delays, 1));
            qInfo(
                "GUI thread away: 99th percentile %.1f ms (goal %.0f), longest %.1f ms (goal "
                "%.0f); training at %.0f steps/s",
                gap99, kGapGoalMs, percentile(ticks.gaps, 1), kLongestGapGoalMs, rate);
            if (placed <= kInputs * 9 / 10) {
                held.fails("the drag did not move the probe");
            }
            if (rate <= 0) {
                held.fails("nothing was trained meanwhile");
            }
            held.below("input to paint", p99, kInputGoalMs);
            held.below("GUI thread away", gap99, kGapGoalMs);
            held.below("longest", percentile(ticks.own, 1), kLongestGapGoalMs);
        });
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
    }

    void draggingDecodesEveryFrame_data() { drawings(); }
    void draggingDecodesEveryFrame() {
        QFETCH(bool, software);
        test::RealWindow real(software);
        if (!draws(real, software)) {
            QSKIP("no Vulkan device here");
        }
        QVERIFY(real.train(m_recipe));
        ui::View* map = real.window->view(QStringLiteral("latent-map"));
        QVERIFY(map && map->isVisible());
        QTest::qWait(500);
        const QString failed = missed([&](Held& held) {
            const Decoded decoded = dragAndWatch(real, *map);
            const double late = percentile(decoded.delays, 0.99);
            qInfo(
                "dragging at 60 Hz: %d of %d positions decoded and painted (%.0f %%), after %.1f "
                "ms in the median, %.1f ms at the 99th percentile",
                decoded.painted, decoded.positions, 100.0 * decoded.painted / decoded.positions,
                percentile(decoded.delays, 0.5), late);
            held.below("positions for each that is painted",
                       static_cast<double>(decoded.positions) / std::max(decoded.painted, 1), 1);
            held.below("decoded", late, kInputGoalMs);
        });
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
    }

    /// D1 and pause, over every recipe that can be opened, with all views and docks open.
    void everyRecipe_data() {
        QTest::addColumn<QString>("recipe");
        for (const Recipe& recipe : test::program().recipes().all()) {
            if (test::isTypical(recipe.id, recipe.clock)) {
                QTest::newRow(recipe.id.c_str()) << QString::fromStdString(recipe.id);
            }
        }
    }
    void everyRecipe() {
        QFETCH(QString, recipe);
        test::RealWindow real;
        const auto& all = real.window->services().recipes;
        const auto info = std::ranges::find(all, recipe.toStdString(), &ui::RecipeInfo::id);
        QVERIFY(info != all.end());
        if (!info->available) {
            QSKIP(info->note.c_str());
        }
        Ticks opening;
        QVERIFY(real.train(recipe.toStdString()));
        const double opened = percentile(opening.own, 1);

        const auto* empty = real.window->findChild<QLabel*>(QStringLiteral("stage-empty"));
        QVERIFY(empty);
        auto* play = real.window->findChild<QToolButton*>(QStringLiteral("play"));
        QVERIFY(play);
        const Clock clock = info->clock;
        const auto at = static_cast<std::size_t>(clock);
        const QString failed = missed([&](Held& held) {
            Ticks ticks;
            QTest::qWait(2000);
            const double gap99 = percentile(ticks.own, 0.99), longest = percentile(ticks.own, 1);
            const double rate = real.now().stepsPerSecond[at];
            std::vector<double> pauses;
            for (int i = 0; i < 12; ++i) {
                if (!QTest::qWaitFor([&] { return real.now().running[at]; }, 20'000)) {
                    held.fails("it does not run");
                }
                QTest::qWait(40 + 13 * i);
                QElapsedTimer timer;
                timer.start();
                play->click();
                while (real.now().running[at] && timer.elapsed() < 5000) {
                    pump();
                }
                pauses.push_back(milliseconds(timer));
                // Not with a click: that would stop where the recipe ends.
                real.bridge().post(cmd::Run{clock, 0});
            }
            qInfo(
                "%s: GUI thread away 99th percentile %.1f ms (goal %.0f), longest %.1f ms (goal "
                "%.0f), with its queueing %.1f and %.1f; while opening %.1f ms; pause after %.1f "
                "ms in the median, %.1f ms at most (goal %.0f); %.0f steps/s",
                qPrintable(recipe), gap99, kGapGoalMs, longest, kLongestGapGoalMs,
                percentile(ticks.gaps, 0.99), percentile(ticks.gaps, 1), opened,
                percentile(pauses, 0.5), percentile(pauses, 1), kPauseGoalMs, rate);
            held.below("GUI thread away", gap99, kGapGoalMs);
            held.below("longest", longest, kLongestGapGoalMs);
            // A step is never cut in two.
            held.below("pause", percentile(pauses, 0.5), kPauseGoalMs, 2000 / std::max(rate, 0.1));
            held.below("longest pause", percentile(pauses, 1), 2 * kPauseGoalMs,
                       4000 / std::max(rate, 0.1));
        });
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
        QVERIFY2(!empty->isVisible(), "every run has something for the stage");
        Held held;
        held.below("opening", opened, kOpeningGoalMs);
        QVERIFY2(held.missed.isEmpty(), qPrintable(held.missed.join("; ")));
    }

    /// The same steps with the window open and without one, in turns.
    void throughput() {
        test::MachineLoad load;
        constexpr int kTurns = 3, kTurnMs = 2500;
        const auto rateOf = [](const auto& step) {
            const Index before = step();
            QElapsedTimer clock;
            clock.start();
            Index now = before;
            while (clock.elapsed() < kTurnMs) {
                QTest::qWait(20);
                now = step();  // a snapshot that nobody takes has no successor
            }
            return static_cast<double>(now - before) / milliseconds(clock) * 1e3;
        };
        const EngineTable& table = test::program().engine();
        std::vector<double> open, alone;
        for (int turn = 0; turn < kTurns; ++turn) {
            {
                test::RealWindow real;
                QVERIFY(real.train(m_recipe));
                QTest::qWait(500);
                open.push_back(rateOf([&] { return real.now().step[0]; }));
            }
            const Recipe* recipe = test::program().recipes().find(m_recipe);
            EngineOptions options;
            options.ringBytes = 0;
            options.sliceTime = std::chrono::milliseconds(100);
            options.onThreadStart = [] { cli::prepareEngineThread(false); };
            Engine engine(table.experiments, options);
            const auto session = engine.open();
            const auto spec =
                std::ranges::find(table.experiments, recipe->family, &ExperimentSpec::id);
            const Description description = spec->describe(recipe->params);
            session->post(
                cmd::Load{recipe->family, resolve(description.params, recipe->params), 1});
            session->post(cmd::Run{Clock::Train, 0});
            QVERIFY(QTest::qWaitFor([&] { return session->latest()->step[0] > 5; }, 60'000));
            QTest::qWait(500);
            alone.push_back(rateOf([&] { return session->latest()->step[0]; }));
        }
        const double ratio = percentile(open, 0.5) / percentile(alone, 0.5);
        qInfo("training with the window open: %.0f steps/s of %.0f without, ratio %.2f (goal %.2f)",
              percentile(open, 0.5), percentile(alone, 0.5), ratio, kThroughputGoal);
        // Both threads want a processor: where one is taken the window costs more than alone.
        QVERIFY(ratio > kThroughputGoal / (3 * load.slack()));
    }

    /// A planted pause of the GUI thread must show in the same measurements.
    void aBlockedThreadIsSeen() {
        Ticks ticks;
        QTest::qWait(50);
        QTest::qSleep(3 * int(kLongestGapGoalMs) + 50);
        QTest::qWait(50);
        QVERIFY(percentile(ticks.gaps, 1) > 3 * kLongestGapGoalMs);
    }

    /// So must answers that come too slowly: a decoder that takes 60 ms cannot follow 60 Hz.
    void aSlowDecoderIsSeen() {
        test::RealWindow real;
        QVERIFY(real.train(m_recipe));
        ui::View* map = real.window->view(QStringLiteral("latent-map"));
        QVERIFY(map);
        QTimer block;
        connect(&block, &QTimer::timeout, this, [] { QTest::qSleep(60); });
        block.start(0);
        const Decoded decoded = dragAndWatch(real, *map);
        QVERIFY(decoded.painted < decoded.positions / 3 ||
                percentile(decoded.delays, 0.99) > kInputGoalMs);
    }
};

int main(int argc, char** argv) {
    return test::runRealWindowTest<TestWindowReal>(argc, argv);
}
#include "tst_window_real.moc"
