// SPDX-License-Identifier: GPL-3.0-or-later
// The chart of a view is state: a window opened again in the same layout shows it again.
#include "tests/gui/window_harness.h"
#include "ui/shell/view_host.h"
#include "ui/views/chart_choice.h"

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
};

QTEST_MAIN(TestWindowCharts)
#include "tst_window_charts.moc"
