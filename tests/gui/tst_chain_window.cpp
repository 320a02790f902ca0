// SPDX-License-Identifier: GPL-3.0-or-later
// The sampler layout under the hand: card, keys, verdict and its buttons, formulas with their
// faults, painted targets, files of others.
#include "tests/gui/chain_window.h"
#include "tests/gui/stage_bench.h"
#include "ui/panels/experiment_panel.h"
#include "ui/panels/fields.h"
#include "ui/panels/param_form.h"
#include "ui/panels/verdict_panel.h"
#include "ui/shell/chain_probe.h"
#include "ui/views/chain_channels.h"
#include "ui/views/chart_view.h"

#include <QAction>
#include <QElapsedTimer>
#include <QFile>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTest>
#include <QTextStream>
#include <QTimer>
#include <QToolButton>

using namespace lx;
using namespace lx::ui;

namespace {

void press(MainWindow& window, const QString& keys) {
    window.setFocus();
    QTest::keySequence(&window, QKeySequence(keys, QKeySequence::PortableText));
}

QString cmdStan(int draws, bool half = false) {
    QString out =
        "# stan_version_major = 2\n# method = sample (Default)\n"
        "lp__,accept_stat__,divergent__,theta,mu\n# Adaptation terminated\n";
    for (int n = 0; n < draws; ++n) {
        out += QStringLiteral("-%1,0.9,0,%2,%3\n")
                   .arg(1 + (n * 37 % 11) / 10.0)
                   .arg((n * 7919 % 101) / 50.0 - 1)
                   .arg((n * 104729 % 97) / 48.0 - 1);
    }
    return half ? out + "-1,0.9,0,0." : out;
}

}  // namespace

class TestChainWindow : public QObject {
    Q_OBJECT
private:
    std::unique_ptr<test::ChainWindow> m_chains;
    MainWindow* m_window = nullptr;

    void open(const ParamSet& params, bool cards = false) {
        m_window = nullptr;
        m_chains.reset();
        m_chains = std::make_unique<test::ChainWindow>(params);
        m_window = &m_chains->open({cards, false, ThemeKind::Light});
        QVERIFY(QTest::qWaitForWindowExposed(m_window));
    }
    void run(const ParamSet& params, Index steps) {
        open(params);
        m_window->openRecipe("chains-test", {}, 5, true);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->bridge().activeFrame() && m_chains->step() >= steps &&
                                     !m_chains->frame().snapshot->running[1],
                                 60000);
    }
    template <class T>
    T* part(const char* name) {
        return m_window->findChild<T*>(QLatin1String(name));
    }
    QString write(const char* name, const QString& text) {
        const QString path = m_chains->folder.filePath(QLatin1String(name));
        QFile file(path);
        [[maybe_unused]] const bool opened = file.open(QIODevice::WriteOnly);
        file.write(text.toUtf8());
        return path;
    }

private Q_SLOTS:
    void cleanup() { m_chains.reset(); }

    void theCardStartsChains() {
        open({}, true);
        QPushButton* card = nullptr;
        for (QPushButton* button : m_window->findChildren<QPushButton*>(QStringLiteral("card"))) {
            card = button->accessibleName() == QLatin1String("Watch samplers mix") ? button : card;
        }
        QVERIFY(card && card->isEnabled());
        QTest::mouseClick(card, Qt::LeftButton);
        QTRY_VERIFY(m_window->bridge().activeFrame());
        QTRY_VERIFY_WITH_TIMEOUT(m_chains->step() > 100, 30000);
        QVERIFY(part<QToolButton>("clock")->text().contains(QStringLiteral("Sample")));
        QVERIFY(part<QToolButton>("layout")->text().contains(QStringLiteral("Sample")));
        QTRY_VERIFY(m_window->view(QStringLiteral("energy-map"))->isVisible());
        QVERIFY(!m_window->view(QStringLiteral("latent-map")));  // no latent space: no such view
        QStringList groups;
        auto* tree = m_window->findChild<ExperimentPanel*>();
        for (int i = 0; i < tree->topLevelItemCount(); ++i) {
            groups << tree->topLevelItem(i)->text(0);
        }
        QCOMPARE(groups.mid(0, 3), (QStringList{"Targets", "Samplers", "Files"}));
        QCOMPARE(tree->topLevelItem(1)->child(0)->text(0), QStringLiteral("MALA, 4 chains"));
    }

    void keysChooseChainsAndMarks() {
        run({}, 1500);
        QTRY_VERIFY(channel(m_chains->frame(), "chains_trail"));
        ChainFocus& focus = m_window->bridge().chains();
        press(*m_window, QStringLiteral("]"));
        QCOMPARE(focus.chain(), 0);
        press(*m_window, QStringLiteral("["));
        QCOMPARE(focus.chain(), 3);  // round the end
        press(*m_window, QStringLiteral("D"));
        QVERIFY(!focus.divergences());
        press(*m_window, QStringLiteral("W"));
        QVERIFY(!focus.warmup());
        press(*m_window, QStringLiteral("Esc"));
        QCOMPARE(focus.chain(), -1);
        press(*m_window, QStringLiteral("Ctrl+1"));
        press(*m_window, QStringLiteral("Ctrl+2"));
        QVERIFY(part<QToolButton>("layout")->text().contains(QStringLiteral("Sample")));
    }

    void theVerdictSaysWhatIsWrongAndItsButtonsAct() {
        run({}, 1500);
        auto* verdict = m_window->findChild<VerdictPanel*>();
        QVERIFY(verdict->isVisible());
        // Eight modes far apart: four chains cannot have visited all of them.
        QTRY_VERIFY_WITH_TIMEOUT(verdict->text().contains(QStringLiteral("Not converged.")), 20000);
        QVERIFY(verdict->text().contains(themeOf(ThemeKind::Light).error.name()));
        QCOMPARE(verdict->text().count(QStringLiteral("Not converged")), 1);
        QVERIFY(!verdict->buttons().empty());
        auto* truth = m_window->findChild<TruthPanel*>();
        QTRY_VERIFY_WITH_TIMEOUT(truth->lines().join('\n').contains(QStringLiteral("true 1/8")),
                                 20000);
        QPushButton* larger = nullptr;
        for (QPushButton* button : verdict->buttons()) {
            larger = button->property("action") == "larger-step" ? button : larger;
        }
        if (larger) {
            QTest::mouseClick(larger, Qt::LeftButton);
            ParamRow* row = m_window->findChild<ParamForm*>()->row("sampler.step_size");
            QTRY_COMPARE(std::get<double>(row->value()), 0.1);
        }
    }

    void anUnknownActionOrEmptyVerdictDoesNothing() {
        run({{"sampler.draws", Index{1}}, {"sampler.warmup", Index{1}}}, 2);
        auto* verdict = m_window->findChild<VerdictPanel*>();
        QTRY_VERIFY(!verdict->text().isEmpty());
        QVERIFY(!verdict->text().contains(QStringLiteral("Converged.")));
    }

    void formulasAreJudgedWhileTheyAreTyped() {
        run({{"energy", std::string("formula")}}, 1500);
        auto* form = m_window->findChild<ParamForm*>();
        ParamRow* row = form->row("energy.expression");
        QVERIFY(row);
        auto* edit = qobject_cast<QLineEdit*>(row->field());
        QVERIFY(edit);
        form->reveal("energy.expression");
        edit->selectAll();
        QTest::keyClicks(edit, "x^2 + (y - ");
        QVERIFY2(row->error().startsWith(QStringLiteral("column 12")), qPrintable(row->error()));
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(form->pending().empty());  // a text with a fault is not taken
        edit->selectAll();
        QTest::keyClicks(edit, "x^2 + foo(y)");
        QVERIFY2(row->error().startsWith(QStringLiteral("column 7")), qPrintable(row->error()));
        edit->selectAll();
        QTest::keyClicks(edit, "x^2 + 3*y^2");
        QVERIFY2(row->error().isEmpty(), qPrintable(row->error()));
        QTest::keyClick(edit, Qt::Key_Return);
        QCOMPARE(form->pending().size(), std::size_t{1});
        form->apply();
        QTRY_VERIFY(m_window->bridge().frames().size() == 2);
    }

    void strokesChangeAPaintedTargetAndCanBeUndone() {
        run({{"energy", std::string("painted")}}, 1500);
        View* view = m_window->view(QStringLiteral("energy-map"));
        auto* scene = view->findChild<SceneWidget*>();
        press(*m_window, QStringLiteral("B"));
        QCOMPARE(m_window->bridge().explore().tool(), Tool::Brush);
        QTRY_VERIFY(channel(m_chains->frame(), "energy"));
        const auto level = [&] {
            const Array* grid = floats(m_chains->frame(), "energy", 2);
            // The lower left eighth of the canvas, where nothing was painted.
            return grid->values<float>()[static_cast<std::size_t>(grid->dim(0) / 8 * grid->dim(1) +
                                                                  grid->dim(1) / 8)];
        };
        const float before = level();
        const auto extent = floats(m_chains->frame(), "energy.extent", 1)->values<float>();
        const auto placeOf = [&](double share) {
            return scene->toPixel(extent[0] + share * (extent[2] - extent[0]),
                                  extent[1] + share * (extent[3] - extent[1]));
        };
        test::mouse(scene, QEvent::MouseMove, placeOf(0.1), Qt::NoButton);
        test::drag(scene, {placeOf(0.1), placeOf(0.15)});
        QTRY_VERIFY_WITH_TIMEOUT(level() < before - 1, 10000);
        press(*m_window, QStringLiteral("Ctrl+Z"));
        QTRY_VERIFY_WITH_TIMEOUT(std::abs(level() - before) < 0.2F, 10000);
        press(*m_window, QStringLiteral("Ctrl+Shift+Z"));
        QTRY_VERIFY_WITH_TIMEOUT(level() < before - 1, 10000);
    }

    void theBrushIsGreyWhereNothingCanBePainted() {
        run({}, 1500);
        auto* brush = part<QAction>("tool.brush");
        QVERIFY(brush && !brush->isEnabled());
        QVERIFY(brush->toolTip().contains(QStringLiteral("painted")));
    }

    void aRestartForgetsWhatWasShown() {
        run({}, 1500);
        QTRY_VERIFY(channel(m_chains->frame(), "trace"));
        QTRY_VERIFY(channel(m_chains->frame(), "energy"));
        press(*m_window, QStringLiteral("R"));
        QTRY_COMPARE(m_chains->step(), Index{0});
        QTRY_VERIFY(!channel(m_chains->frame(), "trace"));
        QTRY_VERIFY(channel(m_chains->frame(), "energy"));
        QVERIFY(channel(m_chains->frame(), "chains_now"));
    }

    void anotherTargetIsLookedAtAsAWhole() {
        run({}, 1500);
        auto* scene = m_window->view(QStringLiteral("energy-map"))->findChild<SceneWidget*>();
        QTRY_VERIFY(channel(m_chains->frame(), "energy"));
        const QPointF middle = scene->rect().center();
        test::drag(scene, {middle, middle + QPointF(80, 30)});
        QVERIFY(!scene->followsHome());
        m_window->openRecipe("chains-test", {}, 6, true);  // the same target: the place stays
        QTRY_VERIFY(m_window->bridge().frames().size() == 2);
        QTRY_VERIFY(channel(m_chains->frame(), "energy"));
        QTest::qWait(100);
        QVERIFY(!scene->followsHome());
        m_window->openRecipe("chains-test", {{"energy", std::string("two-modes")}}, 6, true);
        QTRY_VERIFY(m_window->bridge().frames().size() == 3);
        QTRY_VERIFY_WITH_TIMEOUT(scene->followsHome(), 10000);
    }

    void textsOfTheFormAreNotCut() {
        ParamDecl decl;
        decl.id = "sampler.target_accept";
        decl.label = "Wanted acceptance";
        decl.initial = 0.8;
        const auto labelOf = [](const ParamRow& row) { return row.findChild<QLabel*>(); };
        const auto show = [](ParamRow& row) {
            row.resize(284, row.sizeHint().height());
            row.show();
            return QTest::qWaitForWindowExposed(&row);
        };
        ParamRow name(decl, decl.initial);
        QVERIFY(show(name));
        const QLabel* label = nullptr;
        for (const QLabel* each : name.findChildren<QLabel*>()) {
            label = each->text().startsWith(QLatin1String("Wanted")) ? each : label;
        }
        QVERIFY(label);
        QVERIFY(label->sizeHint().width() <= label->width());
        QVERIFY(label->text().contains(QLatin1Char('\n')));
        decl.label = "Energy";
        decl.choices = {"one", "two", "three"};
        decl.help =
            "one: 8 Gaussians on a ring, two: Metropolis-adjusted Langevin of our days "
            "(MALA), three: all at sampler.point";
        decl.initial = std::string("one");
        ParamRow choice(decl, decl.initial);
        QVERIFY(show(choice));
        const auto* box = static_cast<const ChoiceBox*>(choice.field());
        QVERIFY2(box->wantedWidth() <= box->width(),
                 qPrintable(QString("%1 %2").arg(box->wantedWidth()).arg(box->width())));
        QCOMPARE(box->itemText(2), QStringLiteral("all at sampler.point"));
        choice.setValue(std::string("two"));
        QVERIFY(box->wantedWidth() > box->width());
        QCOMPARE(box->shortText(), QStringLiteral("MALA"));
        QVERIFY(labelOf(choice)->width() > 100);  // no room is taken for nothing
    }

    void filesOfChainsAreKnownByTheirContent() {
        open({});
        QVERIFY(looksLikeChains(write("stan.csv", cmdStan(5))));
        QVERIFY(looksLikeChains(write("half.csv", cmdStan(5, true))));
        QVERIFY(looksLikeChains(write("table.csv", ".chain,.draw,mu\n1,1,0.2\n1,2,0.3\n")));
        QVERIFY(!looksLikeChains(write("data.csv", "height,weight\n1,2\n3,4\n")));
        QVERIFY(!looksLikeChains(write("words.csv", "chain of words\nred\n")));
        QVERIFY(!looksLikeChains(write("empty.csv", "")));
        QVERIFY(!looksLikeChains(m_chains->folder.path()));
        QVERIFY(!looksLikeChains("nowhere.csv"));
    }

    void droppedChainsAreDiagnosedAndFollowed() {
        open({});
        const QString path = write("chain.csv", cmdStan(60));
        m_window->openFiles({path, write("other.csv", cmdStan(60))});
        QTRY_VERIFY(m_window->bridge().activeFrame());
        QTRY_VERIFY_WITH_TIMEOUT(floats(m_chains->frame(), "trace", 4), 20000);
        QVERIFY(!m_chains->frame().snapshot->failure);
        const Array* trace = floats(m_chains->frame(), "trace", 4);
        QCOMPARE(trace->dim(1), Index{2});
        QStringList names = namesOf(m_chains->frame(), "trace", trace->dim(0));
        QVERIFY2(names.contains("theta") && names.contains("mu"), qPrintable(names.join(' ')));
        QVERIFY(!m_window->findChild<QAction*>(QStringLiteral("tool.brush"))->isEnabled());
        auto* tree = m_window->findChild<ExperimentPanel*>();
        QCOMPARE(tree->topLevelItem(2)->text(0), QStringLiteral("Files"));
        QCOMPARE(tree->topLevelItem(2)->child(0)->text(0), QStringLiteral("chain.csv and 1 more"));
        const auto last = [&] {
            const Array* steps = floats(m_chains->frame(), "trace.step", 1);
            return steps ? steps->values<float>().back() : 0;
        };
        const float before = last();
        for (const char* name : {"chain.csv", "other.csv"}) {
            QFile file(m_chains->folder.filePath(QLatin1String(name)));
            QVERIFY(file.open(QIODevice::Append));
            const QString rows = cmdStan(160);
            file.write(rows.mid(rows.indexOf(QStringLiteral("terminated\n")) + 11).toUtf8());
        }
        QElapsedTimer clock;
        clock.start();
        QTRY_VERIFY_WITH_TIMEOUT(last() > before + 100, 20000);
        qInfo("new draws were on the trace after %lld ms", static_cast<long long>(clock.elapsed()));
    }

    void aFileOffersNothingThatOnlyItsProgramCanDo() {
        open({});
        const auto offered = [this] {
            QStringList out;
            for (const char* id :
                 {"transport.play", "transport.step", "transport.back", "transport.restart",
                  "transport.run-to", "transport.new-seed", "chain.kick", "chain.restart-all"}) {
                const auto* action = part<QAction>(id);
                if (!action || action->isEnabled()) {
                    out << QLatin1String(id);
                }
            }
            return out;
        };
        m_window->openFiles({write("chain.csv", cmdStan(60))});
        QTRY_VERIFY_WITH_TIMEOUT(
            m_window->bridge().activeFrame() && floats(m_chains->frame(), "trace", 4), 20000);
        QVERIFY(!m_chains->frame().snapshot->running[1]);
        QTRY_COMPARE(offered().join(' '), QString());
        QVERIFY(part<QAction>("transport.play")->toolTip().contains(QStringLiteral("from a file")));
        // What someone asked about comes first, what the sampler reports last, and once.
        QCOMPARE(namesOf(m_chains->frame(), "trace", 3).join(' '), QStringLiteral("theta mu lp__"));
        auto* verdict = m_window->findChild<VerdictPanel*>();
        QTRY_VERIFY_WITH_TIMEOUT(!verdict->buttons().empty(), 20000);
        for (const QPushButton* button : verdict->buttons()) {
            QVERIFY2(!button->isEnabled(), qPrintable(button->text()));
            QVERIFY(button->toolTip().contains(QStringLiteral("from a file")));
        }
        // The broken twin: chains of our own are offered all of it.
        m_window->openRecipe("chains-test", {}, 5, false);
        QTRY_COMPARE(offered().size(), 8);
    }

    void aReplacedPartTakesItsParametersAlong() {
        open({{"sampler.target_accept", 0.6}});
        // The acceptance that the recipe aims at means nothing to ULA.
        m_window->openRecipe("chains-test", {{"sampler.kernel", std::string("ula")}}, 5, true);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->bridge().activeFrame() && m_chains->step() > 10, 20000);
        QTRY_COMPARE(factOf(m_chains->frame(), QStringLiteral("kernel")), QStringLiteral("ula"));
        // The broken twin: a mistake in what was asked for is told, and opens nothing.
        const auto before = m_window->bridge().active();
        m_window->openRecipe("chains-test", {{"sampler.leapfrog", Index{3}}}, 5, true);
        QCOMPARE(m_window->bridge().active(), before);
    }

    void whoStepsInsteadIsSaid() {
        open({{"sampler.executor", std::string("vulkan")}});  // this test lends no Vulkan
        m_window->openRecipe("chains-test", {}, 5, true);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->bridge().activeFrame() && m_chains->step() > 10, 20000);
        auto* note = part<QLabel>("samplerNote");
        QTRY_VERIFY_WITH_TIMEOUT(note->isVisible(), 20000);
        QVERIFY(factOf(m_chains->frame(), QStringLiteral("executor"))
                    .startsWith(QStringLiteral("fused, ")));
        QVERIFY2(note->text().contains(QStringLiteral("built without Vulkan")) &&
                     note->text().contains(QStringLiteral("fused executor")),
                 qPrintable(note->text()));
    }

    void aPathIsChosen() {
        open({});
        const QString first = write("chain.csv", cmdStan(60));
        const QString other = write("other.csv", cmdStan(70));
        m_window->openFiles({first});
        QTRY_VERIFY(m_window->bridge().activeFrame());
        auto* choose = part<QToolButton>("choose.file.paths");
        QVERIFY(choose);
        QVERIFY(!part<QToolButton>("choose.file.follow"));
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        QTimer answer;
        answer.callOnTimeout([&] {
            if (auto* dialog = m_window->findChild<QFileDialog*>()) {
                answer.stop();
                QCOMPARE(dialog->directory().absolutePath(), QFileInfo(first).absolutePath());
                dialog->findChild<QLineEdit*>()->setText(other);
                static_cast<QDialog*>(dialog)->accept();
            }
        });
        answer.start(20);
        choose->click();
        auto* form = m_window->findChild<ParamForm*>();
        QCOMPARE(form->pending().size(), std::size_t{1});
        QCOMPARE(form->pending().at("file.paths"), ParamValue(other.toStdString()));
        form->apply();
        QTRY_VERIFY_WITH_TIMEOUT(
            m_window->bridge().activeFrame() &&
                factOf(m_chains->frame(), QStringLiteral("draws")) == QLatin1String("70"),
            20000);
    }

    void aFileIsFollowedFromTheMenu() {
        open({});
        // A table without any sign of being chains: only the person knows.
        const auto rows = [](int from, int to) {
            QString out;
            for (int n = from; n < to; ++n) {
                out += QStringLiteral("%1,%2\n").arg((n * 37 % 11) / 10.0).arg((n * 53 % 17) / 9.0);
            }
            return out;
        };
        const QString path = write("growing.csv", "height,weight\n" + rows(0, 50));
        QVERIFY(!looksLikeChains(path));
        auto* action = part<QAction>("chain.follow");
        QVERIFY(action);
        bool inFile = false;
        for (const QMenu* menu : m_window->findChildren<QMenu*>()) {
            inFile = inFile ||
                     (menu->title() == QLatin1String("File") && menu->actions().contains(action));
        }
        QVERIFY(inFile);
        QTimer answer;
        answer.callOnTimeout([&] {
            if (auto* dialog = m_window->findChild<QFileDialog*>()) {
                answer.stop();
                dialog->selectFile(path);
                dialog->findChild<QLineEdit*>()->setText(path);
                static_cast<QDialog*>(dialog)->accept();
            }
        });
        answer.start(20);
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        action->trigger();
        QTRY_VERIFY(m_window->bridge().activeFrame());
        QTRY_VERIFY_WITH_TIMEOUT(floats(m_chains->frame(), "trace.step", 1), 20000);
        const auto last = [&] {
            return floats(m_chains->frame(), "trace.step", 1)->values<float>().back();
        };
        const float before = last();
        QFile file(path);
        QVERIFY(file.open(QIODevice::Append));
        file.write(rows(50, 250).toUtf8());
        file.close();
        QTRY_VERIFY_WITH_TIMEOUT(last() > before + 150, 20000);
    }

    void tenThousandVariablesDoNotHang() {
        open({});
        QString header, row;
        QTextStream names(&header), values(&row);
        names << ".chain,.draw";
        for (int i = 0; i < 10000; ++i) {
            names << ",x" << i;
        }
        names.flush();
        QString text = header + '\n';
        for (int n = 0; n < 40; ++n) {
            row.clear();
            values << (n % 2 + 1) << ',' << (n / 2 + 1);
            for (int i = 0; i < 10000; ++i) {
                values << ',' << ((n * 7919 + i * 31) % 101) / 50.0;
            }
            values.flush();
            text += row + '\n';
        }
        const QString path = write("wide.csv", text);
        QElapsedTimer clock;
        clock.start();
        m_window->openFiles({path});
        qint64 longest = 0;
        QElapsedTimer turn;
        while (clock.elapsed() < 60000 &&
               !(m_window->bridge().activeFrame() && channel(m_chains->frame(), "trace"))) {
            turn.restart();
            QTest::qWait(1);
            longest = std::max(longest, turn.elapsed());
        }
        qInfo("10 000 variables: %lld ms to the first trace, longest turn of the window %lld ms",
              static_cast<long long>(clock.elapsed()), static_cast<long long>(longest));
        QVERIFY(channel(m_chains->frame(), "trace"));
    }
};

QTEST_MAIN(TestChainWindow)
#include "tst_chain_window.moc"
