// SPDX-License-Identifier: GPL-3.0-or-later
// The renderer on a machine without any Vulkan driver (the environment of this test names none).
#include "core/render/rasterizer.h"
#include "tests/support/render_support.h"

#include <QtTest>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

class TestRenderCpu : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aMachineWithoutADriverDrawsAndSaysSo() {
        Messages messages;
        RendererOptions options;
        options.validation = true;
        options.log = messages.sink();
        const auto renderer = Renderer::create(options);
        QVERIFY(!renderer->info().vulkan);
        QVERIFY(renderer->info().cpuType);
        QCOMPARE(renderer->info().device, std::string("CPU"));
        QVERIFY2(renderer->info().note.find("drawn on the CPU") != std::string::npos,
                 renderer->info().note.c_str());
        QVERIFY(messages.all().find(renderer->info().note) != std::string::npos);
        for (const auto& [name, scene, size] : gallery(Theme::Light)) {
            QCOMPARE(largestDifference(renderer->draw(scene, size), rasterize(scene, size)), 0);
        }
        const auto target = renderer->createTarget();
        const auto last = gallery(Theme::Dark)[4];
        for (int i = 0; i < 50; ++i) {
            target->submit(gallery(Theme::Dark)[static_cast<std::size_t>(i % 4)].scene, last.size);
        }
        target->submit(last.scene, last.size);
        std::optional<Image> newest = patientTake(*target);
        while (target->busy()) {
            newest = patientTake(*target);
        }
        if (auto image = target->take()) {
            newest = std::move(image);
        }
        QVERIFY(newest);
        QCOMPARE(largestDifference(*newest, rasterize(last.scene, last.size)), 0);
    }

    void theCpuByChoiceIsNoFailure() {
        RendererOptions options;
        options.forceCpu = true;
        const auto renderer = Renderer::create(options);
        QVERIFY(!renderer->info().vulkan);
        QCOMPARE(renderer->info().note, std::string());
        QCOMPARE(renderer->validationMessages(), 0);
    }

    void layersThatCannotBeDrawnAreNamed() {
        PointsLayer flat;
        flat.xy = Array({4}, std::vector<float>(4));
        PointsLayer doubles;
        doubles.xy = Array({2, 2}, std::vector<double>(4));
        DensityLayer unpaired;
        unpaired.xy = normals(4, 1);
        unpaired.category = labels(3, 2);
        AtlasLayer homeless;
        homeless.images = Array({2, 2, 2}, std::vector<float>(8));
        homeless.places = {Rect{}};
        GridLayer noRange;
        noRange.values = Array({2, 2}, std::vector<float>(4));
        noRange.low = noRange.high = 1;
        GridLayer noPlace;
        noPlace.values = noRange.values;
        noPlace.place = {1, 0, 0, 1};
        Messages messages;
        RendererOptions options;
        options.forceCpu = true;
        options.log = messages.sink();
        const auto renderer = Renderer::create(options);
        for (const Layer& layer :
             std::vector<Layer>{flat, doubles, unpaired, homeless, noRange, noPlace, GridLayer{}}) {
            QVERIFY(!problem(layer).empty());
            Scene scene;
            scene.layers = {layer};
            renderer->draw(scene, {8, 8});
            QVERIFY(messages.all().find(problem(layer)) != std::string::npos);
        }
        unpaired.category = labels(4, 2);
        QCOMPARE(problem(unpaired), std::string());
    }
};

QTEST_GUILESS_MAIN(TestRenderCpu)
#include "tst_render_cpu.moc"
