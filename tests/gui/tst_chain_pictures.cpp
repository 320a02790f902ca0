// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the sampler layout on real chains without the engine module, in both themes, written
// to the build folder to be looked at; empty ones fail.
#include "core/render/renderer.h"
#include "tests/gui/window_harness.h"
#include "tests/support/fake_chains.h"
#include "ui/views/figure_view.h"

#include <QDir>
#include <QTest>

#include <set>

using namespace lx;
using namespace lx::ui;

namespace {

std::size_t colours(const QImage& image) {
    std::set<QRgb> found;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2) {
            found.insert(image.pixel(x, y));
        }
    }
    return found.size();
}

}  // namespace

class TestChainPictures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(QDir().mkpath(LX_BINARY_DIR "/screenshots")); }

    void layout_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("chains");
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("dark");
        for (const bool dark : {false, true}) {
            const char* theme = dark ? "dark" : "light";
            for (const int chains : {1, 4, 16, 100000}) {
                const QString name = QStringLiteral("chains-%1-%2").arg(chains).arg(theme);
                QTest::newRow(qPrintable(name)) << name << chains << QSize(1440, 900) << dark;
            }
            const QString small = QStringLiteral("chains-4-small-%1").arg(theme);
            QTest::newRow(qPrintable(small)) << small << 4 << QSize(1024, 640) << dark;
        }
    }
    void layout() {
        QFETCH(QString, name);
        QFETCH(int, chains);
        QFETCH(QSize, size);
        QFETCH(bool, dark);
        test::WindowHarness harness(test::fakeSpecsWithChains());
        harness.recipes = {test::WindowHarness::recipe("chains-fake", "fake-chains",
                                                       "8 Gaussians, sd 0.3",
                                                       {{"sampler.chains", Index{chains}}})};
        harness.recipes[0].clock = Clock::Sample;
        harness.recipes[0].steps = chains > 1000 ? 40 : 1500;
        MainWindow& window =
            harness.open({false, false, dark ? ThemeKind::Dark : ThemeKind::Light});
        window.resize(size);
        window.openRecipe("chains-fake", {}, 5, true);
        const Frame* frame = window.bridge().activeFrame();
        QVERIFY(frame);
        const Index steps = harness.recipes[0].steps;
        QTRY_VERIFY_WITH_TIMEOUT(window.bridge().activeFrame()->snapshot->step[1] >= steps, 60000);
        // In a small window the timeline is folded to its tabs.
        QTRY_VERIFY_WITH_TIMEOUT(
            size.width() < 1200 || channel(*window.bridge().activeFrame(), "trace") != nullptr,
            20000);
        QTest::qWait(1500);
        auto* view = dynamic_cast<FigureView*>(window.view(QStringLiteral("energy-map")));
        QVERIFY(view && view->showsContent());
        const QImage shot = window.grab().toImage();
        shot.save(QStringLiteral(LX_BINARY_DIR "/screenshots/%1.png").arg(name));
        QVERIFY(colours(shot) > 300);
    }
};

QTEST_MAIN(TestChainPictures)
#include "tst_chain_pictures.moc"
