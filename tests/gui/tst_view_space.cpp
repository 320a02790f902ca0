// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures in space: camera gestures of the scene widget, its read-out and export, and the charts
// of the latent map.
#include "core/render/palette.h"
#include "core/render/pick3.h"
#include "core/render/renderer.h"
#include "tests/gui/fake_session.h"
#include "ui/viewport/scene_widget.h"
#include "ui/viewport/space_paint.h"
#include "ui/views/chart_choice.h"
#include "ui/views/figure_view.h"

#include <QDir>
#include <QMenu>
#include <QMouseEvent>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include <cmath>
#include <random>

using namespace lx;
using namespace lx::ui;

namespace {

const QString kShots = QStringLiteral(LX_BINARY_DIR "/screenshots/");

Array clusters(Index count, Index dim) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0, 0.25F);
    std::vector<float> out;
    for (Index i = 0; i < count; ++i) {
        for (Index j = 0; j < dim; ++j) {
            const double angle = 0.628 * static_cast<double>(i % 10) + static_cast<double>(j);
            out.push_back(
                static_cast<float>(1.6 * std::cos((1 + 0.5 * static_cast<double>(j)) * angle)) +
                normal(random));
        }
    }
    return {{count, dim}, out};
}

Array labelsOf(Index count) {
    std::vector<Index> out;
    for (Index i = 0; i < count; ++i) {
        out.push_back(i % 10);
    }
    return {{count}, out};
}

struct Bench {
    std::shared_ptr<test::FakeSession> session = std::make_shared<test::FakeSession>();
    SessionBridge bridge;
    Array codes;

    explicit Bench(Index dim, Index count = 600) : codes(clusters(count, dim)) {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        auto told = std::make_shared<Description>();
        told->spaces = {{"data", 784, {28, 28}}, {"latent", dim, {dim}}};
        told->channels = {{"codes", "points2", "latent", "[N, d]", "", Clock::Train},
                          {"labels", "labels", "latent", "[N]", "", Clock::Train}};
        session->told = told;
        session->publish([&](Snapshot& s) {
            s.epoch = 1;
            session->set(s, "codes", codes);
            session->set(s, "labels", labelsOf(count));
        });
        bridge.addRun(session, "test");
        bridge.poll();
    }
    std::unique_ptr<View> show(QSize size, ThemeKind theme = ThemeKind::Dark) {
        applyTheme(themeOf(theme));
        std::unique_ptr<View> view(findView(QStringLiteral("latent-map"))->make(bridge, nullptr));
        view->setTheme(themeOf(theme));
        view->resize(size);
        view->show();
        if (!QTest::qWaitForWindowExposed(view.get())) {
            return nullptr;
        }
        view->present(bridge.frames());
        return view;
    }
};

QJsonObject choose(const QString& chart) {
    return {{QStringLiteral("chart"), chart}};
}

void drag(QWidget* widget, QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {}) {
    QTest::mousePress(widget, Qt::LeftButton, modifiers, from);
    for (int i = 1; i <= 4; ++i) {
        const QPointF at = QPointF(from) + (QPointF(to) - QPointF(from)) * (i / 4.0);
        QMouseEvent move(QEvent::MouseMove, at, widget->mapToGlobal(at), Qt::NoButton,
                         Qt::LeftButton, modifiers);
        QCoreApplication::sendEvent(widget, &move);
    }
    QTest::mouseRelease(widget, Qt::LeftButton, modifiers, to);
}

void wheel(QWidget* widget, QPointF at, int notches) {
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton,
                      Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(widget, &event);
}

int colours(const QImage& image) {
    QSet<QRgb> found;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            found.insert(image.pixel(x, y));
        }
    }
    return static_cast<int>(found.size());
}

}  // namespace

class TestViewSpace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(QDir().mkpath(kShots)); }

    void gesturesMoveTheCamera() {
        Bench bench(3);
        const auto map = bench.show({560, 460});
        map->restore(choose(QStringLiteral("space")));
        auto* scene = map->findChild<SceneWidget*>();
        QVERIFY(scene->figure().space);
        const auto camera = [&] { return scene->figure().space->camera; };
        const render::Camera home = camera();
        const QPoint middle = scene->plotRect().center().toPoint();
        drag(scene, middle, middle + QPoint(60, -30));
        QVERIFY(camera().azimuth < home.azimuth - 0.3);
        QVERIFY(camera().elevation < home.elevation - 0.1);
        QVERIFY(render::norm(camera().target - home.target) < 1e-9);
        // Shift moves the target with the mouse and keeps the angles.
        const render::Camera turned = camera();
        drag(scene, middle, middle + QPoint(40, 25), Qt::ShiftModifier);
        QCOMPARE(camera().azimuth, turned.azimuth);
        const auto moved =
            projectionOf(*scene->figure().space, scene->plotRect().size()).map(turned.target);
        const render::Size plot = scene->plotPixels();
        QVERIFY(std::abs(moved.x - plot.width / 2.0 - 40) < 1e-6);
        QVERIFY(std::abs(moved.y - plot.height / 2.0 - 25) < 1e-6);
        // The wheel keeps the point under the cursor.
        const QPointF cursor = scene->plotRect().topLeft() + QPointF(130, 90);
        const render::Vec3 under = projectionOf(*scene->figure().space, scene->plotRect().size())
                                       .unmap(130, 90, camera().distance);
        const double before = camera().distance;
        wheel(scene, cursor, 3);
        QVERIFY(camera().distance < before / 1.5);
        const auto stays =
            projectionOf(*scene->figure().space, scene->plotRect().size()).map(under);
        QVERIFY(std::abs(stays.x - 130) < 0.5 && std::abs(stays.y - 90) < 0.5);
        // New data leave the camera alone; fit shows all at the same angles; a double click resets.
        const double angle = camera().azimuth;
        bench.session->publish([&](Snapshot& s) {
            bench.session->set(s, "codes", clusters(700, 3));
            bench.session->set(s, "labels", labelsOf(700));
        });
        bench.bridge.poll();
        map->present(bench.bridge.frames());
        QCOMPARE(camera().azimuth, angle);
        QVERIFY(camera().distance < before / 1.5);
        map->fit();
        QCOMPARE(camera().azimuth, angle);
        QVERIFY(std::abs(camera().distance - before) < 0.5 * before);
        QVERIFY(render::norm(camera().target) < 1e-9);
        QTest::mouseDClick(scene, Qt::LeftButton, {}, middle);
        QVERIFY(std::abs(camera().azimuth - home.azimuth) < 1e-9);
        // Arrow keys turn and are taken before the window's scrubbing.
        scene->setFocus();
        QKeyEvent offered(QEvent::ShortcutOverride, Qt::Key_Left, Qt::NoModifier);
        offered.ignore();
        QCoreApplication::sendEvent(scene, &offered);
        QVERIFY(offered.isAccepted());
        QTest::keyClick(scene, Qt::Key_Left);
        QVERIFY(std::abs(camera().azimuth - home.azimuth) > 0.05);
        QTest::keyClick(scene, Qt::Key_Up);
        QVERIFY(std::abs(camera().elevation - home.elevation) > 0.05);
        // The twin: in a plane the same drag turns nothing and the keys are the window's.
        map->restore(choose(QStringLiteral("axes")));
        QVERIFY(!scene->figure().space);
        QKeyEvent left(QEvent::ShortcutOverride, Qt::Key_Left, Qt::NoModifier);
        left.ignore();
        QCoreApplication::sendEvent(scene, &left);
        QVERIFY(!left.isAccepted());
    }

    void pictureAndExportAgree() {
        for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark, ThemeKind::Projector}) {
            Bench bench(3, 1200);
            const auto map = bench.show({620, 480}, kind);
            map->restore(choose(QStringLiteral("space")));
            auto* scene = map->findChild<SceneWidget*>();
            QTRY_VERIFY(!scene->busy());
            QTest::qWait(400);  // smooth edges follow when the camera rests
            QTRY_VERIFY(!scene->busy());
            const QImage shot = map->grab().toImage().convertToFormat(QImage::Format_RGB32);
            shot.save(kShots + QStringLiteral("latent-space-%1.png").arg(themeOf(kind).id));
            QVERIFY(colours(shot) > 100);
            const QImage exported = map->picture({620, 480}, 2);
            exported.save(kShots +
                          QStringLiteral("latent-space-%1-export.png").arg(themeOf(kind).id));
            QVERIFY(colours(exported) > 100);
            QVERIFY(map->title().contains(QStringLiteral("in space")));
        }
    }

    void theCodeUnderTheCursorIsRead() {
        Bench bench(3);
        const auto map = bench.show({560, 460});
        map->restore(choose(QStringLiteral("space")));
        auto* scene = map->findChild<SceneWidget*>();
        const auto& space = *scene->figure().space;
        const auto projection = projectionOf(space, scene->plotRect().size());
        // The front-most code is never hidden by another one.
        Index front = 0;
        double nearest = 1e9;
        QPointF at;
        for (Index i = 0; i < bench.codes.dim(0); ++i) {
            const float* z = bench.codes.values<float>().data() + 3 * i;
            const auto p = projection.map(space.box.toWorld(z[0], z[1], z[2]));
            if (p.w < nearest) {
                nearest = p.w;
                front = i;
                at = QPointF(p.x, p.y);
            }
        }
        QTest::mouseClick(scene, Qt::LeftButton, {}, (scene->plotRect().topLeft() + at).toPoint());
        QCOMPARE(bench.bridge.explore().selectedPoint(), front);
        QTest::mouseClick(scene, Qt::LeftButton, {},
                          scene->plotRect().topLeft().toPoint() + QPoint(4, 4));
        QCOMPARE(bench.bridge.explore().selectedPoint(), Index{-1});
    }

    void chartsAreStateThatIsKept() {
        Bench bench(5);
        const auto map = bench.show({520, 460});
        auto* scene = map->findChild<SceneWidget*>();
        const Figure& figure = scene->figure();
        QCOMPARE(figure.xLabel, QStringLiteral("z1"));
        QJsonObject axes = choose(QStringLiteral("axes"));
        axes[QStringLiteral("horizontal")] = 4;
        axes[QStringLiteral("vertical")] = 2;
        map->restore(axes);
        QCOMPARE(figure.xLabel, QStringLiteral("z5"));
        QCOMPARE(figure.yLabel, QStringLiteral("z3"));
        const auto& points = std::get<render::PointsLayer>(figure.layers.front());
        QCOMPARE(points.xy.values<float>()[0], bench.codes.values<float>()[4]);
        // What lies off the plane is fainter, unless told otherwise.
        QVERIFY(points.weights.defined());
        axes[QStringLiteral("fade")] = false;
        map->restore(axes);
        QVERIFY(!std::get<render::PointsLayer>(figure.layers.front()).weights.defined());
        map->restore(choose(QStringLiteral("pca")));
        QVERIFY(figure.xLabel.startsWith(QStringLiteral("component 1 (")));
        map->restore(choose(QStringLiteral("space")));
        QVERIFY(figure.space && figure.space->labels[2].startsWith(QStringLiteral("component 3")));
        // Three picked codes span the plane; before that the view says what to do.
        map->restore(choose(QStringLiteral("plane")));
        QVERIFY(figure.note.contains(QStringLiteral("0 of 3")));
        QJsonObject kept = map->state();
        ChartChoice picked = chartFromJson(kept);
        for (Index i = 0; i < 3; ++i) {
            const float* z = bench.codes.values<float>().data() + 5 * i;
            picked.points.emplace_back(z, z + 5);
        }
        map->restore(toJson(picked));
        QVERIFY(figure.note.isEmpty());
        QCOMPARE(figure.xLabel, QStringLiteral("from 1st to 2nd point"));
        const auto flat = std::get<render::PointsLayer>(figure.layers.front());
        QVERIFY(std::abs(flat.xy.values<float>()[0]) + std::abs(flat.xy.values<float>()[1]) < 1e-5);
        QVERIFY(flat.weights.values<float>()[0] > 0.999F);
        // A second view given the state shows the same; broken states change nothing.
        kept = map->state();
        QCOMPARE(chartFromJson(kept), picked);
        const auto other = bench.show({520, 460});
        other->restore(kept);
        QCOMPARE(other->findChild<SceneWidget*>()->figure().xLabel, figure.xLabel);
        QCOMPARE(chartFromJson({{"chart", "sphere"}, {"horizontal", -3}, {"points", 7}}),
                 ChartChoice{});
        // Clicks on codes pick points.
        picked.points.clear();
        map->restore(toJson(picked));
        const float* z = bench.codes.values<float>().data();
        QTest::mouseClick(scene, Qt::LeftButton, {}, scene->toPixel(z[0], z[1]).toPoint());
        QCOMPARE(chartFromJson(map->state()).points.size(), std::size_t{1});
    }

    void theMenuOffersCharts() {
        Bench bench(3);
        const auto map = bench.show({520, 460});
        QMenu menu;
        map->fillMenu(menu);
        QMenu* charts = nullptr;
        for (QAction* action : menu.actions()) {
            charts = action->text() == QStringLiteral("Chart") ? action->menu() : charts;
        }
        QVERIFY(charts);
        for (QAction* action : charts->actions()) {
            if (action->text() == QStringLiteral("3-D (4)")) {
                action->trigger();
            }
        }
        QVERIFY(map->findChild<SceneWidget*>()->figure().space);
        QVERIFY(map->setMode(4));  // the key goes back and forth
        QVERIFY(!map->findChild<SceneWidget*>()->figure().space);
        QVERIFY(map->setMode(4));
        QVERIFY(map->findChild<SceneWidget*>()->figure().space);
        Bench flat(2);
        const auto plane = flat.show({520, 460});
        QMenu none;
        plane->fillMenu(none);
        for (QAction* action : none.actions()) {
            QVERIFY(action->text() != QStringLiteral("Chart"));
        }
        plane->restore(choose(QStringLiteral("space")));  // a kept choice meets a flat space
        QVERIFY(!plane->findChild<SceneWidget*>()->figure().space);
        QVERIFY(!plane->setMode(4));
    }

    void surfacesStandInAnyWidget() {
        // An energy-like surface with a walk on it, as later views use the widget.
        const auto renderer = render::Renderer::create({.forceCpu = true});
        SceneWidget widget([&]() -> render::Renderer& { return *renderer; });
        widget.setTheme(themeOf(ThemeKind::Dark));
        widget.resize(760, 560);
        render::Surface3 surface;
        constexpr Index kSide = 128;
        std::vector<float> heights, walk;
        const auto energy = [](double x, double y) {
            return (x * x - 1) * (x * x - 1) + 0.8 * (y - 0.4 * x) * (y - 0.4 * x) + 0.25 * x;
        };
        for (Index r = 0; r < kSide; ++r) {
            for (Index c = 0; c < kSide; ++c) {
                heights.push_back(
                    static_cast<float>(energy(-1.7 + 3.4 * static_cast<double>(c) / (kSide - 1),
                                              -1.7 + 3.4 * static_cast<double>(r) / (kSide - 1))));
            }
        }
        surface.values = Array({kSide, kSide}, heights);
        surface.place = {-1.7, -1.7, 1.7, 1.7};
        surface.low = -0.3;
        surface.high = 4;
        surface.map = render::sequentialMap();
        surface.isoLines = 17;
        surface.isoColor = {0, 0, 0, 0.45F};
        std::mt19937 random(3);
        std::normal_distribution<double> normal(0, 0.13);
        double x = 1.2, y = -1.3;
        for (int i = 0; i < 160; ++i) {
            x = std::clamp(x - 0.02 * (4 * x * (x * x - 1)) + normal(random), -1.6, 1.6);
            y = std::clamp(y - 0.04 * (y - 0.4 * x) + normal(random), -1.6, 1.6);
            walk.push_back(static_cast<float>(x));
            walk.push_back(static_cast<float>(y));
        }
        render::Trails3 trail;
        trail.points = Array({160, 1, 2}, walk);
        trail.colors = {{1, 1, 1, 1}};
        trail.width = 2;
        trail.drape = 0;
        SpaceFigure space;
        space.solids = {surface, trail};
        space.box = {{-1.7, -1.7, -0.3}, {1.7, 1.7, 4}, {1, 1, 0.55}};
        space.labels = {QStringLiteral("x1"), QStringLiteral("x2"),
                        QStringLiteral("energy (nats)")};
        widget.figure().title = QStringLiteral("Energy surface");
        widget.setSpace(space);
        widget.show();
        QVERIFY(QTest::qWaitForWindowExposed(&widget));
        QTRY_VERIFY(!widget.busy());
        const QImage rough = widget.grab().toImage();
        rough.save(kShots + QStringLiteral("energy-surface.png"));
        QVERIFY(colours(rough) > 500);
        QImage exported(760, 560, QImage::Format_RGB32);
        QPainter painter(&exported);
        widget.paintTo(painter, {760, 560}, 1);
        painter.end();
        exported.save(kShots + QStringLiteral("energy-surface-export.png"));
        QVERIFY(colours(exported) > 500);
        for (const QSize size : {QSize(1, 1), QSize(60, 900), QSize(900, 61)}) {
            widget.resize(size);
            QTest::qWait(20);
            QTRY_VERIFY(!widget.busy());
        }
        widget.setSpace({});
        QTRY_VERIFY(!widget.busy());
    }
};

QTEST_MAIN(TestViewSpace)
#include "tst_view_space.moc"
