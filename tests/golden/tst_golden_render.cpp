// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures do not drift: equal to the last bit on llvmpipe and on our own rasteriser, structurally
// similar on any other device. After a wanted change, look at the pictures and run approve.
#include "core/render/rasterizer.h"
#include "tests/support/space_support.h"

#include <QDir>
#include <QtTest>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

const QString kExpected = QStringLiteral(LX_SOURCE_DIR "/tests/golden/expected/");
const QString kActual = QStringLiteral(LX_BINARY_DIR "/golden/");

Image load(const QString& file) {
    const QImage image = QImage(file).convertToFormat(QImage::Format_RGBA8888);
    std::vector<std::uint8_t> bytes;
    for (int y = 0; y < image.height(); ++y) {
        bytes.insert(bytes.end(), image.constScanLine(y),
                     image.constScanLine(y) + 4 * image.width());
    }
    return {{image.width(), image.height()},
            std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))};
}

/// Channel by channel, eight times amplified, on black.
QImage differenceOf(const Image& a, const Image& b) {
    std::vector<std::uint8_t> bytes(a.pixels->size(), 255);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i % 4 != 3) {
            const int d = std::abs((*a.pixels)[i] - (*b.pixels)[i]);
            bytes[i] = static_cast<std::uint8_t>(std::min(255, 8 * d));
        }
    }
    return toQImage({a.size, std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))});
}

/// The plane's pictures and those in space.
std::vector<NamedScene> everything(Theme theme) {
    std::vector<NamedScene> all = gallery(theme);
    for (NamedScene& named : spaceGallery(theme)) {
        all.push_back(std::move(named));
    }
    return all;
}

/// Empty when `image` is what was approved under `name`; else why not, with pictures to look at.
QString judge(const Image& image, const QString& name, bool exact) {
    toQImage(image).convertToFormat(QImage::Format_RGB888).save(kActual + name + ".png", "PNG", 0);
    const Image expected = load(kExpected + name + ".png");
    if (expected.pixels->empty()) {
        return name + " has no approved picture; look at " + kActual + name +
               ".png and run tests/golden/approve";
    }
    const int difference = largestDifference(image, expected);
    const double similarity = ssim(image, expected);
    if (exact ? difference == 0 : similarity >= 0.95) {
        return {};
    }
    if (difference < 256) {
        differenceOf(image, expected).save(kActual + name + "_difference.png");
    }
    return QString("%1 drifted: largest difference %2, SSIM %3; see %4%1*.png")
        .arg(name)
        .arg(difference)
        .arg(similarity)
        .arg(kActual);
}

}  // namespace

class TestGoldenRender : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(QDir().mkpath(kActual));
        m_renderer = validatedRenderer(m_messages);
    }
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
        const Image expected = load(kExpected + QTest::currentDataTag() + ".png");
        QVERIFY(ssim(rasterize(scene, size), expected) >= 0.98);
    }

    /// The guard's twin: one pixel that is off by one is a drift, and so is a missing picture.
    void oneWrongPixelIsADrift() {
        const QString name = QStringLiteral("density_light");
        Image image = load(kExpected + name + ".png");
        QVERIFY(!image.pixels->empty());
        QVERIFY(judge(image, name, true).isEmpty());
        auto bytes = *image.pixels;
        bytes[4 * 1000] ^= 1;
        image.pixels = std::make_shared<const std::vector<std::uint8_t>>(bytes);
        QVERIFY(judge(image, name, true).contains("drifted"));
        QVERIFY(judge(image, name, false).isEmpty());
        QVERIFY(judge(image, QStringLiteral("never_approved"), true).contains("approve"));
        QFile::remove(kActual + "never_approved.png");
        toQImage(load(kExpected + name + ".png")).save(kActual + name + ".png");
    }

private:
    Messages m_messages;
    std::unique_ptr<Renderer> m_renderer;
};

QTEST_GUILESS_MAIN(TestGoldenRender)
#include "tst_golden_render.moc"
