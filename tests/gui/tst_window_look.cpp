// SPDX-License-Identifier: GPL-3.0-or-later
// What the window says and where: words instead of ids, nothing cut, large type for a room.
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"
#include "ui/panels/fields.h"
#include "ui/panels/panel_title.h"
#include "ui/panels/param_form.h"
#include "ui/shell/overlay.h"
#include "ui/shell/theme.h"
#include "ui/views/probe_panel.h"
#include "ui/views/tile_grid.h"

#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QSlider>
#include <QTabBar>
#include <QTest>
#include <QToolButton>
#include <QTreeWidget>
#include <QWheelEvent>

using namespace lx;

namespace {

ParamDecl partChoice() {
    ParamDecl decl;
    decl.id = "encoder";
    decl.label = "Encoder";
    decl.initial = std::string("enc.gauss");
    decl.choices = {"enc.gauss", "enc.det"};
    decl.help = "What the encoder says. enc.gauss: Gaussian code, enc.det: Fixed code.";
    return decl;
}

/// Whether anything but the panel's colour was painted in `area`.
bool painted(const QImage& image, const QRectF& area) {
    const QColor empty = ui::currentTheme().panel;
    for (int y = int(area.top()); y < int(area.bottom()); ++y) {
        for (int x = int(area.left()); x < int(area.right()); ++x) {
            if (image.rect().contains(x, y) && image.pixelColor(x, y) != empty) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

class TestWindowLook : public QObject {
    Q_OBJECT
private:
    std::unique_ptr<test::WindowHarness> m_harness;
    ui::MainWindow* m_window = nullptr;

private Q_SLOTS:
    void init() {
        m_harness = std::make_unique<test::WindowHarness>();
        m_window = &m_harness->open();
        QVERIFY(QTest::qWaitForWindowExposed(m_window));
        QTRY_VERIFY(m_window->bridge().activeFrame() &&
                    m_window->bridge().activeFrame()->description);
    }
    void cleanup() { m_harness.reset(); }

    void partsAreNamedInWords() {
        const ParamDecl decl = partChoice();
        ui::ParamRow row(decl, decl.initial);
        auto* combo = qobject_cast<QComboBox*>(row.field());
        QVERIFY(combo);
        QCOMPARE(combo->currentText(), QStringLiteral("Gaussian code"));
        QCOMPARE(combo->itemText(1), QStringLiteral("Fixed code"));
        row.setValue(std::string("enc.det"));
        QCOMPARE(combo->currentText(), QStringLiteral("Fixed code"));
        combo->setCurrentIndex(0);
        Q_EMIT combo->activated(0);
        QCOMPARE(row.value(), ParamValue(std::string("enc.gauss")));
        // Without words the id itself; an id that only ends alike is another one.
        QCOMPARE(ui::choiceTitle(decl, "none"), QStringLiteral("none"));
        QCOMPARE(ui::choiceTitle(decl, "det"), QStringLiteral("det"));
    }

    void undoReachesTheParameterFromItsField() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        ui::ParamRow* row = form->row(QStringLiteral("step_size"));
        auto* edit = qobject_cast<QLineEdit*>(row->field());
        const ParamValue before = row->value();
        edit->setFocus();
        QTRY_VERIFY(edit->hasFocus());
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("0.5"));
        // While typing the field's own undo has the keys.
        QTest::keySequence(edit, QKeySequence::Undo);
        QCOMPARE(row->value(), before);
        QVERIFY(edit->hasFocus());
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("0.5"));
        QTest::keyClick(edit, Qt::Key_Return);
        QCOMPARE(row->value(), ParamValue(0.5));
        QTest::keySequence(edit, QKeySequence::Undo);
        QTRY_COMPARE(row->value(), before);
        QTest::keySequence(edit, QKeySequence(QStringLiteral("Ctrl+Shift+Z")));
        QTRY_COMPARE(row->value(), ParamValue(0.5));
    }

    /// The run follows a held slider; undo and the time line know one change from first to last.
    void aSliderMovesTheRunAndUndoesAtOnce() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        ui::ParamRow* row = form->row(QStringLiteral("step_size"));
        auto* slider = row->findChild<QSlider*>();
        QVERIFY(slider && slider->isVisible());
        QVERIFY(!form->row(QStringLiteral("latent.dim"))->findChild<QSlider*>());
        const auto running = [&] { return test::capturedParams(*m_window).at("step_size"); };
        const int begun = slider->value();  // 0.1 is two thirds of the way from 0.001 to 1
        QCOMPARE(begun, qRound(slider->maximum() * 2.0 / 3.0));
        slider->setSliderDown(true);
        for (const int place : {150, 170, 190, 200}) {
            slider->setSliderPosition(place);
            QCOMPARE(row->value(), running());
        }
        QCOMPARE(running(), ParamValue(1.0));
        QVERIFY(m_window->bridge().events().empty());
        slider->setSliderPosition(0);
        QCOMPARE(running(), ParamValue(0.001));
        slider->setSliderDown(false);
        QCOMPARE(m_window->bridge().events().size(), std::size_t{1});
        QCOMPARE(m_window->bridge().events().back().text, QStringLiteral("Step size 0.1 to 0.001"));
        row->field()->setFocus();
        QTest::keySequence(row->field(), QKeySequence::Undo);
        QTRY_COMPARE(running(), ParamValue(0.1));
        QCOMPARE(slider->value(), begun);
        // Keys move it too, each press a change of its own; the wheel only with the focus.
        QWheelEvent wheel(QPointF(5, 5), slider->mapToGlobal(QPointF(5, 5)), {}, {0, 120},
                          Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(slider, &wheel);
        QCOMPARE(running(), ParamValue(0.1));
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Home);
        QCOMPARE(running(), ParamValue(0.001));
        // A value beyond its span shows at the end and stays.
        row->setValue(5.0);
        QCOMPARE(slider->value(), slider->maximum());
        QCOMPARE(row->value(), ParamValue(5.0));
    }

    /// A roll-back, say: one sentence in the window, one mark on the time line, and the run goes
    /// on.
    void whatARunTellsIsShown() {
        m_window->openRecipe("fault-fake",
                             {{"fault.where", std::string("advance")},
                              {"fault.kind", std::string("note")},
                              {"fault.call", Index{4}}},
                             1, true);
        auto* banner = m_window->findChild<ui::FailureBanner*>();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 20000);
        QVERIFY2(banner->text().contains("planted note: the run goes on"),
                 qPrintable(banner->text()));
        const auto now = [&] { return *m_window->bridge().activeFrame()->snapshot; };
        QVERIFY(now().state != RunState::Failed);
        QCOMPARE(m_window->bridge().events().size(), std::size_t{1});
        QCOMPARE(m_window->bridge().events().front().text, QStringLiteral("planted note"));
        QTRY_COMPARE_WITH_TIMEOUT(now().step[0], Index{3000}, 20000);  // to its end
        QCOMPARE(m_window->bridge().events().size(), std::size_t{1});
    }

    void titlesDropClausesBeforeWords() {
        ui::ElidedLabel label;
        label.setFont(ui::currentTheme().font(12, true));
        label.setDropsClauses(true);
        label.setFullText(QStringLiteral("Latent map: codes by label, prior circles"));
        const auto widthOf = [&](const char* text) {
            return label.fontMetrics().horizontalAdvance(QLatin1String(text)) + 1;
        };
        label.resize(widthOf("Latent map: codes by label, prior circles"), 20);
        QCOMPARE(label.shown(), QStringLiteral("Latent map: codes by label, prior circles"));
        label.resize(widthOf("Latent map: codes by label"), 20);
        QCOMPARE(label.shown(), QStringLiteral("Latent map: codes by label"));
        label.resize(widthOf("Latent map"), 20);
        QCOMPARE(label.shown(), QStringLiteral("Latent map"));
        label.resize(widthOf("Lat"), 20);
        QVERIFY(label.shown().endsWith(QChar(0x2026)));
        label.setDropsClauses(false);
        label.resize(widthOf("Latent map: codes by label"), 20);
        QVERIFY(label.shown().endsWith(QChar(0x2026)));
    }

    void everyGroupOfTheTreeSaysSomething() {
        auto* tree = m_window->findChild<QTreeWidget*>(QStringLiteral("experimentTree"));
        QStringList groups;
        for (int i = 0; i < tree->topLevelItemCount(); ++i) {
            const QTreeWidgetItem* group = tree->topLevelItem(i);
            groups << group->text(0);
            QVERIFY2(group->childCount() > 0, qPrintable(group->text(0)));
            for (int row = 0; row < group->childCount(); ++row) {
                QVERIFY(!group->child(row)->toolTip(0).isEmpty());
            }
        }
        for (const char* name : {"Models", "Samplers", "Paths", "Bookmarks", "Runs"}) {
            QVERIFY2(groups.contains(QLatin1String(name)), name);
        }
        m_window->bridge().explore().addBookmark({QStringLiteral("sleeve"), {0.1F, 0.2F}});
        const auto found =
            tree->findItems(QStringLiteral("sleeve"), Qt::MatchExactly | Qt::MatchRecursive);
        QCOMPARE(found.size(), 1);
        QCOMPARE(found.front()->parent()->childCount(), 1);
    }

    void theTabsNeedNoArrows() {
        auto* tabs = m_window->findChild<QTabBar*>(QStringLiteral("timelineTabs"));
        QTRY_VERIFY(tabs->count() > 3);
        for (int i = 0; i < tabs->count(); ++i) {
            tabs->setCurrentIndex(i);
            QTest::qWait(20);
            for (const QToolButton* arrow : tabs->findChildren<QToolButton*>()) {
                QVERIFY2(!arrow->isVisible(), qPrintable(tabs->tabText(i)));
            }
        }
    }

    void presentTakesLargeTypeAndGivesItBack() {
        QCOMPARE(ui::currentTheme().kind, ui::ThemeKind::Light);
        const int before = m_window->findChild<QFrame*>(QStringLiteral("transport"))->height();
        m_window->setLayoutNamed(QStringLiteral("present"));
        QCOMPARE(ui::currentTheme().kind, ui::ThemeKind::Projector);
        QVERIFY(m_window->findChild<QFrame*>(QStringLiteral("transport"))->height() > before);
        const auto* play = m_window->findChild<QToolButton*>(QStringLiteral("play"));
        QVERIFY(play->width() >= ui::currentTheme().px(104));
        for (const char* dock : {"dock.experiment", "dock.inspector", "dock.timeline"}) {
            QVERIFY(!m_window->findChild<QDockWidget*>(QLatin1String(dock))->isVisible());
        }
        m_window->setLayoutNamed(QStringLiteral("explore"));
        QCOMPARE(ui::currentTheme().kind, ui::ThemeKind::Light);
        for (const char* dock : {"dock.experiment", "dock.inspector", "dock.timeline"}) {
            QTRY_VERIFY(m_window->findChild<QDockWidget*>(QLatin1String(dock))->isVisible());
        }
        // A theme chosen during the presentation is a choice: it stays.
        m_window->setLayoutNamed(QStringLiteral("present"));
        m_window->findChild<QAction*>(QStringLiteral("theme.dark"))->trigger();
        m_window->setLayoutNamed(QStringLiteral("explore"));
        QCOMPARE(ui::currentTheme().kind, ui::ThemeKind::Dark);
    }

    void rowsOfPairsAreNamed() {
        ui::TileGrid grid;
        grid.setTheme(ui::currentTheme());
        QImage gray(28, 28, QImage::Format_RGB32);
        gray.fill(Qt::gray);
        grid.setTiles({{gray, gray, QStringLiteral("12"), {}}, {gray, gray, {}, {}}});
        const QSizeF size(600, 200);
        const auto picture = [&] {
            QImage image(size.toSize(), QImage::Format_RGB32);
            QPainter painter(&image);
            grid.paintTo(painter, size);
            return image;
        };
        const auto beside = [&] {
            const QRectF first = grid.placement(size).upper(0, size);
            return QRectF(0, first.top(), first.left() - 2, first.height());
        };
        QVERIFY(!painted(picture(), beside()));
        grid.setRowNames({QStringLiteral("original"), QStringLiteral("decoded")});
        QVERIFY(painted(picture(), beside()));
        QVERIFY(grid.placement(size).upper(0, size).left() > grid.placement(size).gutter);
    }

    /// A view's wish for a parameter that is not live waits in the form as if it had been typed,
    /// and views hear of all that waits; a live one is set at once.
    void wishesOfViewsReachTheForm() {
        auto* form = m_window->findChild<ui::ParamForm*>();
        ui::SessionBridge& bridge = m_window->bridge();
        const std::uint32_t first = bridge.active();
        const ParamSet wanted{{"latent.dim", Index{5}}};
        bridge.wish("latent.dim", Index{5});
        QCOMPARE(form->pending(), wanted);
        QCOMPARE(bridge.pending(), wanted);
        QCOMPARE(form->row(QStringLiteral("latent.dim"))->value(), ParamValue(Index{5}));
        QCOMPARE(bridge.active(), first);  // no run was started, none was changed
        QCOMPARE(test::capturedParams(*m_window).at("latent.dim"), ParamValue(Index{2}));
        bridge.wish("step_size", 0.5);
        QCOMPARE(form->pending(), wanted);
        QCOMPARE(test::capturedParams(*m_window).at("step_size"), ParamValue(0.5));
        bridge.wish("no.such", 1.0);
        form->discard();
        QVERIFY(form->pending().empty() && bridge.pending().empty());
        bridge.wish("latent.dim", Index{5});
        form->apply();
        QVERIFY(bridge.active() != first && bridge.pending().empty());
        QCOMPARE(test::capturedParams(*m_window).at("latent.dim"), ParamValue(Index{5}));
        QTest::keySequence(m_window, QKeySequence::Undo);
        QCOMPARE(bridge.active(), first);
        // What the run has already needs no new run.
        bridge.wish("latent.dim", Index{2});
        QVERIFY(form->pending().empty());
    }
};

QTEST_MAIN(TestWindowLook)
#include "tst_window_look.moc"
