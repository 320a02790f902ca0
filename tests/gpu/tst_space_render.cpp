// SPDX-License-Identifier: GPL-3.0-or-later
// Three-dimensional pictures: our rasteriser against known pixels, Vulkan against our rasteriser.
#include "core/render/colormap.h"
#include "core/render/pick3.h"
#include "core/render/rasterizer.h"
#include "core/render/space_geometry.h"
#include "core/render/space_raster.h"
#include "tests/support/space_support.h"

#include <QtTest>

#include <cmath>
#include <set>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Size kSize{256, 192};
const Box3 kCube{{0, 0, 0}, {1, 1, 1}, {1, 1, 1}};

/// A plane z = height over the unit square in one colour, unlit.
Surface3 plane(float height, Color color, Index side = 2) {
    Surface3 surface;
    surface.place = {0, 0, 1, 1};
    surface.values = field(side, surface.place, [&](double, double) { return height; });
    surface.map.stops = {color};
    surface.lighting = Lighting::None;
    return surface;
}

Scene bare(std::vector<Solid> solids, Lens lens = Lens::Perspective, double elevation = 0.6) {
    Space space;
    space.box = kCube;
    space.axes.shown = false;
    space.solids = std::move(solids);
    space.camera.lens = lens;
    space.camera.elevation = elevation;
    space.camera = fit(space.camera, kCube, kSize);
    return sceneOf(std::move(space), Theme::Dark);
}

constexpr Color kRed{1, 0, 0, 1}, kGreen{0, 1, 0, 1}, kBlue{0, 0, 1, 1};

}  // namespace

class TestSpaceRender : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_renderer = validatedRenderer(m_messages);
        qInfo("device: %s", m_renderer->info().device.c_str());
    }
    void cleanupTestCase() {
        m_renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    void everySolidLooksLikeTheRasteriser_data() {
        QTest::addColumn<int>("theme");
        QTest::addColumn<int>("index");
        for (const Theme theme : {Theme::Light, Theme::Dark}) {
            int index = 0;
            for (const auto& named : spaceGallery(theme)) {
                QTest::addRow("%s %s", named.name.c_str(), theme == Theme::Dark ? "dark" : "light")
                    << static_cast<int>(theme) << index++;
            }
        }
    }
    void everySolidLooksLikeTheRasteriser() {
        QFETCH(int, theme);
        QFETCH(int, index);
        const auto all = spaceGallery(static_cast<Theme>(theme));
        const auto& [name, scene, size] = all[static_cast<std::size_t>(index)];
        for (const Solid& solid : scene.space->solids) {
            QCOMPARE(problem(solid, scene.space->solids), std::string());
        }
        const Image cpu = rasterize(scene, size);
        toQImage(cpu).save(QString::fromStdString(name) + (theme == static_cast<int>(Theme::Dark)
                                                               ? "_dark_cpu.png"
                                                               : "_light_cpu.png"));
        if (!m_renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        const Image device = m_renderer->draw(scene, size);
        toQImage(device).save(QString::fromStdString(name) + "_device.png");
        const double similarity = ssim(device, cpu);
        qInfo("%s: SSIM %.5f, largest difference %d", name.c_str(), similarity,
              largestDifference(device, cpu));
        QVERIFY2(similarity >= 0.98, qPrintable(QString::number(similarity)));
        // The twin: a camera turned by one degree is another picture.
        Scene turned = scene;
        Space space = *scene.space;
        space.camera = orbit(space.camera, 0.02, 0);
        turned.space = std::make_shared<const Space>(space);
        QVERIFY(ssim(device, rasterize(turned, size)) < 0.98);
    }

    void nearerHidesFarther_data() {
        QTest::addColumn<bool>("device");
        QTest::addColumn<bool>("orthographic");
        for (const bool device : {false, true}) {
            for (const bool orthographic : {false, true}) {
                QTest::addRow("%s %s", device ? "device" : "cpu",
                              orthographic ? "orthographic" : "perspective")
                    << device << orthographic;
            }
        }
    }
    void nearerHidesFarther() {
        QFETCH(bool, device);
        QFETCH(bool, orthographic);
        const Lens lens = orthographic ? Lens::Orthographic : Lens::Perspective;
        const auto middle = [&](double elevation, bool swapped) {
            std::vector<Solid> solids{plane(0.45F, kRed), plane(0.55F, kGreen)};
            if (swapped) {
                std::swap(solids[0], solids[1]);
            }
            const Scene scene = bare(solids, lens, elevation);
            const Image image = device ? m_renderer->draw(scene, kSize) : rasterize(scene, kSize);
            return pack(pixel(image, kSize.width / 2, kSize.height / 2));
        };
        // From above the upper plane is seen, from below the lower one, whatever the order.
        for (const bool swapped : {false, true}) {
            QCOMPARE(middle(0.9, swapped), pack(kGreen));
            QCOMPARE(middle(-0.9, swapped), pack(kRed));
        }
        // A point between the planes is hidden from both sides; above them it shows.
        PointCloud3 point;
        point.xyz = Array({1, 3}, std::vector<float>{0.5F, 0.5F, 0.5F});
        point.colors = {kBlue};
        point.size = 12;
        const auto seen = [&](float z, double elevation) {
            point.xyz = Array({1, 3}, std::vector<float>{0.5F, 0.5F, z});
            const Scene scene =
                bare({plane(0.3F, kRed), plane(0.7F, kGreen), point}, lens, elevation);
            const Image image = device ? m_renderer->draw(scene, kSize) : rasterize(scene, kSize);
            const auto p = Projection3(scene.space->camera, kSize, kCube.radius())
                               .map(kCube.toWorld(0.5, 0.5, z));
            return pixel(image, static_cast<int>(p.x), static_cast<int>(p.y)).b > 0.9F;
        };
        QVERIFY(!seen(0.5F, 1.2));
        QVERIFY(!seen(0.5F, -1.2));
        QVERIFY(seen(0.9F, 1.2));
        QVERIFY(!seen(0.9F, -1.2));
        QVERIFY(seen(0.7F, 1.2));  // lying on the surface, not sunk into it
    }

    /// A point keeps its colour, and around it is a ring of the rim's; without a rim there is none.
    void pointsHaveRims() {
        for (const bool device : {false, true}) {
            for (const bool rimmed : {true, false}) {
                PointCloud3 point;
                point.xyz = Array({1, 2}, std::vector<float>{0.5F, 0.5F});
                point.drape = 0;
                point.colors = {kBlue};
                point.size = 12;
                point.rim = kGreen;
                point.rimWidth = rimmed ? 4 : 0;
                const Scene scene = bare({plane(0.5F, kRed), point}, Lens::Perspective, 1.2);
                const Image image =
                    device ? m_renderer->draw(scene, kSize) : rasterize(scene, kSize);
                const auto p = Projection3(scene.space->camera, kSize, kCube.radius())
                                   .map(kCube.toWorld(0.5, 0.5, 0.5));
                const auto at = [&](int right) {
                    return pack(pixel(image, static_cast<int>(p.x) + right, static_cast<int>(p.y)));
                };
                QCOMPARE(at(0), pack(kBlue));
                QCOMPARE(at(4), pack(kBlue));
                QCOMPARE(at(8), pack(rimmed ? kGreen : kRed));
                QCOMPARE(at(-8), pack(rimmed ? kGreen : kRed));
                QCOMPARE(at(12), pack(kRed));
            }
        }
    }

    void everyPixelBelongsToOneTriangle() {
        // A half transparent plane of many cells: a seam drawn twice would be darker, a gap
        // lighter.
        Surface3 sheet = plane(0.5F, kRed, 40);
        sheet.opacity = 0.5F;
        const Scene scene = bare({sheet}, Lens::Perspective, 0.8);
        const Image image = rasterize(scene, kSize);
        const auto corner = [&](double x, double y) {
            return Projection3(scene.space->camera, kSize, kCube.radius())
                .map(kCube.toWorld(x, y, 0.5));
        };
        int inside = 0;
        const auto background = pack(scene.background), half = pack(pixel(image, 128, 96));
        QVERIFY(half != background);
        for (int y = 0; y < kSize.height; ++y) {
            for (int x = 0; x < kSize.width; ++x) {
                const auto word = pack(pixel(image, x, y));
                QVERIFY(word == half || word == background);
                inside += word == half ? 1 : 0;
            }
        }
        // Area of the quadrilateral by the shoelace rule.
        const auto a = corner(0, 0), b = corner(1, 0), c = corner(1, 1), d = corner(0, 1);
        const double area = std::abs((c.x - a.x) * (d.y - b.y) - (d.x - b.x) * (c.y - a.y)) / 2;
        QVERIFY2(std::abs(inside - area) < 0.01 * area,
                 qPrintable(QString("%1 of %2").arg(inside).arg(area)));
    }

    void drapedLinesAreWhereTheValuesAre() {
        // z = x: iso-line k of n lies at x = (k + 1) / (n + 1); look along y at the lines' pixels.
        Surface3 ramp = plane(0, {1, 1, 1, 1}, 17);
        ramp.values = field(17, ramp.place, [](double x, double) { return x; });
        ramp.isoLines = 3;
        ramp.isoColor = {0, 0, 0, 1};
        ramp.isoWidth = 1.5F;
        for (const Lens lens : {Lens::Perspective, Lens::Orthographic}) {
            const Scene scene = bare({ramp}, lens, 0.9);
            const Projection3 projection(scene.space->camera, kSize, kCube.radius());
            for (const bool device : {false, true}) {
                const Image image =
                    device ? m_renderer->draw(scene, kSize) : rasterize(scene, kSize);
                const auto at = [&](double x, double y) {
                    const auto p = projection.map(kCube.toWorld(x, y, x));
                    return pixel(image, static_cast<int>(p.x), static_cast<int>(p.y)).g;
                };
                for (const double y : {0.2, 0.5, 0.83}) {
                    for (const double x : {0.25, 0.5, 0.75}) {
                        QVERIFY(at(x, y) < 0.5F);
                        QVERIFY(at(x + 0.12, y) > 0.95F);
                    }
                }
            }
        }
    }

    void lightShapesTheSurface() {
        // Of two slopes the one that faces the light, above the viewer's left shoulder, is lighter.
        for (const Lighting lighting : {Lighting::Soft, Lighting::Glossy, Lighting::None}) {
            Surface3 ridge = plane(0, {0.5F, 0.5F, 0.5F, 1}, 33);
            ridge.values = field(33, ridge.place,
                                 [](double x, double) { return 0.6 - 0.9 * std::abs(x - 0.5); });
            ridge.lighting = lighting;
            Scene scene = bare({ridge});
            Space space = *scene.space;
            space.camera.azimuth = -std::acos(-1.0) / 2;  // x to the right, y into the picture
            space.camera = fit(space.camera, kCube, kSize);
            scene.space = std::make_shared<const Space>(space);
            const Image image = rasterize(scene, kSize);
            const Projection3 projection(space.camera, kSize, kCube.radius());
            const auto brightness = [&](double x) {
                const auto p = projection.map(kCube.toWorld(x, 0.4, 0.6 - 0.9 * std::abs(x - 0.5)));
                return pixel(image, static_cast<int>(p.x), static_cast<int>(p.y)).g;
            };
            if (lighting == Lighting::None) {
                QCOMPARE(brightness(0.25), brightness(0.75));
            } else {
                QVERIFY(brightness(0.25) > brightness(0.75) + 0.05F);
            }
        }
    }

    void bandsMakeTheSamePicture() {
        for (const auto& [name, scene, size] : spaceGallery(Theme::Dark)) {
            const SpaceGeometry geometry = geometryOf(*scene.space, size, 1, scene.background);
            std::vector<std::uint8_t> whole(
                4 * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height),
                9);
            auto parts = whole;
            const auto painter = makePainter(geometry);
            painter->paint({size, whole.data(), 0, size.height});
            for (const auto& [top, bottom] :
                 {std::pair{0, 7}, std::pair{7, 130}, std::pair{130, size.height}}) {
                painter->paint({size, parts.data(), top, bottom});
            }
            QVERIFY(whole == parts);
        }
    }

    void smoothEdges() {
        // Between the colours of the sheet and of the background there are others only with
        // samples, and their share is the covered one.
        Scene scene = bare({plane(0.5F, kRed, 2)});
        const auto shades = [&](int samples) {
            Space space = *scene.space;
            space.samples = samples;
            scene.space = std::make_shared<const Space>(space);
            const Image image = rasterize(scene, kSize);
            std::set<std::uint32_t> found;
            for (int y = 0; y < kSize.height; ++y) {
                for (int x = 0; x < kSize.width; ++x) {
                    found.insert(pack(pixel(image, x, y)));
                }
            }
            return found.size();
        };
        QCOMPARE(shades(1), std::size_t{2});
        QCOMPARE(shades(2), std::size_t{5});
        QVERIFY(shades(3) > 8);
    }

    void strangeSpacesAreDrawn() {
        Surface3 bad = plane(0.5F, kRed);
        bad.values = Array({1, 2}, std::vector<float>(2));
        Trails3 lost;
        lost.points = Array({3, 1, 2}, std::vector<float>(6));
        lost.drape = 0;
        PointCloud3 flat;
        flat.xyz = Array({2, 2}, std::vector<float>(4));
        Mesh3 wild;
        wild.vertices = Array({3, 3}, std::vector<float>{0, 0, 0, 1, 0, 0, 0, 1, 0});
        wild.triangles = Array({2, 3}, std::vector<Index>{0, 1, 2, 0, 1, 3});
        wild.map.stops = {kGreen};
        wild.lighting = Lighting::None;
        QVERIFY(!problem(bad, {}).empty());
        QVERIFY(!problem(lost, {bad, lost}).empty());
        QVERIFY(!problem(flat, {}).empty());
        QCOMPARE(problem(wild, {}), std::string());
        const Scene scene = bare({bad, lost, flat, wild});
        const Image device = m_renderer->draw(scene, kSize), cpu = rasterize(scene, kSize);
        QVERIFY(ssim(device, cpu) >= 0.98);
        bool green = false;
        for (int i = 0; i < kSize.width * kSize.height; ++i) {
            green = green || pack(pixel(cpu, i % kSize.width, i / kSize.width)) == pack(kGreen);
        }
        QVERIFY(green);  // the triangle that exists; the one with a corner too many is left out
        QVERIFY(m_messages.all().find(problem(bad, {})) != std::string::npos);
        PointCloud3 infinite;
        infinite.xyz = Array({2, 3}, std::vector<float>{INFINITY, 0, 0, NAN, 1, 1});
        Scene odd = bare({infinite, plane(0.5F, kRed)});
        Space space = *odd.space;
        for (const Box3& box :
             {Box3{{0, 0, 0}, {0, 1, 1}, {1, 1, 1}}, Box3{{0, 0, NAN}, {1, 1, 1}, {1, 1, 1}}}) {
            space.box = box;
            odd.space = std::make_shared<const Space>(space);
            QCOMPARE(largestDifference(rasterize(odd, kSize), m_renderer->draw(odd, kSize)), 0);
        }
        space.box = kCube;
        for (const double distance : {1e-3, 0.1, 1e3}) {
            space.camera.distance = distance;
            odd.space = std::make_shared<const Space>(space);
            rasterize(odd, kSize);
            m_renderer->draw(odd, {1, 1});
        }
    }

private:
    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer;
};

QTEST_GUILESS_MAIN(TestSpaceRender)
#include "tst_space_render.moc"
