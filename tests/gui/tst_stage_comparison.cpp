// SPDX-License-Identifier: GPL-3.0-or-later
// Two runs side by side: one time, one camera, the difference of their decodes, their losses in one
// plot.
#include "tests/gui/stage_bench.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/linked_time.h"
#include "ui/plot/time_plot.h"
#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/difference_pane.h"
#include "ui/views/figure_view.h"

#include <QAction>
#include <QDir>
#include <QSlider>
#include <QToolButton>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

using namespace lx;
using namespace lx::test;
using namespace lx::ui;

namespace {

constexpr Index kSide = 3;
const QString kShots = QStringLiteral(LX_BINARY_DIR "/screenshots/");

Array ramp(Index count, float offset, Index side = kSide) {
    std::vector<float> out(static_cast<std::size_t>(count * side * side));
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = offset + 0.001F * static_cast<float>(i % 100);
    }
    return {{count, side, side}, out};
}

struct Pair : StageBench {
    NumberedSession &a, &b;
    Pair()
        : a(add(1, normals(200, 2, 1), labelsOf(200), describeStage(2, {kSide, kSide}))),
          b(add(2, normals(200, 2, 1), labelsOf(200), describeStage(2, {kSide, kSide}))) {
        bridge.setCompared(1);
        clear();
    }
    void clear() {
        a.posted.clear();
        b.posted.clear();
    }
    void at(NumberedSession& run, Index step, bool running) {
        run.publish([&](Snapshot& s) {
            s.step[0] = s.head[0] = step;
            s.running[0] = running;
        });
    }
    /// Answers the newest decode of that run with `make(rows)`.
    template <class Make>
    void decode(NumberedSession& run, Make make) {
        const cmd::Probe probe = *run.lastProbe("decode");
        const Array z = probe.arrays.at("z");
        answer(run, probe.ticket, {{"x", make(z.dim(0))}, {"z", z}});
    }
};

void wheelAt(QWidget* widget, QPointF at, int notches) {
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton,
                      Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(widget, &event);
}

bool sameRect(const render::Rect& p, const render::Rect& q) {
    return std::abs(p.x0 - q.x0) + std::abs(p.y0 - q.y0) + std::abs(p.x1 - q.x1) +
               std::abs(p.y1 - q.y1) <
           1e-6;
}

}  // namespace

class TestStageComparison : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void timeIsLinkedAndParametersAreNot() {
        Pair pair;
        QCOMPARE(pair.bridge.active(), 2U);
        pair.bridge.post(cmd::Run{Clock::Train, 500});
        QCOMPARE(pair.a.last<cmd::Run>()->until, Index{500});
        QCOMPARE(pair.b.last<cmd::Run>()->until, Index{500});
        pair.bridge.post(cmd::Pause{Clock::Train});
        QCOMPARE(pair.a.posts<cmd::Pause>(), 1);
        pair.bridge.post(cmd::Scrub{Clock::Train, 7});
        QCOMPARE(pair.a.last<cmd::Scrub>()->step, Index{7});
        // Past the head means: leave scrubbing, also where the other head lies further on.
        pair.at(pair.a, 40, false);
        pair.bridge.poll();
        pair.bridge.post(cmd::Scrub{Clock::Train, 11});
        QCOMPARE(pair.b.last<cmd::Scrub>()->step, Index{11});
        QCOMPARE(pair.a.last<cmd::Scrub>()->step, Index{41});
        pair.bridge.postTo(2, cmd::SetParam{"step_size", 0.5});
        QCOMPARE(pair.a.posts<cmd::SetParam>(), 0);
        pair.bridge.linkedTime().setEnabled(false);
        pair.clear();
        pair.bridge.post(cmd::Run{Clock::Train, 0});
        QCOMPARE(pair.a.posts<cmd::Run>(), 0);
        QCOMPARE(pair.b.posts<cmd::Run>(), 1);
    }

    void theOneBehindCatchesUp() {
        Pair pair;
        pair.at(pair.a, 300, false);
        pair.bridge.poll();
        QVERIFY(pair.bridge.linkedTime().catchingUp());
        QCOMPARE(pair.b.last<cmd::Run>()->until, Index{300});
        QCOMPARE(pair.a.posts<cmd::Run>(), 0);
        for (const Index step : {100, 200}) {
            pair.at(pair.b, step, true);
            pair.bridge.poll();
        }
        QCOMPARE(pair.b.posts<cmd::Run>(), 1);  // asked once
        pair.at(pair.b, 300, false);
        pair.bridge.poll();
        QVERIFY(!pair.bridge.linkedTime().catchingUp());
        // Stopped by hand on the way, it stays where it is.
        pair.at(pair.a, 900, false);
        pair.bridge.poll();
        QCOMPARE(pair.b.last<cmd::Run>()->until, Index{900});
        pair.bridge.post(cmd::Pause{Clock::Train});
        pair.clear();
        pair.at(pair.b, 400, false);
        pair.bridge.poll();
        QCOMPARE(pair.b.posts<cmd::Run>(), 0);
    }

    void aRunThatIsFarAheadWaits() {
        Pair pair;
        pair.bridge.post(cmd::Run{Clock::Train, 5000});
        pair.clear();
        pair.at(pair.a, 120, true);
        pair.at(pair.b, 100, true);
        pair.bridge.poll();
        QCOMPARE(pair.a.posts<cmd::Pause>(), 0);  // a few steps apart is together
        pair.at(pair.a, 500, true);
        pair.bridge.poll();
        QCOMPARE(pair.a.posts<cmd::Pause>(), 1);
        QCOMPARE(pair.b.posts<cmd::Pause>(), 0);
        pair.at(pair.a, 503, false);
        pair.bridge.poll();
        QCOMPARE(pair.b.last<cmd::Run>()->until, Index{503});
        pair.at(pair.b, 503, false);
        pair.bridge.poll();
        QCOMPARE(pair.a.last<cmd::Run>()->until, Index{5000});  // both go on as asked
        QCOMPARE(pair.b.last<cmd::Run>()->until, Index{5000});
    }

    /// A step of B costs eight gradients, one of A a single one: at rest A goes on until both have
    /// spent the same.
    void twoSamplersAtTheSameCost() {
        StageBench bench;
        Description chains = *describeStage(2, {kSide, kSide});
        chains.series.push_back({"gradients", "Gradients", "", "gradients"});
        const auto description = std::make_shared<const Description>(std::move(chains));
        NumberedSession& a = bench.add(1, normals(200, 2, 1), labelsOf(200), description);
        NumberedSession& b = bench.add(2, normals(200, 2, 1), labelsOf(200), description);
        bench.bridge.setCompared(1);
        const auto rest = [&](NumberedSession& run, Index step, double gradients) {
            run.points.push_back({run.id(), 2, Clock::Train, step, gradients});
            run.publish([&](Snapshot& s) {
                s.step[0] = s.head[0] = step;
                s.running[0] = false;
            });
        };
        rest(a, 100, 100);
        rest(b, 100, 800);
        bench.bridge.poll();
        QCOMPARE(a.posts<cmd::Run>() + b.posts<cmd::Run>(), 0);  // equal steps are together
        bench.bridge.linkedTime().setByGradients(true);
        rest(b, 100, 800);
        bench.bridge.poll();
        QCOMPARE(a.last<cmd::Run>()->until, Index{800});
        QCOMPARE(b.posts<cmd::Run>(), 0);
        rest(a, 800, 800);
        bench.bridge.poll();
        QVERIFY(!bench.bridge.linkedTime().catchingUp());
        // Three gradients more are less than one step of B: near enough.
        rest(a, 803, 803);
        bench.bridge.poll();
        QCOMPARE(b.posts<cmd::Run>(), 0);
        rest(a, 816, 816);
        bench.bridge.poll();
        QCOMPARE(b.last<cmd::Run>()->until, Index{102});
    }

    void aFailedOrClosedRunIsNotWaitedFor() {
        Pair pair;
        pair.a.publish([](Snapshot& s) {
            s.step[0] = s.head[0] = 300;
            s.failure = Failure{"advance", "planted", 300};
        });
        pair.bridge.poll();
        QVERIFY(!pair.bridge.linkedTime().catchingUp());
        pair.bridge.removeRun(1);
        QCOMPARE(pair.bridge.compared(), kNoRun);
    }

    /// A run of chains has no training steps: nobody waits for it to make some.
    void runsWithoutACommonClockAreNotLinked() {
        StageBench bench;
        Description chains = *describeStage(2, {kSide, kSide});
        chains.clocks = {Clock::Sample};
        NumberedSession& other = bench.add(1, normals(200, 2, 1), labelsOf(200),
                                           std::make_shared<Description>(std::move(chains)));
        NumberedSession& run =
            bench.add(2, normals(200, 2, 1), labelsOf(200), describeStage(2, {kSide, kSide}));
        bench.bridge.setCompared(1);
        bench.bridge.post(cmd::Run{Clock::Train, 5000});
        QCOMPARE(other.posts<cmd::Run>(), 0);
        QCOMPARE(run.posts<cmd::Run>(), 1);
        run.publish([](Snapshot& s) {
            s.step[0] = s.head[0] = 900;
            s.running[0] = true;
        });
        bench.bridge.poll();
        QCOMPARE(run.posts<cmd::Pause>(), 0);
    }

    /// Whoever opens a recipe beside a comparison looks at the new run alone.
    void anotherRecipeEndsTheComparison() {
        WindowHarness harness;
        MainWindow& window = harness.open();
        QTRY_VERIFY(window.bridge().activeFrame() && window.bridge().activeFrame()->description);
        auto* compare = window.findChild<QAction*>(QStringLiteral("run.compare"));
        compare->trigger();
        QVERIFY(window.bridge().compared() != kNoRun && compare->isChecked());
        window.openRecipe(window.services().recipes.front().id, {}, 1, false);
        QCOMPARE(window.bridge().compared(), kNoRun);
        QVERIFY(!compare->isChecked());
    }

    void theOtherRunBecomesActiveAndTheyChangePlaces() {
        Pair pair;
        pair.bridge.setActive(1);
        QCOMPARE(pair.bridge.compared(), 2U);
        pair.bridge.setActive(2);
        QCOMPARE(pair.bridge.compared(), 1U);
        pair.bridge.setCompared(2);  // a run is not compared with itself
        QCOMPARE(pair.bridge.compared(), 1U);
    }

    void oneCameraForBoth() {
        Pair pair;
        pair.b.publish([&](Snapshot& s) { pair.b.set(s, "codes", normals(200, 2, 9)); });
        pair.bridge.poll();
        const auto view = pair.show("comparison", {900, 480});
        QTest::qWait(50);
        pair.bridge.poll();
        view->present(pair.bridge.frames());
        const auto maps = view->findChildren<SceneWidget*>();
        std::vector<SceneWidget*> shown;
        std::ranges::copy_if(maps, std::back_inserter(shown),
                             [](const SceneWidget* s) { return s->isVisible(); });
        QCOMPARE(shown.size(), std::size_t{2});
        QVERIFY(sameRect(shown[0]->shown(), shown[1]->shown()));
        const render::Rect before = shown[0]->shown();
        for (const std::size_t from : {std::size_t{0}, std::size_t{1}}) {
            wheelAt(shown[from], shown[from]->plotRect().center() + QPointF(20, 10), 2);
            QVERIFY(!sameRect(shown[from]->shown(), before));
            QVERIFY(sameRect(shown[0]->shown(), shown[1]->shown()));
            // Undo takes back the move of the side that was moved, and the other one comes along.
            auto* figure = static_cast<FigureView*>(view.get());
            QCOMPARE(figure->scene(), shown[from]);
            QVERIFY(figure->scene()->undoCamera());
            QVERIFY(sameRect(shown[0]->shown(), before));
            QVERIFY(sameRect(shown[1]->shown(), before));
            QVERIFY(figure->scene()->redoCamera());
            QVERIFY(!sameRect(shown[from]->shown(), before));
            QVERIFY(sameRect(shown[0]->shown(), shown[1]->shown()));
            QVERIFY(figure->scene()->undoCamera());
        }
        view->resize(700, 480);  // a new size is no move
        QTest::qWait(50);
        QVERIFY(sameRect(shown[0]->shown(), shown[1]->shown()));
        view->fit();
        QVERIFY(sameRect(shown[0]->shown(), shown[1]->shown()));
    }

    void decodesBecomeOneField() {
        // Two cells above each other, one beside the other: rows from below, pixels from above.
        std::vector<float> x;
        for (int i = 0; i < 4; ++i) {
            for (int p = 0; p < 4; ++p) {
                x.push_back(static_cast<float>(10 * i + p));
            }
        }
        const auto field = decodedField(Array({4, 2, 2}, x), 2, 2, {0, 0, 4, 4}, 0);
        QVERIFY(field);
        QCOMPARE(field->values.dim(0), Index{4});
        const auto v = field->values.values<float>();
        // Lowest row of the field: the lower pixels of cells 0 and 1.
        QCOMPARE(std::vector<float>(v.begin(), v.begin() + 4), (std::vector<float>{2, 3, 12, 13}));
        QCOMPARE(std::vector<float>(v.end() - 4, v.end()), (std::vector<float>{20, 21, 30, 31}));
        QCOMPARE(field->place.x0, 0.5);
        QCOMPARE(field->place.x1, 3.5);
        const auto points =
            decodedField(Array({2, 2}, std::vector<float>{1, 2, 3, 4}), 1, 2, {0, 0, 2, 1}, 1);
        QVERIFY(points);
        QCOMPARE(points->values.values<float>()[1], 4.0F);
        QVERIFY(!decodedField(Array({3, 2, 2}, std::vector<float>(12)), 2, 2, {}, 0));
        QVERIFY(!decodedField(Array({2, 2}, std::vector<float>(4)), 1, 2, {}, 2));
    }

    void theDifferenceIsOfTheSamePoints() {
        Pair pair;
        DifferencePane pane(pair.bridge);
        pane.setTheme(themeOf(ThemeKind::Light));
        pane.resize(400, 360);
        pane.show();
        QVERIFY(QTest::qWaitForWindowExposed(&pane));
        pane.present(*pair.bridge.frame(1), *pair.bridge.frame(2));
        QTRY_VERIFY(pair.a.probes("decode") > 0 && pair.b.probes("decode") > 0);
        // The content takes its size when it first shows; then the question fits it.
        for (int i = 0; i < 4; ++i) {
            pair.decode(pair.a, [](Index n) { return ramp(n, 0.1F); });
            pair.decode(pair.b, [](Index n) { return ramp(n, 0.1F); });
            QTest::qWait(20);
        }
        QCOMPARE(pane.largest().value_or(-1), 0.0);
        wheelAt(&pane.scene(), pane.scene().plotRect().center(), 1);
        const auto z = [](const NumberedSession& run) {
            const auto values = run.lastProbe("decode")->arrays.at("z").values<float>();
            return std::vector<float>(values.begin(), values.end());
        };
        QCOMPARE(z(pair.a), z(pair.b));
        pair.decode(pair.a, [](Index n) { return ramp(n, 0.5F); });
        QCOMPARE(*pane.largest(), 0.0);  // one answer is no difference
        pair.decode(pair.b, [](Index n) { return ramp(n, 0.2F); });
        QVERIFY(std::abs(*pane.largest() - 0.3) < 1e-5);
        const auto& layer = std::get<render::GridLayer>(pane.scene().figure().layers.front());
        QVERIFY(std::ranges::all_of(layer.values.values<float>(),
                                    [](float v) { return std::abs(v - 0.3F) < 1e-5F; }));
        QCOMPARE(layer.low, -layer.high);
        // The window moves: the old answer of one run and the new one of the other are not mixed.
        wheelAt(&pane.scene(), pane.scene().plotRect().center(), 3);
        const cmd::Probe fresh = *pair.b.lastProbe("decode");
        pair.decode(pair.b, [](Index n) { return ramp(n, 0.4F); });
        QVERIFY(std::abs(*pane.largest() - 0.3) < 1e-5);
        QCOMPARE(pair.a.lastProbe("decode")->arrays.at("z").dim(0), fresh.arrays.at("z").dim(0));
        pair.decode(pair.a, [](Index n) { return ramp(n, 0.4F); });
        QCOMPARE(*pane.largest(), 0.0);
        QVERIFY(!pane.scene().figure().note.isEmpty());  // alike, in words
    }

    void differentSpacesAreNotSubtracted() {
        StageBench bench;
        bench.add(1, normals(50, 2, 1), labelsOf(50), describeStage(2, {kSide, kSide}));
        bench.add(2, normals(50, 5, 1), labelsOf(50), describeStage(5, {kSide, kSide}));
        DifferencePane pane(bench.bridge);
        pane.resize(300, 300);
        pane.show();
        QVERIFY(QTest::qWaitForWindowExposed(&pane));
        pane.present(*bench.bridge.frame(1), *bench.bridge.frame(2));
        QVERIFY(pane.problem().contains("dimension"));
        QTest::qWait(250);
        QCOMPARE(bench.runs[0]->probes("decode") + bench.runs[1]->probes("decode"), 0);
        QVERIFY(pane.scene().figure().layers.empty());
    }

    void lossesOfBothRunsAreDrawn() {
        Pair pair;
        const auto view = pair.show("losses", {600, 200});
        const auto* plot = view->findChild<TimePlot*>();
        const auto drawn = [&] {
            std::set<std::pair<std::uint32_t, QString>> out;
            for (const TimeSeries& s : plot->series()) {
                out.insert({s.key.source, s.label});
            }
            return out;
        };
        QCOMPARE(drawn().size(), std::size_t{4});  // loss and KL of both
        QCOMPARE(std::ranges::count_if(plot->series(),
                                       [](const TimeSeries& s) { return s.key.source == 1; }),
                 2);
        QVERIFY(std::ranges::all_of(plot->series(), [](const TimeSeries& s) {
            return (s.style == Qt::DashLine) == (s.key.source == 1);
        }));
        // A run without these series adds nothing.
        auto other = std::make_shared<Description>(*describeStage(2, {kSide, kSide}));
        other->series = {{"walk", "walk", "", "walk"}};
        pair.add(3, normals(200, 2, 1), labelsOf(200), other);
        pair.bridge.setActive(2);
        QCOMPARE(drawn().size(), std::size_t{4});
    }

    void keyCPutsACopyBesideTheRun() {
        WindowHarness harness;
        MainWindow& window = harness.open();
        SessionBridge& bridge = window.bridge();
        QTRY_VERIFY(bridge.activeFrame() && bridge.activeFrame()->description);
        const std::uint32_t original = bridge.active();
        bridge.post(cmd::Run{Clock::Train, 150});
        QTRY_COMPARE(bridge.frame(original)->snapshot->step[0], Index{150});
        auto* compare = window.findChild<QAction*>(QStringLiteral("run.compare"));
        compare->trigger();
        QCOMPARE(bridge.compared(), original);
        QVERIFY(compare->isChecked());
        const std::uint32_t copy = bridge.active();
        QVERIFY(copy != original);
        // The copy comes to the original's step by itself and has then the same codes.
        QTRY_VERIFY_WITH_TIMEOUT(
            bridge.frame(copy)->snapshot->step[0] == 150 && channel(*bridge.frame(copy), "codes"),
            20'000);
        const auto codes = [&](std::uint32_t run) {
            const Array* found = channel(*bridge.frame(run), "codes");
            return found ? found->values<float>() : std::span<const float>();
        };
        QTRY_VERIFY(!codes(copy).empty() && std::ranges::equal(codes(copy), codes(original)));
        // The stage shows the comparison.
        auto* host = window.findChild<ViewHost*>(QStringLiteral("host.comparison"));
        QVERIFY(host && host->isVisible());
        // Both run, both stop at the same step.
        bridge.post(cmd::Run{Clock::Train, 400});
        const auto both = [&](Index step) {
            return bridge.frame(copy)->snapshot->step[0] == step &&
                   bridge.frame(original)->snapshot->step[0] == step;
        };
        QTRY_VERIFY_WITH_TIMEOUT(both(400), 20'000);
        // Scrubbing moves both to the same past step.
        const auto kept = bridge.session(copy)->ring().second;
        if (kept.size() > 1) {
            bridge.post(cmd::Scrub{Clock::Train, kept.front()});
            QTRY_VERIFY_WITH_TIMEOUT(bridge.frame(copy)->snapshot->scrubbed &&
                                         bridge.frame(original)->snapshot->scrubbed,
                                     10'000);
            bridge.post(cmd::Scrub{Clock::Train, 401});
            QTRY_VERIFY_WITH_TIMEOUT(both(400), 10'000);
        }
        // The difference of two alike runs is nothing, and says so; pictures to look at.
        QVERIFY(host->view()->setMode(7));
        auto* pane = host->view()->findChild<DifferencePane*>();
        QTRY_VERIFY_WITH_TIMEOUT(pane->largest().has_value(), 20'000);
        QCOMPARE(*pane->largest(), 0.0);
        Selection chosen = nothingSelected(*bridge.activeFrame());
        for (Index row = 0; row < chosen.count; row += 7) {
            chosen.rows.push_back(row);
        }
        bridge.explore().setSelection(chosen);
        QTest::qWait(300);
        QVERIFY(QDir().mkpath(kShots));
        window.grab().save(kShots + QStringLiteral("comparison.png"));
        // Esc selects nothing, wherever the focus is.
        window.findChild<QAction*>(QStringLiteral("tool.leave"))->trigger();
        QVERIFY(bridge.explore().selection()->empty());
        compare->trigger();
        QCOMPARE(bridge.compared(), kNoRun);
        QVERIFY(!compare->isChecked());
        QVERIFY(!host->isVisible());
        QCOMPARE(bridge.frames().size(), std::size_t{2});  // both runs stay
    }
};

QTEST_MAIN(TestStageComparison)
#include "tst_stage_comparison.moc"
