// SPDX-License-Identifier: GPL-3.0-or-later
// A device that fails at its n-th call: every picture still comes out right, and everything made
// on the device is freed before it.
#include "core/render/rasterizer.h"
#include "tests/support/render_support.h"

#include <QtTest>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

class TestRenderFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        for (const std::size_t index : {1, 2, 4, 6, 10, 16, 18, 20}) {
            m_scenes.push_back(gallery(Theme::Light)[index]);
            m_expected.push_back(rasterize(m_scenes.back().scene, m_scenes.back().size));
        }
        const auto renderer = make({});
        if (!renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        QVERIFY(renderer->info().validation);
        drawAll(*renderer);
    }

    void everyPictureSurvivesOneFault_data() {
        QTest::addColumn<int>("nth");
        QTest::addColumn<bool>("lost");
        // Densely through creation and the first frames, then with strides.
        for (int nth = 1; nth <= 60; ++nth) {
            QTest::addRow("lost at %d", nth) << nth << true;
            QTest::addRow("out of memory at %d", nth) << nth << false;
        }
        for (int nth = 67; nth <= 160; nth += 7) {
            QTest::addRow("lost at %d", nth) << nth << true;
            QTest::addRow("out of memory at %d", nth) << nth << false;
        }
    }
    void everyPictureSurvivesOneFault() {
        QFETCH(int, nth);
        QFETCH(bool, lost);
        std::atomic<int> calls = 0;
        std::string failed;
        auto renderer = make([&](std::string_view call) {
            if (++calls != nth) {
                return DeviceFault::None;
            }
            failed = call;
            return lost ? DeviceFault::Lost : DeviceFault::OutOfMemory;
        });
        drawAll(*renderer);
        drawAll(*renderer);
        const std::string note = renderer->info().note;
        renderer.reset();
        QVERIFY2(!failed.empty(), "the fault was never reached");
        QCOMPARE(m_messages.vulkan(), std::string());
        // One kind of memory running out is met silently by the next best; all else is said.
        QVERIFY2(!note.empty() || failed == "vkAllocateMemory", failed.c_str());
    }

    void aDeviceThatAlwaysFailsGivesWayToTheCpu() {
        for (const char* deadly :
             {"vkQueueSubmit", "vkCreateGraphicsPipelines", "vkCreateDevice"}) {
            auto renderer = make([deadly](std::string_view call) {
                return call == deadly ? DeviceFault::Lost : DeviceFault::None;
            });
            for (int i = 0; i < 3; ++i) {
                drawAll(*renderer);
            }
            QVERIFY(!renderer->info().vulkan);
            QCOMPARE(renderer->info().device, std::string("CPU"));
            QVERIFY(renderer->info().note.find("CPU") != std::string::npos);
            renderer.reset();
            QCOMPARE(m_messages.vulkan(), std::string());
        }
    }

private:
    std::unique_ptr<Renderer> make(std::function<DeviceFault(std::string_view)> fault) {
        return validatedRenderer(m_messages,
                                 [&](RendererOptions& o) { o.fault = std::move(fault); });
    }

    void drawAll(Renderer& renderer) {
        const auto target = renderer.createTarget();
        for (std::size_t i = 0; i < m_scenes.size(); ++i) {
            const auto& [name, scene, size] = m_scenes[i];
            target->submit(scene, size);  // two in flight when the device goes
            const double similarity = ssim(renderer.draw(scene, size), m_expected[i]);
            QVERIFY2(similarity >= 0.98, name.c_str());
        }
    }

    std::vector<NamedScene> m_scenes;
    std::vector<Image> m_expected;
    Messages m_messages;
};

QTEST_GUILESS_MAIN(TestRenderFaults)
#include "tst_render_faults.moc"
