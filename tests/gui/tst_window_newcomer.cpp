// SPDX-License-Identifier: GPL-3.0-or-later
// A newcomer's way through the real window: three clicks from the start cards to a model that
// trains on a table of their own, then travel, bookmark, save and open again.
#include "core/io/file.h"
#include "tests/gui/real_window.h"
#include "ui/shell/dialogs.h"
#include "ui/shell/overlay.h"
#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/geodesic_hand.h"
#include "ui/views/view.h"

#include <QAction>
#include <QFileDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QRandomGenerator>
#include <QTimer>

using namespace lx;

namespace {

/// Three clouds in three columns, one value missing, with a column of names.
std::string table() {
    QRandomGenerator random(5);
    std::string out = "width,height,depth,kind\n";
    for (int i = 0; i < 300; ++i) {
        const int kind = i % 3;
        const auto value = [&](double centre) {
            return std::to_string(centre + random.generateDouble());
        };
        out += value(2.0 * kind) + "," + (i == 7 ? "" : value(-kind)) + "," + value(0.5 * kind) +
               "," + "abc"[kind] + "\n";
    }
    return out;
}

/// Does `act` on the dialog of class T as soon as one is open; counts what was found.
template <class T, class F>
void whenOpen(int& found, F act) {
    auto* timer = new QTimer(qApp);
    QObject::connect(timer, &QTimer::timeout, qApp, [&found, act, timer] {
        if (auto* dialog = qobject_cast<T*>(QApplication::activeModalWidget())) {
            timer->stop();
            timer->deleteLater();
            ++found;
            act(dialog);
        }
    });
    timer->start(20);
}

/// As by hand: a selection would wait for the list of files.
void type(QFileDialog& dialog, const QString& path) {
    dialog.findChild<QLineEdit*>(QStringLiteral("fileNameEdit"))->setText(path);
}

}  // namespace

class TestWindowNewcomer : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_folder;

    QString write(const char* name, const std::string& text) {
        const QString path = m_folder.filePath(QLatin1String(name));
        writeFileAtomically(path.toStdString(), std::as_bytes(std::span(text)));
        return path;
    }

private Q_SLOTS:
    void initTestCase() {
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        if (const std::string why = test::whyNoEngine(); !why.empty()) {
            QSKIP(("the engine is not built: " + why).c_str());
        }
    }

    void everyCardLeadsSomewhere() {
        test::RealWindow real(false, true);
        QVERIFY(QTest::qWaitForWindowExposed(real.window.get()));
        auto* cards = real.window->findChild<ui::StartCards*>();
        QVERIFY(cards);
        QPushButton* denoise = nullptr;
        for (auto* card : cards->findChildren<QPushButton*>()) {
            QVERIFY2(card->isEnabled(), qPrintable(card->accessibleName()));
            denoise = card->accessibleName() == QStringLiteral("Denoise") ? card : denoise;
        }
        QVERIFY(denoise);
        QTRY_VERIFY(real.bridge().activeFrame());
        QTest::mouseClick(denoise, Qt::LeftButton);
        const auto trains = [&] {
            const ui::Frame* frame = real.bridge().activeFrame();
            return frame && frame->snapshot->step[0] > 20 && ui::channel(*frame, "trajectory");
        };
        QTRY_VERIFY_WITH_TIMEOUT(trains(), 60'000);
        QVERIFY(!real.window->findChild<ui::StartCards*>());

        // What it has no map of codes for, a comparison shows as energies.
        real.window->findChild<QAction*>(QStringLiteral("run.compare"))->trigger();
        const auto subject = [&] {
            const auto* host =
                real.window->findChild<ui::ViewHost*>(QStringLiteral("host.comparison"));
            return host ? host->view()->state().value(QStringLiteral("subject")).toString()
                        : QString();
        };
        QTRY_COMPARE_WITH_TIMEOUT(subject(), QStringLiteral("energy-map"), 10'000);
    }

    /// The Geodesic tool takes an end of the curve; what it leaves is a parameter of the run.
    void aHandBendsTheGeodesic() {
        test::RealWindow real;
        QVERIFY(real.train("riem-vae"));
        const auto path = [&] {
            const ui::Frame* frame = real.bridge().activeFrame();
            const Array* found = frame ? ui::channel(*frame, "geodesic") : nullptr;
            return found ? *found : Array();
        };
        QTRY_VERIFY_WITH_TIMEOUT(path().defined(), 60'000);
        auto* map = real.window->view(QStringLiteral("latent-map"));
        QVERIFY(map && map->isVisible());
        auto* scene = map->findChild<ui::SceneWidget*>();
        auto* hand = map->findChild<ui::GeodesicHand*>();
        QVERIFY(scene && hand);
        QTRY_VERIFY_WITH_TIMEOUT(hand->paths()[0].defined(), 20'000);
        // The map shows the codes, which begin on one spot: the ends come into view with training.
        const auto seen = [&] {
            const auto z = hand->paths()[0].values<double>();
            return scene->plotRect().contains(scene->toPixel(z[0], z[1]));
        };
        QTRY_VERIFY_WITH_TIMEOUT(seen(), 60'000);
        real.bridge().post(cmd::Pause{Clock::Train});
        QTRY_VERIFY_WITH_TIMEOUT(!real.now().running[0], 20'000);
        const auto endOf = [](const Array& curve) {
            const auto z = curve.values<double>();
            return QPointF(z[0], z[1]);
        };
        const auto isAt = [](QPointF a, QPointF b) {
            return std::hypot(a.x() - b.x(), a.y() - b.y()) < 2e-3;
        };
        const auto drag = [&](QPointF from, QPointF to) {
            const auto pixel = [&](QPointF z) { return scene->toPixel(z.x(), z.y()).toPoint(); };
            QTest::mousePress(scene, Qt::LeftButton, {}, pixel(from));
            for (const double share : {0.3, 0.6, 1.0}) {
                QTest::mouseMove(scene, pixel(from + share * (to - from)));
                QTest::qWait(30);
            }
        };
        const QPointF before = endOf(hand->paths()[0]);
        const QPointF place = scene->toData(QRectF(scene->plotRect()).center() - QPointF(40, 60));
        // Another tool leaves the curve alone.
        real.bridge().explore().setTool(ui::Tool::Probe);
        drag(before, place);
        QTest::mouseRelease(scene, Qt::LeftButton, {},
                            scene->toPixel(place.x(), place.y()).toPoint());
        QTest::qWait(300);
        QVERIFY(isAt(endOf(hand->paths()[0]), before));

        real.bridge().explore().setTool(ui::Tool::Geodesic);
        drag(before, place);
        const QPointF held = scene->toData(scene->toPixel(place.x(), place.y()).toPoint());
        QTRY_VERIFY_WITH_TIMEOUT(isAt(endOf(hand->paths()[0]), held), 20'000);
        QVERIFY2(isAt(endOf(path()), before), "the run keeps its end while the hand has it");
        QTest::mouseRelease(scene, Qt::LeftButton, {},
                            scene->toPixel(place.x(), place.y()).toPoint());
        QTRY_VERIFY_WITH_TIMEOUT(isAt(endOf(path()), held), 60'000);
        QTRY_VERIFY_WITH_TIMEOUT(isAt(endOf(hand->paths()[0]), held), 20'000);
    }

    void threeClicksFromTheCardsToATrainingModel() {
        const QString path = write("boxes.csv", table());
        test::RealWindow real(false, true);
        QVERIFY(QTest::qWaitForWindowExposed(real.window.get()));
        auto* cards = real.window->findChild<ui::StartCards*>();
        QVERIFY(cards && cards->isVisible());
        QPushButton* open = nullptr;
        for (auto* card : cards->findChildren<QPushButton*>()) {
            open = card->accessibleName().startsWith(QStringLiteral("Open data")) ? card : open;
        }
        QVERIFY(open);
        int files = 0, imports = 0;
        whenOpen<QFileDialog>(files, [&](QFileDialog* dialog) {
            type(*dialog, path);
            QMetaObject::invokeMethod(dialog, "accept");  // the second click
        });
        whenOpen<ui::ImportDialog>(imports, [](ui::ImportDialog* dialog) {
            QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("importTrain")),
                              Qt::LeftButton);
        });
        QTest::mouseClick(open, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(files, 1, 10'000);
        QTRY_COMPARE_WITH_TIMEOUT(imports, 1, 10'000);
        const auto trains = [&] {
            const ui::Frame* frame = real.bridge().activeFrame();
            return frame && frame->description && frame->snapshot->step[0] > 20 &&
                   ui::channel(*frame, "codes");
        };
        QTRY_VERIFY_WITH_TIMEOUT(trains(), 60'000);
        const ui::Frame& frame = *real.bridge().activeFrame();
        QCOMPARE(ui::spaceDim(frame, "data"), Index{3});
        QCOMPARE(frame.description->classNames, (std::vector<std::string>{"a", "b", "c"}));
        QVERIFY(!real.window->findChild<ui::StartCards*>());
        QVERIFY(real.window->view(QStringLiteral("latent-map"))->isVisible());
        // A table has no pictures: the sheet would stay empty, so it is not there.
        QVERIFY(!real.window->view(QStringLiteral("manifold-sheet")));
        QVERIFY2(real.window->windowTitle().contains(QStringLiteral("VAE on boxes.csv")),
                 qPrintable(real.window->windowTitle()));
    }

    void aTableWithoutNumbersTrainsNothing() {
        test::RealWindow real;
        real.window->openFile(write("words.csv", "first,second\nred,square\nblue,disc\n"));
        const auto* banner = real.window->findChild<ui::FailureBanner*>();
        QTRY_VERIFY(banner->isVisible());
        QVERIFY2(banner->text().contains(QStringLiteral("words.csv")), qPrintable(banner->text()));
        QVERIFY(!real.bridge().activeFrame());
    }

    void trainingNeedsAColumn() {
        test::RealWindow real;
        int imports = 0;
        std::vector<bool> offered;
        whenOpen<ui::ImportDialog>(imports, [&](ui::ImportDialog* dialog) {
            const auto* train = dialog->findChild<QPushButton*>(QStringLiteral("importTrain"));
            auto* columns = dialog->findChild<QListWidget*>();
            for (const Qt::CheckState state : {Qt::Checked, Qt::Unchecked, Qt::Checked}) {
                for (int i = 0; i < columns->count(); ++i) {
                    columns->item(i)->setCheckState(state);
                }
                offered.push_back(train->isEnabled());
            }
            dialog->reject();
        });
        real.window->openFile(write("boxes.csv", table()));
        QCOMPARE(imports, 1);
        QVERIFY(offered == (std::vector<bool>{true, false, true}));
    }

    void travelBookmarkSaveAndOpenAgain() {
        test::RealWindow real;
        QVERIFY(real.train("vae-ring8", 10));
        real.bridge().explore().setCursor({0.5F, -0.25F});
        QTRY_VERIFY_WITH_TIMEOUT(real.bridge().cursorAnswer().contains("x"), 20'000);
        real.window->findChild<QAction*>(QStringLiteral("bookmark.add"))->trigger();
        QCOMPARE(real.bridge().explore().bookmarks().size(), std::size_t{1});
        real.bridge().post(cmd::Pause{Clock::Train});
        QTRY_VERIFY_WITH_TIMEOUT(!real.now().running[0], 20'000);
        const Index step = real.now().step[0];
        const QString path = m_folder.filePath(QStringLiteral("mine.safetensors"));
        int files = 0;
        whenOpen<QFileDialog>(files, [&](QFileDialog* dialog) {
            type(*dialog, path);
            QMetaObject::invokeMethod(dialog, "accept");
        });
        real.window->findChild<QAction*>(QStringLiteral("file.save"))->trigger();
        QCOMPARE(files, 1);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), 20'000);
        const std::uint32_t first = real.bridge().active();
        real.window->openFile(path);
        QTRY_VERIFY_WITH_TIMEOUT(real.bridge().active() != first, 20'000);
        QTRY_COMPARE_WITH_TIMEOUT(real.now().step[0], step, 20'000);
        QCOMPARE(real.bridge().explore().bookmarks().size(), std::size_t{1});
    }
};

int main(int argc, char** argv) {
    return test::runRealWindowTest<TestWindowNewcomer>(argc, argv);
}
#include "tst_window_newcomer.moc"
