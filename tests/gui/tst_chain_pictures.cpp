// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the sampler layout and of every page of the diagnostics, on real chains, written to
// the build folder to be looked at; empty ones fail.
#include "tests/gui/chain_window.h"
#include "ui/views/figure_view.h"

#include <QDir>
#include <QTabBar>
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

bool settled(test::ChainWindow& chains, Index steps) {
    const Frame& frame = chains.frame();
    return chains.step() >= steps && !frame.snapshot->running[1];
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
                for (const QSize& size : {QSize(1440, 900), QSize(1024, 640)}) {
                    const QString name =
                        QStringLiteral("chains-%1-%2-%3").arg(chains).arg(size.width()).arg(theme);
                    QTest::newRow(qPrintable(name)) << name << chains << size << dark;
                }
            }
        }
    }
    void layout() {
        QFETCH(QString, name);
        QFETCH(int, chains);
        QFETCH(QSize, size);
        QFETCH(bool, dark);
        const bool many = chains > 1000;
        test::ChainWindow harness({{"sampler.chains", Index{chains}},
                                   {"sampler.warmup", many ? Index{20} : Index{300}},
                                   {"sampler.draws", many ? Index{60} : Index{1200}}});
        MainWindow& window =
            harness.open({false, false, dark ? ThemeKind::Dark : ThemeKind::Light});
        window.resize(size);
        window.openRecipe("chains-test", {}, 5, true);
        QVERIFY(window.bridge().activeFrame());
        QTRY_VERIFY_WITH_TIMEOUT(settled(harness, many ? 80 : 1500), 120000);
        // In a small window the timeline is folded to its tabs.
        QTRY_VERIFY_WITH_TIMEOUT(size.width() < 1200 || (channel(harness.frame(), "trace") &&
                                                         channel(harness.frame(), "rank_ecdf")),
                                 30000);
        QTRY_VERIFY_WITH_TIMEOUT(channel(harness.frame(), "verdict"), 30000);
        QTest::qWait(2500);
        auto* view = dynamic_cast<FigureView*>(window.view(QStringLiteral("energy-map")));
        QVERIFY(view && view->showsContent());
        const QImage shot = window.grab().toImage();
        shot.save(QStringLiteral(LX_BINARY_DIR "/screenshots/%1.png").arg(name));
        QVERIFY(colours(shot) > 300);
    }

    void pages() {
        test::ChainWindow harness({{"sampler.kernel", std::string("hmc")},
                                   {"sampler.step_size", 0.2},
                                   {"energy", std::string("two-modes")}});
        MainWindow& window = harness.open({false, false, ThemeKind::Light});
        window.openRecipe("chains-test", {}, 5, true);
        QTRY_VERIFY_WITH_TIMEOUT(window.bridge().activeFrame() && settled(harness, 1500), 60000);
        auto* tabs = window.findChild<QTabBar*>(QStringLiteral("timelineTabs"));
        QVERIFY(tabs && tabs->count() >= 11);
        for (const ViewSpec& spec : viewSpecs()) {
            auto* view = dynamic_cast<FigureView*>(window.view(spec.id));
            if (!view || spec.area != Area::Timeline) {
                continue;
            }
            for (int tab = 0; tab < tabs->count(); ++tab) {
                if (tabs->tabText(tab) == spec.title) {
                    tabs->setCurrentIndex(tab);
                }
            }
            QTest::qWait(2200);
            if (!view->isVisible()) {
                continue;  // the curves have another name here
            }
            const QImage shot = view->grab().toImage();
            shot.save(QStringLiteral(LX_BINARY_DIR "/screenshots/page-%1.png").arg(spec.id));
            QVERIFY2(view->showsContent(), qPrintable(spec.id));
            QVERIFY2(colours(shot) > 12, qPrintable(spec.id));
            QVERIFY2(!view->tables().empty(), qPrintable(spec.id));
            const QByteArray figure = encodeFigure(
                "svg",
                [&](QPainter& p, QSizeF size, double scale) { view->paintTo(p, size, scale); });
            QVERIFY2(figure.contains(view->title().toUtf8()), qPrintable(spec.id));
            QVERIFY2(view->explanation().count(QStringLiteral("\n\n")) == 2, qPrintable(spec.id));
        }
    }

    void mechanism_data() {
        QTest::addColumn<QString>("kernel");
        QTest::addColumn<double>("step");
        QTest::newRow("mala") << "mala" << 0.2;
        QTest::newRow("hmc") << "hmc" << 0.15;
        QTest::newRow("nuts") << "nuts" << 0.15;
        QTest::newRow("rwm") << "rwm" << 0.5;
    }
    void mechanism() {
        QFETCH(QString, kernel);
        QFETCH(double, step);
        test::ChainWindow harness({{"sampler.kernel", kernel.toStdString()},
                                   {"sampler.step_size", step},
                                   {"sampler.draws", Index{200}},
                                   {"sampler.warmup", Index{100}},
                                   {"energy", std::string("banana")}});
        MainWindow& window = harness.open({false, false, ThemeKind::Dark});
        window.openRecipe("chains-test", {}, 3, true);
        QTRY_VERIFY_WITH_TIMEOUT(window.bridge().activeFrame() && settled(harness, 300), 60000);
        View* view = window.view(QStringLiteral("energy-map"));
        QVERIFY(view && view->setMode(5));
        QTRY_VERIFY_WITH_TIMEOUT(channel(harness.frame(), "mechanism.from"), 20000);
        QTest::qWait(800);
        const QImage shot = view->grab().toImage();
        shot.save(QStringLiteral(LX_BINARY_DIR "/screenshots/mechanism-%1.png").arg(kernel));
        QVERIFY(colours(shot) > 100);
    }
};

QTEST_MAIN(TestChainPictures)
#include "tst_chain_pictures.moc"
