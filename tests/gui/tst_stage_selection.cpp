// SPDX-License-Identifier: GPL-3.0-or-later
// Rows drawn around in one view are the rows emphasised in all of them.
#include "tests/gui/stage_bench.h"
#include "ui/viewport/scene_widget.h"
#include "ui/viewport/space_paint.h"
#include "ui/views/chart_choice.h"
#include "ui/views/figure_view.h"
#include "ui/views/outline.h"
#include "ui/views/scene_pick.h"
#include "ui/views/selection_panel.h"
#include "ui/views/tile_grid.h"

#include <QClipboard>
#include <QDir>
#include <QGuiApplication>

#include <algorithm>
#include <cmath>

using namespace lx;
using namespace lx::test;
using namespace lx::ui;

namespace {

constexpr Index kCodes = 400;
const QString kShots = QStringLiteral(LX_BINARY_DIR "/screenshots/");
constexpr unsigned kSeed = 11;

Array tiles(Index count, Index side) {
    std::vector<float> out;
    for (Index n = 0; n < count; ++n) {
        out.insert(out.end(), static_cast<std::size_t>(side * side),
                   static_cast<float>(n % 17) / 16.0F);
    }
    return {{count, side, side}, out};
}

struct Bench : StageBench {
    NumberedSession& run;
    explicit Bench(Index dim = 2, std::vector<Index> sample = {4, 4})
        : run(add(1, normals(kCodes, dim, kSeed), labelsOf(kCodes), describeStage(dim, sample))) {
        bridge.explore().setTool(Tool::Select);
        run.publish([&](Snapshot& s) {
            run.set(s, "data", sample.size() == 2 ? tiles(kCodes, 4) : normals(kCodes, 2, 3));
        });
        bridge.poll();
    }
    std::vector<Index> rows() { return bridge.explore().selection()->rows; }
    std::span<const float> codes() { return run.next->channels.at("codes").array.values<float>(); }
    /// Rows whose code lies in the rectangle between two pixels, by the data's own coordinates.
    std::vector<Index> within(const SceneWidget& scene, QPointF a, QPointF b) {
        const QPointF p = scene.toData(a), q = scene.toData(b);
        std::vector<Index> out;
        for (Index i = 0; i < kCodes; ++i) {
            const double x = codes()[2 * std::size_t(i)], y = codes()[2 * std::size_t(i) + 1];
            if (x >= std::min(p.x(), q.x()) && x <= std::max(p.x(), q.x()) &&
                y >= std::min(p.y(), q.y()) && y <= std::max(p.y(), q.y())) {
                out.push_back(i);
            }
        }
        return out;
    }
};

/// Pixels in that colour, as a point of the map shows it on the panel.
int pixelsOf(const QImage& image, const QColor& ink) {
    const QColor panel = themeOf(ThemeKind::Light).panel;
    const auto mixed = [](int a, int b) { return static_cast<int>(0.88 * a + 0.12 * b); };
    const QColor color(mixed(ink.red(), panel.red()), mixed(ink.green(), panel.green()),
                       mixed(ink.blue(), panel.blue()));
    int count = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const QColor c = image.pixelColor(x, y);
            count += std::abs(c.red() - color.red()) + std::abs(c.green() - color.green()) +
                                 std::abs(c.blue() - color.blue()) <
                             25
                         ? 1
                         : 0;
        }
    }
    return count;
}

}  // namespace

class TestStageSelection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void combiningIsSetAlgebra() {
        std::mt19937 random(3);
        for (int round = 0; round < 200; ++round) {
            std::set<Index> before, picked;
            std::vector<Index> a, b;
            for (int i = 0; i < 30; ++i) {
                a.push_back(Index(random() % 50));
                b.push_back(Index(random() % 60) - 5);
                before.insert(a.back());
                picked.insert(b.back());
            }
            std::erase_if(picked, [](Index row) { return row < 0 || row >= 50; });
            std::set<Index> sum = before, rest = before;
            sum.insert(picked.begin(), picked.end());
            for (const Index row : picked) {
                rest.erase(row);
            }
            const auto list = [](const std::set<Index>& s) {
                return std::vector<Index>(s.begin(), s.end());
            };
            QCOMPARE(combined(a, b, Combine::Replace, 50), list(picked));
            QCOMPARE(combined(a, b, Combine::Add, 50), list(sum));
            QCOMPARE(combined(a, b, Combine::Subtract, 50), list(rest));
        }
    }

    void aRectangleHoldsItsRows() {
        Bench bench;
        const auto map = bench.show("latent-map", {520, 500});
        auto* scene = map->findChild<SceneWidget*>();
        const QPointF centre = scene->plotRect().center();
        const QPointF a = centre + QPointF(-90.3, -120.7), b = centre + QPointF(40.2, -10.4);
        const render::Rect before = scene->shown();
        drag(scene, {a, b});
        const auto expected = bench.within(*scene, a, b);
        QVERIFY(expected.size() > 20 && expected.size() < 200);
        QCOMPARE(bench.rows(), expected);
        QTRY_VERIFY(!scene->busy());
        QVERIFY(QDir().mkpath(kShots));
        map->grab().save(kShots + QStringLiteral("selection.png"));
        QCOMPARE(scene->shown().x0, before.x0);  // the tool selects, it does not pan
        // The twin: a rectangle mirrored at the middle, as a flipped axis would make it.
        const auto mirrored =
            bench.within(*scene, {a.x(), 2 * centre.y() - a.y()}, {b.x(), 2 * centre.y() - b.y()});
        QVERIFY(bench.rows() != mirrored);
    }

    void aLassoIsNotItsBox() {
        Bench bench;
        bench.bridge.explore().setOutline(Outline::Lasso);
        const auto map = bench.show("latent-map", {520, 500});
        auto* scene = map->findChild<SceneWidget*>();
        const QPointF c = scene->plotRect().center();
        const QPointF p = c + QPointF(-130, 110), q = c + QPointF(140, 100),
                      r = c + QPointF(10, -150);
        drag(scene, {p, q, r, p});
        const auto side = [](QPointF from, QPointF to, QPointF at) {
            return (to.x() - from.x()) * (at.y() - from.y()) -
                   (to.y() - from.y()) * (at.x() - from.x());
        };
        std::vector<Index> certain, near;  // the lasso's corners are whole steps of the mouse
        for (Index i = 0; i < kCodes; ++i) {
            const QPointF at = scene->toPixel(bench.codes()[2 * std::size_t(i)],
                                              bench.codes()[2 * std::size_t(i) + 1]);
            const double least = std::min({-side(p, q, at) / QLineF(p, q).length(),
                                           -side(q, r, at) / QLineF(q, r).length(),
                                           -side(r, p, at) / QLineF(r, p).length()});
            if (least > 1.5) {
                certain.push_back(i);
            }
            if (least > -1.5) {
                near.push_back(i);
            }
        }
        const auto rows = bench.rows();
        QVERIFY(certain.size() > 30);
        QVERIFY(std::ranges::includes(rows, certain));
        QVERIFY(std::ranges::includes(near, rows));
        QVERIFY(!std::ranges::includes(rows, bench.within(*scene, {p.x(), r.y()}, {q.x(), p.y()})));
    }

    void shiftAddsAltTakesAwayEscForgets() {
        Bench bench;
        const auto map = bench.show("latent-map", {520, 500});
        auto* scene = map->findChild<SceneWidget*>();
        const QPointF c = scene->plotRect().center();
        drag(scene, {c + QPointF(-120, -120), c + QPointF(-5, 100)});
        const auto left = bench.rows();
        drag(scene, {c + QPointF(5, -120), c + QPointF(120, 100)}, Qt::ShiftModifier);
        const auto both = bench.rows();
        QVERIFY(!left.empty() && both.size() > left.size());
        QVERIFY(std::ranges::includes(both, left));
        const auto held = bench.bridge.explore().selection();
        drag(scene, {c + QPointF(-200, -200), c + QPointF(-1, 200)}, Qt::AltModifier);
        const auto right = bench.rows();
        QCOMPARE(right.size(), both.size() - left.size());
        QCOMPARE(held->rows, both);  // what a view kept is not changed under its hands
        drag(scene, {c + QPointF(-200, -200), c + QPointF(200, 200)}, Qt::ControlModifier);
        QVERIFY(bench.rows().empty());
        drag(scene, {c + QPointF(-120, -120), c + QPointF(120, 100)});
        QVERIFY(!bench.rows().empty());
        map->cancelGesture();
        QVERIFY(bench.rows().empty());
        // Esc in the middle of a drag ends the drag alone.
        drag(scene, {c + QPointF(-120, -120), c + QPointF(120, 100)});
        const auto kept = bench.rows();
        mouse(scene, QEvent::MouseButtonPress, c, Qt::LeftButton);
        mouse(scene, QEvent::MouseMove, c + QPointF(60, 60), Qt::LeftButton);
        QVERIFY(scene->outlining());
        map->cancelGesture();
        mouse(scene, QEvent::MouseButtonRelease, c + QPointF(60, 60), Qt::LeftButton);
        QCOMPARE(bench.rows(), kept);
    }

    void theRestIsGrey() {
        Bench bench;
        const auto map = bench.show("latent-map", {520, 500});
        auto* scene = map->findChild<SceneWidget*>();
        const Theme& theme = themeOf(ThemeKind::Light);
        const auto shot = [&] {
            scene->figure().legend.clear();  // it shows every colour
            scene->layersChanged();
            [&] { QTRY_VERIFY(!scene->busy()); }();
            QTest::qWait(30);
            return scene->grab().toImage();
        };
        const QImage all = shot();
        QVERIFY(pixelsOf(all, classColor(theme, 0)) > 40);
        QVERIFY(pixelsOf(all, classColor(theme, 3)) > 40);
        Selection chosen = nothingSelected(*bench.bridge.activeFrame());
        for (Index i = 0; i < kCodes; i += 10) {
            chosen.rows.push_back(i);  // all of class 0
        }
        bench.bridge.explore().setSelection(chosen);
        const QImage some = shot();
        // Grey ones shine through some of the chosen.
        QVERIFY(2 * pixelsOf(some, classColor(theme, 0)) > pixelsOf(all, classColor(theme, 0)));
        QCOMPARE(pixelsOf(some, classColor(theme, 3)), 0);
        bench.bridge.explore().clearSelection();
        QCOMPARE(pixelsOf(shot(), classColor(theme, 3)), pixelsOf(all, classColor(theme, 3)));
    }

    void theDataFollow() {
        Bench bench;
        const auto view = bench.show("data", {600, 400});
        auto* grid = view->findChild<TileGrid*>();
        QVERIFY(std::ranges::none_of(grid->tiles(), &TileGrid::Tile::faded));
        Selection chosen = nothingSelected(*bench.bridge.activeFrame());
        chosen.rows = {2, 5, 7};
        bench.bridge.explore().setSelection(chosen);
        for (std::size_t i = 0; i < grid->tiles().size(); ++i) {
            const bool in = i == 2 || i == 5 || i == 7;
            QCOMPARE(grid->tiles()[i].marked, in);
            QCOMPARE(grid->tiles()[i].faded, !in);
        }
        QVERIFY(view->channels().contains("codes"));  // without a map, too, rows must be known
        // A click on a tile selects its row, Shift adds one.
        const auto place = grid->placement(QSizeF(grid->size()));
        const auto middle = [&](int i) {
            return place.upper(i, QSizeF(grid->size())).center().toPoint();
        };
        QTest::mouseClick(grid, Qt::LeftButton, {}, middle(3));
        QCOMPARE(bench.rows(), std::vector<Index>{3});
        QTest::mouseClick(grid, Qt::LeftButton, Qt::ShiftModifier, middle(1));
        QCOMPARE(bench.rows(), (std::vector<Index>{1, 3}));
    }

    void pointsOfDataSpaceSelectTheirCodes() {
        Bench bench(2, {2});
        const auto view = bench.show("data", {420, 420});
        auto* scene = view->findChild<SceneWidget*>();
        const Array data = bench.run.next->channels.at("data").array;
        const QPointF at =
            scene->toPixel(data.values<float>()[2 * 8], data.values<float>()[2 * 8 + 1]);
        drag(scene, {at - QPointF(6, 6), at + QPointF(6, 6)});
        const auto rows = bench.rows();
        QVERIFY(std::ranges::count(rows, 8) == 1 && rows.size() < 40);
        for (const Index row : rows) {
            const QPointF p = scene->toPixel(data.values<float>()[2 * std::size_t(row)],
                                             data.values<float>()[2 * std::size_t(row) + 1]);
            QVERIFY(std::abs(p.x() - at.x()) <= 6.01 && std::abs(p.y() - at.y()) <= 6.01);
        }
        QCOMPARE(scene->figure().layers.size(), std::size_t{2});  // the rest, and the chosen
    }

    void spaceSelectsWhatIsSeenThere() {
        Bench bench(3);
        const auto map = bench.show("latent-map", {520, 500});
        QVERIFY(map->setMode(4));
        QTest::qWait(30);
        auto* scene = map->findChild<SceneWidget*>();
        QVERIFY(scene->figure().space);
        const auto camera = scene->figure().space->camera;
        const Array xyz = std::get<render::PointCloud3>(scene->figure().space->solids[0]).xyz;
        const QRectF plot = scene->plotRect();
        const QPointF a = plot.center() + QPointF(-60, -50), b = plot.center() + QPointF(30, 40);
        drag(scene, {a, b});
        QCOMPARE(scene->figure().space->camera.azimuth, camera.azimuth);
        const auto projection = projectionOf(*scene->figure().space, plot.size());
        std::vector<Index> expected;
        for (Index i = 0; i < kCodes; ++i) {
            const auto z = xyz.values<float>().subspan(3 * std::size_t(i), 3);
            const auto p = projection.map(scene->figure().space->box.toWorld(z[0], z[1], z[2]));
            if (QRectF(a, b).contains(plot.topLeft() + QPointF(p.x, p.y))) {
                expected.push_back(i);
            }
        }
        QVERIFY(expected.size() > 10 && expected.size() < 300);
        QCOMPARE(bench.rows(), expected);
        QCOMPARE(scene->figure().space->solids.size(), std::size_t{2});
        const auto& chosen = std::get<render::PointCloud3>(scene->figure().space->solids[1]);
        for (Index i = 0; i < kCodes; ++i) {
            QCOMPARE(chosen.category.values<Index>()[std::size_t(i)] >= 0,
                     std::ranges::binary_search(expected, i));
        }
        // The right button turns it while the tool is in hand.
        drag(scene, {a, b}, {}, Qt::RightButton);
        QVERIFY(scene->figure().space->camera.azimuth != camera.azimuth);
        QCOMPARE(bench.rows(), expected);
    }

    void anotherRunSharesRowsOnlyOfTheSameData() {
        Bench bench;
        Selection chosen = nothingSelected(*bench.bridge.activeFrame());
        chosen.rows = {1, 2};
        bench.add(2, normals(kCodes, 2, 5), labelsOf(kCodes), describeStage(2, {4, 4}));
        bench.add(3, normals(kCodes, 2, 5), labelsOf(kCodes, 9), describeStage(2, {4, 4}));
        bench.add(4, normals(kCodes - 1, 2, 5), labelsOf(kCodes - 1), describeStage(2, {4, 4}));
        QVERIFY(appliesTo(chosen, *bench.bridge.frame(1)));
        QVERIFY(appliesTo(chosen, *bench.bridge.frame(2)));
        QVERIFY(!appliesTo(chosen, *bench.bridge.frame(3)));  // a seed with other examples
        QVERIFY(!appliesTo(chosen, *bench.bridge.frame(4)));
        // Without labels only the run itself is known to show the same data.
        bench.add(5, normals(kCodes, 2, 5), Array(), describeStage(2, {4, 4}));
        bench.add(6, normals(kCodes, 2, 5), Array(), describeStage(2, {4, 4}));
        Selection nameless = nothingSelected(*bench.bridge.frame(5));
        nameless.rows = {1};
        QVERIFY(appliesTo(nameless, *bench.bridge.frame(5)));
        QVERIFY(!appliesTo(nameless, *bench.bridge.frame(6)));
    }

    void thePanelCountsAndCopies() {
        Bench bench;
        SelectionPanel panel(bench.bridge);
        panel.setTheme(themeOf(ThemeKind::Light));
        Selection chosen = nothingSelected(*bench.bridge.activeFrame());
        chosen.rows = {0, 3, 10, 20, 21};  // classes A three times, D and B once
        bench.bridge.explore().setSelection(chosen);
        QCOMPARE(panel.text(), QStringLiteral("5 of 400 codes"));
        QCOMPARE(composition(chosen), (std::vector<Index>{3, 1, 0, 1}));
        QCOMPARE(selectionText(chosen, bench.bridge.activeFrame()),
                 QString("5 of 400 codes selected: 3 class A, 1 class B, 1 class D"));
        panel.copyIndices();
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("0, 3, 10, 20, 21"));
        panel.showImages();
        SelectionGrid* grid = panel.images();
        QCOMPARE(grid->rows(), chosen.rows);
        // The reconstructions asked for are those of the chosen rows.
        const cmd::Probe probe = *bench.run.lastProbe("encode");
        const auto x = probe.arrays.at("x").values<float>();
        QCOMPARE(probe.arrays.at("x").dim(0), Index{5});
        QCOMPARE(x[16], 3.0F / 16);
        QCOMPARE(x[3 * 16], 3.0F / 16);  // row 20 = 17 + 3
        QVERIFY(grid->tiles().tiles()[0].lower.isNull());
        bench.answer(bench.run, probe.ticket, {{"x", tiles(5, 4)}});
        for (const TileGrid::Tile& tile : grid->tiles().tiles()) {
            QVERIFY(!tile.lower.isNull());
        }
        QCOMPARE(grid->tiles().tiles()[4].caption, QStringLiteral("21"));
        // An answer for rows that are no longer selected is not shown.
        chosen.rows = {7, 8, 9, 11, 12};
        bench.bridge.explore().setSelection(chosen);
        const std::uint64_t late = bench.run.lastProbe("encode")->ticket;
        chosen.rows = {30, 31, 32, 33, 34};
        bench.bridge.explore().setSelection(chosen);
        bench.answer(bench.run, late, {{"x", tiles(5, 4)}});
        QVERIFY(grid->tiles().tiles()[0].lower.isNull());
        bench.bridge.explore().clearSelection();
        QVERIFY(grid->rows().empty());
        grid->close();
    }

    void picksPreferEndsThenPointsThenChains() {
        Figure figure;
        const render::Rect shown{0, 0, 100, 100};
        const QRectF plot(10, 20, 200, 200);
        render::PointsLayer points;
        points.xy = Array({2, 2}, std::vector<float>{50, 50, 80, 20});
        points.category = Array({2}, std::vector<Index>{4, 6});
        points.values = Array({2}, std::vector<float>{0.25F, 0.75F});
        render::TrailsLayer chains;  // [3 states, 2 chains]
        chains.xy =
            Array({3, 2, 2}, std::vector<float>{0, 0, 10, 90, 40, 40, 50, 90, 90, 90, 90, 90});
        chains.values = Array({3, 2}, std::vector<float>{0, 1, 2, 3, 4, 5});
        figure.layers = {chains, points};
        figure.overlay.push_back(CurveItem{{{20, 10}, {60, 10}, {80, 20}}, Qt::black});
        const PlotTransform to(shown, plot);
        const auto at = [&](double x, double y) {
            return pickScene(figure, shown, plot, to.map(x, y), 6);
        };
        const auto end = at(80, 20);
        QVERIFY(end && end->kind == ScenePick::Kind::CurveEnd && end->index == 1);
        const auto start = at(20, 10);
        QVERIFY(start && start->kind == ScenePick::Kind::CurveEnd && start->index == 0);
        const auto point = at(50, 50);
        QVERIFY(point && point->kind == ScenePick::Kind::Point);
        QCOMPARE(point->index, Index{0});
        QCOMPARE(*point->label, Index{4});
        QCOMPARE(*point->value, 0.25);
        QCOMPARE(pickText(*point), QString("point 0, class 4\n(50.00, 50.00)\nvalue 0.250"));
        const auto chain = at(48, 90);
        QVERIFY(chain && chain->kind == ScenePick::Kind::Chain);
        QCOMPARE(chain->index, Index{1});
        QCOMPARE(chain->state, Index{1});
        QCOMPARE(*chain->value, 3.0);
        const auto curve = at(45, 10);
        QVERIFY(curve && curve->kind == ScenePick::Kind::Curve);
        QVERIFY(!at(95, 5));
        QVERIFY(!pickScene(figure, shown, plot, {0, 0}, 6));
        // Only states that are drawn are found.
        std::get<render::TrailsLayer>(figure.layers[0]).head = 0;
        QVERIFY(!at(48, 90));
    }

    void chainsInSpaceAreFound() {
        SpaceFigure space;
        space.box = render::equalUnits({-1, -1, -1}, {1, 1, 1});
        render::Trails3 trails;
        trails.points =
            Array({2, 2, 3}, std::vector<float>{-1, 0, 0, 0, -1, 0, 1, 0, 0, 0, 1, 0.9F});
        space.solids = {trails};
        const QRectF plot(5, 5, 300, 300);
        const auto projection = projectionOf(space, plot.size());
        const auto p = projection.map(space.box.toWorld(0, 1, 0.9));
        const Theme& theme = themeOf(ThemeKind::Light);
        const auto hit = pickSpace(space, theme, plot, plot.topLeft() + QPointF(p.x, p.y), 5);
        QVERIFY(hit && hit->kind == ScenePick::Kind::Chain);
        QCOMPARE(hit->index, Index{1});
        QCOMPARE(hit->state, Index{1});
        QVERIFY(std::abs(hit->at[2] - 0.9) < 1e-6);
    }

    void hoverTellsThePointOfDataSpace() {
        Bench bench(2, {2});
        const auto view = bench.show("data", {420, 420});
        auto* scene = view->findChild<SceneWidget*>();
        const Array data = bench.run.next->channels.at("data").array;
        const auto texts = [&] {
            QStringList out;
            for (const OverlayItem& item : scene->figure().overlay) {
                if (const auto* text = std::get_if<TextItem>(&item)) {
                    out << text->text;
                }
            }
            return out.join(' ');
        };
        const QPointF at =
            scene->toPixel(data.values<float>()[2 * 8], data.values<float>()[2 * 8 + 1]);
        mouse(scene, QEvent::MouseMove, at, Qt::NoButton);
        QVERIFY2(texts().contains("point "), qPrintable(texts()));
        mouse(scene, QEvent::MouseMove, scene->plotRect().topLeft() + QPointF(3, 3), Qt::NoButton);
        QVERIFY(!texts().contains("point "));
    }
};

QTEST_MAIN(TestStageSelection)
#include "tst_stage_selection.moc"
