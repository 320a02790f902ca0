// SPDX-License-Identifier: GPL-3.0-or-later
// Samples out of the window: the file, the pause of the run, stop, wrong fields, keys on screen.
#include "core/io/npz.h"
#include "tests/gui/window_harness.h"
#include "ui/panels/timeline_dock.h"
#include "ui/shell/actions.h"
#include "ui/shell/samples_dialog.h"
#include "ui/shell/view_host.h"
#include "ui/views/tile_grid.h"
#include "ui/views/view.h"

#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTest>

using namespace lx;
using namespace lx::test;

class TestSamplesDialog : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString path(const QString& name) const { return m_folder.filePath(name); }
    QStringList entries() const {
        return QDir(m_folder.path())
            .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    }

    /// The dialog that the menu opens, with its fields filled.
    static ui::SamplesDialog* dialogOf(ui::MainWindow& window, int count, const QString& seed,
                                       const QString& file) {
        window.findChild<ui::Actions*>()->at(QStringLiteral("file.generate"))->trigger();
        auto* dialog = window.findChild<ui::SamplesDialog*>();
        if (!dialog) {
            return nullptr;
        }
        for (auto* box : dialog->findChildren<QSpinBox*>()) {
            if (box->accessibleName() == QStringLiteral("Number of samples")) {
                box->setValue(count);
            }
        }
        for (auto* field : dialog->findChildren<QLineEdit*>()) {
            if (field->accessibleName() == QStringLiteral("Seed of the samples")) {
                field->setText(seed);
            } else if (field->accessibleName() == QStringLiteral("File or folder")) {
                field->setText(file);
            }
        }
        return dialog;
    }
    static bool ready(ui::MainWindow& window) {
        const ui::Frame* frame = window.bridge().activeFrame();
        return frame && frame->description;
    }
    static bool running(ui::MainWindow& window) {
        window.bridge().poll();
        return window.bridge().activeFrame()->snapshot->state == RunState::Running;
    }

private Q_SLOTS:
    void writesWhatTheCommandWrites() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(ready(window));
        window.bridge().post(cmd::Step{Clock::Train, 7, {}});
        QTRY_COMPARE(window.bridge().activeFrame()->snapshot->step[0], Index{7});
        auto* dialog = dialogOf(window, 100, QStringLiteral("5"), path("a.npz"));
        QVERIFY(dialog);
        QSignalSpy written(dialog, &ui::SamplesDialog::written);
        dialog->start();
        QVERIFY(dialog->making());
        QCoreApplication::processEvents();
        for (const QLabel* label : dialog->findChildren<QLabel*>()) {
            QVERIFY2(
                !label->isVisible() || label->height() >= label->heightForWidth(label->width()),
                qPrintable(label->text()));
        }
        QVERIFY(written.wait(30'000));
        QTRY_VERIFY(!window.findChild<ui::SamplesDialog*>());  // it closes by itself
        const State made = readNpz(path("a.npz").toStdString());
        QCOMPARE(made.at("samples").dim(0), Index{100});
        // The same as a stream on a run of the same weights.
        const auto session = h.engine.open();
        session->post(cmd::Load{"fake-vae", resolve(h.specs[0].describe({}).params, {}), 1});
        session->post(cmd::Step{Clock::Train, 7, {}});
        session->waitIdle();
        SampleStream stream(session, {.seed = 5, .count = 100});
        std::vector<std::byte> bytes;
        QTRY_VERIFY([&] {
            if (const auto rows = stream.poll()) {
                const auto more = rows->at("samples").bytes();
                bytes.insert(bytes.end(), more.begin(), more.end());
            }
            return stream.finished();
        }());
        QVERIFY(std::ranges::equal(bytes, made.at("samples").bytes()));
        QCOMPARE(made.at("keys").values<Index>()[0], Index{5});
    }

    /// A run that trains rests meanwhile and goes on; one that rested stays where it was.
    void runPausesAndGoesOn() {
        WindowHarness h;
        h.defaults = {{"step_ms", Index{2}}};
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(ready(window));
        window.findChild<ui::Actions*>()->at(QStringLiteral("transport.play"))->trigger();
        QTRY_VERIFY(running(window));
        auto* dialog = dialogOf(window, 400, QStringLiteral("5"), path("pause.npz"));
        QVERIFY(dialog);
        QSignalSpy written(dialog, &ui::SamplesDialog::written);
        dialog->start();
        QTRY_VERIFY(!running(window));
        QVERIFY(written.wait(30'000));
        QTRY_VERIFY(running(window));
        window.findChild<ui::Actions*>()->at(QStringLiteral("transport.play"))->trigger();
        QTRY_VERIFY(!running(window));
        dialog = dialogOf(window, 20, QStringLiteral("5"), path("rest.npz"));
        QSignalSpy again(dialog, &ui::SamplesDialog::written);
        dialog->start();
        QVERIFY(again.wait(30'000));
        QTest::qWait(100);
        QVERIFY(!running(window));
    }

    void stopLeavesNothing() {
        WindowHarness h;
        h.defaults = {{"step_ms", Index{20}}};
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(ready(window));
        const QStringList before = entries();
        for (const char* name : {"stopped.npz", "stopped"}) {
            auto* dialog = dialogOf(window, 1'000'000, QStringLiteral("5"), path(name));
            QVERIFY(dialog);
            dialog->start();
            QTest::qWait(200);
            for (auto* button : dialog->findChildren<QPushButton*>()) {
                if (button->text() == QStringLiteral("Stop")) {
                    button->click();
                }
            }
            QTRY_VERIFY(!dialog->making());
            QCOMPARE(entries(), before);
            dialog->start();  // closed in the middle: it stops first, then it may go
            QTest::qWait(100);
            dialog->close();
            QTRY_VERIFY(!dialog->making());
            dialog->close();
            QTRY_VERIFY(!window.findChild<ui::SamplesDialog*>());
            QCOMPARE(entries(), before);
        }
        dialogOf(window, 1'000'000, QStringLiteral("5"), path("window.npz"))->start();
        QTest::qWait(100);
        h.window.reset();  // closed with the whole window
        QCOMPARE(entries(), before);
    }

    void wrongFieldsAreSentences() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(ready(window));
        const std::pair<QString, QString> cases[] = {{QStringLiteral("five"), path("a.npz")},
                                                     {QStringLiteral("1:x"), path("a.npz")},
                                                     {QStringLiteral("5"), path("a.csv")},
                                                     {QStringLiteral("5"), path("none/a.npz")},
                                                     {QStringLiteral("5"), QString()}};
        for (const auto& [seed, file] : cases) {
            auto* dialog = dialogOf(window, 10, seed, file);
            QVERIFY(dialog);
            dialog->start();
            const auto told = [&] {
                const auto labels = dialog->findChildren<QLabel*>();
                return std::ranges::any_of(labels, [](QLabel* label) {
                    return label->isVisible() && label->wordWrap() &&
                           (label->text().contains("SEED") || label->text().contains(".npz'") ||
                            label->text().contains("none") || label->text().contains("ends in"));
                });
            };
            QTRY_VERIFY2(told() && !dialog->making(), qPrintable(seed + file));
            dialog->close();
            QTRY_VERIFY(!window.findChild<ui::SamplesDialog*>());
        }
    }

    /// The key under the mouse makes that sample again.
    void tilesNameTheirKeys() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(ready(window));
        ui::View* view = window.view(QStringLiteral("samples"));
        QVERIFY(view);
        auto* tabs = window.findChild<ui::TimelineDock*>()->tabs();
        for (int i = 0; i < tabs->count(); ++i) {
            if (tabs->tabText(i) == QStringLiteral("Samples")) {
                tabs->setCurrentIndex(i);
            }
        }
        auto* grid = view->findChild<ui::TileGrid*>();
        QTRY_VERIFY(grid && grid->tiles().size() > 5);
        const QString tip = grid->tiles()[4].tip;
        const QRegularExpression words(QStringLiteral("key (\\d+:\\d+), row (\\d+)"));
        const auto match = words.match(tip);
        QVERIFY2(match.hasMatch(), qPrintable(tip));
        QCOMPARE(match.captured(2), QStringLiteral("4"));
        auto* dialog = dialogOf(window, 5, match.captured(1), path("key.npz"));
        QSignalSpy written(dialog, &ui::SamplesDialog::written);
        dialog->start();
        QVERIFY(written.wait(30'000));
        const Array made = readNpz(path("key.npz").toStdString()).at("samples");
        const Array* shown = ui::channel(*window.bridge().activeFrame(), "samples");
        QVERIFY(shown);
        const std::size_t tile = made.bytes().size() / 5;
        QVERIFY(std::ranges::equal(made.bytes().subspan(4 * tile, tile),
                                   shown->bytes().subspan(4 * tile, tile)));
        QVERIFY(!std::ranges::equal(made.bytes().subspan(3 * tile, tile),
                                    shown->bytes().subspan(4 * tile, tile)));
    }
};

QTEST_MAIN(TestSamplesDialog)
#include "tst_samples_dialog.moc"
