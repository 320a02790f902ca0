// SPDX-License-Identifier: GPL-3.0-or-later
// The views of chains against numbers that are known: what is drawn, what is refused, what a hand
// on the map asks for.
#include "tests/gui/chain_bench.h"
#include "ui/views/chain_mechanism.h"
#include "ui/views/energy_layers.h"
#include "ui/views/estimates_view.h"

#include <QElapsedTimer>
#include <QSignalSpy>

using namespace lx;
using namespace lx::ui;
using test::ChainBench;
using test::floatsOf;
using test::text;

class TestChainViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void traceShowsTheExtremesOfEachBucket() {
        ChainBench bench;
        bench.set(bench.trace());
        const auto view = bench.show("trace-rank", {700, 320});
        const Chart& chart = ChainBench::chartOf(*view);
        QCOMPARE(chart.panels.size(), std::size_t{2});
        QCOMPARE(chart.panels[0].lines.size(), std::size_t{3});
        const ChartLine& second = chart.panels[0].lines[1];
        QCOMPARE(second.label, QStringLiteral("chain 6"));
        QCOMPARE(second.x, (std::vector<double>{1, 1, 3, 3, 5, 5, 7, 7}));
        for (double v = 1; v <= 5; ++v) {
            QVERIFY(std::ranges::count(second.y, v) > 0);  // no extreme is lost
        }
        QCOMPARE(chart.panels[0].note, QStringLiteral("a   split R-hat 1.88   ESS 43"));
        QCOMPARE(chart.panels[0].spans.size(), std::size_t{1});
        QCOMPARE(chart.panels[0].spans[0].to, 4.0);
        QCOMPARE(chart.panels[0].rug.size(), std::size_t{2});
        QCOMPARE(chart.legend.size(), std::size_t{3});
    }

    void traceFollowsTheVariableTheChainAndTheKeys() {
        ChainBench bench;
        bench.set(bench.trace());
        const auto view = bench.show("trace-rank", {700, 320});
        bench.bridge.chains().setVariable("energy");
        QCOMPARE(ChainBench::chartOf(*view).panels[0].lines[0].y.front(), 20.0);
        QVERIFY(ChainBench::chartOf(*view).panels[0].note.contains("1.00"));
        bench.bridge.chains().setVariable("b");
        QVERIFY2(ChainBench::chartOf(*view).panels[0].note.contains("too few draws"),
                 qPrintable(ChainBench::chartOf(*view).panels[0].note));
        bench.bridge.chains().setWarmup(false);
        QCOMPARE(ChainBench::chartOf(*view).panels[0].x->first, 4.0);
        QVERIFY(ChainBench::chartOf(*view).panels[0].spans.empty());
        bench.bridge.chains().setDivergences(false);
        QVERIFY(ChainBench::chartOf(*view).panels[0].rug.empty());
        bench.bridge.chains().setDivergences(true);
        bench.bridge.chains().setChain(2);
        const ChartPanel& panel = ChainBench::chartOf(*view).panels[0];
        QCOMPARE(panel.rug.size(), std::size_t{1});  // of that chain alone
        QCOMPARE(panel.rug[0].at, 7.0);
        QCOMPARE(panel.lines.back().group, 2);  // on top
        QVERIFY(panel.lines.front().color.alphaF() < panel.lines.back().color.alphaF());
    }

    void manyChainsAreRowsOfColours() {
        ChainBench bench;
        constexpr int kChains = 20;
        std::vector<float> values;
        for (int c = 0; c < kChains; ++c) {
            for (int p = 0; p < 4; ++p) {
                const auto low = static_cast<float>(c == 7 ? 100 : p);
                values.insert(values.end(), {low, low + 1});
            }
        }
        auto arrays = bench.trace();
        arrays["trace"] = floatsOf({1, kChains, 4, 2}, values);
        arrays["trace.names"] = text("a\n");
        bench.set(arrays);
        const auto view = bench.show("trace-rank", {700, 320});
        const auto panel = [&]() -> const ChartPanel& {
            return ChainBench::chartOf(*view).panels[0];
        };
        QVERIFY(panel().field && panel().lines.empty());
        QCOMPARE(panel().field->rows(), std::size_t{kChains});
        QCOMPARE(panel().field->values[7 * 4], 100.5);
        QCOMPARE(panel().field->values[4 + 2], 2.5);
        // The odd chain has another colour on the screen, and the mouse says which it is.
        auto* plot = view->findChild<ChartPlot*>();
        const QImage picture = plot->grab().toImage();
        const auto at = [&](double chain) {
            return picture.pixelColor(plot->pixelOf(0, 1, chain).toPoint());
        };
        QVERIFY(at(8) != at(3));
        QCOMPARE(at(4), at(12));
        const QString under = plot->readoutAt(plot->pixelOf(0, 5, 8));
        QVERIFY2(under.contains("chain 8") && under.contains("100.5"), qPrintable(under));
        QCOMPARE(view->tables()[0].rows(), Index{4});
        QVERIFY(view->setMode(3));
        QVERIFY(!panel().field);
        QCOMPARE(panel().lines.size(), std::size_t{kChains});
        bench.set(bench.trace());
        QVERIFY(!panel().field);
        QVERIFY(view->setMode(4));
        QVERIFY(panel().field);
        const QJsonObject state = view->state();
        const auto other = bench.show("trace-rank", {700, 320});
        QVERIFY(!ChainBench::chartOf(*other).panels[0].field);  // three chains are lines
        other->restore(state);
        QVERIFY(ChainBench::chartOf(*other).panels[0].field);
    }

    void traceRefusesWhatDoesNotFit() {
        ChainBench bench;
        auto wrong = bench.trace();
        wrong["trace.step"] = floatsOf({4}, {0, 2, 4, 6});  // edges are one more than buckets
        bench.set(wrong);
        const auto view = bench.show("trace-rank", {500, 240});
        QVERIFY(!dynamic_cast<FigureView&>(*view).showsContent());
        bench.set(bench.trace());
        QVERIFY(dynamic_cast<FigureView&>(*view).showsContent());
        bench.set({{"trace.rhat", floatsOf({2}, {1, 1})},
                   {"trace.diverged", floatsOf({1, 2}, {5, 0})},
                   {"trace.chains", Array({1}, std::vector<Index>{4})}});
        bench.set({{"trace", bench.trace()["trace"]}});
        const ChartPanel& panel = ChainBench::chartOf(*view).panels[0];
        QVERIFY(panel.rug.empty());                                 // not whole numbers
        QCOMPARE(panel.lines[1].label, QStringLiteral("chain 2"));  // numbers that do not fit
        QVERIFY(!panel.note.contains("1.88"));
    }

    void ranksBeginAndEndAtZero() {
        ChainBench bench;
        auto arrays = bench.trace();
        arrays["rank_ecdf"] = floatsOf({3, 3, 2}, std::vector<float>(18, 0.25F));
        arrays["rank_ecdf.at"] = floatsOf({2}, {0.3F, 0.6F});
        arrays["rank_ecdf.band"] = floatsOf({2, 2}, {-0.1F, 0.1F, -0.2F, 0.2F});
        bench.set(arrays);
        const auto view = bench.show("trace-rank", {700, 320});
        const ChartPanel& panel = ChainBench::chartOf(*view).panels[1];
        QCOMPARE(panel.lines.size(), std::size_t{3});
        QCOMPARE(panel.lines[0].x.size(), std::size_t{4});
        QCOMPARE(panel.lines[0].y, (std::vector<double>{0, 0.25, 0.25, 0}));
        QCOMPARE(panel.bands.size(), std::size_t{1});
        QVERIFY(std::abs(panel.bands[0].high[2] - 0.2) < 1e-6);
        QVERIFY(view->setMode(2));
        bench.set({{"rank_histogram",
                    floatsOf({3, 3, 2}, {1, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})}});
        const ChartPanel& histogram = ChainBench::chartOf(*view).panels[1];
        QCOMPARE(histogram.lines[0].y, (std::vector<double>{0.25, 0.25, 0.75, 0.75}));
        QVERIFY(histogram.bands.empty());
    }

    void tablesHoldWhatIsDrawn() {
        ChainBench bench;
        bench.set(bench.trace());
        const auto view = bench.show("trace-rank", {500, 240});
        const std::vector<DataTable> tables = view->tables();
        QVERIFY(!tables.empty());
        QCOMPARE(tables[0].rows(), Index{8});
        QCOMPARE(tables[0].header(2), QStringLiteral("chain 6"));
        QCOMPARE(tables[0].cell(0, 0), QStringLiteral("1"));
        Chart empty;
        empty.panels.resize(1);
        empty.panels[0].lines = {{"one", {}, {0, 1}, {2, 3}}, {"other", {}, {0, 2}, {4, 5}}};
        const auto split = tablesOf(empty);
        QCOMPARE(split.size(), std::size_t{2});  // lines over other places share no rows
        QCOMPARE(split[1].cell(1, 1), QStringLiteral("5"));
    }

    void theMapDrawsChainsWhereTheyAre() {
        ChainBench bench;
        bench.set(bench.places());
        const auto view = bench.show("energy-map", {520, 460});
        auto* scene = view->findChild<SceneWidget*>();
        QTRY_VERIFY(!scene->busy());
        QTest::qWait(40);
        const QImage shot = scene->grab().toImage();
        for (int c = 0; c < 3; ++c) {
            const QPointF at = scene->toPixel(c - 1, 0.5 * c);
            const QColor seen = shot.pixelColor(at.toPoint());
            const QColor wanted = chainColor(themeOf(ThemeKind::Light), c);
            QVERIFY2(std::abs(seen.red() - wanted.red()) < 12 &&
                         std::abs(seen.green() - wanted.green()) < 12 &&
                         std::abs(seen.blue() - wanted.blue()) < 12,
                     qPrintable(seen.name() + " is not " + wanted.name()));
        }
        QCOMPARE(scene->figure().legend.size(), std::size_t{3});
        QCOMPARE(scene->figure().legend[2].text, QStringLiteral("chain 10"));
        QVERIFY(view->title().startsWith(QStringLiteral("Energy and the last 5 states")));
    }

    void theMapDrawsLowEnergyBright() {
        ChainBench bench;
        bench.set(bench.places());
        const auto layer = energyLayer(bench.frame(), themeOf(ThemeKind::Dark), 10);
        QVERIFY(layer);
        QCOMPARE(layer->low, 0.0);
        QCOMPARE(layer->high, 10.0);
        const render::Color first = layer->map.stops.front(), last = layer->map.stops.back();
        QVERIFY(first.r + first.g + first.b > last.r + last.g + last.b + 1);
        QVERIFY(!energyLayer(bench.frame(), themeOf(ThemeKind::Dark), 0)->clip);
        bench.set({{"energy", floatsOf({2, 2}, {NAN, INFINITY, NAN, NAN})}});
        QVERIFY(!energyLayer(bench.frame(), themeOf(ThemeKind::Dark), 10));
        bench.set({{"energy.extent", floatsOf({4}, {2, -2, -2, 2})}});
        QVERIFY(!extentOf(bench.frame(), "energy"));
    }

    void theEnergyAroundTheFrameIsDrawnBelowIt() {
        ChainBench bench;
        bench.set(bench.places());
        const Theme& theme = themeOf(ThemeKind::Dark);
        const auto layer = energyLayer(bench.frame(), theme, 10);
        QVERIFY(layer);
        QVERIFY(surroundings(bench.frame(), *layer).empty());  // nobody knows it there
        bench.set({{"energy.around", floatsOf({2, 2}, {0, 5, 20, 20})},
                   {"energy.around.extent", floatsOf({4}, {-8, -4, 8, 4})}});
        auto around = surroundings(bench.frame(), *layer);
        QCOMPARE(around.size(), std::size_t{1});
        QCOMPARE(around[0].place.x0, -8.0);
        QCOMPARE(around[0].low, layer->low);  // one scale
        QCOMPARE(around[0].high, layer->high);
        bench.set({{"energy.around", floatsOf({2, 2}, {20, 20, 20, 20})}});
        around = surroundings(bench.frame(), *layer);
        QCOMPARE(around.size(), std::size_t{2});  // the dark end lowest
        QVERIFY(around[0].place.x0 < -8);
    }

    void divergencesLieOnTheTrailsWhileTheClockRests() {
        ChainBench bench;
        auto arrays = bench.places();
        // Now is step 8; the trails hold the states after steps 4 to 8.
        arrays["trace.diverged"] =
            Array({4, 2}, std::vector<Index>{7, 2, 3, 0, 9, 0, 5, 77});  // one is on a trail
        bench.set(arrays);
        const auto trails = trailsOf(bench.frame());
        QVERIFY(trails);
        const auto marks = divergenceMarks(bench.frame(), *trails, -1);
        QCOMPARE(marks.size(), std::size_t{1});
        const auto& mark = std::get<MarkerItem>(marks[0]);
        QVERIFY(std::abs(mark.x - 0.9) < 1e-6 && std::abs(mark.y - 1.05) < 1e-6);
        QVERIFY(divergenceMarks(bench.frame(), *trails, 1).empty());
        bench.session->publish([](Snapshot& s) { s.running[1] = true; });
        bench.bridge.poll();
        QVERIFY(divergenceMarks(bench.frame(), *trails, -1).empty());
    }

    void differenceIsSampledMinusTrue() {
        ChainBench bench;
        auto arrays = bench.places();
        arrays["true_density"] = floatsOf({2, 2}, {0.25F, 0.25F, 0.25F, 0.25F});
        arrays["sample_density"] = floatsOf({2, 2}, {0.5F, 0.25F, 0.25F, 0});
        bench.set(arrays);
        const auto layer = differenceLayer(bench.frame(), themeOf(ThemeKind::Light));
        QVERIFY(layer);
        QCOMPARE(layer->values.values<float>()[0], 0.25F);
        QCOMPARE(layer->values.values<float>()[3], -0.25F);
        QCOMPARE(layer->low, -layer->high);  // 0 is neutral
        bench.set({{"sample_density", floatsOf({2, 3}, std::vector<float>(6, 1))}});
        QVERIFY(!differenceLayer(bench.frame(), themeOf(ThemeKind::Light)));
        const auto view = bench.show("energy-map", {400, 320});
        QVERIFY(view->setMode(4));
        QVERIFY(view->findChild<SceneWidget*>()->figure().note.startsWith("No difference"));
    }

    void draggingAMarkerAsksToPlaceThatChain() {
        ChainBench bench;
        bench.set(bench.places());
        const auto view = bench.show("energy-map", {520, 460});
        auto* scene = view->findChild<SceneWidget*>();
        const QPointF from = scene->toPixel(1, 1), to = scene->toPixel(0.25, -1.5);
        test::mouse(scene, QEvent::MouseMove, from, Qt::NoButton);
        test::drag(scene, {from, to});
        const cmd::Probe* asked = bench.session->lastProbe("place");
        QVERIFY(asked);
        QCOMPARE(integer(asked->args, "chain"), Index{9});  // its number, not its row
        const auto x = asked->arrays.at("x").values<float>();
        // The first question is under way, the newest waits; both lie on the way of the hand.
        QVERIFY(x[0] <= 1.01F && x[0] >= 0.2F && x[1] <= 1.01F && x[1] >= -1.6F);
        bench.set({{"probe." + std::to_string(asked->ticket) + ".x", floatsOf({2}, {0, 0})}});
        const auto last = bench.session->lastProbe("place")->arrays.at("x").values<float>();
        QVERIFY(std::abs(last[0] - 0.25F) < 0.05F && std::abs(last[1] + 1.5F) < 0.05F);

        // Elsewhere a drag moves the map and asks for nothing.
        const int before = bench.session->probes("place");
        const QPointF empty = scene->toPixel(-1.5, -1.5);
        test::mouse(scene, QEvent::MouseMove, empty, Qt::NoButton);
        test::drag(scene, {empty, empty + QPointF(60, 40)});
        QCOMPARE(bench.session->probes("place"), before);
        QVERIFY(!scene->followsHome());
    }

    void chainsOfFilesStayWhereTheyAre() {
        ChainBench bench;
        auto arrays = bench.places();
        arrays["sampler"] = text("family\tfile\n");
        bench.set(arrays);
        const auto view = bench.show("energy-map", {520, 460});
        auto* scene = view->findChild<SceneWidget*>();
        const QPointF from = scene->toPixel(1, 1);
        test::mouse(scene, QEvent::MouseMove, from, Qt::NoButton);
        test::drag(scene, {from, from + QPointF(50, 50)});
        QCOMPARE(bench.session->probes("place"), 0);
    }

    void clickingAMarkerEmphasisesItsChain() {
        ChainBench bench;
        bench.set(bench.places());
        const auto view = bench.show("energy-map", {520, 460});
        auto* scene = view->findChild<SceneWidget*>();
        const QPointF at = scene->toPixel(0, 0.5);
        test::mouse(scene, QEvent::MouseMove, at, Qt::NoButton);
        test::mouse(scene, QEvent::MouseButtonPress, at, Qt::LeftButton);
        test::mouse(scene, QEvent::MouseButtonRelease, at, Qt::LeftButton);
        QCOMPARE(bench.bridge.chains().chain(), 1);
        QVERIFY(scene->figure().legend[0].faded && !scene->figure().legend[1].faded);
        view->cancelGesture();
        QCOMPARE(bench.bridge.chains().chain(), -1);
    }

    void manyChainsBecomePointsAndThenDensity() {
        ChainBench bench;
        auto arrays = bench.places();
        arrays["chains_now"] = test::normals(1000, 2, 1);
        bench.set(arrays);
        const auto view = bench.show("energy-map", {400, 360});
        auto* scene = view->findChild<SceneWidget*>();
        QVERIFY(std::holds_alternative<render::PointsLayer>(scene->figure().layers.back()));
        bench.set({{"chains_now", test::normals(100'000, 2, 2)}});
        QVERIFY(std::holds_alternative<render::DensityLayer>(scene->figure().layers.back()));
        QVERIFY(view->title().contains(QStringLiteral("100")));
        QVERIFY(view->setMode(1));
        QVERIFY(std::holds_alternative<render::TrailsLayer>(scene->figure().layers.back()));
    }

    void aStepTellsHowItCameAbout() {
        ChainBench bench;
        auto arrays = bench.places();
        arrays["mechanism"] = floatsOf({2}, {-0.5F, -3});
        arrays["mechanism.from"] = floatsOf({2, 2}, {0, 0, 1, 1});
        arrays["mechanism.proposal"] = floatsOf({2, 2}, {0.5F, 0.25F, 2, 2});
        arrays["mechanism.accepted"] = floatsOf({2}, {1, 0});
        arrays["mechanism.drift"] = floatsOf({2, 2}, {0.2F, 0, 0.5F, 0});
        arrays["mechanism.noise"] = floatsOf({2, 2}, {0.3F, 0.25F, 0.5F, 1});
        bench.set(arrays);
        const auto accepted = mechanismOf(bench.frame(), 0),
                   rejected = mechanismOf(bench.frame(), 1);
        QVERIFY(accepted && rejected && !mechanismOf(bench.frame(), 2));
        const ArrowItem yes = proposalArrow(*accepted, Qt::red),
                        no = proposalArrow(*rejected, Qt::red);
        QVERIFY(yes.filled && yes.style == Qt::SolidLine);
        QVERIFY(!no.filled && no.style == Qt::DashLine);
        const QStringList words = mechanismCaptions(*accepted);
        QCOMPARE(words.size(), 3);
        QVERIFY(words[0].startsWith("Drift") && words[1].startsWith("Noise"));
        QVERIFY2(words[2].contains("0.61"), qPrintable(words[2]));  // exp(-0.5)
        QVERIFY(mechanismCaptions(*rejected)[2].startsWith("Rejected"));
        // Sub-steps appear one after the other.
        std::size_t shown[3];
        for (int phase = 0; phase < 3; ++phase) {
            std::vector<OverlayItem> items;
            addMechanism(items, *accepted, phase, Qt::white, Qt::black);
            shown[phase] = items.size();
        }
        QVERIFY(shown[0] > 0 && shown[1] > shown[0] && shown[2] > shown[1]);

        const auto view = bench.show("energy-map", {520, 460});
        QVERIFY(view->setMode(5));
        const auto& overlay = view->findChild<SceneWidget*>()->figure().overlay;
        QVERIFY(std::ranges::any_of(
            overlay, [](const OverlayItem& i) { return std::holds_alternative<ArrowItem>(i); }));
    }

    void paths() {
        ChainBench bench;
        auto arrays = bench.places();
        arrays["sampler"] = text("family\thamiltonian\n");
        arrays["mechanism"] = floatsOf({1}, {-0.1F});
        arrays["mechanism.from"] = floatsOf({1, 2}, {0, 0});
        arrays["mechanism.proposal"] = floatsOf({1, 2}, {1, 0});
        arrays["mechanism.accepted"] = floatsOf({1}, {1});
        arrays["mechanism.path"] = floatsOf({1, 4, 2}, {0, 0, 0.5F, 0.1F, 1, 0, NAN, NAN});
        arrays["mechanism.momenta"] = floatsOf({1, 4, 2}, {1, 0, 0.5F, 0, 0.2F, 0, NAN, NAN});
        arrays["mechanism.energy_error"] = floatsOf({1, 4}, {0, 0.2F, 0.1F, NAN});
        bench.set(arrays);
        const auto step = mechanismOf(bench.frame(), 0);
        QVERIFY(step);
        QCOMPARE(step->path.size(), std::size_t{3});  // rows after the end are not drawn
        QVERIFY(mechanismCaptions(*step)[1].startsWith("2 leapfrog steps"));
        const auto view = bench.show("phase", {500, 240});
        const Chart& chart = ChainBench::chartOf(*view);
        QCOMPARE(chart.panels[0].lines[0].x.size(), std::size_t{3});
        QCOMPARE(chart.panels[1].lines[0].y[1], static_cast<double>(0.2F));
        arrays["mechanism.tree"] = Array({2, 4}, std::vector<Index>{0, 0, 1, 0, 0, 1, 2, 1});
        bench.set(arrays);
        QCOMPARE(mechanismOf(bench.frame(), 0)->tree.size(), std::size_t{2});
        arrays["mechanism.tree"] = Array({1, 4}, std::vector<Index>{0, 0, 3, 0});  // past the path
        bench.set(arrays);
        QVERIFY(mechanismOf(bench.frame(), 0)->tree.empty());
    }

    void tenThousandVariablesAreSortedAndCopied() {
        constexpr Index kMany = 10'000;
        std::vector<float> values;
        QStringList names;
        for (Index i = 0; i < kMany; ++i) {
            names << QStringLiteral("x%1").arg(i + 1);
            for (int k = 0; k < kEstimates; ++k) {
                values.push_back(
                    k == 6
                        ? (i % 10 == 0 ? NAN : 1 + 1e-5F * static_cast<float>((i * 7919) % kMany))
                        : static_cast<float>(i));
            }
        }
        EstimatesModel model;
        QElapsedTimer clock;
        clock.start();
        model.setEstimates(floatsOf({kMany, kEstimates}, values), names);
        model.sort(7, Qt::DescendingOrder);
        qInfo("10 000 variables set and sorted in %lld ms",
              static_cast<long long>(clock.elapsed()));
        QCOMPARE(model.rowCount(), int(kMany));
        QString last;
        float previous = INFINITY;
        for (int row = 0; row < 9000; ++row) {
            const float v = model.index(row, 7).data().toString().section(' ', 0, 0).toFloat();
            QVERIFY(v <= previous + 1e-3F);
            previous = v;
        }
        QCOMPARE(model.index(9500, 7).data().toString(), QStringLiteral("–"));
        model.sort(7, Qt::AscendingOrder);
        QCOMPARE(model.index(9500, 7).data().toString(), QStringLiteral("–"));  // still at the end
        QVERIFY(model.index(8999, 7).data().toString().endsWith("!"));
        const QStringList copied = model.text({0, 1}).split('\n');
        QCOMPARE(copied.size(), 4);
        QCOMPARE(copied[0].count('\t'), int(kEstimates));
        // An update keeps the order that was chosen.
        values[7919 * 11 + 6] = 5;
        const QString top = model.index(0, 0).data().toString();
        model.setEstimates(floatsOf({kMany, kEstimates}, values), names);
        QCOMPARE(model.index(0, 0).data().toString(), top);
        QCOMPARE(model.index(8999, 0).data().toString(), QStringLiteral("x7920"));
    }

    void constantsAndNotANumberAreExplained() {
        std::vector<float> values;
        for (int row = 0; row < 3; ++row) {
            for (int k = 0; k < kEstimates; ++k) {
                values.push_back(row == 0 ? (k == 2 ? 0.0F : k < 6 ? 3.0F : NAN) : NAN);
            }
        }
        values[2 * kEstimates] = 1;
        EstimatesModel model;
        model.setEstimates(floatsOf({3, kEstimates}, values), {"fixed", "broken", "short"});
        QVERIFY(model.index(0, 7).data(Qt::ToolTipRole).toString().contains("constant"));
        QVERIFY(model.index(1, 7).data(Qt::ToolTipRole).toString().contains("not a finite"));
        QVERIFY(model.index(2, 7).data(Qt::ToolTipRole).toString().contains("too few"));
        QVERIFY(!model.index(0, 7).data(Qt::ForegroundRole).isValid());  // never an alarm
    }

    void occupancyShowsSharesTruthAndHops() {
        ChainBench bench;
        bench.set({{"occupancy", floatsOf({3, 2}, {1, 0, 0.5F, 0.5F, 0, 1})},
                   {"occupancy.true", floatsOf({2}, {0.8F, 0.2F})},
                   {"occupancy.hops", floatsOf({3}, {0, 7, 2})}});
        const auto view = bench.show("occupancy", {600, 240});
        const Chart& chart = ChainBench::chartOf(*view);
        QCOMPARE(chart.panels[0].bars.size(), std::size_t{2});
        QCOMPARE(chart.panels[0].bars[0].heights[0], 0.5);  // the mean of the chains
        QCOMPARE(chart.panels[0].lines.back().style, Qt::DashLine);
        QVERIFY(std::abs(chart.panels[0].lines.back().y[0] - 0.8) < 1e-6);
        QCOMPARE(chart.panels[1].bars[1].heights[0], 7.0);
        QCOMPARE(chart.panels[1].note, QStringLiteral("9 hops"));
    }

    void pairsMarkDivergentDrawsOnlyWhereTheyAreKnown() {
        ChainBench bench;
        auto arrays = bench.trace();
        std::vector<float> draws;
        for (int n = 0; n < 4; ++n) {
            for (int c = 0; c < 3; ++c) {
                draws.insert(draws.end(), {static_cast<float>(n), static_cast<float>(-n)});
            }
        }
        arrays["chains"] = floatsOf({4, 3, 2}, draws);
        arrays["chains.names"] = text("a\nb\n");
        arrays["sampler"] = text("draws\t4\n");
        bench.set(arrays);
        const auto view = bench.show("pairs", {500, 400});
        const Chart* chart = &ChainBench::chartOf(*view);
        QCOMPARE(chart->panels.size(), std::size_t{4});
        QCOMPARE(chart->panels[1].note, QStringLiteral("r = ") + QChar(0x2212) + "1.00");
        const ChartLine& marks = chart->panels[2].lines.back();
        // Steps 5 and 7 after 4 steps of warm-up are draws 0 and 2.
        QCOMPARE(marks.x, (std::vector<double>{0, 2}));
        QCOMPARE(chart->panels[2].lines.size(), std::size_t{4});
        bench.set({{"sampler", text("draws\t40\n")}});  // thinned: which were kept is not known
        QCOMPARE(ChainBench::chartOf(*view).panels[2].lines.size(), std::size_t{3});
    }

    void oddChannelsDoNotHurt() {
        ChainBench bench;
        std::vector<std::unique_ptr<View>> views;
        const QStringList ids{"energy-map",   "trace-rank", "autocorrelation", "ess",
                              "chain-energy", "pairs",      "parallel",        "occupancy",
                              "overview",     "estimates",  "phase",           "adaptation"};
        for (const QString& id : ids) {
            QVERIFY2(findView(id), qPrintable(id));
            views.push_back(bench.show(id, {320, 220}));
            views.back()->present({});
        }
        const float nan = NAN;
        const std::vector<Array> odd{floatsOf({0}, {}),
                                     floatsOf({1}, {nan}),
                                     floatsOf({1, 1}, {nan}),
                                     floatsOf({2, 11}, std::vector<float>(22, nan)),
                                     floatsOf({1, 1, 1}, {INFINITY}),
                                     floatsOf({3, 2, 2}, std::vector<float>(12, nan)),
                                     floatsOf({2, 3, 4, 2}, std::vector<float>(48, nan)),
                                     Array({2}, std::vector<Index>{-1, 99}),
                                     Array({3, 4}, std::vector<Index>(12, 1'000'000'000)),
                                     text("no\ttabs\n\n\t\t\t"),
                                     Array({2, 2}, std::vector<double>(4, 1))};
        for (const Array& array : odd) {
            for (const Array& companion : odd) {
                bench.session->publish([&](Snapshot& s) {
                    ++s.epoch;
                    for (const char* id :
                         {"energy",       "chains_now",         "chains_trail",    "draws",
                          "true_density", "sample_density",     "chains",          "mechanism",
                          "trace",        "rank_ecdf",          "autocorrelation", "ess_evolution",
                          "ess_quantile", "energy_transitions", "diagnostics",     "verdict",
                          "occupancy",    "marginals",          "adaptation",      "sampler"}) {
                        bench.session->set(s, id, array);
                        for (const char* more :
                             {".extent",   ".names", ".chains",  ".step",     ".from",
                              ".proposal", ".path",  ".momenta", ".tree",     ".edges",
                              ".true",     ".draws", ".p",       ".diverged", ".rhat",
                              ".ess",      ".band",  ".at",      ".mass",     ".hops"}) {
                            bench.session->set(s, std::string(id) + more, companion);
                        }
                    }
                });
                bench.bridge.poll();
                for (const auto& view : views) {
                    view->present(bench.bridge.frames());
                    view->tables();
                }
            }
            for (const auto& view : views) {
                QCOMPARE(view->picture({240, 160}, 1).size(), QSize(240, 160));
                view->fit();
                for (int mode = 1; mode <= 6; ++mode) {
                    view->setMode(mode);
                }
            }
        }
    }
};

QTEST_MAIN(TestChainViews)
#include "tst_chain_views.moc"
