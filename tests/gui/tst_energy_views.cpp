// SPDX-License-Identifier: GPL-3.0-or-later
// Views of learned energies: strips of what chains fill, histograms; where the markers of chains
// stand.
#include "tests/gui/chain_bench.h"
#include "ui/plot/chart.h"
#include "ui/shell/numbers.h"
#include "ui/views/energy_layers.h"
#include "ui/views/picture_blocks.h"
#include "ui/views/tile_grid.h"

#include <QMenu>
#include <QWheelEvent>
#include <QtTest>

using namespace lx;
using namespace lx::test;
using namespace lx::ui;

namespace {

/// A run that publishes strips and histograms.
struct Bench : ChainBench {
    Bench() {
        auto d = std::make_shared<Description>(*session->told);
        d->spaces = {{"data", 4, {2, 2}}};
        d->channels = {{"inpainting", "strips", "data", "", "", Clock::Train},
                       {"mending", "strips", "data", "", "", Clock::Train},
                       {"energies", "histograms", "", "", "", Clock::Train},
                       {"outliers", "histograms", "", "", "", Clock::Train},
                       {"samples", "image_batch", "data", "", "", Clock::Train},
                       {"slice", "slice", "data", "", "nats", Clock::Train}};
        d->clocks = {Clock::Train};
        session->told = d;
        bridge.poll();
    }
    /// `rows` pictures of 2 x 2 pixels at `columns` times; each pixel of picture r, column c is
    /// (r + c) / 10.
    static Array strips(Index rows, Index columns) {
        std::vector<float> values;
        for (Index r = 0; r < rows; ++r) {
            for (Index c = 0; c < columns; ++c) {
                values.insert(values.end(), 4, 0.1F * static_cast<float>(r + c));
            }
        }
        return floatsOf({rows, columns, 2, 2}, values);
    }
};

int inkIn(const QImage& image, QRgb ink) {
    int count = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            count += image.pixel(x, y) == ink ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

class TestEnergyViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void stripsShowEveryPicture() {
        Bench bench;
        const auto view = bench.show("strips", {700, 300});
        QVERIFY(!dynamic_cast<FigureView&>(*view).showsContent());
        bench.set({{"inpainting", Bench::strips(3, 4)},
                   {"inpainting.titles", text("data\ngiven\n5 steps\n9 steps")},
                   {"mending", Bench::strips(3, 2)},
                   {"mending.titles", text("data\ngiven")}});
        auto& shown = dynamic_cast<FigureView&>(*view);
        QVERIFY(shown.showsContent());
        const auto tables = shown.tables();
        QCOMPARE(tables.size(), std::size_t{2});
        QCOMPARE(tables[0].rows(), Index{12});
        QCOMPARE(tables[1].rows(), Index{6});
        // Every shade is there, and the one of three pictures covers three times the place of the
        // one of a single picture: rows and columns are where they should be.
        const QImage picture = shown.picture({700, 300}, 1);
        const auto shade = [&](float v) {
            return tileImage(floatsOf({1, 2, 2}, std::vector<float>(4, v)), 0,
                             themeOf(ThemeKind::Light))
                .pixel(0, 0);
        };
        const int once = inkIn(picture, shade(0.1F * 5));
        QVERIFY(once > 100);
        QCOMPARE(inkIn(picture, shade(0.1F * 4)), 2 * once);
        QCOMPARE(inkIn(picture, shade(0.1F * 3)), 4 * once);  // three of the left, one of the right
        QCOMPARE(inkIn(picture, shade(0.95F)), 0);
        // In a tall place the blocks stand one below the other, with larger pictures.
        const int tall = inkIn(shown.picture({300, 700}, 1), shade(0.1F * 5));
        QVERIFY(tall > 100);
        // Arrays of another shape count as absent.
        bench.set({{"inpainting", floatsOf({3, 4}, std::vector<float>(12))},
                   {"mending", floatsOf({6}, std::vector<float>(6))}});
        QVERIFY(!shown.showsContent());
    }
    /// A stroke over a picture of the filled ones asks for a painted mask; one over other pictures
    /// for nothing, and with Ctrl it erases.
    void paintingHidesAPart() {
        Bench bench;
        const auto view = bench.show("strips", {700, 300});
        const auto publish = [&](const std::vector<double>& strokes, const char* mask) {
            bench.set({{"inpainting", Bench::strips(3, 4)},
                       {"inpainting.titles", text("data\ngiven\n5 steps\n9 steps")},
                       {"inpainting.mask", text(mask)},
                       {"inpainting.strokes", Array({std::ssize(strokes)}, strokes)},
                       {"mending", Bench::strips(3, 2)},
                       {"mending.titles", text("data\ngiven")}});
        };
        publish({}, "bottom");
        auto* blocks = view->findChild<PictureBlocks*>();
        QVERIFY(blocks != nullptr);
        blocks->resize(700, 270);
        std::map<std::string, ParamValue> wishes;
        connect(&bench.bridge, &SessionBridge::wished, this,
                [&](const std::string& id, const ParamValue& value) { wishes[id] = value; });
        const auto drag = [&](std::size_t block, Qt::KeyboardModifiers keys) {
            const QRectF tile = blocks->tileRect(block, 1, 1);
            const auto at = [&](double x, double y) {
                return (tile.topLeft() + QPointF(x, y) * tile.width()).toPoint();
            };
            QTest::mousePress(blocks, Qt::LeftButton, keys, at(0.25, 0.5));
            QTest::mouseMove(blocks, at(0.75, 0.5));
            QTest::mouseRelease(blocks, Qt::LeftButton, keys, at(0.75, 0.5));
        };
        drag(0, Qt::NoModifier);
        QCOMPARE(std::get<std::string>(wishes.at("inpaint.mask")), std::string("painted"));
        const auto first = std::get<std::vector<double>>(wishes.at("inpaint.strokes"));
        QCOMPARE(first.size(), std::size_t{8});
        QCOMPARE(first[0], 0.0);
        QCOMPARE(first[3], 2.0);
        const double pixel = 1.5 / blocks->tileRect(0, 1, 1).width();
        for (const auto& [index, expected] :
             std::map<std::size_t, double>{{4, 0.25}, {5, 0.5}, {6, 0.75}, {7, 0.5}}) {
            QVERIFY(std::abs(first[index] - expected) < pixel);
        }
        // An older picture does not take the stroke back; the next one is added to it.
        publish({}, "bottom");
        wishes.clear();
        drag(0, Qt::ControlModifier);
        const auto both = std::get<std::vector<double>>(wishes.at("inpaint.strokes"));
        QCOMPARE(both.size(), std::size_t{16});
        QCOMPARE(both[8], 1.0);
        publish(both, "painted");
        wishes.clear();
        drag(1, Qt::NoModifier);
        QVERIFY(wishes.empty());
        // What somebody else has set counts.
        publish(first, "painted");
        drag(0, Qt::NoModifier);
        QCOMPARE(std::get<std::vector<double>>(wishes.at("inpaint.strokes")).size(),
                 std::size_t{16});
        QVERIFY(!wishes.contains("inpaint.mask"));
    }
    /// A pane for each energy that is there, under one camera; fields of other shapes count as
    /// absent.
    void energiesSideBySide() {
        Bench bench;
        auto d = std::make_shared<Description>(*bench.session->told);
        for (const char* id : {"energy", "true_energy", "energy_difference", "first_energy"}) {
            d->channels.push_back({id, "grid2", "target", "", "", Clock::Train});
        }
        bench.session->told = d;
        bench.bridge.poll();
        const auto view = bench.show("energies", {900, 320});
        QVERIFY(!dynamic_cast<FigureView&>(*view).showsContent());
        const auto field = [](float low, float high) {
            return floatsOf({2, 2}, {low, high, low, high});
        };
        const Array extent = floatsOf({4}, {-2, -1, 2, 1});
        bench.set({{"energy", field(0, 4)},
                   {"energy.extent", extent},
                   {"true_energy", field(1, 7)},
                   {"true_energy.extent", extent},
                   {"energy_difference", field(-5, 1)},
                   {"energy_difference.extent", extent},
                   {"chains_now", floatsOf({1, 2}, {0.5F, 0.5F})}});
        auto& shown = dynamic_cast<FigureView&>(*view);
        QVERIFY(shown.showsContent());
        const auto panes = view->findChildren<SceneWidget*>();
        QCOMPARE(panes.size(), qsizetype{5});
        QStringList visible;
        for (SceneWidget* pane : panes) {
            if (!pane->parentWidget()->isHidden()) {
                visible << pane->accessibleName();
            }
        }
        QCOMPARE(visible, (QStringList{"learned", "true", "learned − true"}));
        const auto gridOf = [](const SceneWidget* pane) {
            return std::get<render::GridLayer>(pane->figure().layers.front());
        };
        const auto named = [&](const char* name) {
            return *std::ranges::find(panes, QString::fromUtf8(name), &QWidget::accessibleName);
        };
        // One range of colours for energies, one about zero for the difference.
        QCOMPARE(gridOf(named("learned")).high - gridOf(named("learned")).low, 10.0);
        QCOMPARE(gridOf(named("true")).high - gridOf(named("true")).low, 10.0);
        QCOMPARE(gridOf(named("learned − true")).low, -gridOf(named("learned − true")).high);
        QCOMPARE(named("learned")->figure().layers.size(), std::size_t{2});  // with its chains
        QCOMPARE(named("true")->figure().layers.size(), std::size_t{1});
        // Parts of a sum stand before it, under its name.
        bench.set({{"first_energy", field(0, 2)}, {"first_energy.extent", extent}});
        QCOMPARE(named("sum")->parentWidget()->isHidden(), false);
        QCOMPARE(named("first")->parentWidget()->isHidden(), false);
        bench.set({{"first_energy", floatsOf({4}, {0, 1, 2, 3})}});
        QCOMPARE(named("first")->parentWidget()->isHidden(), true);
        QCOMPARE(named("learned")->parentWidget()->isHidden(), false);
        // One camera: what one pane shows after the wheel, all show.
        auto* pane = named("learned");
        const QPointF middle(pane->width() / 2.0, pane->height() / 2.0);
        QWheelEvent wheel(middle, pane->mapToGlobal(middle), {}, {0, 240}, Qt::NoButton,
                          Qt::NoModifier, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(pane, &wheel);
        QTRY_VERIFY(!pane->followsHome());
        const QPointF at = pane->transform().map(0, 0) - pane->transform().map(1, 0);
        const QPointF other =
            named("true")->transform().map(0, 0) - named("true")->transform().map(1, 0);
        QVERIFY(std::abs(at.x() - other.x()) < 1e-6 * std::abs(at.x()) + 1e-6);
    }
    /// Rows that belong together stand closer than others.
    void pairsOfStrips() {
        {
            Bench energies;
            QCOMPARE(energies.show("strips", {700, 300})->title(),
                     QStringLiteral("Filled and mended"));
        }
        Bench bench;
        auto d = std::make_shared<Description>(*bench.session->told);
        d->channels = {{"denoising", "strips", "data", "", "", Clock::Train}};
        bench.session->told = d;
        bench.session->publish([](Snapshot& s) { ++s.epoch; });
        bench.bridge.poll();
        const auto view = bench.show("strips", {700, 300});
        QCOMPARE(view->title(), QStringLiteral("Pictures out of noise"));
        std::vector<float> values;
        for (int row = 0; row < 4; ++row) {
            values.insert(values.end(), 3 * 4, 0.2F * static_cast<float>(row + 1));
        }
        bench.set({{"denoising", floatsOf({4, 3, 2, 2}, values)},
                   {"denoising.titles", text("-6\n0\n8")},
                   {"denoising.group", Array({1}, std::vector<Index>{2})}});
        auto& shown = dynamic_cast<FigureView&>(*view);
        QCOMPARE(shown.tables().at(0).rows(), Index{12});
        const auto tops = [&] {
            const QImage picture = shown.picture({700, 300}, 1);
            std::vector<int> out;
            for (int row = 0; row < 4; ++row) {
                const Array tile =
                    floatsOf({1, 2, 2}, std::vector<float>(4, 0.2F * static_cast<float>(row + 1)));
                const QRgb ink = tileImage(tile, 0, themeOf(ThemeKind::Light)).pixel(0, 0);
                int y = 0;
                while (y < 300 && inkIn(picture.copy(0, y, 700, 1), ink) < 30) {
                    ++y;
                }
                out.push_back(y);
            }
            return out;
        };
        const auto paired = tops();
        QVERIFY(paired[3] < 300);
        QCOMPARE(paired[3] - paired[2], paired[1] - paired[0]);
        QVERIFY(paired[2] - paired[1] > paired[1] - paired[0] + 3);
        bench.set({{"denoising.group", Array({1}, std::vector<Index>{1})},
                   {"denoising", floatsOf({4, 3, 2, 2}, values)}});
        const auto even = tops();
        QCOMPARE(even[2] - even[1], even[1] - even[0]);
    }
    /// A chain that was kicked stands where it is now, not where its last draw is.
    /// The slice with its pictures at their places, and the profiles between them.
    void slicesOfTheEnergy() {
        Bench bench;
        const auto map = bench.show("energy-slice", {500, 420}),
                   profiles = bench.show("energy-profiles", {500, 240});
        auto& slice = dynamic_cast<FigureView&>(*map);
        auto& lines = dynamic_cast<FigureView&>(*profiles);
        QVERIFY(!slice.showsContent() && !lines.showsContent());
        const std::map<std::string, Array> whole{
            {"slice", floatsOf({2, 3}, {0, 1, 2, 3, 4, 8})},
            {"slice.extent", floatsOf({4}, {-1, -1, 5, 5})},
            {"slice.anchors", floatsOf({3, 2}, {0, 0, 2, 0, 1, 3})},
            {"slice.pictures", floatsOf({3, 2, 2}, std::vector<float>(12, 0.5F))},
            {"slice.lines", floatsOf({3, 2}, {1, 0, 0, 2, 2, 1})},
            {"slice.names", text("datum\nmode\nchain")}};
        bench.set(whole);
        QVERIFY(slice.showsContent() && lines.showsContent());
        const Figure& figure = slice.scene()->figure();
        const auto tiles = std::ranges::find_if(figure.layers, [](const render::Layer& layer) {
            return std::holds_alternative<render::AtlasLayer>(layer);
        });
        QVERIFY(tiles != figure.layers.end());
        const auto& places = std::get<render::AtlasLayer>(*tiles).places;
        QCOMPARE(places.size(), std::size_t{3});
        // Beside its place, each, and in the order of the anchors.
        QVERIFY(places[0].x0 > 0 && places[0].x0 < 1 && places[1].x0 > 2 && places[1].x0 < 3 &&
                places[2].y0 > 3);
        QStringList words;
        for (const OverlayItem& item : figure.overlay) {
            if (const auto* named = std::get_if<TextItem>(&item)) {
                words << named->text;
            }
        }
        QCOMPARE(words, QStringList({"datum", "mode", "chain"}));
        const auto layer = std::get<render::GridLayer>(figure.layers.front());
        QVERIFY(layer.low == 0 && layer.high == 8);  // the colours span what there is
        const auto tables = lines.tables();
        QCOMPARE(tables.size(), std::size_t{1});
        // What does not fit together is not drawn, and the view lives.
        auto broken = whole;
        broken["slice.names"] = text("datum");
        broken["slice.anchors"] = floatsOf({3}, {0, 0, 2});
        bench.set(broken);
        QVERIFY(!lines.showsContent());
    }
    /// The wall of chains tells how old each is, until it is told not to.
    void agesOfTheChains() {
        Bench bench;
        const auto view = bench.show("samples", {500, 300});
        bench.set({{"samples", floatsOf({2, 2, 2}, std::vector<float>(8, 0.5F))},
                   {"samples.ages", floatsOf({2}, {1200, 3})}});
        const auto captions = [&] {
            QStringList out;
            for (const TileGrid::Tile& tile : view->findChild<TileGrid*>()->tiles()) {
                out << tile.caption;
            }
            return out;
        };
        QCOMPARE(captions(), QStringList({formatInteger(1200), "3"}));
        QMenu menu;
        dynamic_cast<FigureView&>(*view).fillMenu(menu);
        const auto actions = menu.actions();
        const auto ages = std::ranges::find_if(
            actions, [](const QAction* a) { return a->text() == "Ages of the chains"; });
        QVERIFY(ages != actions.end() && (*ages)->isChecked());
        (*ages)->setChecked(false);
        QCOMPARE(captions(), QStringList({QString(), QString()}));
    }
    void markersStandWhereTheChainsAre() {
        ChainBench bench;
        auto arrays = bench.places();
        std::vector<float> now(20, 7);
        now[10] = 3;  // chain 5
        now[11] = -2;
        arrays["chains_now"] = floatsOf({10, 2}, now);
        bench.set(arrays);
        QCOMPARE(trailsOf(bench.frame())->heads[1], QPointF(3, -2));
        // Trails without numbers may be of others than the present states.
        arrays.erase("chains_trail.chains");
        ChainBench other;
        other.set(arrays);
        QCOMPARE(trailsOf(other.frame())->heads[1], QPointF(0, 0.5));
    }
    void histogramsAreOutlines() {
        Bench bench;
        const auto view = bench.show("energy-histograms", {700, 240});
        bench.set({{"energies", floatsOf({2, 3}, {0.5F, 0.25F, 0.25F, 0, 0, 1})},
                   {"energies.edges", floatsOf({4}, {-1, 0, 1, 2})},
                   {"energies.names", text("data\nchains")}});
        const auto chart = [&]() -> const Chart& { return view->findChild<ChartPlot*>()->chart(); };
        QCOMPARE(chart().panels.size(), std::size_t{1});
        const ChartPanel& panel = chart().panels[0];
        QCOMPARE(panel.lines.size(), std::size_t{2});
        QCOMPARE(panel.lines[0].x, (std::vector<double>{-1, 0, 0, 1, 1, 2}));
        QCOMPARE(panel.lines[0].y, (std::vector<double>{0.5, 0.5, 0.25, 0.25, 0.25, 0.25}));
        QCOMPARE(panel.lines[0].color, themeOf(ThemeKind::Light).data);
        QCOMPARE(panel.lines[1].color, themeOf(ThemeKind::Light).model);
        QCOMPARE(chart().legend.size(), std::size_t{2});
        bench.set({{"outliers", floatsOf({3, 2}, {1, 0, 0, 1, 0.5F, 0.5F})},
                   {"outliers.edges", floatsOf({3}, {0, 1, 2})},
                   {"outliers.names", text("held-out data\nuniform noise\nupside down")}});
        QCOMPARE(chart().panels.size(), std::size_t{2});
        QCOMPARE(chart().panels[1].lines.size(), std::size_t{3});
        QCOMPARE(chart().legend.size(), std::size_t{5});
        // Edges that do not fit leave their panel out.
        bench.set({{"energies", floatsOf({1, 3}, {0.5F, 0.25F, 0.25F})},
                   {"energies.edges", floatsOf({2}, {0, 1})}});
        QCOMPARE(chart().panels.size(), std::size_t{1});
    }
};

QTEST_MAIN(TestEnergyViews)
#include "tst_energy_views.moc"
