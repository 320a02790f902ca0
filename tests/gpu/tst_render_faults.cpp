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
        drawFirst(*renderer);
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

    /// Memory that is short for a while: every picture comes out right, the views are told, and the
    /// device draws again once there is room.
    void shortMemoryIsNoPicturesLoss_data() {
        QTest::addColumn<int>("room");
        for (const int room : {0, 1, 2, 3, 5, 8, 12}) {
            QTest::addRow("%d allocations", room) << room;
        }
    }
    void shortMemoryIsNoPicturesLoss() {
        QFETCH(int, room);
        std::atomic<int> left = 1 << 30, submissions = 0;
        auto renderer = make([&](std::string_view call) {
            submissions += call == "vkQueueSubmit" ? 1 : 0;
            // Each kind of memory is asked for in turn; there is none.
            return call == "vkAllocateMemory" && --left < 0 ? DeviceFault::OutOfMemory
                                                            : DeviceFault::None;
        });
        drawFirst(*renderer);
        QCOMPARE(renderer->info().troubles, std::uint64_t{0});
        left = room;
        drawAll(*renderer);
        const RendererInfo during = renderer->info();
        QVERIFY2(during.trouble.find("memory") != std::string::npos, during.trouble.c_str());
        QVERIFY(during.troubles > 0);
        QVERIFY(during.vulkan);  // the device itself still works
        left = 1 << 30;
        const int before = submissions;
        drawAll(*renderer);
        QVERIFY(submissions >= before + static_cast<int>(m_scenes.size()));
        QCOMPARE(renderer->info().troubles, during.troubles);
        renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    /// What is kept from earlier pictures makes room for this one.
    void keptBuffersMakeRoom() {
        std::atomic<bool> full = false;
        auto renderer = make([&](std::string_view call) {
            return full && call == "vkCreateBuffer" && full.exchange(false)
                       ? DeviceFault::OutOfMemory
                       : DeviceFault::None;
        });
        drawAll(*renderer);
        const auto before = renderer->info();
        Scene scene = m_scenes[0].scene;
        std::get<PointsLayer>(scene.layers[0]).xy = normals(500, 91, 0.5F);  // has to be sent
        std::get<PointsLayer>(scene.layers[0]).category = labels(500, 8);
        full = true;
        const Image image = renderer->draw(scene, m_scenes[0].size);
        QVERIFY(!full);
        QVERIFY(ssim(image, rasterize(scene, m_scenes[0].size)) >= 0.98);
        const auto after = renderer->info();
        QVERIFY2(after.note.find("dropped") != std::string::npos, after.note.c_str());
        QVERIFY(after.vulkan && after.deviceBytes < before.deviceBytes);
        renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    void missingExtensionsAreDoneWithout_data() {
        QTest::addColumn<QByteArray>("where");
        QTest::addColumn<int>("times");
        QTest::addColumn<bool>("vulkan");
        QTest::newRow("of debugging") << QByteArray("vkCreateInstance") << 1 << true;
        QTest::newRow("of the loader") << QByteArray("vkCreateInstance") << 100 << false;
        QTest::newRow("of the device") << QByteArray("vkCreateDevice") << 100 << false;
    }
    void missingExtensionsAreDoneWithout() {
        QFETCH(QByteArray, where);
        QFETCH(int, times);
        QFETCH(bool, vulkan);
        int left = times;
        auto renderer = make([&](std::string_view call) {
            return call == where.constData() && left-- > 0 ? DeviceFault::MissingExtension
                                                           : DeviceFault::None;
        });
        drawAll(*renderer);
        const RendererInfo info = renderer->info();
        QCOMPARE(info.vulkan, vulkan);
        QVERIFY(!info.validation || !vulkan);
        QVERIFY2(vulkan || info.note.find("lacks an extension") != std::string::npos,
                 info.note.c_str());
        QVERIFY(m_messages.all().find("extension") != std::string::npos);
        QCOMPARE(info.trouble, std::string());  // nothing befell it since the start
        renderer.reset();
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

    void drawFirst(Renderer& renderer) {
        QVERIFY(ssim(renderer.draw(m_scenes[0].scene, m_scenes[0].size), m_expected[0]) >= 0.98);
    }

    std::vector<NamedScene> m_scenes;
    std::vector<Image> m_expected;
    Messages m_messages;
};

QTEST_GUILESS_MAIN(TestRenderFaults)
#include "tst_render_faults.moc"
