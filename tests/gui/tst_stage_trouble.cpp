// SPDX-License-Identifier: GPL-3.0-or-later
// What befalls the renderer is told in the view whose picture it befell; the picture stays right.
#include "core/render/palette.h"
#include "core/render/rasterizer.h"
#include "tests/support/render_support.h"
#include "ui/viewport/scene_widget.h"

#include <QtTest>

#include <atomic>

using namespace lx;
using namespace lx::ui;
namespace rt = lx::render::test;

namespace {

int pixelsOf(const QImage& image, const QColor& color) {
    int count = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            count += image.pixelColor(x, y) == color ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

class TestStageTrouble : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void failuresAreTold_data() {
        QTest::addColumn<QByteArray>("call");
        QTest::addColumn<bool>("lost");
        QTest::newRow("lost at submission") << QByteArray("vkQueueSubmit") << true;
        QTest::newRow("memory at submission") << QByteArray("vkQueueSubmit") << false;
        QTest::newRow("lost at a new buffer") << QByteArray("vkCreateBuffer") << true;
        QTest::newRow("broken twin: nothing fails") << QByteArray("nothing") << true;
    }
    void failuresAreTold() {
        QFETCH(QByteArray, call);
        QFETCH(bool, lost);
        rt::Messages messages;
        std::atomic<bool> fails = false;
        const auto renderer = rt::validatedRenderer(messages, [&](render::RendererOptions& o) {
            o.fault = [&](std::string_view at) {
                if (!fails || at != call.constData() || !fails.exchange(false)) {
                    return render::DeviceFault::None;
                }
                return lost ? render::DeviceFault::Lost : render::DeviceFault::OutOfMemory;
            };
        });
        if (!renderer->info().vulkan) {
            QSKIP("no Vulkan device");
        }
        const Theme& theme = themeOf(ThemeKind::Dark);
        applyTheme(theme);
        SceneWidget scene([&]() -> render::Renderer& { return *renderer; });
        scene.setTheme(theme);
        scene.figure().home = {-2, -1.5, 2, 1.5};
        scene.figure().layers = rt::gallery(render::Theme::Dark)[1].scene.layers;
        scene.resize(400, 300);
        scene.show();
        QVERIFY(QTest::qWaitForWindowExposed(&scene));
        scene.layersChanged();
        QTRY_VERIFY_WITH_TIMEOUT(!scene.busy(), 30'000);
        QCOMPARE(scene.trouble(), QString());
        QCOMPARE(pixelsOf(scene.grab().toImage(), theme.warning), 0);
        fails = true;
        auto& points = std::get<render::PointsLayer>(scene.figure().layers[0]);
        points.xy = rt::normals(800, 4, 0.7F);  // has to be sent
        scene.layersChanged();
        QTRY_VERIFY_WITH_TIMEOUT(!scene.busy(), 30'000);
        const bool told = call != "nothing";
        QCOMPARE(!scene.trouble().isEmpty(), told);
        QCOMPARE(pixelsOf(scene.grab().toImage(), theme.warning) > 20, told);
        QVERIFY2(!told || scene.trouble().contains(lost ? "replaced" : "memory"),
                 qPrintable(scene.trouble()));
        QCOMPARE(messages.vulkan(), std::string());
    }
};

QTEST_MAIN(TestStageTrouble)
#include "tst_stage_trouble.moc"
