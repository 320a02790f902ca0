// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the Vulkan renderer against our own rasteriser, with validation on.
#include "core/render/colormap.h"
#include "core/render/projection.h"
#include "core/render/rasterizer.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <cmath>
#include <future>
#include <limits>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Size kSize{256, 192};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Scene empty(Rect view = {-2, -1.5, 2, 1.5}) {
    Scene scene;
    scene.view = view;
    scene.background = panelColor(Theme::Dark);
    return scene;
}

Scene onePoint(float x, float y, Rect view = {-2, -1.5, 2, 1.5}) {
    PointsLayer layer;
    layer.xy = Array({1, 2}, std::vector<float>{x, y});
    layer.colors = {{1, 1, 1, 1}};
    layer.size = 7;
    Scene scene = empty(view);
    scene.layers = {layer};
    return scene;
}

/// Index of the table entry nearest to a colour.
int levelOf(const ColorMap& map, Color c) {
    int best = 0;
    double distance = 1e9;
    for (int i = 0; i < kTableSize; ++i) {
        const Color s = sample(map, i / 255.0);
        const double d = std::hypot(s.r - c.r, s.g - c.g, s.b - c.b);
        if (d < distance) {
            distance = d;
            best = i;
        }
    }
    return best;
}

}  // namespace

class TestRender : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_renderer = make();
        if (!m_renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        QVERIFY2(m_renderer->info().validation, "the validation layer is missing");
        qInfo("device: %s", m_renderer->info().device.c_str());
    }
    void cleanup() { QCOMPARE(m_messages.vulkan(), std::string()); }
    void cleanupTestCase() {
        m_renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    void everyLayerLooksLikeTheRasteriser_data() {
        QTest::addColumn<int>("theme");
        QTest::addColumn<int>("index");
        for (const Theme theme : {Theme::Light, Theme::Dark}) {
            int index = 0;
            for (const auto& [name, scene, size] : gallery(theme)) {
                QTest::addRow("%s %s", name.c_str(), theme == Theme::Dark ? "dark" : "light")
                    << static_cast<int>(theme) << index++;
            }
        }
    }
    void everyLayerLooksLikeTheRasteriser() {
        QFETCH(int, theme);
        QFETCH(int, index);
        const auto all = gallery(static_cast<Theme>(theme));
        const auto& [name, scene, size] = all[static_cast<std::size_t>(index)];
        const Image device = m_renderer->draw(scene, size), cpu = rasterize(scene, size);
        toQImage(device).save(QString::fromStdString(name) + "_device.png");
        toQImage(cpu).save(QString::fromStdString(name) + "_cpu.png");
        const double similarity = ssim(device, cpu);
        qInfo("%s: SSIM %.5f, largest difference %d", name.c_str(), similarity,
              largestDifference(device, cpu));
        QVERIFY2(similarity >= 0.98, qPrintable(QString::number(similarity)));
        // A picture moved by one pixel must not pass for the same, or the measure is worthless.
        Scene moved = scene;
        const double step = (scene.view.x1 - scene.view.x0) / size.width * 1.5;
        moved.view.x0 += step;
        moved.view.x1 += step;
        QVERIFY(ssim(device, rasterize(moved, size)) < 0.98);
    }

    void computedDensityAgreesWithTheSplat_data() {
        QTest::addColumn<int>("points");
        QTest::addColumn<int>("classes");
        QTest::addColumn<double>("zoom");
        for (int points : {1, 60, 3000, 40'000, 400'000}) {
            for (int classes : {0, 8}) {
                for (double zoom : {1.0, 0.2}) {
                    QTest::addRow("%d points, %d classes, zoom %g", points, classes, zoom)
                        << points << classes << zoom;
                }
            }
        }
    }
    void computedDensityAgreesWithTheSplat() {
        QFETCH(int, points);
        QFETCH(int, classes);
        QFETCH(double, zoom);
        if (!m_compute) {
            m_compute = make([](RendererOptions& o) { o.computeDensity = true; });
        }
        DensityLayer layer;
        layer.xy = normals(points, 11, 0.6F);
        if (classes > 0) {
            layer.category = labels(points, classes);
        }
        const auto colors = categoryColors(Theme::Dark);
        layer.colors.assign(colors.begin(), colors.end());
        Scene scene = empty({-2 * zoom, -1.5 * zoom, 2 * zoom, 1.5 * zoom});
        scene.layers = {layer};
        const Image device = m_compute->draw(scene, kSize);
        const Image splat = m_renderer->draw(scene, kSize), cpu = rasterize(scene, kSize);
        QVERIFY2(ssim(device, splat) >= 0.98, qPrintable(QString::number(ssim(device, splat))));
        QVERIFY2(ssim(device, cpu) >= 0.98, qPrintable(QString::number(ssim(device, cpu))));
        layer.exposure = 0.02F;  // the twin: another exposure is another picture
        scene.layers = {layer};
        if (points >= 3000) {
            QVERIFY(ssim(device, m_compute->draw(scene, kSize)) < 0.98);
        }
    }

    void pointsAreWhereTheDataAre_data() {
        QTest::addColumn<bool>("cpu");
        QTest::addColumn<double>("x");
        QTest::addColumn<double>("y");
        QTest::addColumn<double>("half");
        for (const bool cpu : {false, true}) {
            for (int i = 0; i < 15; ++i) {
                // Views from wide to so narrow that only split coordinates stay sharp.
                const double half = std::pow(10.0, 2 - 0.5 * i);
                QTest::addRow("%s %d", cpu ? "cpu" : "device", i)
                    << cpu << 0.7 - 0.1 * i << 0.3 + 0.05 * i << half;
            }
        }
    }
    void pointsAreWhereTheDataAre() {
        QFETCH(bool, cpu);
        QFETCH(double, x);
        QFETCH(double, y);
        QFETCH(double, half);
        const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
        // Off centre by a known share of the view, so that a mirrored picture cannot pass.
        const Rect view{fx - 0.7 * half, fy - 0.4 * half, fx + 1.3 * half, fy + 1.1 * half};
        const Scene scene = onePoint(fx, fy, view);
        const Image image = cpu ? rasterize(scene, kSize) : m_renderer->draw(scene, kSize);
        const Projection projection(view, kSize);
        const Centre seen = centreOf(image, scene.background);
        const double error = std::hypot(seen.x - projection.x(fx), seen.y - projection.y(fy));
        QVERIFY2(error <= 0.1, qPrintable(QString::number(error)));
        const double mirrored =
            std::hypot(seen.x - projection.x(fx), kSize.height - seen.y - projection.y(fy));
        QVERIFY(mirrored > 1);
    }

    void colorsAndLinesAreTheData_data() {
        QTest::addColumn<bool>("cpu");
        QTest::addColumn<int>("lines");
        for (const bool cpu : {false, true}) {
            for (const int lines : {0, 1, 3, 7}) {
                QTest::addRow("%s, %d lines", cpu ? "cpu" : "device", lines) << cpu << lines;
            }
        }
    }
    void colorsAndLinesAreTheData() {
        QFETCH(bool, cpu);
        QFETCH(int, lines);
        GridLayer layer;
        layer.place = {-2, -1.5, 2, 1.5};
        layer.values = field(33, layer.place, [](double x, double) { return x; });
        layer.low = -2;
        layer.high = 2;
        layer.map = sequentialMap();
        Scene scene = empty();
        scene.layers = {layer};
        const auto draw = [&] {
            return cpu ? rasterize(scene, kSize) : m_renderer->draw(scene, kSize);
        };
        const Image plain = draw();
        for (int x = 0; x < kSize.width; x += 5) {
            const double value = -2 + 4 * (x + 0.5) / kSize.width;
            const int level = levelOf(layer.map, pixel(plain, x, 40));
            const double wanted = (value + 2) / 4 * 255;
            QVERIFY2(std::abs(level - wanted) <= 1.01,
                     qPrintable(QString("%1: %2 for %3").arg(x).arg(level).arg(wanted)));
        }
        // The twin: values that are two levels off are seen to be.
        GridLayer shifted = layer;
        shifted.values = field(33, layer.place, [](double x, double) { return x + 2 * 4 / 255.0; });
        scene.layers = {shifted};
        const Image off = draw();
        int seen = 0;
        for (int x = 0; x < kSize.width - 8; x += 5) {
            const double value = -2 + 4 * (x + 0.5) / kSize.width;
            const int level = levelOf(layer.map, pixel(off, x, 40));
            seen += std::abs(level - (value + 2) / 4 * 255) > 1.01 ? 1 : 0;
        }
        QVERIFY2(seen > 40, qPrintable(QString::number(seen)));
        layer.isoLines = lines;
        layer.isoColor = {1, 0, 0, 1};
        scene.layers = {layer};
        const Image lined = draw();
        int found = 0;
        for (int k = 1; k <= lines; ++k) {
            const double at = static_cast<double>(kSize.width) * k / (lines + 1);
            double sum = 0, weight = 0;
            for (int x = static_cast<int>(at) - 8; x <= static_cast<int>(at) + 8; ++x) {
                const Color a = pixel(plain, x, 60), b = pixel(lined, x, 60);
                const double w = std::abs(a.r - b.r) + std::abs(a.g - b.g) + std::abs(a.b - b.b);
                sum += w * (x + 0.5);
                weight += w;
            }
            QVERIFY(weight > 0.2);
            QVERIFY2(std::abs(sum / weight - at) <= 0.5, qPrintable(QString::number(sum / weight)));
            ++found;
        }
        QCOMPARE(found, lines);
        if (lines == 0) {
            QCOMPARE(largestDifference(plain, lined), 0);
        }
    }

    void magnifiedImagesAreCrisp() {
        AtlasLayer layer;
        layer.images = Array({1, 2, 2}, std::vector<float>{0, 1, 1, 0});
        layer.places = {{-1, -1, 1, 1}};
        layer.map = inkMap(Theme::Light);
        Scene scene = empty();
        scene.layers = {layer};
        for (const Image& image : {m_renderer->draw(scene, kSize), rasterize(scene, kSize)}) {
            const std::uint32_t paper = pack(layer.map.stops[0]), ink = pack(layer.map.stops[1]);
            for (int y = 32; y < 160; ++y) {
                for (int x = 64; x < 192; ++x) {
                    const bool inked = (x < 128) != (y < 96);  // row 0 of the image is on top
                    QCOMPARE(pack(pixel(image, x, y)), inked ? ink : paper);
                }
            }
        }
    }

    void minifiedImagesAreAveraged() {
        std::vector<float> ink(64 * 64);
        for (std::size_t i = 0; i < ink.size(); ++i) {
            ink[i] = (i + i / 64) % 2 == 0 ? 1.0F : 0.0F;  // a checkerboard averages to 1/2
        }
        AtlasLayer layer;
        layer.images = Array({1, 64, 64}, ink);
        layer.places = {{-0.125, -0.125, 0.125, 0.125}};
        layer.map.stops = {{0, 0, 0, 1}, {1, 1, 1, 1}};
        Scene scene = empty();
        scene.layers = {layer};
        const auto middle = static_cast<int>(table(layer.map)[128] & 255);
        for (const Image& image : {m_renderer->draw(scene, kSize), rasterize(scene, kSize)}) {
            const int seen = qRound(pixel(image, 128, 96).g * 255);
            QVERIFY2(std::abs(seen - middle) <= 2, qPrintable(QString::number(seen)));
        }
    }

    void strangeScenesAreDrawn_data() {
        QTest::addColumn<int>("kind");
        const char* names[] = {"empty",       "no points",   "not-a-number and infinity",
                               "zoomed in",   "zoomed out",  "view without size",
                               "view of NaN", "wrong shape", "hidden categories",
                               "NaN grid",    "one value",   "huge categories"};
        for (int i = 0; i < 12; ++i) {
            QTest::newRow(names[i]) << i;
        }
    }
    void strangeScenesAreDrawn() {
        QFETCH(int, kind);
        Scene scene = empty();
        const auto add = [&](const Array& xy, const Array& category = {}) {
            PointsLayer points;
            points.xy = xy;
            points.category = category;
            points.colors = {{1, 1, 1, 1}};
            DensityLayer density;
            density.xy = xy;
            density.category = category;
            density.colors = {{1, 0, 0, 1}, {0, 1, 0, 1}};
            scene.layers.insert(scene.layers.end(), {density, points});
        };
        const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
        bool blank = true;
        switch (kind) {
            case 0: break;
            case 1: add(Array({0, 2}, std::vector<float>{})); break;
            case 2:
                add(Array({5, 2}, std::vector<float>{nan, 0, 0, nan, inf, 0, 0, -inf, 3e38F, 0}));
                break;
            case 3:
                add(normals(500, 2));
                scene.view = {1 - 1e-13, -1e-13, 1 + 1e-13, 1e-13};
                break;
            case 4:
                add(normals(500, 2));
                scene.view = {-1e30, -1e30, 1e30, 1e30};
                blank = false;
                break;
            case 5:
                add(normals(50, 2));
                scene.view = {1, 1, 1, 1};
                break;
            case 6:
                add(normals(50, 2));
                scene.view = {kNan, 0, 1, 1};
                break;
            case 7: add(Array({4, 1}, std::vector<float>(4))); break;
            case 8: add(normals(4, 2), Array({4}, std::vector<Index>{-1, -2, -3, -4})); break;
            case 9: {
                GridLayer grid;
                grid.values = Array({2, 2}, std::vector<float>(4, nan));
                grid.isoLines = 3;
                scene.layers = {grid};
                break;
            }
            case 10: {
                GridLayer grid;
                grid.values = Array({1, 1}, std::vector<float>{0.5F});
                grid.isoLines = 3;
                scene.layers = {grid};
                blank = false;
                break;
            }
            default:
                add(normals(4, 2), Array({4}, std::vector<Index>(4, Index{1} << 31)));
                blank = false;
        }
        const Image device = m_renderer->draw(scene, kSize), cpu = rasterize(scene, kSize);
        QVERIFY2(ssim(device, cpu) >= 0.98, qPrintable(QString::number(ssim(device, cpu))));
        const bool nothing = std::isnan(centreOf(device, scene.background).x);
        QCOMPARE(nothing, blank);
    }

    void everySizeIsDrawn() {
        const auto target = m_renderer->createTarget();
        const Scene scene = gallery(Theme::Dark)[8].scene;
        for (int i = 0; i < 200; ++i) {
            const Size size{1 + (i * 37) % 331, 1 + (i * i * 13) % 257};
            const Image image = m_renderer->draw(scene, i % 20 == 0 ? Size{1, 1} : size);
            QCOMPARE(image.size.width, i % 20 == 0 ? 1 : size.width);
            QCOMPARE(image.pixels->size(),
                     static_cast<std::size_t>(4) * image.size.width * image.size.height);
            target->submit(scene, size);
            target->take();
        }
        QCOMPARE(m_renderer->draw(scene, {0, -3}).size.width, 1);
        QVERIFY(ssim(m_renderer->draw(scene, kSize), rasterize(scene, kSize)) >= 0.98);
        // Larger than any device draws: the rasteriser takes over for this picture alone.
        QCOMPARE(m_renderer->draw(empty(), {70'000, 1}).size.width, 70'000);
        QVERIFY(m_renderer->info().vulkan);
    }

    void arraysAreSentOnce() {
        PointsLayer layer;
        layer.xy = normals(100, 5);
        Scene scene = empty();
        scene.layers = {layer};
        m_renderer->draw(scene, kSize);
        const auto before = m_renderer->info().uploads;
        for (int i = 0; i < 10; ++i) {
            m_renderer->draw(scene, kSize);
        }
        QCOMPARE(m_renderer->info().uploads, before);
        layer.xy = normals(100, 6);
        scene.layers = {layer};
        m_renderer->draw(scene, kSize);
        QCOMPARE(m_renderer->info().uploads, before + 1);
        QVERIFY(ssim(m_renderer->draw(scene, kSize), rasterize(scene, kSize)) >= 0.98);
    }

    void memoryDoesNotGrow() {
        std::uint64_t after = 0;
        for (int i = 0; i < 300; ++i) {
            PointsLayer layer;
            layer.xy = normals(2000, 100 + static_cast<std::uint64_t>(i));
            Scene scene = empty();
            scene.layers = {layer};
            m_renderer->draw(scene, kSize);
            if (i == 99) {
                after = m_renderer->info().deviceBytes;
            }
        }
        QVERIFY(m_renderer->info().deviceBytes <= after);
    }

    /// The device is held inside its submit call; the caller must not notice.
    void submitAndTakeNeverWait() {
        std::promise<void> release;
        std::shared_future<void> gate = release.get_future().share();
        std::atomic<bool> holding = false;
        std::atomic<int> submissions = 0;
        auto renderer = make([&](RendererOptions& o) {
            o.fault = [&](std::string_view call) {
                if (call == "vkQueueSubmit") {
                    ++submissions;
                    if (holding) {
                        gate.wait();
                    }
                }
                return DeviceFault::None;
            };
        });
        const Scene first = onePoint(-1, 0), last = onePoint(1, 0);
        renderer->draw(first, kSize);
        const int before = submissions;
        holding = true;
        const auto target = renderer->createTarget();
        for (int i = 0; i < 1000; ++i) {
            target->submit(i < 999 ? first : last, kSize);
            QVERIFY(!target->take());
            QVERIFY(target->busy());
        }
        // The twin: what waits by design does hang here, so the device really is held.
        auto waiting = std::async(std::launch::async, [&] { return renderer->draw(first, kSize); });
        QCOMPARE(waiting.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
        holding = false;
        release.set_value();
        waiting.get();
        std::optional<Image> newest = patientTake(*target);
        while (target->busy()) {
            newest = patientTake(*target);
        }
        QVERIFY(submissions - before <= 4);  // 1000 scenes became at most three pictures
        target->submit(last, kSize);
        newest = patientTake(*target);
        QVERIFY(newest);
        QVERIFY(ssim(*newest, rasterize(last, kSize)) >= 0.98);
        QVERIFY(!target->take());
    }

    void targetsOutliveTheirRenderer() {
        auto renderer = make();
        auto target = renderer->createTarget();
        target->submit(onePoint(0, 0), kSize);
        renderer.reset();
        QVERIFY(patientTake(*target));
        target->submit(onePoint(0, 0), kSize);
        target.reset();  // with a picture under way
    }

private:
    std::unique_ptr<Renderer> make(const std::function<void(RendererOptions&)>& change = {}) {
        return validatedRenderer(m_messages, change);
    }

    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer, m_compute;
};

QTEST_GUILESS_MAIN(TestRender)
#include "tst_render.moc"
