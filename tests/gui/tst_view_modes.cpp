// SPDX-License-Identifier: GPL-3.0-or-later
// What a person can choose in a view: axes of a latent space with more than two dimensions,
// density instead of points, a logarithmic axis; and that a hidden view asks the engine for
// nothing.
#include "core/render/renderer.h"
#include "tests/gui/fake_session.h"
#include "ui/plot/time_plot.h"
#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/view.h"

#include <QMenu>
#include <QMouseEvent>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

using namespace lx;
using namespace lx::ui;

namespace {

Array normals(Index count, Index dim, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(static_cast<std::size_t>(count * dim));
    std::ranges::generate(out, [&] { return normal(random); });
    return {{count, dim}, out};
}

/// Half of the points in a small square at (-1, -1), half at (1, 1): labels 0 and 1.
Array twoHeaps(Index count) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> near(-0.1F, 0.1F);
    std::vector<float> out;
    for (Index i = 0; i < count; ++i) {
        const float centre = i % 2 == 0 ? -1.0F : 1.0F;
        out.push_back(centre + near(random));
        out.push_back(centre + near(random));
    }
    return {{count, 2}, out};
}

Array labelsOf(Index count) {
    std::vector<Index> out(static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) {
        out[static_cast<std::size_t>(i)] = i % 2;
    }
    return {{count}, out};
}

struct Bench {
    std::shared_ptr<test::FakeSession> session = std::make_shared<test::FakeSession>();
    SessionBridge bridge;

    explicit Bench(const Array& codes) {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        auto told = std::make_shared<Description>();
        const Index dim = codes.dim(1);
        told->spaces = {{"data", 784, {28, 28}}, {"latent", dim, {dim}}};
        told->channels = {{"codes", "points2", "latent", "[N, d]", "", Clock::Train},
                          {"labels", "labels", "latent", "[N]", "", Clock::Train},
                          {"codes_sd", "sds", "latent", "[N, d]", "", Clock::Train},
                          {"samples", "image_batch", "data", "[N, 28, 28]", "", Clock::Train}};
        told->series = {{"loss", "negative ELBO", "nats", "nats"}};
        told->classNames = {"left", "right"};
        session->told = told;
        session->publish([&](Snapshot& s) {
            s.epoch = 1;
            s.step[0] = 10;
            session->set(s, "codes", codes);
            session->set(s, "labels", labelsOf(codes.dim(0)));
        });
        bridge.addRun(session, "test");
        bridge.poll();
    }
    std::unique_ptr<View> show(const QString& id, QSize size) {
        std::unique_ptr<View> view(findView(id)->make(bridge, nullptr));
        view->setTheme(themeOf(ThemeKind::Light));
        view->resize(size);
        view->show();
        if (!QTest::qWaitForWindowExposed(view.get())) {
            return nullptr;
        }
        view->present(bridge.frames());
        QTest::qWait(30);
        return view;
    }
    /// Channels of the newest cmd::Observe.
    std::vector<std::string> observed() const {
        std::vector<std::string> out;
        for (const auto& posted : session->posted) {
            if (const auto* observe = std::get_if<cmd::Observe>(&posted.command)) {
                out = observe->channels;
            }
        }
        return out;
    }
    bool observes(const std::string& channel) const {
        return std::ranges::count(observed(), channel) > 0;
    }
};

/// Triggers the entry `text` of the sub-menu `menu` in the view's settings.
bool choose(View& view, const QString& menu, const QString& text) {
    QMenu settings;
    view.fillMenu(settings);
    for (const QMenu* sub : settings.findChildren<QMenu*>()) {
        for (QAction* action : sub->actions()) {
            if (sub->title() == menu && action->text() == text) {
                action->trigger();
                return true;
            }
        }
    }
    return false;
}

template <class Layer>
const Layer* layer(const View& view) {
    const auto& layers = view.findChild<SceneWidget*>()->figure().layers;
    return layers.size() == 1 ? std::get_if<Layer>(&layers.front()) : nullptr;
}

/// Red, green and blue of `image` around a place of the scene's plane.
QColor around(const QImage& image, const SceneWidget& scene, double x, double y) {
    const QPointF at = scene.toPixel(x, y) * image.devicePixelRatio();
    double sum[3] = {};
    constexpr int kHalf = 4;
    for (int dy = -kHalf; dy <= kHalf; ++dy) {
        for (int dx = -kHalf; dx <= kHalf; ++dx) {
            const QColor c = image.pixelColor((at + QPointF(dx, dy)).toPoint());
            sum[0] += c.red();
            sum[1] += c.green();
            sum[2] += c.blue();
        }
    }
    constexpr int kCount = (2 * kHalf + 1) * (2 * kHalf + 1);
    return {int(sum[0] / kCount), int(sum[1] / kCount), int(sum[2] / kCount)};
}

int distance(QColor a, QColor b) {
    return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) +
           std::abs(a.blue() - b.blue());
}

QImage settled(SceneWidget& scene) {
    for (int i = 0; i < 200 && (scene.busy() || i < 3); ++i) {
        QTest::qWait(10);
    }
    return scene.grab().toImage();
}

/// Rows of `image` in which the colour covers at least `least` pixels, one per line drawn.
std::vector<double> horizontalLines(const QImage& image, QColor color, int least) {
    std::vector<double> out;
    int last = -10;
    for (int y = 0; y < image.height(); ++y) {
        int count = 0;
        for (int x = 0; x < image.width(); ++x) {
            count += distance(image.pixelColor(x, y), color) < 420 ? 1 : 0;
        }
        if (count >= least) {
            if (y == last + 1) {
                out.back() = (out.back() + y) / 2;
            } else {
                out.push_back(y);
            }
            last = y;
        }
    }
    return out;
}

}  // namespace

class TestViewModes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { applyTheme(themeOf(ThemeKind::Light)); }

    void anyTwoOfFiveAxes() {
        constexpr Index kDim = 5;
        const Array codes = normals(300, kDim, 1);
        Bench bench(codes);
        const auto map = bench.show("latent-map", {500, 500});
        auto* scene = map->findChild<SceneWidget*>();
        QCOMPARE(scene->figure().xLabel, QStringLiteral("z1"));
        QCOMPARE(scene->figure().yLabel, QStringLiteral("z2"));
        QVERIFY(choose(*map, "Horizontal axis", "z4"));
        QVERIFY(choose(*map, "Vertical axis", "z3"));
        QVERIFY(!choose(*map, "Vertical axis", "z6"));
        QCOMPARE(scene->figure().xLabel, QStringLiteral("z4"));
        QCOMPARE(scene->figure().yLabel, QStringLiteral("z3"));
        const auto* points = layer<render::PointsLayer>(*map);
        QVERIFY(points);
        const auto xy = points->xy.values<float>();
        const auto all = codes.values<float>();
        for (std::size_t n = 0; n < 300; ++n) {
            QCOMPARE(xy[2 * n], all[5 * n + 3]);
            QCOMPARE(xy[2 * n + 1], all[5 * n + 2]);
        }
        // A drag moves the two coordinates on show; the others stay where they were.
        bench.bridge.explore().setCursor({0.1F, 0.2F, 0.3F, 0.4F, 0.5F});
        const QPoint to = scene->plotRect().center().toPoint() + QPoint(50, -30);
        QTest::mousePress(scene, Qt::LeftButton, {}, to);
        QTest::mouseRelease(scene, Qt::LeftButton, {}, to);
        const auto z = bench.bridge.explore().cursor();
        const QPointF place = scene->toData(to);
        QCOMPARE(z[0], 0.1F);
        QCOMPARE(z[1], 0.2F);
        QVERIFY(std::abs(z[3] - place.x()) < 1e-4 && std::abs(z[2] - place.y()) < 1e-4);
        QCOMPARE(z[4], 0.5F);
        // The crosshair stands where the drag ended.
        const auto& overlay = scene->figure().overlay;
        const auto cross = std::ranges::find_if(
            overlay, [](const auto& item) { return std::holds_alternative<CrosshairItem>(item); });
        QVERIFY(cross != overlay.end());
        QVERIFY(std::abs(std::get<CrosshairItem>(*cross).x - place.x()) < 1e-4);
    }

    /// The sheet spans the first two axes: the others come from the probe, and moving the probe
    /// along one of them asks for another sheet.
    void theSheetFollowsTheOtherAxes() {
        Bench bench(normals(200, 4, 2));
        bench.bridge.explore().setCursor({0, 0, 0.5F, -0.5F});
        const auto sheet = bench.show("manifold-sheet", {320, 320});
        QTRY_VERIFY(bench.session->probes("sheet") > 0);
        const auto restOf = [&] {
            const auto values =
                bench.session->lastProbe("sheet")->arrays.at("rest").values<float>();
            return std::vector<float>(values.begin(), values.end());
        };
        QCOMPARE(restOf(), (std::vector<float>{0, 0, 0.5F, -0.5F}));
        const auto answer = [&] {
            const cmd::Probe probe = *bench.session->lastProbe("sheet");
            const Index count = integer(probe.args, "columns") * integer(probe.args, "rows");
            bench.session->publish([&](Snapshot& s) {
                const std::string prefix = "probe." + std::to_string(probe.ticket) + ".";
                bench.session->set(
                    s, prefix + "x",
                    Array({count, 28, 28}, std::vector<float>(std::size_t(count * 784), 0.5F)));
                bench.session->set(s, prefix + "extent", Array({4}, std::vector<float>(4, 0)));
            });
            bench.bridge.poll();
        };
        for (int i = 0; i < 4; ++i) {
            answer();
            QTest::qWait(20);
        }
        const int asked = bench.session->probes("sheet");
        bench.bridge.explore().setCursor({0.7F, 0.7F, 0.5F, -0.5F});
        QTest::qWait(30);
        QCOMPARE(bench.session->probes("sheet"), asked);  // along the sheet: nothing new
        bench.bridge.explore().setCursor({0.7F, 0.7F, 1.5F, -0.5F});
        QTRY_VERIFY(bench.session->probes("sheet") > asked);
        QCOMPARE(restOf(), (std::vector<float>{0, 0, 1.5F, -0.5F}));
    }

    void densityIsChosenAndDrawn() {
        Bench bench(twoHeaps(4000));
        const auto map = bench.show("latent-map", {500, 500});
        auto* scene = map->findChild<SceneWidget*>();
        QVERIFY(layer<render::PointsLayer>(*map));
        QVERIFY(map->setMode(2));
        const auto* density = layer<render::DensityLayer>(*map);
        QVERIFY(density);
        QCOMPARE(density->xy.dim(0), Index{4000});
        const QImage picture = settled(*scene);
        const Theme& theme = themeOf(ThemeKind::Light);
        const QColor low = around(picture, *scene, -1, -1), high = around(picture, *scene, 1, 1);
        const QColor none = around(picture, *scene, -1, 1);
        QVERIFY(distance(none, theme.panel) < 30);
        QVERIFY(distance(low, theme.panel) > 60);
        QVERIFY(distance(high, theme.panel) > 60);
        // Each class keeps its colour.
        QVERIFY(distance(low, theme.category(0)) < distance(low, theme.category(1)));
        QVERIFY(distance(high, theme.category(1)) < distance(high, theme.category(0)));
        QVERIFY(map->setMode(1));
        QVERIFY(layer<render::PointsLayer>(*map));
        QVERIFY(choose(*map, "Draw codes as", "density (2)"));
        QVERIFY(layer<render::DensityLayer>(*map));
        QVERIFY(!map->setMode(7));
    }

    void manyCodesAreDrawnAsDensityByThemselves() {
        Bench few(twoHeaps(20'000)), many(twoHeaps(20'002));
        QVERIFY(layer<render::PointsLayer>(*few.show("latent-map", {300, 300})));
        QVERIFY(layer<render::DensityLayer>(*many.show("latent-map", {300, 300})));
    }

    /// Levels 1, 10 and 100 stand equally far apart on a logarithmic axis and not on a linear one.
    void aLogarithmicAxisSpacesDecadesEvenly() {
        Bench bench(normals(10, 2, 1));
        for (int i = 0; i < 300; ++i) {
            const double value = i < 100 ? 1 : i < 200 ? 10 : 100;
            bench.session->points.push_back({7, 0, Clock::Train, i + 1, value});
        }
        bench.bridge.poll();
        const auto losses = bench.show("losses", {900, 420});
        auto* plot = losses->findChild<TimePlot*>();
        QVERIFY(plot && !plot->table().empty());
        const auto lines = [&] {
            QImage image(900, 420, QImage::Format_RGB32);
            image.fill(themeOf(ThemeKind::Light).panel);
            plot->replotNow();
            QPainter painter(&image);
            plot->paintTo(painter, QSizeF(image.size()));
            painter.end();
            return horizontalLines(image, plot->series().front().color, 150);
        };
        QVERIFY(!plot->leftLogarithmic());
        const auto linear = lines();
        QCOMPARE(linear.size(), std::size_t{3});
        const double upper = linear[1] - linear[0], lower = linear[2] - linear[1];
        QVERIFY2(std::abs(lower / upper - 0.1) < 0.03, "9 to 90 on a linear axis");
        QVERIFY(losses->setMode(2));
        QVERIFY(plot->leftLogarithmic());
        const auto logarithmic = lines();
        QCOMPARE(logarithmic.size(), std::size_t{3});
        QVERIFY2(
            std::abs((logarithmic[1] - logarithmic[0]) - (logarithmic[2] - logarithmic[1])) < 3,
            "a decade is a decade");
        QVERIFY(logarithmic[2] - logarithmic[1] > 3 * lower);
        QVERIFY(losses->setMode(1));
        QCOMPARE(lines(), linear);
    }

    /// Values without a logarithm are left out; those that have one stay readable.
    void aLogarithmicAxisSurvivesZeroAndLess() {
        Bench bench(normals(10, 2, 1));
        for (int i = 0; i < 300; ++i) {
            const double value = i < 100 ? -5 : i < 110 ? 0 : i < 200 ? 10 : 100;
            bench.session->points.push_back({7, 0, Clock::Train, i + 1, value});
        }
        bench.bridge.poll();
        const auto losses = bench.show("losses", {900, 420});
        auto* plot = losses->findChild<TimePlot*>();
        QVERIFY(losses->setMode(2));
        QImage image(900, 420, QImage::Format_RGB32);
        image.fill(themeOf(ThemeKind::Light).panel);
        plot->replotNow();
        QPainter painter(&image);
        plot->paintTo(painter, QSizeF(image.size()));
        painter.end();
        const auto found = horizontalLines(image, plot->series().front().color, 150);
        QCOMPARE(found.size(), std::size_t{2});
        QVERIFY(found[1] - found[0] > 150);  // the two levels take the room
    }

    void aHiddenViewAsksForNothing() {
        Bench bench(normals(100, 2, 1));
        bench.session->posted.clear();
        ViewHost map(*findView("latent-map"), bench.bridge, true);
        auto samples = std::make_unique<ViewHost>(*findView("samples"), bench.bridge, false);
        QVERIFY(bench.observed().empty());  // made, not shown
        map.show();
        QVERIFY(bench.observes("codes") && bench.observes("labels"));
        QVERIFY(!bench.observes("codes_sd") && !bench.observes("samples"));
        map.view()->setMode(3);  // ellipses need the deviations
        QVERIFY(bench.observes("codes_sd"));
        samples->show();
        QVERIFY(bench.observes("samples") && bench.observes("codes"));
        samples->hide();
        QVERIFY(!bench.observes("samples") && bench.observes("codes"));
        samples->show();
        samples.reset();
        QVERIFY(!bench.observes("samples"));
        map.hide();
        QVERIFY(bench.observed().empty());
        map.view()->setMode(1);  // a change while hidden must not ask again
        QVERIFY(bench.observed().empty());
    }

    void aHiddenViewIsNotPresented() {
        Bench bench(normals(100, 2, 1));
        ViewHost map(*findView("latent-map"), bench.bridge, true);
        map.resize(300, 300);
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        const auto shown = [&] { return layer<render::PointsLayer>(*map.view())->xy.dim(0); };
        const auto publish = [&](Index count) {
            bench.session->publish([&](Snapshot& s) {
                bench.session->set(s, "codes", normals(count, 2, 1));
                bench.session->set(s, "labels", labelsOf(count));
            });
            bench.bridge.poll();
        };
        publish(50);
        QCOMPARE(shown(), Index{50});
        map.hide();
        publish(60);
        QCOMPARE(shown(), Index{50});
        map.show();  // and catches up at once
        QCOMPARE(shown(), Index{60});
    }
};

QTEST_MAIN(TestViewModes)
#include "tst_view_modes.moc"
