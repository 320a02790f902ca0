// SPDX-License-Identifier: GPL-3.0-or-later
// The views of paths between two codes against paths that are known, and under a hand that drags.
#include "core/experiments/geometry/spec.h"
#include "tests/gui/path_bench.h"
#include "tests/gui/window_harness.h"
#include "ui/plot/chart.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/figure_view.h"
#include "ui/views/geodesic_hand.h"

#include <QAction>
#include <QDockWidget>
#include <QToolButton>
#include <QtTest>

using namespace lx;
using namespace lx::ui;
using test::pathArrays;

namespace {

const std::vector<double> kFrom{-1, -0.4}, kTo{0.6, 1};

struct Bench : test::StageBench {
    Bench()
        : session(add(1, test::normals(300, 2, 4), test::labelsOf(300), test::describePaths())) {
        put(pathArrays(kFrom, kTo));
    }
    void put(const State& arrays) {
        test::publishPaths(session, arrays);
        bridge.poll();
    }
    test::NumberedSession& session;
};

/// The newest question about a curve: the probe's cursor asks others.
std::optional<cmd::Probe> asked(const test::NumberedSession& session) {
    std::optional<cmd::Probe> out;
    for (const auto& p : session.posted) {
        const auto* probe = std::get_if<cmd::Probe>(&p.command);
        if (probe && probe->kind == "geodesic") {
            out = *probe;
        }
    }
    return out;
}

std::vector<DataTable> tablesOf(const View& view) {
    return view.tables();
}

double numberAt(const View& view, Index row, Index column) {
    const auto tables = tablesOf(view);
    return tables.empty() ? NAN : tables[0].cell(row, column).toDouble();
}

template <class Item>
int count(const Figure& figure) {
    return static_cast<int>(std::ranges::count_if(
        figure.overlay, [](const OverlayItem& i) { return std::holds_alternative<Item>(i); }));
}

/// Pixels of a strip's first tile that are not the panel's.
int drawnPixels(View& view) {
    const QImage picture = view.picture({900, 300}, 1);
    const QRgb panel = picture.pixel(picture.width() - 2, picture.height() - 2);
    int out = 0;
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 130; x < picture.width(); ++x) {
            out += picture.pixel(x, y) != panel ? 1 : 0;
        }
    }
    return out;
}

/// The window on the family of closed forms, and a run without curves.
struct GeometryWindow : test::WindowHarness {
    static std::span<const ExperimentSpec> families() {
        static const std::vector<ExperimentSpec> all = [] {
            std::vector<ExperimentSpec> out(test::fakeSpecs().begin(), test::fakeSpecs().end());
            out.push_back(geometry::spec());
            return out;
        }();
        return all;
    }
    GeometryWindow() : WindowHarness(families()) {
        recipes = {recipe("curve", "geometry", "Great circles"),
                   recipe("codes", "fake-vae", "Fake VAE")};
        recipes[0].clock = Clock::Sample;
    }
};

}  // namespace

class TestPathViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void stripsSayLengthAndEnergy() {
        Bench bench;
        const auto view = bench.show("path-strips", {900, 300});
        const auto metric = sphereMetric();
        QCOMPARE(tablesOf(*view)[0].rows(), Index{3});
        QCOMPARE(tablesOf(*view)[0].cell(0, 0), QStringLiteral("straight"));
        QCOMPARE(tablesOf(*view)[0].cell(2, 0), QStringLiteral("geodesic"));
        const auto line = straightPath(kFrom, kTo, test::kPathKnots);
        QVERIFY(std::abs(numberAt(*view, 0, 1) - pathLength(*metric, line)) < 1e-12);
        QVERIFY(std::abs(numberAt(*view, 0, 2) - pathEnergy(*metric, line)) < 1e-12);
        QVERIFY(std::abs(numberAt(*view, 2, 1) / sphereDistance(kFrom, kTo) - 1) < 1e-3);
        // Twin: the geodesic's length is not that of the line.
        QVERIFY(numberAt(*view, 2, 1) < 0.99 * numberAt(*view, 0, 1));
        QVERIFY(drawnPixels(*view) > 3000);
    }

    void oppositeEndsHaveNoSphericalStrip() {
        Bench bench;
        bench.put(pathArrays({-1, -0.5}, {1, 0.5}));
        const auto strips = bench.show("path-strips", {900, 300});
        QCOMPARE(tablesOf(*strips)[0].rows(), Index{2});
        const auto chart = bench.show("path-chart", {900, 240});
        QCOMPARE(chart->findChild<ChartPlot*>()->chart().panels[0].lines.size(), std::size_t{2});
        const auto map = bench.show("metric-map", {400, 400});
        QCOMPARE(map->findChild<SceneWidget*>()->figure().legend.size(), std::size_t{2});
    }

    void chartShowsSpeedAndUncertainty() {
        Bench bench;
        const auto view = bench.show("path-chart", {900, 240});
        const Chart& chart = view->findChild<ChartPlot*>()->chart();
        QCOMPARE(chart.panels.size(), std::size_t{2});
        QCOMPARE(chart.legend.size(), std::size_t{3});
        const ChartLine& geodesic = chart.panels[0].lines[0];
        QCOMPARE(geodesic.style, Qt::SolidLine);
        QCOMPARE(chart.panels[0].lines[1].style, Qt::DotLine);
        QCOMPARE(chart.panels[0].lines[2].style, Qt::DashDotLine);
        const auto [low, high] = std::ranges::minmax(geodesic.y);
        QVERIFY(high / low < 1.01);
        QVERIFY(chart.panels[0].note.startsWith(QStringLiteral("geodesic: length")));
        // Uncertainty stands over the share of each path's own length.
        const ChartLine& sd = chart.panels[1].lines[1];
        QCOMPARE(sd.x.size(), std::size_t{test::kPathKnots});
        QCOMPARE(sd.x.front(), 0.0);
        QVERIFY(std::abs(sd.x.back() - 1) < 1e-12);
        QCOMPARE(sd.y.front(), 1 + std::hypot(kFrom[0], kFrom[1]));
        QVERIFY(std::abs(sd.x[8] - 0.25) > 0.01);  // the line's speed is not even
    }

    /// A curve that leaps says so in every view of it.
    void unresolvedIsSaidEverywhere() {
        Bench bench;
        const QString said = QStringLiteral("Not resolved: speed varies 8.1-fold");
        const auto note = [&](const View& view) {
            return view.findChild<SceneWidget*>()->figure().note;
        };
        const auto map = bench.show("metric-map", {400, 400});
        const auto codes = bench.show("latent-map", {400, 400});
        const auto chart = bench.show("path-chart", {900, 240});
        const auto strips = bench.show("path-strips", {900, 300});
        QCOMPARE(note(*map), QString());
        QCOMPARE(note(*codes), QString());
        const QImage before = strips->picture({900, 300}, 1);
        bench.put(pathArrays(kFrom, kTo, said.toStdString() + ", so it leaps. More knots help."));
        QCOMPARE(note(*map), said);
        QCOMPARE(note(*codes), said);
        QCOMPARE(chart->findChild<ChartPlot*>()->chart().panels[0].note, said);
        QVERIFY(strips->picture({900, 300}, 1) != before);
        bench.put(pathArrays(kFrom, kTo));
        QCOMPARE(note(*map), QString());
        QCOMPARE(strips->picture({900, 300}, 1), before);
    }

    /// What a hand drags on one map is seen in all views, until the run has caught up.
    void everyViewFollowsTheHand() {
        Bench bench;
        const auto map = bench.show("metric-map", {500, 500});
        const auto codes = bench.show("latent-map", {400, 400});
        const auto strips = bench.show("path-strips", {900, 300});
        auto* scene = map->findChild<SceneWidget*>();
        auto* hand = map->findChild<GeodesicHand*>();
        auto* other = codes->findChild<GeodesicHand*>();
        QTRY_VERIFY(hand->paths()[0].defined() && other->paths()[0].defined());
        const double before = numberAt(*strips, 2, 1);
        const auto press = [&](QEvent::Type type, double x, double y) {
            test::mouse(scene, type, scene->toPixel(x, y), Qt::LeftButton);
        };
        press(QEvent::MouseButtonPress, kTo[0], kTo[1]);
        press(QEvent::MouseButtonRelease, kTo[0], kTo[1]);
        QVERIFY(!asked(bench.session));  // another tool leaves it alone
        bench.bridge.explore().setTool(Tool::Geodesic);
        press(QEvent::MouseButtonPress, kTo[0], kTo[1]);
        press(QEvent::MouseMove, 0.2, -1.2);
        const auto question = asked(bench.session);
        QVERIFY(question);
        State answer = pathArrays(kFrom, {0.2, -1.2});
        answer["path"] = answer.extract("geodesic").mapped();
        std::map<std::string, Array> arrays(answer.begin(), answer.end());
        bench.answer(bench.session, question->ticket, arrays);
        const auto endOf = [](const GeodesicHand& of) {
            return of.paths()[0].values<double>()[65];
        };
        QCOMPARE(endOf(*hand), -1.2);
        QCOMPARE(endOf(*other), -1.2);
        const double during = numberAt(*strips, 2, 1);
        QVERIFY(std::abs(during / before - 1) > 0.05);
        // The run publishes something else meanwhile: the hand is newer.
        bench.put(pathArrays(kFrom, kTo));
        QCOMPARE(numberAt(*strips, 2, 1), during);
        press(QEvent::MouseButtonRelease, 0.2, -1.2);
        const auto at = scene->toData(scene->toPixel(0.2, -1.2));
        bench.put(pathArrays(kFrom, {at.x(), at.y()}));
        QVERIFY(bench.bridge.explore().draggedPath().empty());
        QVERIFY(std::abs(numberAt(*strips, 2, 1) / during - 1) < 1e-3);
    }

    void aHandThatNobodyFollowsIsForgotten() {
        Bench bench;
        const auto map = bench.show("metric-map", {500, 500});
        auto* scene = map->findChild<SceneWidget*>();
        bench.bridge.explore().setTool(Tool::Geodesic);
        test::mouse(scene, QEvent::MouseButtonPress, scene->toPixel(kTo[0], kTo[1]),
                    Qt::LeftButton);
        const auto question = asked(bench.session);
        QVERIFY(question);
        State answer = pathArrays(kFrom, {0.2, -1.2});
        answer["path"] = answer.extract("geodesic").mapped();
        bench.answer(bench.session, question->ticket, {answer.begin(), answer.end()});
        QVERIFY(!bench.bridge.explore().draggedPath().empty());
        test::mouse(scene, QEvent::MouseButtonRelease, scene->toPixel(kTo[0], kTo[1]),
                    Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bench.bridge.explore().draggedPath().empty(), 5000);
    }

    void metricMapDrawsWhatIsPublished() {
        Bench bench;
        const auto view = bench.show("metric-map", {500, 500});
        auto* scene = view->findChild<SceneWidget*>();
        QVERIFY(view->title().contains(QStringLiteral("Sphere")));
        QCOMPARE(scene->figure().layers.size(), std::size_t{1});
        // 64 ellipses, a ring, three paths with their halos.
        QCOMPARE(count<CurveItem>(scene->figure()), 64 + 1 + 6);
        QJsonObject state = view->state();
        state[QStringLiteral("ellipses")] = false;
        view->restore(state);
        QCOMPARE(count<CurveItem>(scene->figure()), 1 + 6);
        // Arrays of another shape are refused, not drawn.
        State wrong = pathArrays(kFrom, kTo);
        wrong["equidistance"] = Array({7}, std::vector<float>(7));
        wrong["geodesic"] = Array({5, 3}, std::vector<double>(15));
        wrong["speed"] = Array({2}, std::vector<double>(2));
        bench.put(wrong);
        QCOMPARE(count<CurveItem>(scene->figure()), 4);
        wrong["magnification"] = Array({1, 5}, std::vector<float>(5));
        bench.put(wrong);
        const auto chart = bench.show("path-chart", {900, 240});
        QVERIFY(!static_cast<FigureView*>(chart.get())->showsContent());
        QVERIFY(!static_cast<FigureView*>(view.get())->showsContent());
    }

    /// A run with a geodesic brings the layout of geometry, and one without takes it away again.
    void layoutOfGeometry() {
        GeometryWindow harness;
        MainWindow& window = harness.open({false, false, ThemeKind::Light});
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        const auto layout = [&] {
            return window.findChild<QToolButton*>(QStringLiteral("layout"))->text();
        };
        const auto stage = [&] {
            QStringList out;
            for (const char* id : {"latent-map", "metric-map", "surface", "manifold-sheet"}) {
                View* view = window.view(QLatin1String(id));
                if (view && view->isVisible()) {
                    out << QLatin1String(id);
                }
            }
            return out.join(QLatin1Char(' '));
        };
        // Made wide in the same breath in which the run is opened, as `shot` does: nothing folds.
        window.resize(1000, 700);
        QTest::qWait(50);
        auto* tree = window.findChild<QDockWidget*>(QStringLiteral("dock.experiment"));
        QVERIFY(tree && !tree->isVisible());
        window.resize(1440, 900);
        window.openRecipe("curve", {}, 1, true);
        QTRY_COMPARE_WITH_TIMEOUT(stage(), QStringLiteral("metric-map surface"), 20'000);
        QTRY_VERIFY(tree->isVisible());
        QVERIFY2(layout().contains(QStringLiteral("Geometry")), qPrintable(layout()));
        QTRY_VERIFY(window.view(QStringLiteral("path-chart"))->isVisible());
        const auto chart = [&] {
            return window.view(QStringLiteral("path-chart"))->findChild<ChartPlot*>()->chart();
        };
        QTRY_VERIFY_WITH_TIMEOUT(!chart().panels.empty(), 20'000);
        // Great circles are dragged too: the tool is there.
        QTRY_VERIFY(window.findChild<QAction*>(QStringLiteral("tool.geodesic"))->isEnabled());
        window.openRecipe("codes", {}, 1, true);
        QTRY_COMPARE_WITH_TIMEOUT(stage(), QStringLiteral("latent-map manifold-sheet"), 20'000);
        QVERIFY2(layout().contains(QStringLiteral("Explore")), qPrintable(layout()));
        // Twin: a person's own purpose stays.
        window.setLayoutNamed(QStringLiteral("train"));
        window.openRecipe("curve", {}, 1, true);
        QTest::qWait(300);
        QVERIFY2(layout().contains(QStringLiteral("Train")), qPrintable(layout()));
        window.setLayoutNamed(QStringLiteral("geometry"));
        QTRY_COMPARE(stage(), QStringLiteral("metric-map surface"));
    }
};

QTEST_MAIN(TestPathViews)
#include "tst_path_views.moc"
