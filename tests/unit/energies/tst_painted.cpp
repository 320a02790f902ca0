// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/painting.h"
#include "energy_checks.h"

#include <QtTest>

using namespace lx;
using namespace lx::checks;

class TestPainted : public QObject {
    Q_OBJECT

    static double densityAt(const EnergyPtr& energy, double x, double y) {
        const double at[] = {x, y};
        return std::exp(-energy->at(at));
    }

private Q_SLOTS:
    void undoIsTheListBefore() {
        const Stroke first{{0, 0, 1, 1}, 0.5, 1, false}, second{{1, -1}, 0.3, 2, true};
        const Painting empty, one = empty.with(first), two = one.with(second);
        QVERIFY(!empty.canUndo() && !empty.canRedo() && two.canUndo());
        QVERIFY(two.undone().strokes() == one.strokes());
        QVERIFY(two.undone().undone().strokes().empty());
        QVERIFY(two.undone().undone().redone().redone().strokes() == two.strokes());
        QVERIFY(empty.undone().strokes().empty() && two.redone().strokes() == two.strokes());
        // A new stroke forgets what was undone; what was undone is not saved.
        QVERIFY(!two.undone().with(first).canRedo());
        QVERIFY(Painting::decode(two.encode()).strokes() == two.strokes());
        QVERIFY(Painting::decode(two.undone().encode()).strokes() == one.strokes());
        QVERIFY(Painting::decode({}).strokes().empty());
    }

    void badListsAreRefusedAtTheirNumber() {
        const auto fails = [](std::vector<double> numbers, const char* part) {
            try {
                static_cast<void>(Painting::decode(numbers));
            } catch (const UsageError& error) {
                return std::string(error.what()).find(part) != std::string::npos;
            }
            return false;
        };
        QVERIFY(fails({0, 1, 0.5}, "number 1:"));
        QVERIFY(fails({2, 1, 0.5, 1, 0, 0}, "number 1:"));
        QVERIFY(fails({0, 1, 0.5, 2, 0, 0}, "number 4:"));
        QVERIFY(fails({0, 1, 0.5, 1e300, 0, 0}, "number 4:"));
        QVERIFY(fails({0, 1, 0.5, NAN, 0, 0}, "number 4:"));
        QVERIFY(fails({0, 1, 0.5, 0, 0, 0}, "number 4:"));
        QVERIFY(fails({0, 1, 0.5, 1, 0, 0, 0}, "number 7:"));
        QVERIFY(fails({0, 1, 0, 1, 0, 0}, "stroke 1"));
        QVERIFY(fails({0, -1, 1, 1, 0, 0}, "stroke 1"));
        QVERIFY(fails({0, 1, 1, 1, 0, INFINITY}, "stroke 1"));
        CanvasOptions options;
        options.resolution = 4;
        QVERIFY_EXCEPTION_THROWN(paintedEnergy({}, options), UsageError);
        options = {};
        options.haze = 0;
        QVERIFY_EXCEPTION_THROWN(paintedEnergy({}, options), UsageError);
    }

    void weightsAndErasersMeanWhatTheySay() {
        CanvasOptions options;
        options.smoothing = 0;
        options.haze = 1e-9;
        const Stroke left{{-2, 0}, 0.8, 1, false}, right{{2, 0}, 0.8, 3, false};
        const Painting both = Painting().with(left).with(right);
        const EnergyPtr energy = paintedEnergy(both, options);
        QVERIFY(std::abs(densityAt(energy, 2, 0) / densityAt(energy, -2, 0) - 3) < 1e-6);
        QVERIFY(std::abs((*energy->mean())[0] - 1) < 1e-3);
        QVERIFY(densityAt(energy, 0, 0) < 1e-6);
        // Half erased, then wholly.
        const auto erased = [&](double weight) {
            return paintedEnergy(both.with({{2, 0}, 50, weight, true}), options);
        };
        Painting cleared = both;
        for (int i = 0; i < 4; ++i) {
            cleared = cleared.with({{2, -3, 2, 3}, 3, 1, true});
        }
        const EnergyPtr gone = paintedEnergy(cleared, options);
        QVERIFY(densityAt(gone, 2, 0) < 1e-3 * densityAt(gone, -2, 0));
        QVERIFY(std::abs((*gone->mean())[0] + 2) < 0.01);
        QVERIFY(std::abs(densityAt(erased(0.5), 2, 0) - densityAt(energy, 2, 0)) < 1e-2);
        // Nothing left: the haze alone, a normal.
        const EnergyPtr nothing = paintedEnergy({}, options);
        QVERIFY(std::abs(densityAt(nothing, 0, 0) - 1 / (2 * M_PI * 4)) < 1e-12);
        const double far[] = {1e4, -1e4};
        QVERIFY(std::isfinite(energy->at(far)));
        // A stroke is one stroke: its segments do not add up where they meet, its repeats do.
        const Painting line = Painting().with({{-1, 0, 0, 0, 1, 0}, 0.5, 1, false});
        const EnergyPtr joined = paintedEnergy(line, options);
        QVERIFY(std::abs(densityAt(joined, 0, 0) / densityAt(joined, -0.5, 0) - 1) < 1e-9);
        const EnergyPtr twice =
            paintedEnergy(line.with({{-1, 0, -0.9, 0}, 0.5, 1, false}), options);
        QVERIFY(densityAt(twice, -0.95, 0) / densityAt(twice, 0.8, 0) > 1.9);
    }

    void exactFromEdgeToEdge() {
        // Strokes over the rim of a coarse canvas: mass, gradient and draws still fit.
        CanvasOptions options;
        options.resolution = 24;
        options.smoothing = 0.3;
        options.haze = 0.05;
        const Painting painting =
            Painting().with({{-4, -4, 4, 3}, 1, 1, false}).with({{4, 4, 6, 6}, 1.5, 2, false});
        const EnergyPtr energy = paintedEnergy(painting, options);
        const Plane truth = integrate(*energy, 1200);
        QVERIFY2(std::abs(truth.logZ) < 1e-6, qPrintable(QString::number(truth.logZ)));
        const auto draws = energy->sample(Key{51, 7}, 20000);
        std::vector<double> value(20000), far;
        energy->evaluate(draws, value);
        const auto term = [&](std::size_t i) { return value[i]; };
        QVERIFY(score(20000, term, truth.energy) < kLimit);
        QVERIFY(score(20000, term, truth.energy + 0.1) > kLimit);  // broken twin
        for (double a = -4.9; a < 5; a += 0.37) {
            far.insert(far.end(), {a, 4.2, -4.3, a, a, a});
        }
        // The spline has jumps in its third derivative at the nodes: differences are less exact.
        QVERIFY(worstGradient(*energy, far) < 1e-6);
        QVERIFY(worstGradient(*energy, far, 1.001) > 1e-5);
    }
};

QTEST_GUILESS_MAIN(TestPainted)
#include "tst_painted.moc"
