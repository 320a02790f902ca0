// SPDX-License-Identifier: GPL-3.0-or-later
// The surface view: an energy as a landscape, its chains and their trails on it, and what it
// refuses.
#include "core/render/pick3.h"
#include "core/render/renderer.h"
#include "core/render/space.h"
#include "tests/gui/fake_session.h"
#include "ui/viewport/scene_widget.h"
#include "ui/viewport/space_paint.h"
#include "ui/views/figure_view.h"

#include <QDir>
#include <QMenu>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

using namespace lx;
using namespace lx::ui;

namespace {

const QString kShots = QStringLiteral(LX_BINARY_DIR "/screenshots/");
constexpr float kExtent[4] = {-3, -2, 3, 2};

/// Two wells of unequal depth and a wall that rises to the right.
double energy(double x, double y) {
    const double a = (x + 1.2) * (x + 1.2) + y * y,
                 b = (x - 1.2) * (x - 1.2) + (y - 0.4) * (y - 0.4);
    return -std::log(0.7 * std::exp(-2 * a) + 0.3 * std::exp(-3 * b) + 1e-6);
}

Array gridOf(Index rows, Index columns, double (*f)(double, double)) {
    std::vector<float> values;
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
            values.push_back(static_cast<float>(
                f(kExtent[0] + (kExtent[2] - kExtent[0]) * double(c) / double(columns - 1),
                  kExtent[1] + (kExtent[3] - kExtent[1]) * double(r) / double(rows - 1))));
        }
    }
    return Array({rows, columns}, values);
}

/// Four chains that spiral into the wells, [4, states, 2], the newest last.
Array trailsOf(Index states) {
    std::vector<float> out;
    for (int chain = 0; chain < 4; ++chain) {
        const double x = chain % 2 == 0 ? -1.2 : 1.2, y = chain % 2 == 0 ? 0 : 0.4;
        for (Index s = 0; s < states; ++s) {
            const double left = 1 - 0.7 * double(s) / double(states);
            const double angle = 0.25 * double(s) + chain;
            out.push_back(static_cast<float>(x + 1.5 * left * std::cos(angle)));
            out.push_back(static_cast<float>(y + 1.2 * left * std::sin(angle)));
        }
    }
    return Array({4, states, 2}, out);
}

Array newest(const Array& trails) {
    std::vector<float> out;
    const auto all = trails.values<float>();
    for (Index c = 0; c < trails.dim(0); ++c) {
        const auto at = static_cast<std::size_t>((c + 1) * trails.dim(1) * 2 - 2);
        out.insert(out.end(), {all[at], all[at + 1]});
    }
    return Array({trails.dim(0), 2}, out);
}

struct Bench {
    std::shared_ptr<test::FakeSession> session = std::make_shared<test::FakeSession>();
    SessionBridge bridge;

    Bench() {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        auto told = std::make_shared<Description>();
        told->spaces = {{"target", 2, {2}}};
        told->channels = {{"energy", "grid2", "target", "[rows, columns]", "nats", Clock::Sample},
                          {"true_density", "grid2", "target", "[rows, columns]", "", Clock::Sample},
                          {"chains_now", "points2", "target", "[C, D]", "", Clock::Sample},
                          {"chains_trail", "trails", "target", "[C, K, D]", "", Clock::Sample}};
        session->told = told;
        set("energy", gridOf(65, 97, energy));
        set("energy.extent", Array({4}, std::vector<float>(kExtent, kExtent + 4)));
        set("chains_trail", trailsOf(90));
        set("chains_now", newest(trailsOf(90)));
        bridge.addRun(session, "test");
        bridge.poll();
    }
    void set(const std::string& id, Array array) {
        session->publish([&](Snapshot& s) {
            s.epoch = 1;
            session->set(s, id, std::move(array));
        });
        bridge.poll();
    }
    std::unique_ptr<FigureView> show(QSize size, ThemeKind theme = ThemeKind::Dark) {
        applyTheme(themeOf(theme));
        std::unique_ptr<View> made(findView(QStringLiteral("surface"))->make(bridge, nullptr));
        std::unique_ptr<FigureView> view(qobject_cast<FigureView*>(made.release()));
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

const SpaceFigure& spaceIn(const FigureView& view) {
    return *view.scene()->figure().space;
}

template <class T>
const T& solid(const FigureView& view, std::size_t index) {
    return std::get<T>(spaceIn(view).solids.at(index));
}

/// Brightness of the view's picture inside the plot, to tell drawn from empty.
int colours(const QImage& image) {
    QSet<QRgb> found;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2) {
            found.insert(image.pixel(x, y));
        }
    }
    return static_cast<int>(found.size());
}

}  // namespace

class TestViewSurface : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(QDir().mkpath(kShots)); }

    void theEnergyIsALandscapeWithItsChains_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("dark") << true;
        QTest::newRow("light") << false;
    }
    void theEnergyIsALandscapeWithItsChains() {
        QFETCH(bool, dark);
        Bench bench;
        const auto view = bench.show({640, 480}, dark ? ThemeKind::Dark : ThemeKind::Light);
        QVERIFY(view->showsContent());
        QVERIFY(view->title().startsWith("Energy"));
        QCOMPARE(view->channels(), QStringList({"energy", "chains_now", "chains_trail"}));
        const auto& figure = view->scene()->figure();
        QCOMPARE(figure.layerParts.size(), std::size_t{3});
        QCOMPARE(spaceIn(*view).labels[2], QString("Energy (nats)"));
        for (const render::Solid& s : spaceIn(*view).solids) {
            QCOMPARE(render::problem(s, spaceIn(*view).solids), std::string());
        }
        const QImage picture = view->picture({640, 480}, 1);
        QVERIFY(picture.save(kShots + (dark ? "surface_dark.png" : "surface_light.png")));
        QVERIFY2(colours(picture) > 800, qPrintable(QString::number(colours(picture))));
        QVERIFY(view->setMode(2));
        QVERIFY(view->picture({640, 480}, 1).save(kShots + "surface_above.png"));
        QVERIFY(!view->setMode(3));
        QVERIFY(view->setMode(1));
    }

    void chainsWalkOnTheSurface() {
        Bench bench;
        const auto view = bench.show({700, 520});
        QVERIFY(view->setMode(2));
        const render::Size plot = view->scene()->plotPixels();
        const render::Space space = spaceOf(spaceIn(*view), themeOf(ThemeKind::Dark), 1);
        const auto& cloud = solid<render::PointCloud3>(*view, 2);
        const auto at = newest(trailsOf(90));
        const auto xy = at.values<float>();
        const render::Projection3 projection =
            projectionOf(spaceIn(*view), view->scene()->plotRect().size());
        for (Index c = 0; c < 4; ++c) {
            const double x = xy[static_cast<std::size_t>(2 * c)];
            const double y = xy[static_cast<std::size_t>(2 * c + 1)];
            const auto pixel = projection.map(spaceIn(*view).box.toWorld(x, y, energy(x, y)));
            const auto hit = render::pickPoint(space, cloud, plot, 1, pixel.x, pixel.y, 3);
            QVERIFY2(hit && hit->index == c, qPrintable(QString::number(c)));
            QVERIFY(std::abs(hit->at[2] - energy(x, y)) < 0.05);
            // The trail ends where the chain is.
            const auto& trails = solid<render::Trails3>(*view, 1);
            const auto points = trails.points.values<float>();
            const auto last = points.size() - 8 + static_cast<std::size_t>(2 * c);
            QCOMPARE(points[last], xy[static_cast<std::size_t>(2 * c)]);
            QCOMPARE(points[last + 1], xy[static_cast<std::size_t>(2 * c + 1)]);
            // The twin: beside a chain there is none.
            const auto beside =
                projection.map(spaceIn(*view).box.toWorld(x + 0.5, y + 0.5, energy(x, y)));
            QVERIFY(!render::pickPoint(space, cloud, plot, 1, beside.x, beside.y, 3));
        }
        QCOMPARE(solid<render::Trails3>(*view, 1).colors.size(), std::size_t{4});
    }

    void theMouseReadsTheValue() {
        Bench bench;
        const auto view = bench.show({700, 520});
        SceneWidget* scene = view->scene();
        const render::Projection3 projection =
            projectionOf(spaceIn(*view), scene->plotRect().size());
        const double x = 0.1, y = -1.4;  // no chain is near
        const auto pixel = projection.map(spaceIn(*view).box.toWorld(x, y, energy(x, y)));
        // Signals in space report pixels of the plot, y upwards.
        const QPointF at(pixel.x, scene->plotRect().height() - pixel.y);
        Q_EMIT scene->hovered(at);
        QCOMPARE(spaceIn(*view).marks.size(), std::size_t{1});
        const QString text = spaceIn(*view).marks[0].text;
        QVERIFY2(text.endsWith("nats"), qPrintable(text));
        const auto& found = spaceIn(*view).marks[0].at;
        const double top = spaceIn(*view).box.high[2];
        QVERIFY(std::abs(found[2] - std::min(energy(found[0], found[1]), top)) < 0.1);
        Q_EMIT scene->left();
        QVERIFY(spaceIn(*view).marks.empty());
        Q_EMIT scene->hovered({2, 2});  // beside the surface
        QVERIFY(spaceIn(*view).marks.empty());
    }

    void wallsAreCutOff() {
        Bench bench;
        const auto view = bench.show({400, 300});
        const auto values = gridOf(65, 97, energy);
        const auto all = values.values<float>();
        const double highest = *std::max_element(all.begin(), all.end());
        QCOMPARE(spaceIn(*view).box.high[2], highest);  // no wall towers over this one
        const auto wall = gridOf(65, 97, [](double x, double y) { return std::exp(x * x) + y; });
        bench.set("energy", wall);
        view->present(bench.bridge.frames());
        QVERIFY(spaceIn(*view).box.high[2] < 100);  // of 8000
        bench.set("energy", values);
        view->present(bench.bridge.frames());
        QJsonObject state = view->state();
        state.insert(QStringLiteral("cut"), 2);
        view->restore(state);
        QVERIFY(spaceIn(*view).box.high[2] < highest);
        // What is cut off is a hole; what touches lower ground stays, or the brim would fray.
        const auto shown = solid<render::Surface3>(*view, 0).values.values<float>();
        const double lid = spaceIn(*view).box.high[2];
        int holes = 0, brim = 0;
        for (std::size_t i = 0; i < shown.size(); ++i) {
            holes += std::isnan(shown[i]) ? 1 : 0;
            brim += shown[i] > lid ? 1 : 0;
            QVERIFY(all[i] > lid || shown[i] == all[i]);
        }
        QVERIFY(holes > 1000 && brim > 50 && brim < 700);
        state.insert(QStringLiteral("cut"), 0);
        view->restore(state);
        QCOMPARE(spaceIn(*view).box.high[2], highest);
        QCOMPARE(view->state().value("cut").toInt(), 0);
        state.insert(QStringLiteral("cut"), 3);
        view->restore(state);
        QVERIFY(spaceIn(*view).box.high[2] < highest);
        state.insert(QStringLiteral("cut"), 99);  // from a file: not trusted
        view->restore(state);
        QMenu menu;
        view->fillMenu(menu);
        QVERIFY(menu.actions().size() > 4);
    }

    void anotherFieldIsShownOnDemand() {
        Bench bench;
        bench.set("true_density",
                  gridOf(33, 33, [](double x, double y) { return std::exp(-energy(x, y)); }));
        bench.set("true_density.extent", Array({4}, std::vector<float>(kExtent, kExtent + 4)));
        const auto view = bench.show({400, 300});
        QSignalSpy asked(view.get(), &View::channelsChanged);
        view->restore({{QStringLiteral("field"), QStringLiteral("true_density")}});
        QCOMPARE(asked.size(), 1);
        QVERIFY(view->channels().contains("true_density") && !view->channels().contains("energy"));
        QVERIFY(view->title().startsWith("True density"));
        QCOMPARE(solid<render::Surface3>(*view, 0).values.dim(0), Index{33});
        QCOMPARE(spaceIn(*view).labels[2], QString("True density"));
    }

    /// On every colour of the ground a point or its rim differs from it threefold (WCAG 2, 1.4.11).
    /// The twin: the colour of text alone, which particles had, is lost in the valleys.
    void pointsStandOutOnEveryGround() {
        const auto luminance = [](const render::Color& c) {
            const auto linear = [](float v) {
                return v <= 0.04045F ? static_cast<double>(v) / 12.92
                                     : std::pow((static_cast<double>(v) + 0.055) / 1.055, 2.4);
            };
            return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
        };
        const auto contrast = [&](const render::Color& a, const render::Color& b) {
            const double x = luminance(a), y = luminance(b);
            return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
        };
        for (const auto kind : {ThemeKind::Light, ThemeKind::Dark, ThemeKind::Projector}) {
            for (const Index count : {Index{4}, Index{1000}}) {
                Bench bench;
                std::vector<float> xy(static_cast<std::size_t>(2 * count), 0.1F);
                bench.set("chains_now", Array({count, 2}, xy));
                const auto view = bench.show({500, 400}, kind);
                const auto& cloud = solid<render::PointCloud3>(*view, 2);
                QVERIFY(cloud.rimWidth > 0);
                double worst = 1e9, before = 1e9;
                for (const render::Color& ground : solid<render::Surface3>(*view, 0).map.stops) {
                    for (const render::Color& point : cloud.colors) {
                        worst = std::min(
                            worst, std::max(contrast(point, ground), contrast(cloud.rim, ground)));
                    }
                    const QColor text = themeOf(kind).text;
                    before = std::min(before, contrast({static_cast<float>(text.redF()),
                                                        static_cast<float>(text.greenF()),
                                                        static_cast<float>(text.blueF()), 1},
                                                       ground));
                }
                const QString figures = QStringLiteral("%1, before %2").arg(worst).arg(before);
                QVERIFY2(count <= 64 || worst >= 3, qPrintable(figures));
                QVERIFY2(worst > before, qPrintable(figures));
            }
        }
    }

    void manyChainsAndNoneAreDrawn() {
        Bench bench;
        std::vector<float> xyz;
        for (int i = 0; i < 3000; ++i) {
            xyz.insert(xyz.end(), {static_cast<float>(std::sin(i) * 4),
                                   static_cast<float>(std::cos(2.1 * i) * 3), 0.5F});
        }
        bench.set("chains_now", Array({1000, 9}, xyz));
        bench.set("chains_trail", Array({0, 0, 2}, std::vector<float>()));
        const auto view = bench.show({500, 400});
        QCOMPARE(spaceIn(*view).solids.size(), std::size_t{2});
        QCOMPARE(solid<render::PointCloud3>(*view, 1).colors.size(), std::size_t{1});
        QVERIFY(colours(view->picture({500, 400}, 1)) > 300);
        bench.set("chains_now", Array({0, 2}, std::vector<float>()));
        view->present(bench.bridge.frames());
        QCOMPARE(spaceIn(*view).solids.size(), std::size_t{1});
    }

    void whatIsNoFieldIsRefused_data() {
        QTest::addColumn<int>("kind");
        const char* names[] = {"one row",       "doubles",         "no extent",  "empty extent",
                               "extent of NaN", "extent of three", "three axes", "nothing but NaN"};
        for (int i = 0; i < 8; ++i) {
            QTest::newRow(names[i]) << i;
        }
    }
    void whatIsNoFieldIsRefused() {
        QFETCH(int, kind);
        Bench bench;
        const float nan = std::nanf("");
        switch (kind) {
            case 0: bench.set("energy", Array({1, 4}, std::vector<float>(4))); break;
            case 1: bench.set("energy", Array({2, 2}, std::vector<double>(4))); break;
            case 2: bench.set("energy.extent", Array()); break;
            case 3: bench.set("energy.extent", Array({4}, std::vector<float>{0, 0, 0, 1})); break;
            case 4: bench.set("energy.extent", Array({4}, std::vector<float>{nan, 0, 1, 1})); break;
            case 5: bench.set("energy.extent", Array({3}, std::vector<float>{0, 0, 1})); break;
            case 6: bench.set("energy", Array({2, 2, 2}, std::vector<float>(8))); break;
            default: bench.set("energy", Array({3, 3}, std::vector<float>(9, nan))); break;
        }
        const auto view = bench.show({300, 200});
        QCOMPARE(view->showsContent(), kind == 7);  // a hole is a picture
        QVERIFY(!view->picture({300, 200}, 1).isNull());
        bench.set("energy", gridOf(9, 9, energy));
        bench.set("energy.extent", Array({4}, std::vector<float>(kExtent, kExtent + 4)));
        view->present(bench.bridge.frames());
        QVERIFY(view->showsContent());
    }
};

QTEST_MAIN(TestViewSurface)
#include "tst_view_surface.moc"
