// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures do not drift: equal to the last bit on llvmpipe and on our own rasteriser, structurally
// similar on any other device. After a wanted change, look at the pictures and run approve.
#include "core/render/rasterizer.h"
#include "tests/support/golden.h"
#include "tests/support/space_support.h"

#include <QtTest>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

/// The plane's pictures and those in space.
std::vector<NamedScene> everything(Theme theme) {
    std::vector<NamedScene> all = gallery(theme);
    for (NamedScene& named : spaceGallery(theme)) {
        all.push_back(std::move(named));
    }
    return all;
}

}  // namespace

class TestGoldenRender : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_renderer = validatedRenderer(m_messages); }
    void cleanupTestCase() {
        m_renderer.reset();
        QCOMPARE(m_messages.vulkan(), std::string());
    }

    void picturesDoNotDrift_data() {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<int>("index");
        for (const bool dark : {false, true}) {
            int index = 0;
            for (const auto& named : everything(Theme::Light)) {
                QTest::addRow("%s_%s", named.name.c_str(), dark ? "dark" : "light")
                    << dark << index++;
            }
        }
    }
    void picturesDoNotDrift() {
        if (!m_renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        QFETCH(bool, dark);
        QFETCH(int, index);
        const auto all = everything(dark ? Theme::Dark : Theme::Light);
        const auto& [name, scene, size] = all[static_cast<std::size_t>(index)];
        const bool llvmpipe = m_renderer->info().device.starts_with("llvmpipe");
        const QString problem =
            judge(m_renderer->draw(scene, size), QTest::currentDataTag(), llvmpipe);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        // The rasteriser has to tell the same story without a device.
        const Image expected = approved(QTest::currentDataTag());
        QVERIFY(ssim(rasterize(scene, size), expected) >= 0.98);
    }

    /// The guard's twin: one pixel that is off by one is a drift, and so is a missing picture.
    void oneWrongPixelIsADrift() {
        Image image = approved(QStringLiteral("density_light"));
        QVERIFY(!image.pixels->empty());
        QVERIFY(compare(image, QStringLiteral("density_light"), true).isEmpty());
        auto bytes = *image.pixels;
        bytes[4 * 1000] ^= 1;
        image.pixels = std::make_shared<const std::vector<std::uint8_t>>(bytes);
        QVERIFY(compare(image, QStringLiteral("density_light"), true).contains("drifted"));
        QVERIFY(compare(image, QStringLiteral("density_light"), false).isEmpty());
        QVERIFY(compare(image, QStringLiteral("never_approved"), true).contains("approve"));
    }

private:
    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer;
};

QTEST_GUILESS_MAIN(TestGoldenRender)
#include "tst_golden_render.moc"
