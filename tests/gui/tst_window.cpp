// SPDX-License-Identifier: GPL-3.0-or-later
// The window under a person's hands: clicks and keys on the whole program with fake experiments.
#include "core/io/file.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"
#include "ui/panels/fields.h"
#include "ui/panels/param_form.h"
#include "ui/panels/timeline_dock.h"
#include "ui/shell/actions.h"
#include "ui/shell/dialogs.h"
#include "ui/shell/numbers.h"
#include "ui/shell/overlay.h"
#include "ui/shell/settings.h"
#include "ui/shell/view_host.h"

#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QRandomGenerator>
#include <QSettings>
#include <QSlider>
#include <QSplitter>
#include <QTabBar>
#include <QTest>
#include <QToolBar>
#include <QToolButton>
#include <QTreeWidget>

using namespace lx;

namespace {

const Snapshot& now(ui::MainWindow& window) {
    return *window.bridge().activeFrame()->snapshot;
}

bool ready(ui::MainWindow& window) {
    const ui::Frame* frame = window.bridge().activeFrame();
    return frame && frame->description;
}

template <class T>
T* part(ui::MainWindow& window, const char* name) {
    T* found = window.findChild<T*>(QLatin1String(name));
    if (!found) {
        qWarning("the window has no %s", name);
    }
    return found;
}

QAction* action(ui::MainWindow& window, const char* id) {
    return part<QAction>(window, id);
}

void press(ui::MainWindow& window, const QString& keys) {
    // Away from text fields: single letters are theirs.
    window.setFocus();
    QTest::keySequence(&window, QKeySequence(keys, QKeySequence::PortableText));
}

}  // namespace

class TestWindow : public QObject {
    Q_OBJECT
private:
    std::unique_ptr<test::WindowHarness> m_harness;
    ui::MainWindow* m_window = nullptr;

    void play(Index until) {
        m_window->bridge().post(cmd::Run{Clock::Train, until});
        QTRY_VERIFY_WITH_TIMEOUT(now(*m_window).step[0] >= until, 30000);
        QTRY_VERIFY(!now(*m_window).running[0]);
    }

private Q_SLOTS:
    void init() {
        m_harness = std::make_unique<test::WindowHarness>();
        // A fake step costs nothing: without a pause a run would end before the next click.
        m_harness->defaults = {{"step_ms", Index{1}}};
        m_window = &m_harness->open();
        QVERIFY(QTest::qWaitForWindowExposed(m_window));
        QTRY_VERIFY(ready(*m_window));
    }
    void cleanup() {
        m_harness.reset();
        QCOMPARE(test::fakeAlive(), 0);
    }

    void opensWithTheDefaultRecipe() {
        QVERIFY(m_window->windowTitle().contains(QStringLiteral("VAE, 2-D latent")));
        for (const char* dock : {"dock.experiment", "dock.inspector", "dock.timeline"}) {
            QVERIFY(part<QDockWidget>(*m_window, dock)->isVisible());
        }
        QVERIFY(m_window->view(QStringLiteral("latent-map")));
        QVERIFY(!m_window->view(QStringLiteral("no-such-view")));
    }

    void playPauseStepReset() {
        auto* button = part<QToolButton>(*m_window, "play");
        QCOMPARE(button->text(), QStringLiteral("Play"));
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(now(*m_window).running[0]);
        QTRY_COMPARE(button->text(), QStringLiteral("Pause"));
        QTRY_VERIFY(now(*m_window).step[0] > 0);
        press(*m_window, QStringLiteral("Space"));
        QTRY_VERIFY(!now(*m_window).running[0]);
        QTRY_COMPARE(button->text(), QStringLiteral("Resume"));
        const Index before = now(*m_window).step[0];
        press(*m_window, QStringLiteral("."));
        QTRY_COMPARE(now(*m_window).step[0], before + 1);
        QTRY_VERIFY(
            part<QToolButton>(*m_window, "step")->text().contains(ui::formatInteger(before + 1)));
        press(*m_window, QStringLiteral("R"));
        QTRY_COMPARE(now(*m_window).step[0], Index{0});
        QTRY_COMPARE(button->text(), QStringLiteral("Play"));
    }

    void pauseIsAcknowledgedSoon() {
        press(*m_window, QStringLiteral("Space"));
        QTRY_VERIFY(now(*m_window).step[0] > 20);
        QElapsedTimer clock;
        clock.start();
        press(*m_window, QStringLiteral("Space"));
        QTRY_VERIFY(!now(*m_window).running[0]);
        qInfo("pause acknowledged after %lld ms", static_cast<long long>(clock.elapsed()));
    }

    void lettersRestWhileAFieldHasFocus() {
        action(*m_window, "edit.find")->trigger();
        auto* search = part<QLineEdit>(*m_window, "paramSearch");
        QTRY_VERIFY(search->hasFocus());
        QTest::keyClicks(search, QStringLiteral("r v."));
        QCOMPARE(search->text(), QStringLiteral("r v."));
        QTest::qWait(50);
        QVERIFY(!now(*m_window).running[0]);
        QCOMPARE(now(*m_window).step[0], Index{0});
        QCOMPARE(m_window->bridge().explore().tool(), ui::Tool::Probe);
        press(*m_window, QStringLiteral("V"));
        QCOMPARE(m_window->bridge().explore().tool(), ui::Tool::Select);
    }

    void aLiveEditIsPostedMarkedAndUndone() {
        auto* edit = part<QLineEdit>(*m_window, "param.step_size");
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("0.5"));
        QTest::keyClick(edit, Qt::Key_Return);
        auto* form = m_window->findChild<ui::ParamForm*>();
        QCOMPARE(form->row(QStringLiteral("step_size"))->value(), ParamValue(0.5));
        QCOMPARE(m_window->bridge().events().size(), std::size_t{1});
        QVERIFY(m_window->bridge().events().front().text.contains(QStringLiteral("0.5")));
        play(5);
        QCOMPARE(test::capturedParams(*m_window).at("step_size"), ParamValue(0.5));
        press(*m_window, QStringLiteral("Ctrl+Z"));
        QCOMPARE(form->row(QStringLiteral("step_size"))->value(), ParamValue(0.1));
        QCOMPARE(test::capturedParams(*m_window).at("step_size"), ParamValue(0.1));
        press(*m_window, QStringLiteral("Ctrl+Shift+Z"));
        QCOMPARE(test::capturedParams(*m_window).at("step_size"), ParamValue(0.5));
    }

    void aValueOutOfRangeStaysInItsField() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        ui::ParamRow* row = form->row(QStringLiteral("step_size"));
        auto* edit = qobject_cast<QLineEdit*>(row->field());
        edit->setFocus();
        edit->setText(QStringLiteral("99"));
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY2(row->error().contains(QStringLiteral("10")), qPrintable(row->error()));
        QCOMPARE(row->value(), ParamValue(0.1));
        QCOMPARE(m_window->bridge().events().size(), std::size_t{0});
        edit->setText(QString(ui::kMinus) + QStringLiteral("3"));
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(!row->error().isEmpty());
    }

    void arrowsStepANumberOnItsScale() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        ui::ParamRow* row = form->row(QStringLiteral("step_size"));
        row->field()->setFocus();
        QTest::keyClick(row->field(), Qt::Key_Up);
        QCOMPARE(row->value(), ParamValue(0.2));
        QTest::keyClick(row->field(), Qt::Key_Down);
        QTest::keyClick(row->field(), Qt::Key_Down);
        QCOMPARE(row->value(), ParamValue(0.05));
    }

    void coldEditsWaitForApplyAndUndoReturns() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        const std::uint32_t first = m_window->bridge().active();
        auto* edit = qobject_cast<QLineEdit*>(form->row(QStringLiteral("latent.dim"))->field());
        edit->setFocus();
        edit->setText(QStringLiteral("4"));
        QTest::keyClick(edit, Qt::Key_Return);
        QCOMPARE(form->pending().size(), std::size_t{1});
        QCOMPARE(m_window->bridge().frames().size(), std::size_t{1});
        QTest::mouseClick(part<QPushButton>(*m_window, "applyParameters"), Qt::LeftButton);
        QCOMPARE(m_window->bridge().frames().size(), std::size_t{2});
        QVERIFY(m_window->bridge().active() != first);
        QTRY_COMPARE(ui::spaceDim(*m_window->bridge().activeFrame(), "latent"), Index{4});
        press(*m_window, QStringLiteral("Ctrl+Z"));
        QCOMPARE(m_window->bridge().active(), first);
        QCOMPARE(form->row(QStringLiteral("latent.dim"))->value(), ParamValue(Index{2}));
        press(*m_window, QStringLiteral("Ctrl+Shift+Z"));
        QVERIFY(m_window->bridge().active() != first);
        QCOMPARE(m_window->bridge().frames().size(), std::size_t{2});
    }

    void searchFindsEveryParameter() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        auto* search = part<QLineEdit>(*m_window, "paramSearch");
        const auto params = m_window->bridge().activeFrame()->description->params;
        QVERIFY(params.size() >= 5);
        for (const ParamDecl& decl : params) {
            for (const std::string& word : {decl.id, decl.label}) {
                search->setText(QString::fromStdString(word));
                const ui::ParamRow* row = form->row(QString::fromStdString(decl.id));
                QVERIFY2(row && row->isVisible(), word.c_str());
            }
        }
        search->setText(QStringLiteral("no such thing"));
        for (const ParamDecl& decl : params) {
            QVERIFY(!form->row(QString::fromStdString(decl.id))->isVisible());
        }
        search->clear();
        QVERIFY(!form->row(QStringLiteral("step_ms"))->isVisible());
        QTest::mouseClick(part<QToolButton>(*m_window, "paramsAll"), Qt::LeftButton);
        QVERIFY(form->row(QStringLiteral("step_ms"))->isVisible());
    }

    void aFailureIsToldAndTheWindowRecovers() {
        const ParamSet fault{{"fault.where", std::string("advance")},
                             {"fault.kind", std::string("numerical")},
                             {"fault.call", Index{40}}};
        auto* banner = m_window->findChild<ui::FailureBanner*>();
        m_window->openRecipe("fault-fake", fault, 1, true);
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 20000);
        QVERIFY2(banner->text().contains(QStringLiteral("stopped at step")),
                 qPrintable(banner->text()));
        QCOMPARE(now(*m_window).state, RunState::Failed);
        QTest::mouseClick(part<QPushButton>(*m_window, "bannerRollBack"), Qt::LeftButton);
        QTRY_VERIFY(now(*m_window).state != RunState::Failed);
        QTRY_VERIFY(!banner->isVisible());
        const Index kept = now(*m_window).step[0];
        press(*m_window, QStringLiteral("."));
        QTRY_COMPARE(now(*m_window).step[0], kept + 1);
        m_window->openRecipe("fault-fake", fault, 2, true);
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 20000);
        QTest::mouseClick(part<QPushButton>(*m_window, "bannerRestart"), Qt::LeftButton);
        QTRY_VERIFY(now(*m_window).state != RunState::Failed);
        QTRY_COMPARE(now(*m_window).step[0], Index{0});
        QTRY_VERIFY(!banner->isVisible());
        m_window->openRecipe("vae-fake", {}, 1, false);
        QTRY_VERIFY(ready(*m_window));
        play(10);
    }

    void anUnavailableRecipeSaysWhy() {
        m_window->openRecipe("absent", {}, 1, true);
        auto* banner = m_window->findChild<ui::FailureBanner*>();
        QVERIFY(banner->text().contains(QStringLiteral("install its package")));
        QCOMPARE(m_window->bridge().frames().size(), std::size_t{1});
    }

    void aDropSaysFirstWhatItWillDo() {
        const QString path = m_harness->folder.filePath(QStringLiteral("points.csv"));
        const std::string text = "x,y,kind\n1.5,2,a\n2.5,,b\n3,4,a\n4,1,b\n";
        writeFileAtomically(path.toStdString(), std::as_bytes(std::span(text)));
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(path)});
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &mime, Qt::LeftButton,
                              Qt::NoModifier);
        QApplication::sendEvent(m_window, &enter);
        auto* note = m_window->findChild<ui::DropNote*>();
        QVERIFY(note->isVisible());
        QVERIFY2(note->text().contains(QStringLiteral("train a VAE on points.csv")),
                 qPrintable(note->text()));
        QCOMPARE(m_window->bridge().frames().size(), std::size_t{1});
        QDragLeaveEvent leave;
        QApplication::sendEvent(m_window, &leave);
        QVERIFY(!note->isVisible());
    }

    void theImportDialogOffersTheChoices() {
        const QString path = m_harness->folder.filePath(QStringLiteral("points.csv"));
        const std::string text = "x,y,kind\n1.5,2,a\n2.5,,b\n3,4,a\n4,1,b\n";
        writeFileAtomically(path.toStdString(), std::as_bytes(std::span(text)));
        ui::ImportDialog dialog(path, probeFile(path.toStdString()), m_window);
        QVERIFY(dialog.isTable());
        dialog.findChild<QComboBox*>(QStringLiteral("importLabel"))
            ->setCurrentText(QStringLiteral("kind"));
        const ParamSet params = dialog.params();
        QCOMPARE(params.at("data.source"), ParamValue(path.toStdString()));
        QCOMPARE(params.at("data.columns"), ParamValue(std::string("x,y")));
        QCOMPARE(params.at("data.label_column"), ParamValue(std::string("kind")));
        QCOMPARE(params.at("data.missing"), ParamValue(std::string("drop")));
    }

    void aDroppedPictureIsEncodedAndMarked() {
        const QString path = m_harness->folder.filePath(QStringLiteral("shoe.png"));
        QImage image(40, 30, QImage::Format_RGB32);
        image.fill(Qt::black);
        image.setPixelColor(20, 15, Qt::white);
        QVERIFY(image.save(path));
        m_window->openFile(path);
        QTRY_COMPARE(m_window->bridge().explore().marks().size(), std::size_t{1});
        QCOMPARE(m_window->bridge().explore().marks().front().name, QStringLiteral("shoe"));
        QCOMPARE(m_window->bridge().explore().cursor(),
                 m_window->bridge().explore().marks().front().z);
        QTRY_VERIFY(m_window->bridge().cursorAnswer().contains("x"));
    }

    void anUnknownFileIsRefusedInWords() {
        const QString path = m_harness->folder.filePath(QStringLiteral("noise.bin"));
        const std::string noise("\x01\x02\xff\x00\x7f noise", 11);
        writeFileAtomically(path.toStdString(), std::as_bytes(std::span(noise)));
        m_window->openFile(path);
        auto* banner = m_window->findChild<ui::FailureBanner*>();
        QVERIFY(banner->isVisible() && banner->text().contains(QStringLiteral("noise.bin")));
    }

    void theProbeFollowsTheHandAndBookmarks() {
        m_window->bridge().explore().setCursor({0.5F, -1.0F});
        QTRY_VERIFY(m_window->bridge().cursorAnswer().contains("x"));
        press(*m_window, QStringLiteral("M"));
        QCOMPARE(m_window->bridge().explore().bookmarks().size(), std::size_t{1});
        // Fifty positions in a row: the answer shown at the end belongs to the last.
        for (int i = 0; i < 50; ++i) {
            m_window->bridge().explore().setCursor({0.01F * static_cast<float>(i), 0.25F});
        }
        QTRY_COMPARE(m_window->bridge().cursorAnswer().at("z").values<float>()[0], 0.49F);
    }

    void onlyWhatIsVisibleIsObserved() {
        play(3);
        QTRY_VERIFY(ui::channel(*m_window->bridge().activeFrame(), "codes"));
        press(*m_window, QStringLiteral("Ctrl+B"));
        QVERIFY(!part<QDockWidget>(*m_window, "dock.inspector")->isVisible());
        QVERIFY(!part<QDockWidget>(*m_window, "dock.timeline")->isVisible());
        press(*m_window, QStringLiteral("Ctrl+B"));
        QVERIFY(part<QDockWidget>(*m_window, "dock.timeline")->isVisible());

        // What is looked at changes with the steps; what is hidden stays as it was last seen.
        auto* timeline = part<ui::TimelineDock>(*m_window, "dock.timeline");
        const auto version = [this](const char* id) {
            return ui::channelVersion(*m_window->bridge().activeFrame(), id);
        };
        const auto showTab = [&](const QString& host) {
            for (int i = 0; i < timeline->tabs()->count(); ++i) {
                if (timeline->page(i)->objectName() == host) {
                    timeline->tabs()->setCurrentIndex(i);
                    return timeline->page(i)->isVisible();
                }
            }
            return false;
        };
        Index until = now(*m_window).step[0];
        const auto train = [&] { play(until += 30); };
        QVERIFY(showTab(QStringLiteral("host.samples")));
        train();
        QTRY_VERIFY(version("samples") > 0);
        QVERIFY(showTab(QStringLiteral("host.losses")));
        train();
        const std::uint64_t samples = version("samples"), codes = version("codes");
        train();
        QTRY_VERIFY(version("codes") > codes);
        QCOMPARE(version("samples"), samples);
        // A tab in front of a folded or hidden dock is not visible either.
        QVERIFY(showTab(QStringLiteral("host.samples")));
        press(*m_window, QStringLiteral("Ctrl+B"));
        train();
        const std::uint64_t behind = version("samples");
        train();
        QCOMPARE(version("samples"), behind);
        press(*m_window, QStringLiteral("Ctrl+B"));
        QTRY_VERIFY(version("samples") > behind);
        // Views taken off the stage: nobody wants the codes any more.
        auto* stage = part<QSplitter>(*m_window, "stage");
        while (stage->count() > 0) {
            const int before = stage->count();
            Q_EMIT static_cast<ui::ViewHost*>(stage->widget(0))->hideAsked();
            QVERIFY2(stage->count() <= before, "hiding a view must not show more");
        }
        QVERIFY(!m_window->view(QStringLiteral("latent-map"))->isVisible());
        train();
        const std::uint64_t off = version("codes");
        train();
        QCOMPARE(version("codes"), off);
    }

    void scrubbingShowsThePast() {
        play(400);
        auto* slider = part<QSlider>(*m_window, "scrub");
        QTRY_VERIFY(slider->isEnabled());
        slider->setValue(0);
        QTRY_VERIFY(now(*m_window).scrubbed);
        QVERIFY(now(*m_window).step[0] < 400);
        press(*m_window, QStringLiteral("End"));
        QTRY_VERIFY(!now(*m_window).scrubbed);
        QTRY_COMPARE(now(*m_window).step[0], Index{400});
    }

    void layoutsAreKeptAndReset() {
        auto* inspector = part<QDockWidget>(*m_window, "dock.inspector");
        inspector->hide();
        press(*m_window, QStringLiteral("Ctrl+4"));
        QVERIFY(inspector->isVisible());
        press(*m_window, QStringLiteral("Ctrl+1"));
        QVERIFY(!inspector->isVisible());
        press(*m_window, QStringLiteral("Ctrl+6"));
        QVERIFY(!part<QDockWidget>(*m_window, "dock.timeline")->isVisible());
        press(*m_window, QStringLiteral("Ctrl+1"));
        press(*m_window, QStringLiteral("Ctrl+0"));
        QVERIFY(inspector->isVisible());
        inspector->hide();
        m_window->close();
        m_harness->window.reset();
        ui::MainWindow again(m_harness->services(), {false, true, ui::ThemeKind::Light});
        again.show();
        again.engineReady();
        QVERIFY(!part<QDockWidget>(again, "dock.inspector")->isVisible());
        QTRY_VERIFY(ready(again));
    }

    void brokenSettingsAreKeptAside() {
        QRandomGenerator random(7);
        const QString path = m_harness->folder.filePath(QStringLiteral("s/window.ini"));
        QString note;
        {
            auto settings =
                ui::openSettings(m_harness->folder.filePath(QStringLiteral("s")), &note);
            settings->setValue(QStringLiteral("geometry"), m_window->saveGeometry());
            settings->setValue(QStringLiteral("layouts/explore"), m_window->saveState(1));
            settings->sync();
        }
        QVERIFY2(note.isEmpty(), qPrintable(note));
        const Bytes whole = readFile(path.toStdString());
        int aside = 0;
        for (int round = 0; round < 60; ++round) {
            Bytes broken = whole;
            for (int i = 0; i < 8; ++i) {
                broken[random.bounded(static_cast<quint32>(broken.size()))] =
                    static_cast<std::byte>(random.bounded(256));
            }
            writeFileAtomically(path.toStdString(), broken);
            note.clear();
            auto settings =
                ui::openSettings(m_harness->folder.filePath(QStringLiteral("s")), &note);
            aside += note.isEmpty() ? 0 : 1;
            m_window->restoreGeometry(settings->value(QStringLiteral("geometry")).toByteArray());
            m_window->restoreState(settings->value(QStringLiteral("layouts/explore")).toByteArray(),
                                   1);
            QCOMPARE(settings->value(QStringLiteral("version")).toInt(), 1);
        }
        QVERIFY(aside > 0);
        QVERIFY(QFile::exists(path + QStringLiteral(".broken-1")));
    }

    void thePaletteReachesEveryActionAndParameter() {
        press(*m_window, QStringLiteral("Ctrl+K"));
        auto* palette = m_window->findChild<ui::CommandPalette*>();
        QVERIFY(palette->isVisible());
        const auto* actions = m_window->findChild<ui::Actions*>();
        QVERIFY(actions->all().size() > 40);
        for (const QAction* each : actions->all()) {
            palette->input()->setText(each->text());
            QVERIFY2(palette->matches().contains(each->text()), qPrintable(each->text()));
        }
        for (const ParamDecl& decl : m_window->bridge().activeFrame()->description->params) {
            palette->input()->setText(QString::fromStdString(decl.label));
            QVERIFY(!palette->matches().filter(QString::fromStdString(decl.id)).isEmpty());
        }
        palette->input()->setText(QStringLiteral("one step on"));
        QTest::keyClick(palette->input(), Qt::Key_Return);
        QTRY_COMPARE(now(*m_window).step[0], Index{1});
        QVERIFY(!palette->isVisible());
    }

    void shortcutsAreUnique() {
        std::map<QString, QString> owner;
        for (const QAction* each : m_window->findChild<ui::Actions*>()->all()) {
            for (const QKeySequence& key : each->shortcuts()) {
                QVERIFY2(!key.isEmpty(), qPrintable(each->objectName()));
                const QString text = key.toString();
                QVERIFY2(!owner.contains(text), qPrintable(text + owner[text] + each->text()));
                owner[text] = each->text();
            }
        }
    }

    void greyedEntriesSayWhy() {
        for (const QAction* each : m_window->findChild<ui::Actions*>()->all()) {
            if (!each->isEnabled()) {
                QVERIFY2(each->toolTip().contains(QLatin1Char('\n')), qPrintable(each->text()));
            }
        }
    }

    void everyControlHasAName() {
        for (QWidget* widget : m_window->findChildren<QWidget*>()) {
            const bool control = qobject_cast<QAbstractButton*>(widget) ||
                                 qobject_cast<QLineEdit*>(widget) || qobject_cast<QSlider*>(widget);
            // Scroll arrows and the buttons inside of fields belong to Qt.
            if (!control || widget->objectName().startsWith(QStringLiteral("qt_")) ||
                qobject_cast<QLineEdit*>(widget->parentWidget()) ||
                qobject_cast<QTabBar*>(widget->parentWidget()) ||
                qobject_cast<QMenuBar*>(widget->parentWidget()) ||
                qobject_cast<QToolBar*>(widget->parentWidget())) {
                continue;
            }
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            const bool named =
                !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
            QVERIFY2(named, qPrintable(QLatin1String(widget->metaObject()->className()) +
                                       QLatin1Char(' ') + widget->objectName()));
        }
    }

    void startCardsMoveAndClose() {
        action(*m_window, "help.start")->trigger();
        auto* cards = m_window->findChild<ui::StartCards*>();
        QVERIFY(cards && cards->isVisible());
        const auto before = m_window->bridge().explore().cursor();
        QTRY_VERIFY(m_window->bridge().explore().cursor() != before);
        QTest::keyClick(cards, Qt::Key_Escape);
        QTRY_VERIFY(!m_window->findChild<ui::StartCards*>());
    }

    void leftoversAreOfferedAndNoneIsLost() {
        m_harness->leftovers = {{"a.safetensors", "VAE", "today 14:02", 1200},
                                {"b.safetensors", "PPCA", "yesterday 9:10", 80}};
        action(*m_window, "file.recover")->trigger();
        auto* dialog = m_window->findChild<ui::RecoveryDialog*>();
        QVERIFY(dialog && dialog->isVisible());
        QCOMPARE(dialog->findChild<QListWidget*>()->count(), 2);
        QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("recoveryDelete")),
                          Qt::LeftButton);
        QCOMPARE(m_harness->discarded, std::vector<std::string>{"a.safetensors"});
        dialog->reject();
        QCOMPARE(m_harness->discarded.size(), std::size_t{1});
    }

    void narrowWindowsFoldTheirDocks() {
        m_window->resize(1024, 640);
        auto* left = part<QDockWidget>(*m_window, "dock.experiment");
        auto* bottom = part<QDockWidget>(*m_window, "dock.timeline");
        QTRY_VERIFY(!left->isVisible());
        QTRY_VERIFY(bottom->height() < 40);
        m_window->resize(1440, 900);
        QTRY_VERIFY(left->isVisible());
        QTRY_VERIFY(bottom->height() > 120);
    }

    void numbersArePrintedAsAgreed() {
        using namespace ui;
        QCOMPARE(formatInteger(12340), QStringLiteral("12") + kThinSpace + QStringLiteral("340"));
        QCOMPARE(formatInteger(-999), kMinus + QStringLiteral("999"));
        QCOMPARE(formatFixed(-0.551), kMinus + QStringLiteral("0.55"));
        QCOMPARE(formatFixed(-0.001), QStringLiteral("0.00"));
        QCOMPARE(formatShort(3e-4), QStringLiteral("0.0003"));
        QCOMPARE(formatShort(3e-5), QStringLiteral("3e-5").replace(QLatin1Char('-'), kMinus));
        QCOMPARE(formatDuration(130), QStringLiteral("2 min 10 s"));
        QCOMPARE(formatBytes(412e6), QStringLiteral("412 MB"));
        QCOMPARE(plainNumber(formatInteger(-12340)), QStringLiteral("-12340"));
    }
};

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
