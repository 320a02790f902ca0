// SPDX-License-Identifier: GPL-3.0-or-later
// One view under the hand: its layer list, its data table, and its camera's history, box zoom and
// link.
#include "core/render/renderer.h"
#include "tests/gui/fake_session.h"
#include "ui/panels/data_table_window.h"
#include "ui/panels/layer_list.h"
#include "ui/plot/figure_tables.h"
#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/figure_view.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QFile>
#include <QJsonDocument>
#include <QListWidget>
#include <QMenu>
#include <QSignalSpy>
#include <QSlider>
#include <QStackedLayout>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QWheelEvent>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <random>

using namespace lx;
using namespace lx::ui;

namespace {

Array randomRows(Index count, Index dim, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(static_cast<std::size_t>(count * dim));
    std::ranges::generate(out, [&] { return normal(random); });
    return {{count, dim}, out};
}

struct Bench {
    std::shared_ptr<test::FakeSession> session = std::make_shared<test::FakeSession>();
    SessionBridge bridge;

    explicit Bench(Index count = 300) {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        auto told = std::make_shared<Description>();
        told->spaces = {{"data", 784, {28, 28}}, {"latent", 2, {2}}};
        told->channels = {{"codes", "points2", "latent", "[N, d]", "", Clock::Train},
                          {"labels", "labels", "latent", "[N]", "", Clock::Train}};
        told->classNames = {"cat", "dog"};
        session->told = told;
        publish(count, 5);
        bridge.addRun(session, "test");
        bridge.poll();
        applyTheme(themeOf(ThemeKind::Light));
    }
    void publish(Index count, unsigned seed) {
        std::vector<Index> labels;
        for (Index i = 0; i < count; ++i) {
            labels.push_back(i % 2);
        }
        session->publish([&](Snapshot& s) {
            s.epoch = 1;
            session->set(s, "codes", randomRows(count, 2, seed));
            session->set(s, "labels", Array({count}, labels));
        });
    }
    std::unique_ptr<ViewHost> host(const char* id, QWidget* parent = nullptr) {
        auto made = std::make_unique<ViewHost>(*findView(QLatin1String(id)), bridge, true, parent);
        made->resize(560, 460);
        if (!parent) {
            made->show();
            if (!QTest::qWaitForWindowExposed(made.get())) {
                return nullptr;
            }
        }
        return made;
    }
};

SceneWidget* sceneOf(const ViewHost& host) {
    return static_cast<FigureView*>(host.view())->scene();
}

QStringList idsOf(const SceneWidget& scene) {
    QStringList out;
    for (const PartRow& row : scene.parts()) {
        out << row.id;
    }
    return out;
}

/// The picture once the renderer is done.
QImage settled(SceneWidget& scene) {
    [&] { QTRY_VERIFY(!scene.busy()); }();
    return scene.grab().toImage().convertToFormat(QImage::Format_RGB32);
}

int different(const QImage& a, const QImage& b, const QRect& area) {
    int count = 0;
    for (int y = area.top(); y <= area.bottom(); ++y) {
        for (int x = area.left(); x <= area.right(); ++x) {
            count += a.pixel(x, y) != b.pixel(x, y) ? 1 : 0;
        }
    }
    return count;
}

void drag(QWidget* on, Qt::MouseButton button, QPoint from, QPoint to) {
    QTest::mousePress(on, button, {}, from);
    for (int i = 1; i <= 4; ++i) {
        const QPointF at = QPointF(from) + (QPointF(to) - QPointF(from)) * (i / 4.0);
        QMouseEvent move(QEvent::MouseMove, at, on->mapToGlobal(at), Qt::NoButton, button, {});
        QCoreApplication::sendEvent(on, &move);
    }
    QTest::mouseRelease(on, button, {}, to);
}

void wheel(QWidget* on, QPointF at, int notches) {
    QWheelEvent event(at, on->mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton, {},
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(on, &event);
}

bool near(const render::Rect& a, const render::Rect& b) {
    const double scale = 1e-9 * (std::abs(a.x1 - a.x0) + std::abs(a.y1 - a.y0));
    return std::abs(a.x0 - b.x0) <= scale && std::abs(a.x1 - b.x1) <= scale &&
           std::abs(a.y0 - b.y0) <= scale && std::abs(a.y1 - b.y1) <= scale;
}

}  // namespace

class TestStageLayers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hidingTakesTheLayerAndItsLegendAway() {
        Bench bench;
        const auto host = bench.host("latent-map");
        SceneWidget& scene = *sceneOf(*host);
        const QStringList ids = idsOf(scene);
        for (const char* id : {"codes", "prior", "probe", "grid"}) {
            QVERIFY2(ids.contains(QLatin1String(id)), id);
        }
        // Overlays lie over the data layers, the grid behind all.
        QVERIFY(ids.indexOf("prior") < ids.indexOf("codes"));
        QCOMPARE(ids.last(), QStringLiteral("grid"));
        const QImage all = settled(scene);
        const QRectF legend = layoutFigure(scene.figure(), themeOf(ThemeKind::Light),
                                           QSizeF(scene.size()), scene.shown(), false)
                                  .legend;
        QVERIFY(legend.isValid());

        auto* layers = host->showLayers();
        QVERIFY(layers);
        QListWidget* list = layers->list();
        QCOMPARE(list->count(), static_cast<int>(ids.size()));
        list->item(static_cast<int>(ids.indexOf("codes")))->setCheckState(Qt::Unchecked);
        const QImage without = settled(scene);
        QVERIFY(different(all, without, scene.plotRect().toRect()) > 400);
        QVERIFY(!layoutFigure(scene.figure(), themeOf(ThemeKind::Light), QSizeF(scene.size()),
                              scene.shown(), false)
                     .legend.isValid());
        QVERIFY(styledLayers(scene.figure()).empty());
        QVERIFY(!scene.figure().layers.empty());  // the view goes on making them
        // New data do not bring it back.
        bench.publish(300, 9);
        bench.bridge.poll();
        host->view()->present(bench.bridge.frames());
        QVERIFY(styledLayers(scene.figure()).empty());
        list->item(static_cast<int>(ids.indexOf("codes")))->setCheckState(Qt::Checked);
        QVERIFY(!styledLayers(scene.figure()).empty());
        // Parts of the overlay, and the grid behind the data.
        const QImage before = settled(scene);
        list->item(static_cast<int>(ids.indexOf("prior")))->setCheckState(Qt::Unchecked);
        const QImage after = settled(scene);
        QVERIFY(different(before, after, scene.plotRect().toRect()) > 100);
        list->item(static_cast<int>(ids.indexOf("grid")))->setCheckState(Qt::Unchecked);
        QVERIFY(different(after, settled(scene), scene.plotRect().toRect()) > 400);
    }

    void opacityAndOrderAreDrawn() {
        const auto renderer = render::Renderer::create({.forceCpu = true});
        SceneWidget scene([&]() -> render::Renderer& { return *renderer; });
        scene.setTheme(themeOf(ThemeKind::Light));
        scene.resize(300, 260);
        Figure& figure = scene.figure();
        figure.home = {0, 0, 1, 1};
        const auto field = [](float value, render::Color color) {
            render::GridLayer layer;
            layer.values = Array({2, 2}, std::vector<float>(4, value));
            layer.place = {0, 0, 1, 1};
            layer.map.stops = {color, color};
            return layer;
        };
        const auto fill = [&] {
            figure.layers.clear();
            figure.nameLayers("red", "Red");
            figure.layers.push_back(field(3, {1, 0, 0, 1}));
            figure.nameLayers("blue", "Blue");
            figure.layers.push_back(field(7, {0, 0, 1, 1}));
            figure.legend = {{"red", Qt::red, {}, Qt::SolidLine, false, "red"},
                             {"blue", Qt::blue, {}, Qt::SolidLine, false, "blue"}};
            scene.layersChanged();
        };
        fill();
        scene.fit();
        scene.show();
        QVERIFY(QTest::qWaitForWindowExposed(&scene));
        const auto middle = [&] {
            const QImage picture = settled(scene);
            return picture.pixelColor((scene.plotRect().center() + QPointF(3, 3)).toPoint());
        };
        QVERIFY(middle().blue() > 240 && middle().red() < 15);
        QCOMPARE(scene.readoutAt({0.5, 0.5}).section('\n', 0, 0), QStringLiteral("Blue: 7"));
        scene.setPart({"blue", true, 0.5});
        QVERIFY(middle().blue() > 90 && middle().red() > 90);
        // An opacity that is no number, or beyond its bounds, is held.
        scene.setPart({"blue", true, NAN});
        QVERIFY(middle().blue() > 240);
        scene.setPart({"blue", true, -3});
        QVERIFY(middle().red() > 240);
        scene.setPart({"blue", true, 1});
        QVERIFY(scene.movePart("blue", -1));
        QVERIFY(!scene.movePart("blue", -1));  // already the lowest
        QVERIFY(!scene.movePart("green", 1));
        fill();  // the view renews its content: the order stays
        QVERIFY(middle().red() > 240 && middle().blue() < 15);
        QCOMPARE(styledLegend(figure), (std::vector<std::size_t>{1, 0}));
        QCOMPARE(scene.readoutAt({0.5, 0.5}).section('\n', 0, 0), QStringLiteral("Red: 3"));
        scene.setPart({"red", false, 1});
        QVERIFY(middle().blue() > 240);
        QCOMPARE(styledLegend(figure), (std::vector<std::size_t>{1}));
        QCOMPARE(scene.readoutAt({0.5, 0.5}).section('\n', 0, 0), QStringLiteral("Blue: 7"));
        scene.setPart({"blue", false, 1});
        QVERIFY(scene.readoutAt({0.5, 0.5}).isEmpty());
        // Exports draw what the screen draws.
        QImage out(300, 260, QImage::Format_RGB32);
        QPainter painter(&out);
        scene.paintTo(painter, {300, 260}, 1);
        painter.end();
        QVERIFY(out.pixelColor(150, 120).lightness() > 200);
    }

    void arrowsAndSliderOfTheList() {
        Bench bench;
        const auto host = bench.host("latent-map");
        SceneWidget& scene = *sceneOf(*host);
        auto* layers = host->showLayers();
        const auto pick = [&](const QString& id) {
            layers->list()->setCurrentRow(static_cast<int>(idsOf(scene).indexOf(id)));
        };
        pick("codes");
        QVERIFY(!layers->up()->isEnabled() && !layers->down()->isEnabled());  // alone of its kind
        layers->opacity()->setValue(40);
        const auto opacityOf = [](const render::Layer& layer) {
            return std::visit([](const auto& l) { return double(l.opacity); }, layer);
        };
        const double drawn = opacityOf(styledLayers(scene.figure()).front());
        QVERIFY(std::abs(drawn - 0.4 * opacityOf(scene.figure().layers.front())) < 1e-6);
        pick("prior");
        const qsizetype before = idsOf(scene).indexOf("prior");
        QVERIFY(layers->up()->isEnabled());
        layers->up()->click();
        QCOMPARE(idsOf(scene).indexOf("prior"), before - 1);
        QCOMPARE(layers->list()->currentRow(), static_cast<int>(before - 1));  // it goes along
    }

    void choicesAreKept() {
        Bench bench;
        QJsonObject kept;
        QStringList order;
        {
            const auto host = bench.host("latent-map");
            SceneWidget& scene = *sceneOf(*host);
            scene.setPart({"prior", false, 1});
            scene.setPart({"codes", true, 0.25});
            QVERIFY(scene.movePart("prior", 1));
            order = idsOf(scene);
            kept = host->view()->state();
        }
        const auto host = bench.host("latent-map");
        SceneWidget& scene = *sceneOf(*host);
        QVERIFY(idsOf(scene) != order);
        host->view()->restore(kept);
        QCOMPARE(idsOf(scene), order);
        QVERIFY(!styleOf(scene.figure().choices, "prior").visible);
        QCOMPARE(styleOf(scene.figure().choices, "codes").opacity, 0.25);
        QCOMPARE(host->view()->state(), kept);
        // A file that someone wrote by hand changes nothing it should not.
        for (const char* bad : {R"([1, "x", {"part": 3}, {"order": null}])",
                                R"([{"part": "codes", "opacity": 1e99}])",
                                R"([{"part": "codes", "opacity": "much", "visible": 5}])"}) {
            const PartChoices read = partsFromJson(QJsonDocument::fromJson(bad).array());
            QVERIFY2(read == PartChoices(), bad);
        }
    }

    void theTableHoldsWhatIsDrawn() {
        Bench bench;
        const auto host = bench.host("latent-map");
        auto* window = host->showTable();
        QVERIFY(QTest::qWaitForWindowExposed(window));
        window->activateWindow();
        QTRY_COMPARE(QApplication::activeWindow(), window);
        const DataTable& table = window->model()->table();
        QCOMPARE(table.name(), QStringLiteral("Codes"));
        QCOMPARE(table.rows(), Index{300});
        QCOMPARE(table.header(0), QStringLiteral("z1"));
        QCOMPARE(table.header(2), QStringLiteral("class"));
        const Array codes = *channel(bench.bridge.frames().front(), "codes");
        for (Index row = 0; row < 300; ++row) {
            for (Index column = 0; column < 2; ++column) {
                const std::string text = table.cell(row, column).toStdString();
                float value = NAN;
                std::from_chars(text.data(), text.data() + text.size(), value);
                QCOMPARE(value, codes.values<float>()[static_cast<std::size_t>(2 * row + column)]);
            }
        }
        // A selection is copied as it stands, all with its headers.
        window->view()->selectionModel()->select(
            QItemSelection(window->model()->index(4, 0), window->model()->index(5, 1)),
            QItemSelectionModel::ClearAndSelect);
        window->view()->setFocus();
        QTest::keyClick(window->view(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), table.cell(4, 0) + '\t' + table.cell(4, 1) +
                                                        '\n' + table.cell(5, 0) + '\t' +
                                                        table.cell(5, 1));
        window->copyAll();
        const QStringList lines = QApplication::clipboard()->text().split('\n');
        QCOMPARE(lines.size(), 302);
        QCOMPARE(lines[0], QStringLiteral("z1\tz2\tclass"));
        QVERIFY(lines[300].endsWith(QStringLiteral("\t1")));
        // New data come in by themselves; a frozen table keeps its numbers. The selection stays.
        const QString old = table.cell(0, 0);
        bench.publish(300, 11);
        bench.bridge.poll();
        host->view()->present(bench.bridge.frames());
        QTRY_VERIFY(window->model()->table().cell(0, 0) != old);
        QCOMPARE(window->view()->selectionModel()->selection().first().top(), 4);
        window->freeze()->setChecked(true);
        const QString frozen = window->model()->table().cell(0, 0);
        bench.publish(200, 12);
        bench.bridge.poll();
        host->view()->present(bench.bridge.frames());
        QTest::qWait(1200);
        QCOMPARE(window->model()->table().cell(0, 0), frozen);
        window->freeze()->setChecked(false);
        QTRY_COMPARE(window->model()->table().rows(), Index{200});
    }

    void tenMillionRowsCostNothing() {
        constexpr Index kRows = 10'000'000;
        std::vector<float> values(static_cast<std::size_t>(kRows));
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(i % 1000) / 8;
        }
        const Array array({kRows, 1}, values);
        DataTable big(QStringLiteral("Big"), kRows);
        big.add(array, {QStringLiteral("v")}, QStringLiteral("nats"));
        DataTableWindow window([big] { return std::vector{big}; }, QStringLiteral("test"), nullptr);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QCOMPARE(window.model()->rowCount(), int(DataTableModel::kPageRows));
        QCOMPARE(window.model()->pages(), Index{100});
        window.model()->setPage(99);
        QCOMPARE(window.model()->headerData(99'999, Qt::Vertical, Qt::DisplayRole).toString(),
                 QStringLiteral("9999999"));
        QCOMPARE(window.model()->index(99'999, 0).data().toString(), QStringLiteral("124.875"));
        QCOMPARE(big.header(0), QStringLiteral("v (nats)"));
        QApplication::clipboard()->setText(QStringLiteral("before"));
        window.copyAll();  // too much for a clipboard: said, not done
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("before"));
        QVERIFY(window.message().contains(QStringLiteral("Save CSV")));
        // Closing while it writes stops the writer and leaves no half file.
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("half.csv"));
        {
            DataTableWindow hasty([big] { return std::vector{big}; }, {}, nullptr);
            hasty.saveCsv(path);
        }
        QVERIFY(!QFile::exists(path));
    }

    void csvReadsBack() {
        const QTemporaryDir folder;
        DataTable table(QStringLiteral("T"), 3);
        table.add(Array({3, 2}, std::vector<float>{0.1F, -1e-30F, NAN, INFINITY, 3, -0.5F}),
                  {QStringLiteral("a"), QStringLiteral("b, c")});
        table.add(
            {QStringLiteral("word")}, {},
            [](Index row, Index) { return row == 1 ? QStringLiteral("say \"hi\"") : QString(); },
            1);
        DataTableWindow window([table] { return std::vector{table}; }, {}, nullptr);
        const QSignalSpy done(&window, &DataTableWindow::saved);
        const QString path = folder.filePath(QStringLiteral("t.csv"));
        window.saveCsv(path);
        QTRY_COMPARE(done.count(), 1);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), QByteArray("a,\"b, c\",word\n0.1,-1e-30,\n"
                                            "nan,inf,\"say \"\"hi\"\"\"\n3,-0.5,\n"));
        window.saveCsv(folder.filePath(QStringLiteral("absent/t.csv")));
        QTRY_COMPARE(done.count(), 2);
        QVERIFY(done[1][0].toString().contains(QStringLiteral("could not be written")));
    }

    void everyKindOfLayerHasATable() {
        Figure figure;
        figure.xLabel = QStringLiteral("z1");
        figure.yLabel = QStringLiteral("height (m)");
        render::GridLayer grid;
        grid.values = Array({2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5});
        grid.place = {0, 10, 2, 20};
        figure.layers.push_back(grid);
        render::TrailsLayer trails;
        trails.xy = Array({2, 2, 2}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7});
        figure.layers.push_back(trails);
        figure.nameOverlay("arc", "Arc");
        figure.overlay.push_back(CurveItem{{{1, 2}, {3, 4}}, Qt::red});
        const std::vector<DataTable> tables = tablesOf(figure);
        QCOMPARE(tables.size(), std::size_t{3});
        QCOMPARE(tables[0].rows(), Index{6});
        QCOMPARE(tables[0].header(1), QStringLiteral("height (m)"));
        QCOMPARE(tables[0].cell(4, 0), QStringLiteral("1"));  // second row, middle column
        QCOMPARE(tables[0].cell(4, 1), QStringLiteral("20"));
        QCOMPARE(tables[0].cell(4, 2), QStringLiteral("4"));
        QCOMPARE(tables[1].cell(3, 0), QStringLiteral("1"));  // state
        QCOMPARE(tables[1].cell(3, 1), QStringLiteral("1"));  // trail
        QCOMPARE(tables[1].cell(3, 3), QStringLiteral("7"));
        QCOMPARE(tables[2].name(), QStringLiteral("Arc"));
        QCOMPARE(tables[2].cell(1, 2), QStringLiteral("4"));
        // Another content has another identity: the window notices.
        grid.values = Array({2, 3}, std::vector<float>{0, 1, 2, 3, 4, 6});
        figure.layers[0] = grid;
        QVERIFY(tablesOf(figure)[0].identity() != tables[0].identity());
        QCOMPARE(tablesOf(figure)[1].identity(), tables[1].identity());
    }

    void cameraMovesAreUndone() {
        Bench bench;
        const auto host = bench.host("latent-map");
        SceneWidget& scene = *sceneOf(*host);
        scene.setLeftDragPans(true);
        const render::Rect home = scene.shown();
        QVERIFY(!host->undoCamera());
        const QPoint middle = scene.plotRect().center().toPoint();
        // Several notches in a row are one move.
        wheel(&scene, middle + QPoint(40, 20), 1);
        const QPointF under = scene.toData(middle + QPoint(40, 20));
        wheel(&scene, middle + QPoint(40, 20), 1);
        QVERIFY(std::abs(scene.toData(middle + QPoint(40, 20)).x() - under.x()) < 1e-9);
        const render::Rect zoomed = scene.shown();
        QVERIFY(zoomed.x1 - zoomed.x0 < 0.75 * (home.x1 - home.x0));
        drag(&scene, Qt::LeftButton, middle, middle + QPoint(50, -30));
        const render::Rect panned = scene.shown();
        QVERIFY(!near(panned, zoomed));
        // A right drag zooms into its box: the corners of the box become those of the picture.
        const QPointF a = scene.toData(middle - QPoint(60, 50)),
                      b = scene.toData(middle + QPoint(60, 50));
        drag(&scene, Qt::RightButton, middle - QPoint(60, 50), middle + QPoint(60, 50));
        const render::Rect boxed = scene.shown();
        QVERIFY(boxed.x0 <= a.x() + 1e-9 && boxed.x1 >= b.x() - 1e-9);
        QVERIFY(boxed.y0 <= b.y() + 1e-9 && boxed.y1 >= a.y() - 1e-9);
        QVERIFY(boxed.x1 - boxed.x0 < 0.6 * (panned.x1 - panned.x0));
        host->view()->fit();
        QVERIFY(near(scene.shown(), home));
        QVERIFY(host->undoCamera());
        QVERIFY(near(scene.shown(), boxed));
        QVERIFY(host->undoCamera());
        QVERIFY(near(scene.shown(), panned));
        QVERIFY(host->undoCamera());
        QVERIFY(near(scene.shown(), zoomed));
        QVERIFY(host->undoCamera());
        QVERIFY(near(scene.shown(), home));
        QVERIFY(!host->undoCamera());
        QVERIFY(host->redoCamera());
        QVERIFY(near(scene.shown(), zoomed));
        // A new move forgets what was undone.
        drag(&scene, Qt::LeftButton, middle, middle + QPoint(9, 9));
        QVERIFY(!host->redoCamera());
        // A click of the right button moves nothing and asks for the menu.
        const QSignalSpy asked(&scene, &SceneWidget::menuAsked);
        QObject::disconnect(&scene, &SceneWidget::menuAsked, host.get(), nullptr);
        const render::Rect now = scene.shown();
        QTest::mouseClick(&scene, Qt::RightButton, {}, middle);
        QCOMPARE(asked.count(), 1);
        QVERIFY(near(scene.shown(), now));
    }

    void camerasOfTheSameAxesGoTogether() {
        Bench bench;
        QWidget window;
        window.resize(1000, 460);
        auto map = bench.host("latent-map", &window), sheet = bench.host("manifold-sheet", &window);
        map->setGeometry(0, 0, 500, 460);
        sheet->setGeometry(500, 0, 500, 460);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        for (ViewHost* host : {map.get(), sheet.get()}) {
            host->view()->present(bench.bridge.frames());
        }
        SceneWidget &a = *sceneOf(*map), &b = *sceneOf(*sheet);
        QCOMPARE(a.cameraSpan(), b.cameraSpan());
        // The sheet has no answer of a decoder here: its plot stands behind the sentence.
        static_cast<QStackedLayout*>(sheet->view()->layout())->setCurrentIndex(1);
        const render::Rect alone = b.shown();
        a.setShown({-1, -1, 1, 1});
        QVERIFY(near(b.shown(), alone));  // not linked yet
        static_cast<FigureView*>(map->view())->setCameraLinked(true);
        a.setShown({-1, -1, 1.5, 1});
        QVERIFY(near(b.shown(), alone));  // one of two is not enough
        static_cast<FigureView*>(sheet->view())->setCameraLinked(true);
        a.setShown({-0.5, -0.5, 0.5, 0.5});
        QVERIFY(near(b.shown(), a.shown()));
        const QPoint middle = b.plotRect().center().toPoint();
        wheel(&b, middle, 2);
        // Equal axes widen one side of the map; the sheet's rectangle lies inside.
        QVERIFY(a.shown().x0 <= b.shown().x0 + 1e-9 && a.shown().x1 >= b.shown().x1 - 1e-9);
        QVERIFY(a.shown().x1 - a.shown().x0 < 1.0);
        QVERIFY(map->view()->state().value("linked").toBool());
        a.figure().yLabel = QStringLiteral("another axis");
        const render::Rect before = b.shown();
        a.setShown({-3, -3, 3, 3});
        QVERIFY(near(b.shown(), before));  // no longer the same axes
    }
};

QTEST_MAIN(TestStageLayers)
#include "tst_stage_layers.moc"
