// SPDX-License-Identifier: GPL-3.0-or-later
// What survives: the chart of a view in a window that is opened again, and motion when a part of a
// run is replaced.
#include "tests/gui/window_harness.h"
#include "ui/panels/fields.h"
#include "ui/panels/param_form.h"
#include "ui/shell/view_host.h"
#include "ui/views/chart_choice.h"

#include <QLineEdit>
#include <QPushButton>
#include <QTest>

using namespace lx;
using namespace lx::ui;

class TestWindowCharts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theChartComesBackWithTheLayout() {
        const auto latentMap = [](MainWindow& window) -> View* {
            auto* host = window.findChild<ViewHost*>(QStringLiteral("host.latent-map"));
            return host ? host->view() : nullptr;
        };
        test::WindowHarness harness;
        const StartOptions kept{false, true, ThemeKind::Light};
        MainWindow& first = harness.open(kept);
        QTRY_VERIFY(latentMap(first));
        QCOMPARE(chartFromJson(latentMap(first)->state()), ChartChoice{});
        ChartChoice chosen;
        chosen.kind = ChartChoice::Kind::Pca;
        chosen.fade = false;
        latentMap(first)->restore(toJson(chosen));
        first.close();
        harness.window.reset();
        MainWindow& second = harness.open(kept);
        QTRY_VERIFY(latentMap(second));
        QCOMPARE(chartFromJson(latentMap(second)->state()), chosen);
        // The twin: a window that keeps nothing starts with the two axes.
        harness.window.reset();
        MainWindow& fresh = harness.open({false, false, ThemeKind::Light});
        QTRY_VERIFY(latentMap(fresh));
        QCOMPARE(chartFromJson(latentMap(fresh)->state()), ChartChoice{});
    }

    /// Whoever changes a part while it trains wants to see the new one train; at rest it rests.
    void aColdChangeOfARunThatMovesGoesOn() {
        for (const bool moving : {true, false}) {
            test::WindowHarness harness;
            MainWindow& window = harness.open();
            SessionBridge& bridge = window.bridge();
            QTRY_VERIFY(bridge.activeFrame() && bridge.activeFrame()->description);
            const std::uint32_t first = bridge.active();
            if (moving) {
                bridge.post(cmd::Run{Clock::Train, 0});
                QTRY_VERIFY(bridge.activeFrame()->snapshot->running[0]);
            }
            auto* row = window.findChild<ParamForm*>()->row(QStringLiteral("latent.dim"));
            auto* edit = qobject_cast<QLineEdit*>(row->field());
            edit->setFocus();
            edit->setText(QStringLiteral("3"));
            QTest::keyClick(edit, Qt::Key_Return);
            window.findChild<QPushButton*>(QStringLiteral("applyParameters"))->click();
            QVERIFY(bridge.active() != first);
            QTRY_COMPARE(spaceDim(*bridge.activeFrame(), "latent"), Index{3});
            if (moving) {
                QTRY_VERIFY(bridge.activeFrame()->snapshot->step[0] > 3);
                QTRY_VERIFY(!bridge.frame(first)->snapshot->running[0]);
            } else {
                QVERIFY(!bridge.activeFrame()->snapshot->running[0]);
            }
        }
    }
};

QTEST_MAIN(TestWindowCharts)
#include "tst_window_charts.moc"
