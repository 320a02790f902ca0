// SPDX-License-Identifier: GPL-3.0-or-later
// Trails, meshes, ellipses, styled points and scaled fields: what is read back from the pixels is
// what was put in. Each case is drawn by the rasteriser and by the device, with validation on.
#include "core/render/colormap.h"
#include "core/render/geometry2d.h"
#include "core/render/projection.h"
#include "core/render/rasterizer.h"
#include "core/render/relief.h"
#include "core/render/value_scale.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Size kSize{240, 180};
constexpr Rect kView{0, 0, 240, 180};  // data units are pixels, y upwards
constexpr Color kWhite{1, 1, 1, 1};

TrailsLayer polyline(const std::vector<float>& xy) {
    TrailsLayer layer;
    layer.xy = Array({static_cast<Index>(xy.size() / 2), 1, 2}, xy);
    layer.colors = {kWhite};
    return layer;
}

ColorMap greys() {
    return {{{0, 0, 0, 1}, kWhite}};
}

/// Sum of the brightness along a column of pixels.
double columnSum(const Image& image, int x) {
    double sum = 0;
    for (int y = 0; y < image.size.height; ++y) {
        sum += static_cast<double>(pixel(image, x, y).g);
    }
    return sum;
}

}  // namespace

class TestLayers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_renderer = validatedRenderer(m_messages); }
    void cleanupTestCase() {
        m_renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    // Widths read back as the sum across a line, positions as the centre of mass.
    void linesAreAsWideAndWhereTheyShouldBe_data() {
        QTest::addColumn<bool>("cpu");
        QTest::addColumn<double>("width");
        QTest::addColumn<double>("height");
        for (const bool cpu : {true, false}) {
            for (const double width : {0.5, 1.0, 2.5, 6.0}) {
                for (const double height : {90.0, 60.3}) {
                    QTest::addRow("%s width %g at %g", cpu ? "cpu" : "device", width, height)
                        << cpu << width << height;
                }
            }
        }
    }
    void linesAreAsWideAndWhereTheyShouldBe() {
        QFETCH(bool, cpu);
        QFETCH(double, width);
        QFETCH(double, height);
        const auto y = static_cast<float>(height);
        TrailsLayer layer = polyline({20, y, 80, y, 140, y, 220, y});
        layer.width = static_cast<float>(width);
        const Image image = draw({layer}, cpu);
        for (const int x : {40, 79, 80, 110, 139, 140, 200}) {  // at the corners, too
            QVERIFY2(std::abs(columnSum(image, x) - width) < 0.03,
                     qPrintable(QString("%1: %2").arg(x).arg(columnSum(image, x))));
        }
        const Centre seen = centreOf(image, {0, 0, 0, 1}, 40, 0, 200, 180);
        // A line thinner than a pixel is drawn as faint as it is thin, in whole pixels.
        QVERIFY(std::abs(seen.y - (180 - height)) < (width < 1 ? 0.25 : 0.15));
        QCOMPARE(columnSum(image, 10), 0.0);
        QCOMPARE(columnSum(image, 230), 0.0);
    }

    void trailsFadeAndBreak_data() { bothWays(); }
    void trailsFadeAndBreak() {
        QFETCH(bool, cpu);
        const float nan = std::nanf("");
        TrailsLayer layer = polyline({20, 90, 70, 90, 120, 90, 170, 90, 220, 90});
        layer.width = 4;
        layer.fade = 1;
        Image image = draw({layer}, cpu);
        const double wanted[] = {0.25, 0.5, 0.75, 1};  // ages 3, 2, 1, 0 of 4
        for (int k = 0; k < 4; ++k) {
            QVERIFY(std::abs(static_cast<double>(pixel(image, 45 + 50 * k, 90).g) - wanted[k]) <
                    0.01);
        }
        layer.head = 2;
        layer.tail = 1;
        image = draw({layer}, cpu);
        QVERIFY(columnSum(image, 95) > 3.9);
        QCOMPARE(columnSum(image, 45) + columnSum(image, 145), 0.0);
        layer = polyline({20, 90, 70, 90, nan, 90, 170, 90, 220, 90});
        layer.width = 4;
        image = draw({layer}, cpu);
        QVERIFY(columnSum(image, 45) > 3.9 && columnSum(image, 195) > 3.9);
        QCOMPARE(columnSum(image, 120), 0.0);
        layer.category = Array({1}, std::vector<Index>{-1});
        QCOMPARE(columnSum(draw({layer}, cpu), 45), 0.0);
        layer.category = {};
        layer.values = Array({5, 1}, std::vector<float>{0, 0.5F, 0, 0, 1});
        layer.map = greys();
        image = draw({layer}, cpu);
        const int middle = static_cast<int>(table(greys())[128] & 255);
        QVERIFY(std::abs(qRound(pixel(image, 45, 90).g * 255) - middle) <= 1);
        QCOMPARE(qRound(pixel(image, 195, 90).g * 255), 255);
        // A vertex far outside the view still gives the right line: here with slope 1 / 2.
        layer = polyline({0, 30, 2e5F, 1e5F + 30});
        layer.width = 3;
        image = draw({layer}, cpu);
        const Centre seen = centreOf(image, {0, 0, 0, 1}, 100, 0, 101, 180);
        QVERIFY2(std::abs(seen.y - (180 - 30 - 50.25)) < 0.2, qPrintable(QString::number(seen.y)));
    }

    void aFaintLineHasNoBeads_data() { bothWays(); }
    void aFaintLineHasNoBeads() {
        QFETCH(bool, cpu);
        std::vector<float> xy;
        for (int i = 0; i <= 100; ++i) {
            xy.insert(xy.end(), {20 + 2.0F * static_cast<float>(i), 90});
        }
        TrailsLayer layer = polyline(xy);
        layer.width = 6;
        layer.opacity = 0.4F;
        const Image image = draw({layer}, cpu);
        for (int x = 25; x < 215; ++x) {
            QVERIFY(std::abs(columnSum(image, x) - 2.4) < 0.08);
        }
    }

    void meshesPaintEachPixelOnce_data() { bothWays(); }
    void meshesPaintEachPixelOnce() {
        QFETCH(bool, cpu);
        // A fan of slim triangles that fill a square; half opaque, so that a pixel painted twice or
        // never shows.
        std::vector<float> xy{121.3F, 88.7F};
        std::vector<Index> triangles;
        constexpr int kEdge = 40;
        for (int i = 0; i < kEdge; ++i) {
            const float u = static_cast<float>(i % 10) * 10;
            const int side = i / 10;
            xy.insert(xy.end(), {side == 0   ? 70 + u
                                 : side == 1 ? 170
                                 : side == 2 ? 170 - u
                                             : 70,
                                 side == 0   ? 40
                                 : side == 1 ? 40 + u
                                 : side == 2 ? 140
                                             : 140 - u});
            triangles.insert(triangles.end(), {0, 1 + i, 1 + (i + 1) % kEdge});
        }
        MeshLayer layer;
        layer.xy = Array({kEdge + 1, 2}, xy);
        layer.triangles = Array({kEdge, 3}, triangles);
        layer.fill = kWhite;
        layer.opacity = 0.5F;
        const Image image = draw({layer}, cpu);
        for (int y = 0; y < 180; ++y) {
            for (int x = 0; x < 240; ++x) {
                const bool inside = x >= 70 && x < 170 && y >= 40 && y < 140;
                QVERIFY(std::abs(pixel(image, x, y).g - (inside ? 0.5F : 0.0F)) < 0.01F);
            }
        }
    }

    void meshValuesAreRead_data() { bothWays(); }
    void meshValuesAreRead() {
        QFETCH(bool, cpu);
        MeshLayer layer;
        layer.xy = Array({4, 2}, std::vector<float>{20, 20, 220, 20, 20, 160, 220, 160});
        layer.triangles = Array({2, 3}, std::vector<Index>{0, 1, 2, 3, 2, 1});
        layer.values = Array({4}, std::vector<float>{1, 100, 1, 100});
        layer.map = greys();
        layer.range = {1, 100, Scaling::Log};
        layer.quads = true;
        const auto words = table(greys());
        Image image = draw({layer}, cpu);
        for (int x = 25; x < 220; x += 15) {
            const double value = 1 + 99 * (x + 0.5 - 20) / 200;
            const auto row = static_cast<int>(std::log10(value) / 2 * 255 + 0.5);
            const int seen = qRound(pixel(image, x, 90).g * 255);
            const auto at = [&](int k) {
                return static_cast<int>(words[static_cast<std::size_t>(std::clamp(k, 0, 255))] &
                                        255);
            };
            QVERIFY2(seen >= at(row - 1) && seen <= at(row + 1), qPrintable(QString::number(x)));
        }
        // Edges: four sides, no diagonal.
        layer.values = Array({2}, std::vector<float>{1, 1});
        layer.edge = {1, 0, 0, 1};
        layer.edgeWidth = 4;
        image = draw({layer}, cpu);
        QVERIFY(pixel(image, 120, 20).r > 0.9F && pixel(image, 120, 159).r > 0.9F);
        QVERIFY(pixel(image, 20, 90).r > 0.9F && pixel(image, 219, 90).r > 0.9F);
        QVERIFY(pixel(image, 120, 90).r < 0.05F);
        layer.quads = false;
        QVERIFY(pixel(draw({layer}, cpu), 120, 90).r > 0.9F);
        layer.values = Array({2}, std::vector<float>{std::nanf(""), 1});
        layer.edgeWidth = 0;
        const auto holed = draw({layer}, cpu);
        QCOMPARE(pixel(holed, 60, 150).r, 0.0F);
    }

    void ellipsesHaveTheirAxes_data() { bothWays(); }
    void ellipsesHaveTheirAxes() {
        QFETCH(bool, cpu);
        // Half axes 60 and 25, turned by 30 degrees: measured through the filled area and its
        // second moments, pi a b and a^2 / 4.
        const double turn = std::numbers::pi / 6, c = std::cos(turn), s = std::sin(turn);
        const auto a = ellipseOfCovariance(3600 * c * c + 625 * s * s, (3600 - 625) * c * s,
                                           3600 * s * s + 625 * c * c, 1);
        EllipsesLayer layer;
        layer.centers = Array({1, 2}, std::vector<float>{117.25F, 92.5F});
        layer.axes =
            Array({1, 2, 2},
                  std::vector<float>{static_cast<float>((*a)[0]), static_cast<float>((*a)[1]),
                                     static_cast<float>((*a)[2]), static_cast<float>((*a)[3])});
        layer.colors = {kWhite};
        layer.fill = 1;
        layer.width = 0;
        const Image image = draw({layer}, cpu);
        double area = 0, mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
        for (int y = 0; y < 180; ++y) {
            for (int x = 0; x < 240; ++x) {
                const auto w = static_cast<double>(pixel(image, x, y).g);
                const double dx = x + 0.5, dy = 180 - y - 0.5;
                area += w;
                mx += w * dx;
                my += w * dy;
                xx += w * dx * dx;
                xy += w * dx * dy;
                yy += w * dy * dy;
            }
        }
        mx /= area;
        my /= area;
        QVERIFY(std::abs(area / (std::numbers::pi * 60 * 25) - 1) < 0.01);
        QVERIFY(std::hypot(mx - 117.25, my - 92.5) < 0.1);
        const HalfAxes seen = halfAxes(
            *ellipseOfCovariance(xx / area - mx * mx, xy / area - mx * my, yy / area - my * my, 2));
        QVERIFY(std::abs(seen.major - 60) < 0.5 && std::abs(seen.minor - 25) < 0.5);
        QVERIFY(std::abs(seen.angle - turn) < 0.01);
        layer.fill = 0;
        layer.width = 2;
        const Image line = draw({layer}, cpu);
        for (const Point2& p : ellipsePoints({117.25, 92.5}, *a, 24)) {
            QVERIFY(pixel(line, static_cast<int>(p.x), static_cast<int>(180 - p.y)).g > 0.4F);
        }
        QCOMPARE(pixel(line, 117, 88).g, 0.0F);
    }

    void pointsShowTheirSizesValuesAndWeights_data() { bothWays(); }
    void pointsShowTheirSizesValuesAndWeights() {
        QFETCH(bool, cpu);
        PointsLayer layer;
        layer.xy = Array({4, 2}, std::vector<float>{30, 90, 90, 90, 150, 90, 210, 90});
        layer.colors = {kWhite};
        layer.size = 10;
        layer.sizes = Array({4}, std::vector<float>{0.5F, 1, 2, 3});
        Image image = draw({layer}, cpu);
        for (int k = 0; k < 4; ++k) {
            double area = 0;
            for (int x = 60 * k; x < 60 * k + 60; ++x) {
                area += columnSum(image, x);
            }
            const double radius = 5.0 * std::array{0.5, 1.0, 2.0, 3.0}[static_cast<std::size_t>(k)];
            QVERIFY2(std::abs(area / (std::numbers::pi * radius * radius) - 1) < 0.04,
                     qPrintable(QString::number(area)));
        }
        layer.sizes = {};
        layer.values = Array({4}, std::vector<float>{0, 0.25F, 1, std::nanf("")});
        layer.map = greys();
        layer.weights = Array({4}, std::vector<float>{1, 1, 0.5F, 1});
        image = draw({layer}, cpu);
        const auto words = table(greys());
        QCOMPARE(qRound(pixel(image, 90, 90).g * 255), static_cast<int>(words[64] & 255));
        QVERIFY(std::abs(pixel(image, 150, 90).g - 0.5F) < 0.01F);
        QCOMPARE(columnSum(image, 210), 0.0);
    }

    // Colours, lines and clipping of a field of known values under each scaling.
    void fieldsAreReadBack_data() {
        QTest::addColumn<bool>("cpu");
        QTest::addColumn<int>("scaling");
        for (const bool cpu : {true, false}) {
            for (const int scaling : {0, 1, 2}) {
                const char* names[] = {"linear", "log", "symlog"};
                QTest::addRow("%s %s", cpu ? "cpu" : "device", names[scaling]) << cpu << scaling;
            }
        }
    }
    void fieldsAreReadBack() {
        QFETCH(bool, cpu);
        QFETCH(int, scaling);
        GridLayer layer;
        layer.place = kView;
        layer.scaling = static_cast<Scaling>(scaling);
        layer.low = scaling == 1 ? 0.1 : -50;
        layer.high = 100;
        layer.linear = 2;
        // Nodes as dense as pixels, values equidistant on the map.
        const ValueScale scale(rangeOf(layer));
        layer.values = field(481, kView, [&](double x, double) { return scale.value(x / 240); });
        layer.map = greys();
        const auto words = table(greys());
        Image image = draw({layer}, cpu);
        for (int x = 3; x < 240; x += 7) {
            const double row = (x + 0.5) / 240 * 255;
            const int seen = qRound(pixel(image, x, 60).g * 255);
            const auto at = [&](double k) {
                return static_cast<int>(words[static_cast<std::size_t>(std::clamp(k, 0.0, 255.0))] &
                                        255);
            };
            QVERIFY2(seen >= at(row - 1) && seen <= at(row + 1.5), qPrintable(QString::number(x)));
        }
        layer.map.stops = {{0, 0, 0, 1}};
        layer.isoColor = kWhite;
        layer.isoWidth = 2;
        const auto check = [&](const std::vector<double>& levels) {
            const Image lined = draw({layer}, cpu);
            double sum = 0;
            for (const double level : levels) {
                const double x = 240 * static_cast<double>(scale.place(static_cast<float>(level)));
                const Centre seen = centreOf(lined, {0, 0, 0, 1}, static_cast<int>(x) - 6, 50,
                                             static_cast<int>(x) + 7, 70);
                QVERIFY2(std::abs(seen.x - x) <= 0.5,
                         qPrintable(QString("%1 at %2, not %3").arg(level).arg(seen.x).arg(x)));
                sum += 2;
            }
            double bright = 0;
            for (int x = 0; x < 240; ++x) {
                bright += static_cast<double>(pixel(lined, x, 60).g);
            }
            QVERIFY2(std::abs(bright - sum) < 0.1 * sum, qPrintable(QString::number(bright)));
        };
        layer.isoLines = 5;
        check(isoValues(layer));
        layer.isoLevels = {1, 10, 60};
        check({1, 10, 60});
        layer.isoLevels = {};
        layer.isoLines = 0;
        layer.map = {{kWhite}};
        layer.clip = true;
        layer.low = scale.value(0.25);
        layer.high = scale.value(0.75);
        image = draw({layer}, cpu);
        for (int x = 2; x < 240; x += 4) {
            if (std::abs(x - 60) > 2 && std::abs(x - 180) > 2) {
                QCOMPARE(pixel(image, x, 60).g, x > 60 && x < 180 ? 1.0F : 0.0F);
            }
        }
    }

    void hillsAreLitFromTheUpperLeft_data() { bothWays(); }
    void hillsAreLitFromTheUpperLeft() {
        QFETCH(bool, cpu);
        GridLayer layer;
        layer.place = kView;
        layer.map = {{{0.5F, 0.5F, 0.5F, 1}}};
        layer.shade = 1;
        const auto brightness = [&](double slopeX, double slopeY) {
            layer.values = field(33, kView, [&](double x, double y) {
                return 0.5 + slopeX * (x - 120) / 180 + slopeY * (y - 90) / 180;
            });
            return pixel(draw({layer}, cpu), 120, 90).g;
        };
        QVERIFY(std::abs(brightness(0, 0) - 0.5F) < 0.01F);
        QVERIFY(brightness(0.3, -0.3) > 0.55F);  // rises to the lower right: faces the light
        QVERIFY(brightness(-0.3, 0.3) < 0.4F);
        // A plane at 45 degrees facing away lies in full shadow: Lambert's cosine is 0.
        const double steep = 1 / std::numbers::sqrt2;
        QVERIFY(brightness(-steep, steep) < 0.02F);
        layer.relief = 0;
        QVERIFY(std::abs(brightness(-0.3, 0.3) - 0.5F) < 0.01F);
    }

    void threadsGiveTheSamePicture() {
        Rasterizer two(2), three(3);
        for (const Theme theme : {Theme::Light, Theme::Dark}) {
            for (const auto& [name, scene, size] : gallery(theme)) {
                const Image one = rasterize(scene, size);
                QVERIFY2(largestDifference(two.draw(scene, size), one) == 0, name.c_str());
                QVERIFY2(largestDifference(three.draw(scene, size), one) == 0, name.c_str());
                QVERIFY2(largestDifference(two.draw(scene, size), one) == 0, name.c_str());
            }
        }
    }

    void countsAreKeptWhileNothingChanges() {
        DensityLayer layer;
        layer.xy = normals(200'000, 4);
        layer.colors = {kWhite, {1, 0, 0, 1}};
        Scene scene;
        scene.view = {-3, -3, 3, 3};
        Rasterizer rasterizer(2);
        const auto same = [&] {
            scene.layers = {layer};
            return largestDifference(rasterizer.draw(scene, kSize), rasterize(scene, kSize)) == 0;
        };
        QVERIFY(same());
        QVERIFY(same());
        QCOMPARE(rasterizer.counted(), std::uint64_t{1});
        layer.exposure = 0.3F;  // another tone of the same counts
        QVERIFY(same());
        QCOMPARE(rasterizer.counted(), std::uint64_t{1});
        // Whatever the counts depend on counts anew, and the picture is the new one.
        scene.view.x1 = 2.9;
        QVERIFY(same());
        QCOMPARE(rasterizer.counted(), std::uint64_t{2});
        layer.xy = normals(200'000, 5);
        QVERIFY(same());
        layer.category = labels(200'000, 2);
        QVERIFY(same());
        layer.colors[1] = {0, 1, 0, 1};
        QVERIFY(same());
        QCOMPARE(rasterizer.counted(), std::uint64_t{5});
        for (int i = 0; i < 20; ++i) {
            scene.view.x1 = 2 - 0.01 * i;
            QVERIFY(same());
        }
        scene.view.x1 = 2.9;
        QVERIFY(same());
    }

private:
    static void bothWays() {
        QTest::addColumn<bool>("cpu");
        QTest::newRow("cpu") << true;
        QTest::newRow("device") << false;
    }

    Image draw(std::vector<Layer> layers, bool cpu) const {
        Scene scene;
        scene.view = kView;
        scene.background = {0, 0, 0, 1};
        scene.layers = std::move(layers);
        for (const Layer& layer : scene.layers) {
            if (const std::string text = problem(layer); !text.empty()) {
                qWarning("%s", text.c_str());
            }
        }
        return cpu ? rasterize(scene, kSize) : m_renderer->draw(scene, kSize);
    }

    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer;
};

QTEST_GUILESS_MAIN(TestLayers)
#include "tst_layers.moc"
