// SPDX-License-Identifier: GPL-3.0-or-later
// What windows do to a renderer: views that come, go, hide and change their size while their
// pictures are under way. The validation layer stays silent, and the last picture is right.
#include "core/render/rasterizer.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <random>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

class TestRenderAbuse : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_renderer = validatedRenderer(m_messages);
        if (!m_renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        m_scenes = gallery(Theme::Dark);
    }
    void cleanup() { QCOMPARE(m_messages.vulkan(), std::string()); }
    void cleanupTestCase() {
        m_renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    /// 200 sizes in a row, every tenth of them a single pixel; nobody waits for the pictures.
    void sizesInARow() {
        const auto target = m_renderer->createTarget();
        const Scene& scene = m_scenes[8].scene;
        for (int i = 0; i < 200; ++i) {
            target->submit(
                scene, i % 10 == 0 ? Size{1, 1} : Size{1 + (i * 53) % 467, 1 + (i * i * 7) % 389});
            if (i % 3 == 0) {
                target->take();
            }
        }
        target->submit(scene, {1, 1});
        QCOMPARE(newest(*target).size.width, 1);
        target->submit(scene, kSize);
        const Image last = newest(*target);
        QVERIFY(ssim(last, rasterize(scene, kSize)) >= 0.98);
        // The twin: another picture of that size would not pass for it.
        QVERIFY(ssim(last, rasterize(m_scenes[6].scene, kSize)) < 0.98);
    }

    void viewsComeAndGo_data() {
        QTest::addColumn<unsigned>("seed");
        for (unsigned seed = 1; seed <= 6; ++seed) {
            QTest::addRow("seed %u", seed) << seed;
        }
    }
    void viewsComeAndGo() {
        QFETCH(unsigned, seed);
        std::mt19937 random(seed);
        const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        struct View {
            std::unique_ptr<Renderer::Target> target;
            std::size_t scene = 0;
            Size size{64, 48};
            bool hidden = false;
        };
        std::vector<View> views(5);
        int pictures = 0;
        for (int event = 0; event < 250; ++event) {
            View& view = views[below(views.size())];
            switch (below(8)) {
                case 0: view.target.reset(); break;  // closed, perhaps with a picture under way
                case 1: view.hidden = !view.hidden; break;
                case 2: view.size = {1, 1}; break;
                case 3:
                    view.size = {1 + static_cast<int>(below(300)),
                                 1 + static_cast<int>(below(200))};
                    break;
                case 4: view.scene = below(m_scenes.size()); break;
                case 5:
                    if (view.target) {
                        pictures += view.target->take() ? 1 : 0;
                    }
                    break;
                default:
                    if (!view.target) {
                        view.target = m_renderer->createTarget();
                    }
                    if (!view.hidden) {
                        view.target->submit(m_scenes[view.scene].scene, view.size);
                    }
            }
        }
        for (View& view : views) {
            view.target = view.target ? std::move(view.target) : m_renderer->createTarget();
            view.target->submit(m_scenes[view.scene].scene, view.size);
        }
        for (View& view : views) {
            const Image image = newest(*view.target);
            QCOMPARE(image.size.width, view.size.width);
            QCOMPARE(image.size.height, view.size.height);
            if (view.size.width >= 64 && view.size.height >= 48) {
                QVERIFY(ssim(image, rasterize(m_scenes[view.scene].scene, view.size)) >= 0.98);
            }
            QVERIFY(!view.target->busy());
        }
        QVERIFY(m_renderer->info().vulkan);
        QCOMPARE(m_renderer->info().troubles, std::uint64_t{0});
    }

    /// A view hidden while rendering loses nothing: the picture that was under way waits for it.
    void aHiddenViewFindsItsPicture() {
        const auto hidden = m_renderer->createTarget(), shown = m_renderer->createTarget();
        hidden->submit(m_scenes[1].scene, kSize);
        for (int i = 0; i < 20; ++i) {
            shown->submit(m_scenes[4].scene, {100 + i, 80});
            newest(*shown);
        }
        const auto image = hidden->take();
        QVERIFY(image);
        QVERIFY(ssim(*image, rasterize(m_scenes[1].scene, kSize)) >= 0.98);
        QVERIFY(!hidden->take());
    }

    void memoryStaysBounded() {
        std::uint64_t after = 0;
        for (int round = 0; round < 40; ++round) {
            const auto target = m_renderer->createTarget();
            for (int i = 0; i < 5; ++i) {
                target->submit(m_scenes[static_cast<std::size_t>(i)].scene, {200 + i, 150});
                newest(*target);
            }
            after = round == 9 ? m_renderer->info().deviceBytes : after;
        }
        QVERIFY(m_renderer->info().deviceBytes <= after);
    }

private:
    static constexpr Size kSize{256, 192};

    /// Waits until the target has nothing under way; its last picture.
    static Image newest(Renderer::Target& target) {
        std::optional<Image> image = patientTake(target);
        while (image && target.busy()) {
            image = patientTake(target);
        }
        if (auto later = target.take()) {
            image = std::move(later);
        }
        return image.value_or(Image{});
    }

    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer;
    std::vector<NamedScene> m_scenes;
};

QTEST_GUILESS_MAIN(TestRenderAbuse)
#include "tst_render_abuse.moc"
