// SPDX-License-Identifier: GPL-3.0-or-later
// All variables at once: their order, the chosen one, and the distances of chains.
#include "tests/gui/chain_bench.h"

using namespace lx;
using namespace lx::ui;
using test::ChainBench;
using test::floatsOf;

class TestOverviewView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// Two chains about 0 and one about 6, all with sd 1: 6 sds apart; R-hat and ESS in order.
    void theOverviewSortsAndMeasuresDistances() {
        ChainBench bench;
        std::vector<float> trace;
        for (const float centre : {0.0F, 0.0F, 6.0F}) {
            for (int bucket = 0; bucket < 4; ++bucket) {
                trace.insert(trace.end(), {centre - 1, centre + 1});
            }
        }
        std::vector<float> numbers(22, 1.0F);
        numbers[6] = 1.4F, numbers[11 + 6] = 1.0F;  // R-hat
        numbers[7] = 40, numbers[11 + 7] = 900;     // bulk
        numbers[8] = NAN, numbers[11 + 8] = 700;    // tail
        trace.insert(trace.end(), trace.begin(), trace.end());
        bench.set({{"trace", floatsOf({2, 3, 4, 2}, trace)},
                   {"trace.step", floatsOf({5}, {0, 10, 20, 30, 40})},
                   {"diagnostics", floatsOf({2, 11}, numbers)}});
        const auto view = bench.show(QStringLiteral("overview"), {900, 260});
        const Chart& chart = ChainBench::chartOf(*view);
        QCOMPARE(chart.panels.size(), std::size_t{3});
        QCOMPARE(chart.panels[0].lines[0].y, (std::vector<double>{1.0, double(1.4F)}));
        QCOMPARE(chart.panels[0].note, QStringLiteral("1 of 2 above"));
        QCOMPARE(chart.panels[1].lines[0].y, (std::vector<double>{40, 900}));
        QCOMPARE(chart.panels[1].lines[2].y, (std::vector<double>{700}));
        const ChartField& field = *chart.panels[2].field;
        QCOMPARE(field.rows(), std::size_t{3});
        QCOMPARE(field.values[1], 0.0);
        QVERIFY(std::abs(field.values[2] - 6) < 1e-6 && std::abs(field.values[6] - 6) < 1e-6);

        // The worst variable is the first; a click on the other's dot chooses it in all views.
        const QStringList names = chart.panels[0].lines[0].names;
        QCOMPARE(names.size(), qsizetype{2});
        QCOMPARE(chart.panels[0].lines[1].names, QStringList{names[1]});
        QVERIFY(bench.bridge.chains().variable().isEmpty());
        auto* plot = view->findChild<ChartPlot*>();
        QVERIFY(plot);
        QVERIFY(plot->readoutAt(plot->pixelOf(0, 1, 1)).startsWith(names[0]));
        const QPoint at = plot->pixelOf(0, 1, 1).toPoint();
        QTest::mouseClick(plot->childAt(at), Qt::LeftButton, {}, at);
        QCOMPARE(bench.bridge.chains().variable(), names[0]);
        QCOMPARE(ChainBench::chartOf(*view).panels[0].lines[1].names, QStringList{names[0]});
        QCOMPARE(ChainBench::chartOf(*view).panels[2].note, names[0]);
    }
};

QTEST_MAIN(TestOverviewView)
#include "tst_overview_view.moc"
