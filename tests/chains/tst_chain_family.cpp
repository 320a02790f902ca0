// SPDX-License-Identifier: GPL-3.0-or-later
// The family `chains`: what it publishes, and that the same key gives the same chains whatever
// happens between.
#include "core/diagnostics/scalar.h"
#include "core/energies/registry.h"
#include "tests/chains/family_run.h"

#include <QElapsedTimer>
#include <QtTest>
#include <cmath>
#include <thread>

using namespace lx;
using namespace lx::test;

namespace {

using namespace std::string_literals;

ParamSet gauss(const std::string& kernel = "hmc", ParamSet more = {}) {
    ParamSet out{{"energy", "gauss"s},           {"energy.condition", 4.0},
                 {"sampler.kernel", kernel},     {"sampler.chains", Index{4}},
                 {"sampler.warmup", Index{100}}, {"sampler.draws", Index{400}}};
    for (auto& [id, value] : more) {
        out[id] = value;
    }
    return out;
}

double sumOf(const Array& array) {
    double sum = 0;
    for (const float x : array.values<float>()) {
        sum += static_cast<double>(x);
    }
    return sum;
}

std::vector<Index> shapeOf(const Array& array) {
    return {array.shape().begin(), array.shape().end()};
}

}  // namespace

class TestChainFamily : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void channelsHaveTheirShapesAndValues() {
        FamilyRun run(gauss());
        run.run(500);
        const Arrays a = run.lookAtAll();
        QCOMPARE(shapeOf(a.at("chains")), (std::vector<Index>{400, 4, 2}));
        QCOMPARE(textOf(a.at("chains.names")), "x\ny"s);
        QCOMPARE(shapeOf(a.at("chains_now")), (std::vector<Index>{4, 2}));
        QCOMPARE(shapeOf(a.at("chains_trail")), (std::vector<Index>{4, 260, 2}));
        QCOMPARE(shapeOf(a.at("draws")), (std::vector<Index>{1600, 2}));
        QCOMPARE(shapeOf(a.at("diagnostics")), (std::vector<Index>{3, 11}));
        QCOMPARE(textOf(a.at("diagnostics.names")), "x\ny\nlp__"s);
        QCOMPARE(a.at("trace").dim(0), Index{3});
        QCOMPARE(a.at("trace").dim(1), Index{4});
        QCOMPARE(a.at("trace").dim(3), Index{2});
        QCOMPARE(a.at("trace.step").dim(0), a.at("trace").dim(2) + 1);
        QCOMPARE(a.at("trace.step").values<float>().back(), 500.0F);
        QCOMPARE(a.at("trace.warmup").values<float>()[0], 100.0F);
        for (const char* id : {"rank_ecdf", "rank_histogram", "autocorrelation"}) {
            QCOMPARE(a.at(id).shape().size(), std::size_t{3});
            QCOMPARE(a.at(id).dim(0), Index{3});
            QCOMPARE(a.at(id).dim(1), Index{4});
        }
        QCOMPARE(a.at("rank_ecdf.band").dim(0), a.at("rank_ecdf").dim(2));
        QCOMPARE(a.at("autocorrelation").values<float>()[0], 1.0F);
        QCOMPARE(a.at("ess_evolution").dim(2), Index{2});
        QCOMPARE(a.at("energy_transitions").dim(1), Index{2});
        QCOMPARE(a.at("energy_transitions.ebfmi").dim(0), Index{4});
        QCOMPARE(shapeOf(a.at("truth_error")), (std::vector<Index>{2, 4}));
        QCOMPARE(a.at("mechanism").dim(0), Index{4});
        QCOMPARE(a.at("mechanism.path").dim(1), Index{11});
        QCOMPARE(a.at("mechanism.energy_error").dim(1), Index{11});
        QVERIFY(!a.contains("occupancy"));  // one mode

        // The trail ends where the chains are, and so does the file of draws.
        const auto now = a.at("chains_now").values<float>();
        const auto trail = a.at("chains_trail").values<float>();
        const auto all = a.at("chains").values<double>();
        for (std::size_t c = 0; c < 4; ++c) {
            QCOMPARE(trail[(c * 260 + 259) * 2], now[2 * c]);
            QCOMPARE(static_cast<float>(all[(399 * 4 + c) * 2 + 1]), now[2 * c + 1]);
        }
        // The table is that of the draws.
        std::vector<double> x(1600);
        for (std::size_t c = 0; c < 4; ++c) {
            for (std::size_t n = 0; n < 400; ++n) {
                x[c * 400 + n] = all[(n * 4 + c) * 2];
            }
        }
        diagnostics::ScalarDiagnostics scalar({x, 4, 400});
        const auto table = a.at("diagnostics").values<float>();
        QCOMPARE(table[0], static_cast<float>(scalar.mean()));
        QCOMPARE(table[6], static_cast<float>(scalar.rhat().value()));
        QCOMPARE(table[7], static_cast<float>(scalar.essBulk()));

        // The grid holds E, the densities integrate to one.
        const auto extent = a.at("energy.extent").values<float>();
        const auto energy = makeEnergy("gauss", {{"energy.condition", 4.0}});
        const double dx = (static_cast<double>(extent[2]) - static_cast<double>(extent[0])) / 160;
        const double dy = (static_cast<double>(extent[3]) - static_cast<double>(extent[1])) / 160;
        const std::vector<double> at{static_cast<double>(extent[0]) + 30.5 * dx,
                                     static_cast<double>(extent[1]) + 90.5 * dy};
        const auto grid = a.at("energy").values<float>();
        QVERIFY(std::abs(static_cast<double>(grid[90 * 160 + 30]) - energy->at(at)) < 1e-4);
        QVERIFY(std::abs(sumOf(a.at("true_density")) * dx * dy - 1) < 0.01);
        QVERIFY(std::abs(sumOf(a.at("sample_density")) * dx * dy - 1) < 0.01);
        QCOMPARE(shapeOf(a.at("marginals")), (std::vector<Index>{2, 160}));
        QCOMPARE(shapeOf(a.at("marginals.true")), (std::vector<Index>{2, 160}));
        QVERIFY(std::abs(sumOf(a.at("marginals.true")) * (dx + dy) / 2 - 2) < 0.3);
        const std::string facts = textOf(a.at("sampler"));
        QVERIFY(facts.find("kernel\thmc\n") != std::string::npos);
        QVERIFY(facts.find("phase\tdone\n") != std::string::npos);
        QVERIFY(textOf(a.at("verdict")).starts_with("Converged.\n"));
    }

    /// Samples on demand are the draws after warm-up, all chains at one step, then the next; more
    /// steps change none of them.
    void drawsOnDemand() {
        FamilyRun run(gauss());
        run.run(500);
        const auto take = [&](Index first, Index count) {
            return run.ask("generate", {{"first", first}, {"count", count}});
        };
        const Arrays all = take(0, 1600);
        QCOMPARE(shapeOf(all.at("samples")), (std::vector<Index>{1600, 2}));
        const auto x = all.at("samples").values<float>();
        const auto keys = all.at("keys").values<Index>();
        const Arrays chains = run.look({"chains"});
        const auto draws = chains.at("chains").values<double>();
        for (std::size_t i = 0; i < 1600; ++i) {
            QCOMPARE(x[2 * i], static_cast<float>(draws[2 * i]));
            QCOMPARE(keys[4 * i], Index{1});
            QCOMPARE(keys[4 * i + 2], static_cast<Index>(i % 4));
            QCOMPARE(keys[4 * i + 3], 100 + static_cast<Index>(i / 4));
        }
        run.run(700);
        for (const Index first : {Index{0}, Index{7}, Index{1590}}) {
            const Arrays some = take(first, 10);
            const auto bytes = all.at("samples").bytes();
            QVERIFY(std::ranges::equal(some.at("samples").bytes(),
                                       bytes.subspan(static_cast<std::size_t>(first) * 8, 80)));
        }
        QVERIFY(refusal([&] { take(0, 2401); }).find("2400 draws") != std::string::npos);
        QVERIFY(refusal([&] {
                    run.ask("generate", {{"count", Index{1}}, {"seed", Index{2}}});
                }).find("seed of their run") != std::string::npos);
        QVERIFY(!FamilyRun(gauss()).experiment->probe({1, "nothing", {}, {}}));
    }

    void mechanismIsTheNextStep() {
        for (const char* kernel : {"rwm", "mala", "hmc"}) {
            FamilyRun run(gauss(kernel));
            run.run(150);
            const Arrays before = run.look({"mechanism", "chains_now"});
            run.run(151);
            const Arrays after = run.look({"chains_now"});
            const auto was = before.at("chains_now").values<float>();
            const auto is = after.at("chains_now").values<float>();
            const auto from = before.at("mechanism.from").values<float>();
            const auto to = before.at("mechanism.proposal").values<float>();
            const auto accepted = before.at("mechanism.accepted").values<float>();
            for (std::size_t c = 0; c < 4; ++c) {
                QCOMPARE(from[2 * c], was[2 * c]);
                QCOMPARE(is[2 * c], accepted[c] > 0 ? to[2 * c] : from[2 * c]);
            }
            if (kernel == "mala"s) {
                const auto drift = before.at("mechanism.drift").values<float>();
                const auto noise = before.at("mechanism.noise").values<float>();
                QVERIFY(std::abs(from[0] + drift[0] + noise[0] - to[0]) < 1e-5F);
            }
        }
    }

    void tracesAndTrailsOfManyChainsAreCapped() {
        FamilyRun run(gauss("mala", {{"sampler.chains", Index{3000}},
                                     {"sampler.warmup", Index{5}},
                                     {"sampler.draws", Index{30}}}));
        run.run(35);
        const Arrays a = run.lookAtAll(Detail::Screen);
        QCOMPARE(shapeOf(a.at("chains_now")), (std::vector<Index>{3000, 2}));
        QCOMPARE(a.at("chains_trail").dim(0), Index{64});
        QCOMPARE(a.at("chains").dim(1), Index{64});
        QVERIFY(a.at("draws").dim(0) <= 100'000);
        QCOMPARE(shapeOf(run.look({"chains"}).at("chains")), (std::vector<Index>{30, 3000, 2}));
    }

    void theRadiusIsThatOfTheTypicalSet() {
        FamilyRun run(gauss(
            "hmc",
            {{"energy.dim", Index{50}}, {"energy.condition", 1.0}, {"sampler.init", "exact"s}}));
        run.run(500);
        const Arrays a = run.look({"marginals", "diagnostics", "chains"});
        QCOMPARE(textOf(a.at("marginals.names")), "x1\nx2\nradius"s);
        QCOMPARE(a.at("chains").dim(2), Index{50});  // derived quantities are no coordinates
        const std::string names = textOf(a.at("diagnostics.names"));
        QVERIFY(names.ends_with("x50\nradius\nlp__"));
        const float mean = a.at("diagnostics").values<float>()[50 * 11];
        const auto truth = a.at("marginals.true").values<float>();
        const auto edges = a.at("marginals.edges").values<float>();
        float mass = 0, first = 0;
        for (std::size_t i = 320; i < 480; ++i) {
            const std::size_t e = 2 * 161 + i - 320;
            const float part = truth[i] * (edges[e + 1] - edges[e]);
            mass += part;
            first += part * 0.5F * (edges[e] + edges[e + 1]);
        }
        QVERIFY(std::abs(mass - 1) < 0.01F);
        QVERIFY2(std::abs(mean - first) < 0.1F, qPrintable(QString::number(mean)));
        QCOMPARE(edges[2 * 161], 0.0F);  // the empty middle is part of the picture
    }

    void sameKeySameChains() {
        for (const char* kernel : {"mala", "nuts", "tempering"}) {
            FamilyRun a(gauss(kernel)), b(gauss(kernel)), other(gauss(kernel), 2);
            a.run(300);
            for (Index step = 1; step <= 300; ++step) {  // looked at in every step
                b.run(step);
                if (step % 20 == 0) {
                    b.lookAtAll(Detail::Screen);
                }
            }
            other.run(300);
            QVERIFY(a.draws() == b.draws());
            QVERIFY(a.draws() != other.draws());
            QCOMPARE(a.sink.points.size(), b.sink.points.size());
            for (std::size_t i = 0; i < a.sink.points.size(); ++i) {
                QCOMPARE(a.sink.points[i].value, b.sink.points[i].value);
            }
        }
    }

    void threadsChangeNothing() {
        const ParamSet params = gauss("mala", {{"sampler.chains", Index{5000}},
                                               {"sampler.executor", "reference"s},
                                               {"sampler.warmup", Index{20}},
                                               {"sampler.draws", Index{20}}});
        FamilyRun one(params, 1, 1), three(params, 1, 3);
        one.run(40);
        three.run(40);
        QVERIFY(one.experiment->capture().at("chains.chain.position").bytes().size() ==
                three.experiment->capture().at("chains.chain.position").bytes().size());
        QVERIFY(one.draws() == three.draws());
    }

    void resumedIsUninterrupted_data() {
        QTest::addColumn<QString>("kernel");
        QTest::addColumn<int>("chains");
        QTest::addColumn<QString>("executor");
        for (const char* kernel : {"rwm", "ula", "mala", "hmc", "nuts", "underdamped", "tempering",
                                   "stretch", "smc", "slice"}) {
            QTest::newRow(kernel) << kernel << 8 << "reference";
        }
        QTest::newRow("mala, more than are kept") << "mala" << 200 << "reference";
        for (const char* kernel : {"ula", "mala", "hmc", "underdamped"}) {
            QTest::addRow("%s, fused", kernel) << kernel << 40 << "fused";
        }
    }
    void resumedIsUninterrupted() {
        QFETCH(QString, kernel);
        QFETCH(int, chains);
        QFETCH(QString, executor);
        ParamSet params = gauss(kernel.toStdString(), {{"sampler.chains", Index{chains}},
                                                       {"sampler.executor", executor.toStdString()},
                                                       {"sampler.warmup", Index{120}},
                                                       {"sampler.draws", Index{180}}});
        params["energy"] = "ring8"s;
        params.erase("energy.condition");
        FamilyRun whole(params);
        whole.run(300);
        for (const Index split : {1, 60, 120, 121, 250}) {
            FamilyRun first(params), second(params, 1, 2);
            first.run(split);
            const State state = first.experiment->capture();
            // Another run's content must not matter.
            second.run(33);
            second.experiment->restore(state);
            second.run(300);
            QVERIFY2(second.draws() == whole.draws(), qPrintable(QString::number(split)));
            const State a = second.experiment->capture(), b = whole.experiment->capture();
            QCOMPARE(a.size(), b.size());
            for (const auto& [name, array] : a) {
                QVERIFY2(std::ranges::equal(array.bytes(), b.at(name).bytes()), name.c_str());
            }
        }
    }

    void aStateOfAnotherRunIsRefused() {
        FamilyRun run(gauss()), wider(gauss("hmc", {{"sampler.chains", Index{5}}}));
        FamilyRun other(gauss("rwm"));
        run.run(20);
        wider.run(20);
        other.run(20);
        const auto before = run.draws();
        for (const FamilyRun* foreign : {&wider, &other}) {
            QVERIFY(
                !refusal([&] { run.experiment->restore(foreign->experiment->capture()); }).empty());
        }
        State broken = run.experiment->capture();
        broken.erase("draws.tail.values");
        QVERIFY(refusal([&] { run.experiment->restore(broken); }).find("tail.values") !=
                std::string::npos);
        QCOMPARE(run.experiment->step(Clock::Sample), Index{20});
        run.run(500);
        FamilyRun clean(gauss());
        clean.run(500);
        QVERIFY(run.draws() == clean.draws());
    }

    void aStopIsHeardWithinAStep() {
        // A step of a million chains takes longer than anybody wants to wait.
        const ParamSet params = gauss("hmc", {{"sampler.chains", Index{1'000'000}},
                                              {"sampler.executor", "reference"s},
                                              {"sampler.adapt", false},
                                              {"sampler.warmup", Index{0}},
                                              {"sampler.draws", Index{5}}});
        FamilyRun run(params, 1, 2);
        std::stop_source stop;
        stop.request_stop();
        QElapsedTimer clock;
        clock.start();
        run.experiment->advance(Clock::Sample, {1, {}}, stop.get_token(), run.sink);
        qInfo("a stop was heard after %lld ms", static_cast<long long>(clock.elapsed()));
        QCOMPARE(run.experiment->step(Clock::Sample), Index{0});
        QVERIFY(run.experiment->waiting());
        const State within = run.experiment->capture();
        QVERIFY(within.contains("info"));
        run.run(2);
        QVERIFY(!run.experiment->waiting());
        FamilyRun resumed(params, 1, 1);
        resumed.experiment->restore(within);
        resumed.run(2);
        const State a = resumed.experiment->capture(), b = run.experiment->capture();
        for (const auto& [name, array] : a) {
            QVERIFY2(std::ranges::equal(array.bytes(), b.at(name).bytes()), name.c_str());
        }
    }

    void badParametersAreRefusedByName() {
        const auto why = [](ParamSet params) { return refusal([&] { FamilyRun run(params); }); };
        QVERIFY(why({{"energy", "gaus"s}}).find("energy") != std::string::npos);
        QVERIFY(why(gauss("hcm")).find("sampler.kernel") != std::string::npos);
        QVERIFY(why(gauss("hmc", {{"sampler.chains", Index{2'000'000}}})).find("sampler.chains") !=
                std::string::npos);
        QVERIFY(why(gauss("hmc", {{"sampler.friction", 1.0}})).find("sampler.friction") !=
                std::string::npos);
        QVERIFY(why(gauss("hmc", {{"sampler.init", "point"s},
                                  {"sampler.point", std::vector{1.0, 2.0, 3.0}}}))
                    .find("sampler.point") != std::string::npos);
        QVERIFY(
            why({{"energy", "muller-brown"s}, {"sampler.init", "exact"s}}).empty() ||
            why({{"energy", "muller-brown"s}, {"sampler.init", "exact"s}}).find("sampler.init") !=
                std::string::npos);
        QVERIFY(why(gauss("nuts", {{"sampler.executor", "fused"s}})).find("sampler.executor") !=
                std::string::npos);
        QVERIFY(why(gauss("stretch", {{"sampler.chains", Index{2}}})).find("chains") !=
                std::string::npos);
        QVERIFY(!why({{"energy", "formula"s}, {"energy.expression", "x^^2"s}}).empty());
    }

    void aRunawayIsNamed() {
        FamilyRun run(gauss("ula", {{"sampler.step_size", 60.0}}));
        QString text;
        try {
            run.run(500);
        } catch (const NumericalError& error) {
            text = QString::fromUtf8(error.what());
        }
        QVERIFY2(text.startsWith("position of chain ") && text.contains(" at step ") &&
                     text.contains("sampler.step_size"),
                 qPrintable(text));
        // The same step with a decision is turned down instead.
        FamilyRun decided(gauss("mala", {{"sampler.step_size", 60.0}, {"sampler.adapt", false}}));
        decided.run(200);
    }

    void warmupAdaptsAndThenRests() {
        FamilyRun run(gauss("hmc", {{"sampler.step_size", 0.001}}));
        run.run(100);
        const double tuned = run.experiment->metrics({1, 1}, {}).at("step_size");
        QVERIFY(tuned > 0.1);
        run.run(400);
        QCOMPARE(run.experiment->metrics({1, 1}, {}).at("step_size"), tuned);
        const Arrays a = run.look({"adaptation"});
        QCOMPARE(a.at("adaptation").dim(0), Index{100});
        QCOMPARE(a.at("adaptation.mass").dim(0), Index{2});
        // A hand at the step size ends it.
        FamilyRun held(gauss("hmc", {{"sampler.step_size", 0.001}}));
        held.run(20);
        held.experiment->set({"sampler.step_size", 0.05});
        held.run(200);
        QCOMPARE(held.experiment->metrics({1, 1}, {}).at("step_size"), 0.05);
    }

    void handsMoveChains() {
        FamilyRun run(gauss("mala"));
        run.run(150);
        const auto seen = run.experiment->news();
        run.ask("place", {{"chain", Index{2}}}, {{"x", Array({2}, std::vector{1.5F, -0.5F})}});
        const auto now = run.look({"chains_now"}).at("chains_now");
        QCOMPARE(now.values<float>()[4], 1.5F);
        QCOMPARE(now.values<float>()[5], -0.5F);
        QVERIFY(run.experiment->news() > seen);
        // What is kept of the place was computed anew: the step that follows starts from there.
        const auto next = run.look({"mechanism"});
        QCOMPARE(next.at("mechanism.from").values<float>()[4], 1.5F);
        const auto kicked = run.ask("kick", {{"chain", Index{0}}, {"scale", 5.0}}).at("x");
        QVERIFY(kicked.values<float>()[0] != now.values<float>()[0]);
        QVERIFY(run.ask("restart", {{"chain", Index{1}}}).contains("x"));
        QCOMPARE(run.look({"chains"}).at("chains").dim(0), Index{50});
        run.ask("restart");
        QVERIFY(!run.look({"chains"}).contains("chains"));  // all draws went
        QVERIFY(!refusal([&] { run.ask("kick", {{"chain", Index{9}}}); }).empty());
        QVERIFY(!refusal([&] {
                     run.ask("place", {{"chain", Index{0}}},
                             {{"x", Array({3}, std::vector{1.F, 2.F, 3.F})}});
                 }).empty());
        QVERIFY(run.experiment->probe({1, "sheet", {}, {}}) == nullptr);
    }

    void aChosenVariableIsShown() {
        FamilyRun run(gauss("mala"));
        run.run(300);
        const std::string wanted = "lp__\ny";
        const Array names(DType::U8, {static_cast<Index>(wanted.size())},
                          std::as_bytes(std::span(wanted)));
        run.ask("variables", {}, {{"names", names}});
        QCOMPARE(textOf(run.look({"trace"}).at("trace.names")), wanted);
        const std::string unknown = "z";
        QVERIFY(refusal([&] {
                    run.ask("variables", {},
                            {{"names", Array(DType::U8, {1}, std::as_bytes(std::span(unknown)))}});
                }).find("'z'") != std::string::npos);
    }

    void anotherTargetBeginsAnotherHistory() {
        FamilyRun run(gauss("hmc"));
        run.run(300);
        run.experiment->set({"energy.sd", 1.5});
        run.run(800);
        const Arrays a = run.look({"chains", "truth_error", "energy"});
        QCOMPARE(a.at("chains").dim(0), Index{500});
        const auto error = a.at("truth_error").values<float>();
        QVERIFY2(std::abs(error[3] - 1) < 0.2F, qPrintable(QString::number(error[3])));
    }

    void paintingChangesTheTarget() {
        FamilyRun run({{"energy", "painted"s}, {"sampler.kernel", "rwm"s}});
        run.run(50);
        const auto before = run.look({"energy"}).at("energy");
        const auto first =
            run.ask("paint", {},
                    {{"stroke", Array({6}, std::vector<double>{0, 5, 0.5, 1, 2.5, 2.5})}})
                .at("strokes");
        const auto after = run.look({"energy"}).at("energy");
        QVERIFY(!std::ranges::equal(before.bytes(), after.bytes()));
        const auto undone = run.ask("paint", {{"undo", Index{1}}}).at("strokes");
        QCOMPARE(undone.count() + 6, first.count());
        QVERIFY(std::ranges::equal(before.bytes(), run.look({"energy"}).at("energy").bytes()));
        QVERIFY(!refusal([] { FamilyRun(gauss()).ask("paint"); }).empty());
    }

    void fusedWalksTheSamePath() {
        for (const char* kernel : {"ula", "mala", "hmc", "underdamped"}) {
            ParamSet params = gauss(kernel, {{"sampler.chains", Index{300}},
                                             {"sampler.warmup", Index{0}},
                                             {"sampler.draws", Index{20}}});
            params["energy"] = "mixture"s;
            params.erase("energy.condition");
            std::vector<std::string> executors;
            const auto last = [&](const char* executor) {
                params["sampler.executor"] = std::string(executor);
                FamilyRun run(params);
                run.run(20);
                const auto now = run.look({"chains_now", "sampler"});
                executors.push_back(textOf(now.at("sampler")));
                return now.at("chains_now");
            };
            const Array a = last("reference"), b = last("fused");
            QVERIFY(executors[0].find("executor\treference") != std::string::npos);
            QVERIFY(executors[1].find("executor\tfused") != std::string::npos);
            int apart = 0;  // a decision within rounding of its threshold parts two chains
            for (std::size_t i = 0; i < a.values<float>().size(); ++i) {
                apart += std::abs(a.values<float>()[i] - b.values<float>()[i]) > 1e-3F ? 1 : 0;
            }
            QVERIFY2(apart <= 6, qPrintable(QStringLiteral("%1: %2").arg(kernel).arg(apart)));
        }
    }

    void theEnergyAroundTheFrameIsKnown() {
        for (const ParamSet& params :
             {ParamSet{{"energy", "funnel"s}}, ParamSet{{"energy", "two-modes"s}}}) {
            const FamilyRun run(params);
            const Arrays a = run.look({"energy"});
            const auto frame = a.at("energy.extent").values<float>();
            const auto wide = a.at("energy.around.extent").values<float>();
            const float w = wide[2] - wide[0], h = wide[3] - wide[1];
            QVERIFY(w >= 2.4F * (frame[3] - frame[1]) && h >= 2.4F * (frame[2] - frame[0]));
            QVERIFY(wide[0] < frame[0] && wide[1] < frame[1] && wide[2] > frame[2]);
            // The value of a cell belongs to its middle.
            const Array& grid = a.at("energy.around");
            const Index rows = grid.dim(0), columns = grid.dim(1);
            const auto energy = makeEnergy(std::get<std::string>(params.at("energy")), {});
            for (const auto& [r, c] : {std::pair<Index, Index>{80, 80}, {75, 90}, {90, 70}}) {
                std::vector<double> x(static_cast<std::size_t>(energy->dim()));
                const auto mean = energy->mean();
                x = mean.value_or(x);
                x[0] = static_cast<double>(wide[0]) + (static_cast<double>(c) + 0.5) *
                                                          static_cast<double>(w) /
                                                          static_cast<double>(columns);
                x[1] = static_cast<double>(wide[1]) + (static_cast<double>(r) + 0.5) *
                                                          static_cast<double>(h) /
                                                          static_cast<double>(rows);
                const double value = static_cast<double>(
                    grid.values<float>()[static_cast<std::size_t>(r * columns + c)]);
                QVERIFY(std::abs(value - energy->at(x)) < 1e-3 * (1 + std::abs(value)));
            }
        }
    }

    void warmUpIsMarkedWhileItGoesOn() {
        FamilyRun run(gauss("hmc", {{"sampler.warmup", Index{200}}}));
        run.run(120);
        QCOMPARE(run.look({"trace"}).at("trace.warmup").values<float>()[0], 200.0F);
        run.run(350);
        QCOMPARE(run.look({"trace"}).at("trace.warmup").values<float>()[0], 200.0F);
    }

    /// An acceptance that somebody asked for is no finding.
    void theWantedAcceptanceCounts() {
        const auto verdictOf = [](ParamSet more) {
            more.insert({{"sampler.warmup", Index{300}}, {"sampler.draws", Index{300}}});
            FamilyRun run(gauss("hmc", more));
            run.run(600);
            return textOf(run.look({"verdict"}).at("verdict"));
        };
        const std::string asked = verdictOf({{"sampler.target_accept", 0.97}});
        QVERIFY2(asked.find("The mean acceptance") == std::string::npos, asked.c_str());
        const std::string tiny = verdictOf({{"sampler.adapt", false}, {"sampler.step_size", 0.01}});
        QVERIFY2(tiny.find("The mean acceptance is 1") != std::string::npos, tiny.c_str());
    }

    void temperingIsNotToldToTemper() {
        FamilyRun run({{"energy", "ring8"s},
                       {"sampler.kernel", "tempering"s},
                       {"sampler.temperatures", Index{2}},
                       {"sampler.beta_min", 0.9},
                       {"sampler.warmup", Index{100}},
                       {"sampler.draws", Index{300}}});
        run.run(400);
        const std::string verdict = textOf(run.look({"verdict"}).at("verdict"));
        QVERIFY(verdict.starts_with("Not converged.\n"));
        QVERIFY2(verdict.find("try-tempering") == std::string::npos, verdict.c_str());
    }

    void wrongModesAreSaidAlthoughRhatIsFine() {
        FamilyRun run({{"energy", "two-modes"s},
                       {"sampler.kernel", "mala"s},
                       {"sampler.init", "point"s},
                       {"sampler.point", std::vector{-4.0, 0.0}},
                       {"sampler.warmup", Index{200}},
                       {"sampler.draws", Index{1500}}});
        run.run(1700);
        const auto metrics = run.experiment->metrics({1, 1}, {});
        QVERIFY(metrics.at("rhat_max") < 1.02);
        QCOMPARE(metrics.at("modes_found"), 1.0);
        const std::string verdict = textOf(run.look({"verdict"}).at("verdict"));
        QVERIFY2(verdict.starts_with("Not converged.\n"), verdict.c_str());
        QVERIFY(verdict.find("\ttry-tempering\t") != std::string::npos);
        const Arrays a = run.look({"occupancy"});
        QCOMPARE(a.at("occupancy").values<float>()[0], 1.0F);
        QVERIFY(std::abs(a.at("occupancy.true").values<float>()[0] - 0.8F) < 1e-3F);
    }
};

QTEST_GUILESS_MAIN(TestChainFamily)
#include "tst_chain_family.moc"
