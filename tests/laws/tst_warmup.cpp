// SPDX-License-Identifier: GPL-3.0-or-later
// Warm-up, starts, threads, traces, tempered views, and Hamiltonian chains on a curved metric.
#include "core/energies/registry.h"
#include "core/geometry/analytic.h"
#include "core/samplers/mass_matrix.h"
#include "core/samplers/riemannian.h"
#include "core/samplers/run.h"
#include "core/samplers/selftest.h"
#include "core/samplers/start.h"
#include "core/samplers/tempered.h"
#include "core/samplers/warmup.h"

#include <QtTest>
#include <numeric>

using namespace lx;

namespace {

struct Tuned {
    ChainState state;
    WarmupCourse course;
    double acceptance = 0;  ///< over 300 steps after the warm-up
};

Tuned tune(const std::string& id, const Energy& energy, const ParamSet& params, Index iterations,
           Index saveAt = -1) {
    const auto spec = samplerSpec(id);
    const ParamSet all = resolve(spec.params, params);
    const auto kernel = spec.make(all);
    const Key key{9, 9};
    constexpr Index kChains = 8;
    Tuned out{kernel->init(key, energy, startPositions(energy, Start::Overdispersed, key, kChains)),
              {},
              0};
    Warmup warmup(warmupOptions(spec, all, iterations), key);
    warmup.begin(*kernel, energy, out.state);
    std::vector<StepInfo> info(kChains);
    std::uint64_t t = 0;
    for (; !warmup.finished(); ++t) {
        if (static_cast<Index>(t) == saveAt) {
            const State saved = warmup.capture("w.");
            out.state = restoreChains(capture(out.state, "c."), "c.");
            warmup = Warmup(warmupOptions(spec, all, iterations), key);
            warmup.restore(saved, "w.");
        }
        kernel->step(key, t, energy, out.state, info);
        warmup.after(*kernel, energy, out.state, info);
    }
    out.course = warmup.course();
    for (int n = 0; n < 300; ++n, ++t) {
        kernel->step(key, t, energy, out.state, info);
        for (const auto& i : info) {
            out.acceptance += i.acceptProb / (300 * kChains);
        }
    }
    return out;
}

/// Curved metric of the centred funnel in the plane: what its prior and its Fisher information say.
class FunnelMetric final : public Metric {
public:
    Index dim() const override { return 2; }

protected:
    void matrices(const double* x, Index count, double* g) const override {
        for (Index i = 0; i < count; ++i, x += 2, g += 4) {
            g[0] = 1.0 / 9 + 0.5;
            g[1] = g[2] = 0;
            g[3] = std::exp(-x[0]);
        }
    }
    void forms(const double* x, const double* v, Index count, double* value,
               double* slope) const override {
        for (Index i = 0; i < count; ++i, x += 2, v += 2) {
            const double neck = std::exp(-x[0]) * v[1] * v[1];
            value[i] = (1.0 / 9 + 0.5) * v[0] * v[0] + neck;
            if (slope != nullptr) {
                slope[2 * i] = -neck;
                slope[2 * i + 1] = 0;
            }
        }
    }
};

}  // namespace

class TestWarmup : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void dualAveraging() {
        // Acceptance exp(-eps) is 0.8 at eps = 0.2231.
        DualAveraging average;
        average.restart(3);
        double eps = 3;
        for (int t = 0; t < 1000; ++t) {
            eps = average.next(std::exp(-eps), 0.8);
        }
        QVERIFY(std::abs(average.average() / -std::log(0.8) - 1) < 0.05);
    }

    void windowsAreStans() {
        const auto energy = makeEnergy("gauss", {{"energy.dim", Index{3}}});
        const auto ends = [&](Index iterations) {
            std::vector<Index> out;
            for (const auto& w : tune("hmc", *energy, {}, iterations).course.windows) {
                out.push_back(w.iteration + 1);
            }
            return out;
        };
        QVERIFY((ends(1000) == std::vector<Index>{100, 150, 250, 450, 950}));
        QVERIFY((ends(500) == std::vector<Index>{100, 150, 250, 450}));
        QVERIFY((ends(100) == std::vector<Index>{90}));  // shares of a short warm-up
        QVERIFY(ends(10).empty());
    }

    /// Only with a fitting step do the hot replicas carry the chains over the barrier.
    void tunesTheWholeLadder() {
        const auto energy = makeEnergy("two-modes", {});
        for (const double initial : {1e-3, 30.0}) {
            const auto walk = [&](bool adapt) {
                return tune("tempering", *energy,
                            {{"sampler.step_size", initial}, {"sampler.adapt", adapt}}, 400);
            };
            const auto rungs = [](const Tuned& tuned) {
                const auto a = tuned.state.array(kTunedBy);
                return std::accumulate(a.begin(), a.end(), 0.0) / static_cast<double>(a.size());
            };
            const auto trips = [](const Tuned& tuned) {
                const auto a = tuned.state.array("round_trips");
                return std::accumulate(a.begin(), a.end(), 0.0);
            };
            const Tuned tuned = walk(true), plain = walk(false);
            const auto course = std::span(tuned.course.acceptance).last(100);
            const double mean = std::accumulate(course.begin(), course.end(), 0.0) / 100;
            qInfo("from %g: step %g, rungs accept %.2f; without %.2f", initial,
                  tuned.state.stepSize(), mean, rungs(plain));
            QVERIFY(std::abs(mean - 0.8) < 0.08);
            QVERIFY(tuned.acceptance > 0.7 && trips(tuned) > 10);
            // The broken twin: nothing is tuned.
            QVERIFY(std::abs(rungs(plain) - 0.8) > 0.15);
            QCOMPARE(plain.state.stepSize(), initial);
        }
    }

    void findsScaleAndAcceptance_data() {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("metric");
        for (const char* metric : {"unit", "diagonal", "dense"}) {
            for (const char* id : {"rwm", "adaptive-metropolis", "hmc", "nuts"}) {
                QTest::addRow("%s, %s", id, metric) << id << metric;
            }
        }
        QTest::newRow("mala") << "mala" << "";
    }
    void findsScaleAndAcceptance() {
        QFETCH(QString, id);
        QFETCH(QString, metric);
        const auto energy =
            makeEnergy("gauss", {{"energy.dim", Index{4}}, {"energy.condition", 50.0}});
        ParamSet params;
        if (!metric.isEmpty()) {
            params["sampler.metric"] = metric.toStdString();
        }
        const Tuned out = tune(id.toStdString(), *energy, params, 1000);
        const double wanted = samplerSpec(id.toStdString()).tuning.acceptance;
        qInfo("step %.3f, acceptance %.3f of %.3f", out.state.stepSize(), out.acceptance, wanted);
        // The last step size is the average of only 50 tries.
        QVERIFY(std::abs(out.acceptance - wanted) < 0.13);
        QCOMPARE(out.course.stepSize.size(), std::size_t{1000});
        QCOMPARE(out.course.acceptance.size(), std::size_t{1000});
        const auto learned = out.state.shared.find("inverse_mass");
        QCOMPARE(learned != out.state.shared.end(), metric == "diagonal" || metric == "dense");
        if (metric == "diagonal" || metric == "dense") {
            const auto truth = *energy->covariance();
            const std::size_t stride = metric == "dense" ? 5 : 1;
            for (std::size_t k = 0; k < 4; ++k) {
                QVERIFY(std::abs(learned->second[stride * k] / truth[5 * k] - 1) < 0.35);
            }
            QVERIFY(out.course.windows.back().inverseMass == learned->second);
        }
    }

    void fixedWhenAsked() {
        const auto energy = makeEnergy("gauss");
        const Tuned out = tune("hmc", *energy, {{"sampler.adapt", false}}, 200);
        QCOMPARE(out.state.stepSize(), 0.2);
        QVERIFY(!out.state.shared.contains("inverse_mass"));
    }

    void savedInTheMiddle() {
        const auto energy = makeEnergy("banana");
        const Tuned whole = tune("nuts", *energy, {}, 300);
        for (const Index at : {0, 80, 100, 299}) {
            const Tuned again = tune("nuts", *energy, {}, 300, at);
            QVERIFY(again.state == whole.state);
            QVERIFY(again.course.stepSize == whole.course.stepSize);
            QCOMPARE(again.course.windows.size(), whole.course.windows.size());
        }
        Warmup other({}, Key{});
        QVERIFY_EXCEPTION_THROWN(other.restore({}, "w."), UsageError);
    }

    void starts() {
        const auto energy = makeEnergy("banana");
        const Key key{3, 3};
        const auto x = startPositions(*energy, Start::Overdispersed, key, 6000);
        const auto few = startPositions(*energy, Start::Overdispersed, key, 10);
        QVERIFY(std::equal(few.begin(), few.end(), x.begin()));
        const Box frame = energy->frame();
        double squares = 0;
        for (std::size_t i = 0; i < x.size(); i += 2) {
            QVERIFY(x[i] >= frame.lower[0] && x[i] <= frame.upper[0]);
            QVERIFY(x[i + 1] >= frame.lower[1] && x[i + 1] <= frame.upper[1]);
            squares += x[i] * x[i] / 6000;
        }
        QVERIFY(squares > 2 * (*energy->covariance())[0]);  // wider than the density
        const auto half =
            makeEnergy("formula", {{"energy.expression", std::string("x - log(x) + y^2")}});
        const auto some = startPositions(*half, Start::Overdispersed, key, 500);
        for (std::size_t i = 0; i < some.size(); i += 2) {
            QVERIFY(some[i] > 0);
        }
        QVERIFY_EXCEPTION_THROWN(
            startPositions(*half, Start::Point, key, 2, std::vector<double>{-1, 0}), UsageError);
        QVERIFY_EXCEPTION_THROWN(
            startPositions(*half, Start::Point, key, 2, std::vector<double>{1}), UsageError);
        QVERIFY_EXCEPTION_THROWN(startPositions(*energy, Start::Exact, key, 0), UsageError);
        QVERIFY(startPositions(*energy, Start::Exact, key, 5) == energy->sample(key, 5));
        QVERIFY((startPositions(*half, Start::Point, key, 2, std::vector<double>{1, 0}) ==
                 std::vector<double>{1, 0, 1, 0}));
        QVERIFY(startNamed("exact") == Start::Exact);
        QVERIFY_EXCEPTION_THROWN(startNamed("anywhere"), UsageError);
    }

    void threadsDoNotMatter() {
        const auto energy = makeEnergy("ring8");
        const Key key{4, 1};
        for (const auto& spec : samplerSpecs()) {
            if (spec.id == "svgd") {
                continue;  // its cost is the square of this number of chains
            }
            const auto kernel = spec.make(resolve(spec.params, {}));
            const Index chains = 1030;
            const auto start = startPositions(*energy, Start::Overdispersed, key, chains);
            ChainState one = kernel->init(key, *energy, start), many = one;
            std::vector<StepInfo> a(chains), b(chains);
            const Index wanted[] = {0, 400, 1029};
            StepTrace first(wanted), second(wanted);
            runChains(*kernel, key, 0, 3, *energy, one, 1, a, &first);
            runChains(*kernel, key, 0, 3, *energy, many, 4, b, &second);
            QVERIFY2(one == many, spec.id.c_str());
            for (std::size_t i = 0; i < 3; ++i) {
                QCOMPARE(second.chains[i].chain, wanted[i]);
                QVERIFY(first.chains[i].from == second.chains[i].from);
                QVERIFY(first.chains[i].proposal == second.chains[i].proposal);
            }
            for (std::size_t c = 0; c < a.size(); ++c) {
                QCOMPARE(a[c].energy, b[c].energy);
                QCOMPARE(a[c].gradients, b[c].gradients);
            }
        }
        // A mistake on a thread arrives here.
        const auto kernel = makeSampler("mala");
        ChainState state =
            kernel->init(key, *energy, startPositions(*energy, Start::Overdispersed, key, 1030));
        const auto other = makeEnergy("gauss", {{"energy.dim", Index{3}}});
        QVERIFY_EXCEPTION_THROWN(runChains(*kernel, key, 0, 1, *other, state, 4), UsageError);
    }

    void treesAreTrees() {
        const auto energy = makeEnergy("gauss", {{"energy.condition", 100.0}});
        const auto kernel =
            makeSampler("nuts", {{"sampler.step_size", 0.15}, {"sampler.max_depth", Index{6}}});
        const Key key{6, 2};
        const Index chains = 20;
        ChainState state = kernel->init(key, *energy, energy->sample(key, chains));
        std::vector<Index> wanted(static_cast<std::size_t>(chains));
        std::iota(wanted.begin(), wanted.end(), 0);
        std::vector<StepInfo> info(wanted.size());
        for (std::uint64_t t = 0; t < 20; ++t) {
            StepTrace trace(wanted);
            const ChainState before = state;
            kernel->step(key, t, *energy, state, info, &trace);
            for (std::size_t c = 0; c < wanted.size(); ++c) {
                const auto& of = trace.chains[c];
                const auto points = static_cast<Index>(of.stepsOfPoints.size());
                QCOMPARE(points, info[c].gradients + 1);
                QCOMPARE(of.path.size(), static_cast<std::size_t>(2 * points));
                QCOMPARE(of.momenta.size(), of.path.size());
                QCOMPARE(static_cast<Index>(of.edges.size()), points - 1);
                QVERIFY(info[c].depth <= 6 && points <= 64);
                for (const auto& edge : of.edges) {
                    QVERIFY(edge.from >= 0 && edge.from < edge.to && edge.to < points);
                    // A leapfrog step apart.
                    const auto at = [&](Index i) {
                        return of.stepsOfPoints[static_cast<std::size_t>(i)];
                    };
                    QCOMPARE(std::abs(at(edge.from) - at(edge.to)), 1.0);
                }
                QVERIFY(std::ranges::equal(of.from, before.positions().subspan(2 * c, 2)));
                QVERIFY(std::ranges::equal(of.proposal, state.positions().subspan(2 * c, 2)));
            }
        }
    }

    void langevinParts() {
        const auto energy = makeEnergy("banana");
        for (const char* id : {"ula", "mala", "sgld", "annealed-langevin"}) {
            const auto kernel = makeSampler(id);
            ChainState state = kernel->init(Key{1, 1}, *energy, energy->sample(Key{1, 1}, 3));
            const Index wanted[] = {1};
            StepTrace trace(wanted);
            kernel->step(Key{1, 1}, 0, *energy, state, {}, &trace);
            const auto& t = trace.chains[0];
            for (std::size_t k = 0; k < 2; ++k) {
                QVERIFY(std::abs(t.from[k] + t.drift[k] + t.noise[k] - t.proposal[k]) < 1e-12);
            }
        }
    }

    void smallStepsAreTaken() {
        const auto energy = makeEnergy("banana");
        for (const char* id : {"rwm", "mala", "hmc", "nuts", "tempering"}) {
            const auto kernel = makeSampler(id, {{"sampler.step_size", 1e-4}});
            ChainState state = kernel->init(Key{1, 1}, *energy, energy->sample(Key{1, 1}, 50));
            std::vector<StepInfo> info(50);
            kernel->step(Key{1, 1}, 0, *energy, state, info);
            for (const auto& i : info) {
                QVERIFY2(i.acceptProb > 0.99, id);
            }
        }
    }

    /// Steps out of the support, or beyond all numbers, never leave a chain there.
    void hostileSteps() {
        const auto energy =
            makeEnergy("formula", {{"energy.expression", std::string("x - 3*log(x) + y^4")}});
        for (const auto& spec : samplerSpecs()) {
            ParamSet params;
            if (find(spec.params, "sampler.step_size") != nullptr) {
                params["sampler.step_size"] = 50.0;
            }
            const auto kernel = spec.make(resolve(spec.params, params));
            const auto start = startPositions(*energy, Start::Overdispersed, Key{2, 2}, 12);
            ChainState state = kernel->init(Key{2, 2}, *energy, start);
            std::vector<StepInfo> info(12);
            for (std::uint64_t t = 0; t < 30; ++t) {
                kernel->step(Key{2, 2}, t, *energy, state, info);
                for (const auto& i : info) {
                    QVERIFY2(!std::isnan(i.acceptProb) && !std::isnan(i.energyError),
                             spec.id.c_str());
                }
            }
            for (const double v : state.positions()) {
                QVERIFY2(std::isfinite(v), spec.id.c_str());
            }
            for (const double e : state.array("energy")) {
                QVERIFY2(std::isfinite(e) || spec.weighted, spec.id.c_str());
            }
        }
    }

    void temperedViews() {
        const auto energy = makeEnergy("himmelblau");
        const auto wide = wideNormal(*energy);
        for (const double beta : {0.0, 0.3, 1.0}) {
            const TemperedEnergy view(*energy, beta, wide.get());
            std::vector<double> x{1.2, -0.7}, slope(2);
            double e = 0;
            view.evaluate(x, std::span(&e, 1), slope);
            QVERIFY(std::abs(e - ((1 - beta) * wide->at(x) + beta * energy->at(x))) < 1e-12);
            for (std::size_t k = 0; k < 2; ++k) {
                auto up = x, down = x;
                up[k] += 1e-5;
                down[k] -= 1e-5;
                QVERIFY(std::abs((view.at(up) - view.at(down)) / 2e-5 - slope[k]) < 1e-6);
            }
        }
        QVERIFY(wide->canSample() && *wide->logNormaliser() == 0);
    }

    /// A constant metric is a mass matrix.
    void flatMetricIsHmc() {
        const auto energy = makeEnergy("banana");
        const auto curved = riemannianHmc(constantMetric({2, 0, 0, 0.5}, 2), {.stepSize = 0.2});
        const auto hmc = makeSampler("hmc", {{"sampler.step_size", 0.2}, {"sampler.jitter", 0.0}});
        const auto start = energy->sample(Key{1, 5}, 30);
        ChainState a = curved->init(Key{1, 5}, *energy, start);
        ChainState b = hmc->init(Key{1, 5}, *energy, start);
        setInverseMass(b, std::vector<double>{0.5, 2});
        runChains(*curved, Key{1, 5}, 0, 20, *energy, a, 1);
        runChains(*hmc, Key{1, 5}, 0, 20, *energy, b, 1);
        for (std::size_t k = 0; k < a.positions().size(); ++k) {
            QVERIFY(std::abs(a.positions()[k] - b.positions()[k]) < 1e-6);
        }
    }
    void curvedMetricIsExact() {
        const auto energy = makeEnergy(
            "funnel", {{"energy.dim", Index{2}}, {"energy.form", std::string("centred")}});
        InvarianceOptions options;
        options.chains = 3000;
        const auto right =
            riemannianHmc(std::make_shared<FunnelMetric>(), {.stepSize = 0.5, .leapfrogs = 6});
        const double z = largest(invarianceScores(*right, *energy, Key{2, 8}, options));
        // Broken twin: implicit steps that are taken as solved at once cannot be reversed.
        const auto wrong =
            riemannianHmc(std::make_shared<FunnelMetric>(),
                          {.stepSize = 0.5, .leapfrogs = 6, .tolerance = 100, .iterations = 9});
        const double off = largest(invarianceScores(*wrong, *energy, Key{2, 8}, options));
        // It moves through the neck where one step size for all does not.
        ChainState state = right->init(Key{2, 9}, *energy, energy->sample(Key{2, 9}, 300));
        std::vector<StepInfo> info(300);
        double acceptance = 0;
        runChains(*right, Key{2, 9}, 0, 1, *energy, state, 1, info);
        for (const auto& i : info) {
            acceptance += i.acceptProb / 300;
        }
        qInfo("largest z %.2f, unsolved %.2f, acceptance %.3f", z, off, acceptance);
        QVERIFY(z < kScoreLimit);
        QVERIFY(off > kScoreLimit);
        QVERIFY(acceptance > 0.9);
        QVERIFY_EXCEPTION_THROWN(
            right->init(Key{}, *makeEnergy("gauss", {{"energy.dim", Index{3}}}),
                        std::vector<double>(3)),
            UsageError);
    }
};

QTEST_GUILESS_MAIN(TestWarmup)
#include "tst_warmup.moc"
