// SPDX-License-Identifier: GPL-3.0-or-later
// Energy-based models: the network as a target, negatives, guard, resume, learning.
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>

#include <cmath>

using namespace lx;
using namespace lx::learned;
using namespace lx::test;

namespace {

const ExperimentSpec& family() {
    static const ExperimentSpec spec =
        learned::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    return spec;
}

std::unique_ptr<Experiment> make(const ParamSet& given, std::uint64_t seed = 1) {
    return family().make(resolve(family().describe(given).params, given), Key{seed, 0});
}

ParamSet ring(const std::string& memory = "replay") {
    return {{"data.source", std::string("data.ring8")},
            {"data.count", Index{2000}},
            {"network.hidden", std::vector<double>{32, 32}},
            {"negatives.memory", memory},
            {"train.batch", Index{128}},
            {"train.rate", 3e-3},
            {"train.horizon", Index{600}}};
}
ParamSet matching() {
    ParamSet out = ring();
    out.erase("negatives.memory");
    out["objective"] = std::string("score");
    out["objective.sigma"] = 0.3;
    return out;
}

Choices choices(const ParamSet& given) {
    return choicesOf(resolve(family().describe(given).params, given), DataShape{{2}, {}, 0, false});
}

/// A network of the family with random weights.
struct Sample {
    explicit Sample(const Choices& c) {
        network = makeNetwork(parameters, c);
        parameters.allocate();
        parameters.initialise(Key{3, 1});
        energy = energyOf(parameters, parameters.flat(), c);
    }
    Parameters parameters;
    std::unique_ptr<Network> network;
    EnergyPtr energy;
};

}  // namespace

class TestEnergyFamily : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    /// Value and gradient of the target are the network's own.
    void networkAsTarget() {
        for (const char* activation : {"silu", "tanh", "leaky_relu"}) {
            ParamSet given = ring();
            given["network.activation"] = std::string(activation);
            const Sample sample(choices(given));
            const at::NoGradGuard off;
            const Tensor x = 2 * at::rand({50, 2}) - 1;
            const Tensor y = sample.network->forward(x).squeeze(1);
            std::vector<float> e(50);
            sample.energy->evaluate(std::span<const float>(x.data_ptr<float>(), 100), e);
            double most = 0, wrong = 0;
            for (Index i = 0; i < 50; ++i) {
                const auto value = static_cast<double>(e[static_cast<std::size_t>(i)]);
                most = std::max(most, std::abs(value - y[i].item<double>()));
                wrong = std::max(wrong, std::abs(value - y[(i + 1) % 50].item<double>()));
            }
            QVERIFY(most < 1e-5);
            QVERIFY(wrong > 1e-3);
        }
    }
    /// The paths that views show are those the executor made.
    void pathsAreTheNegatives() {
        const Choices c = choices(ring());
        const Sample sample(c);
        Negatives negatives(c, 2, Key{4, 4});
        QVERIFY(negatives.paths(16).empty());
        for (const Index step : {0, 5}) {
            const auto drawn = negatives.draw(sample.energy, step);
            const auto paths = negatives.paths(16);
            QCOMPARE(std::ssize(paths), 16 * 21 * 2);
            double most = 0, wrong = 0;
            for (std::size_t r = 0; r < 16; ++r) {
                for (std::size_t i = 0; i < 2; ++i) {
                    const double end = paths[(r * 21 + 20) * 2 + i];
                    most = std::max(most, std::abs(end - static_cast<double>(drawn[2 * r + i])));
                    wrong = std::max(
                        wrong, std::abs(end - static_cast<double>(drawn[2 * ((r + 1) % 16) + i])));
                }
            }
            QVERIFY(most < 1e-3);
            QVERIFY(wrong > 0.1);
            // What is chosen from now on does not change the way that was gone.
            const Choices before = negatives.choices();
            negatives.choices().noise *= 2;
            negatives.choices().steps = 3;
            QVERIFY(negatives.paths(16) == paths);
            negatives.choices() = before;
        }
        QVERIFY(negatives.displacement() > 0.1 && negatives.displacement() < 3);
    }
    void memories() {
        const Sample sample(choices(ring()));
        const auto twice = [&](const char* memory) {
            const Choices c = choices(ring(memory));
            Negatives one(c, 2, Key{4, 4}), two(c, 2, Key{4, 4});
            one.draw(sample.energy, 0);
            const auto a = one.draw(sample.energy, 1), b = two.draw(sample.energy, 1);
            return std::ranges::equal(a, b);
        };
        QVERIFY(twice("short-run"));  // the first draw leaves no trace
        QVERIFY(!twice("persistent"));
        QCOMPARE(choices(ring("persistent")).store, Index{128});
        QCOMPARE(choices(ring("replay")).store, Index{10'000});
        const Choices c = choices(ring("persistent"));
        Negatives chains(c, 2, Key{4, 4});
        const auto end = chains.draw(sample.energy, 0);
        QVERIFY(std::ranges::equal(end, chains.store()));  // each goes on where it was
    }
    void resumes() {
        for (const ParamSet& given : {ring(), ring("persistent"), matching()}) {
            Collected sink;
            const auto whole = make(given), first = make(given), second = make(given),
                       wrong = make(given);
            steps(*whole, 30, sink);
            steps(*first, 17, sink);
            State state = first->capture();
            second->restore(state);
            steps(*second, 13, sink);
            QVERIFY(same(whole->capture(), second->capture()));
            QVERIFY(!same(whole->capture(), first->capture()));
            state["adam.first"] = make(given)->capture().at("adam.first");  // forgotten
            wrong->restore(state);
            steps(*wrong, 13, sink);
            QVERIFY(!same(whole->capture(), wrong->capture()));
            state.erase("guard");
            QVERIFY_EXCEPTION_THROWN(wrong->restore(state), UsageError);
        }
    }
    void looking() {
        for (const ParamSet& given : {ring(), matching()}) {
            const auto run = make(given), other = make(given);
            Collected sink;
            steps(*run, 3, sink);
            const auto ids = channelIds(family().describe(given));
            look(*run, ids, sink);
            for (const auto& id : ids) {
                QVERIFY2(sink.channels.contains(id), id.c_str());
            }
            steps(*run, 3, sink);
            steps(*other, 6, sink);
            QVERIFY(same(run->capture(), other->capture()));
        }
    }
    /// A run that diverges on purpose: stopped with a reason, or brought back and going on.
    void guard() {
        ParamSet wild = ring();
        wild["train.rate"] = 0.5;
        wild["train.schedule"] = std::string("constant");
        wild.erase("train.horizon");
        wild["objective.square"] = 0.0;
        wild["guard.rollbacks"] = Index{0};
        const auto until = [](Experiment& run) -> std::string {
            Collected sink;
            try {
                steps(run, 400, sink);
            } catch (const NumericalError& error) {
                return error.what();
            }
            return {};
        };
        const std::string why = until(*make(wild));
        qInfo("%s", why.c_str());
        QVERIFY(why.find("energy gap") != std::string::npos);
        QVERIFY(why.find("guard.gap=50") != std::string::npos);
        wild["guard.gap"] = 0.0;  // nobody watches
        QVERIFY(until(*make(wild)).find("energy gap") == std::string::npos);

        // It is good for a while; then someone raises the rate.
        ParamSet back = ring();
        back["train.schedule"] = std::string("constant");
        back.erase("train.horizon");
        const auto run = make(back);
        Collected sink;
        steps(*run, 210, sink);
        run->set({"train.rate", 0.5});
        steps(*run, 60, sink);
        QCOMPARE(run->step(Clock::Train), Index{270});
        const std::string told = run->takeNote();
        qInfo("%s", told.c_str());
        QVERIFY(told.starts_with("rolled back at step ") &&
                told.find("guard.") != std::string::npos);
        QVERIFY(run->takeNote().empty());     // once
        QVERIFY(sink.series[6].back() >= 1);  // roll-backs
        QVERIFY(sink.series[2].back() <= 0.25);
        QVERIFY(std::abs(sink.series[3].back()) <= 50);
    }
    /// The other alarms, each alone: a network that runs ahead, chains that fly or stand.
    void alarms() {
        ParamSet given = ring();
        given["guard.rollbacks"] = Index{0};
        given["guard.gap"] = 0.0;
        const auto says = [&](const char* id, double value, const ParamSet& more) {
            ParamSet run = given;
            for (const auto& [key, v] : more) {
                run[key] = v;
            }
            for (const char* other : {"guard.ess", "guard.displacement"}) {
                run[other] = std::string(other) == id ? value : 0.0;
            }
            const auto experiment = make(run);
            Collected sink;
            try {
                steps(*experiment, 60, sink);
            } catch (const NumericalError& error) {
                return std::string(error.what());
            }
            return std::string();
        };
        // Alarms early on, before such runs go their own way on each processor.
        const ParamSet fast{{"train.rate", 0.4}, {"objective.square", 0.0}};
        const ParamSet wild{{"train.rate", 1.0}, {"objective.square", 0.0}};
        for (const auto& [id, value, more, words] :
             {std::tuple{"guard.ess", 0.2, fast, "runs ahead"},
              std::tuple{"guard.displacement", 4.0, wild, "too steep"}}) {
            const std::string why = says(id, value, more);
            qInfo("%s: %s", id, why.c_str());
            QVERIFY(why.find(words) != std::string::npos);
            QVERIFY(says(id, 0.0, more).empty());  // nobody watches
            const std::string calm = says(id, value, {});
            QVERIFY2(calm.empty(), calm.c_str());
        }
        const Choices c = choices(ring());
        const Sample sample(c);
        Negatives negatives(c, 2, Key{4, 4});
        QVERIFY(std::isnan(negatives.overlap(*sample.energy)));
        negatives.draw(sample.energy, 0);
        QVERIFY(std::abs(negatives.overlap(*sample.energy) - 1) < 1e-6);
        QVERIFY(negatives.mobility() > 0.2 && negatives.mobility() < 5);
        // What moved beside training says nothing of the training.
        negatives.advance(sample.energy);
        QVERIFY(std::isnan(negatives.overlap(*sample.energy)));
        negatives.draw(sample.energy, 1);
        QVERIFY(negatives.overlap(*sample.energy) > 0.99);
    }
    /// The sample clock moves the chains and nothing else, and goes on from a saved state.
    void chainsMoveAtRest() {
        const auto weightsOf = [](State state) {
            std::erase_if(state, [](const auto& e) { return e.first.starts_with("negatives"); });
            return state;
        };
        QVERIFY(family().describe(matching()).clocks == std::vector{Clock::Train});
        const std::vector<Clock> both{Clock::Train, Clock::Sample};
        for (const char* memory : {"replay", "persistent", "short-run"}) {
            QVERIFY(family().describe(ring(memory)).clocks == both);
            const auto run = make(ring(memory)), other = make(ring(memory));
            Collected sink;
            steps(*run, 5, sink);
            const State trained = run->capture();
            const auto losses = sink.series;
            steps(*run, Clock::Sample, 4, sink);
            const State moved = run->capture();
            QCOMPARE(run->step(Clock::Train), Index{5});
            QCOMPARE(run->step(Clock::Sample), Index{4});
            QVERIFY(sink.series == losses);
            QVERIFY(same(weightsOf(trained), weightsOf(moved)));
            QVERIFY(trained.at("negatives").bytes().size() == moved.at("negatives").bytes().size());
            QVERIFY(!std::ranges::equal(trained.at("negatives").bytes(),
                                        moved.at("negatives").bytes()));
            other->restore(moved);
            for (Experiment* each : {run.get(), other.get()}) {
                steps(*each, Clock::Sample, 3, sink);
                steps(*each, 4, sink);
            }
            QCOMPARE(other->step(Clock::Sample), Index{7});
            QVERIFY(same(run->capture(), other->capture()));
            State old = trained;  // of a run saved before there was such a clock
            old.erase("negatives.advances");
            other->restore(old);
            QCOMPARE(other->step(Clock::Sample), Index{0});
            State wrong = moved;
            wrong["negatives.advances"] = Array({1}, std::vector<std::int64_t>{-1});
            QVERIFY_EXCEPTION_THROWN(other->restore(wrong), UsageError);
        }
    }
    void learns() {
        const auto untrained = make(ring());
        Collected sink;
        steps(*untrained, 1, sink);
        const double before = untrained->metrics(Key{}, {}).at("grid_kl");
        ParamSet small = ring();
        small["negatives.store"] = Index{512};
        for (const ParamSet& given : {small, ring("persistent"), matching()}) {
            const auto run = make(given);
            steps(*run, 600, sink);
            const double after = run->metrics(Key{}, {}).at("grid_kl");
            qInfo("grid KL: %.3f, untrained %.3f", after, before);
            QVERIFY(after < 0.75 * before);
        }
        QVERIFY(before > 1);
    }
    /// Mass counts for a mode near it only. Broken twin: nothing learned, every place as likely.
    void modesMustBeFound() {
        const ParamSet given = resolve(family().describe(ring()).params, ring());
        const auto parts = mixtureOfData(given);
        QVERIFY(parts);
        constexpr Index kSide = 161;
        const Box box{{-4, -4}, {4, 4}};
        const auto points = gridPoints(box, kSide);
        std::vector<double> law(kSide * kSide), flat(law.size(), 1.0);
        mixtureEnergy(*parts)->evaluate(std::span(points), law);
        normalise(law);
        normalise(flat);
        for (const double mass : modeMasses(*parts, law, points)) {
            QVERIFY(std::abs(mass - (1 - std::exp(-4.5)) / 8) < 1e-3);  // a disc of three sd
        }
        for (const double mass : modeMasses(*parts, flat, points)) {
            QVERIFY(mass < 0.02);
        }
    }
    /// The penalty is the mean of |grad E|^2 at data and negatives, and keeps the energy smooth.
    void gradientPenalty() {
        ParamSet given = ring("short-run");
        given["negatives.steps"] = Index{1};  // uniform in the box, but for one small step
        given["negatives.noise"] = 1e-3;
        given["train.batch"] = Index{4096};
        const auto firstLoss = [&](double weight) {
            ParamSet own = given;
            own["objective.gradient"] = weight;
            Collected sink;
            steps(*make(own), 1, sink);
            return sink.series.at(0).front();
        };
        const DataLibrary library{std::vector<std::string>{}};
        const auto slopeOf = [](const EnergyRun& run, std::span<const double> x) {
            std::vector<double> value(x.size() / 2), slope(x.size());
            run.energy()->evaluate(x, value, slope);
            double sum = 0;
            for (const double s : slope) {
                sum += s * s / static_cast<double>(value.size());
            }
            return sum;
        };
        const ParamSet whole = resolve(family().describe(given).params, given);
        const auto fresh = makeEnergyRun(library, whole, Key{1, 0}, {});
        Collected seen;
        look(*fresh, {"data"}, seen);
        const auto data = seen.channels.at("data").values<float>();
        const auto box = gridPoints({{-4, -4}, {4, 4}}, 64);
        const double none = firstLoss(0), one = firstLoss(1), two = firstLoss(2),
                     wanted =
                         0.5 * (slopeOf(*fresh, std::vector<double>(data.begin(), data.end())) +
                                slopeOf(*fresh, box));
        qInfo("penalty %.5f, expected %.5f", one - none, wanted);
        QVERIFY(std::abs(one - none - wanted) < 0.03 * wanted);
        QVERIFY(std::abs(two - none - 2 * (one - none)) < 1e-5);
        // Smoother after training than without it.
        const auto trained = [&](double weight) {
            ParamSet own = resolve(family().describe(ring()).params, ring());
            own["objective.gradient"] = weight;
            const auto run = makeEnergyRun(library, own, Key{1, 0}, {});
            Collected sink;
            steps(*run, 300, sink);
            return slopeOf(*run, box);
        };
        const double free = trained(0), smooth = trained(0.3);
        qInfo("mean |grad E|^2 %.3f, with the penalty %.3f", free, smooth);
        QVERIFY(smooth < 0.5 * free);
    }
    /// Refused before it begins, with the place.
    void refusesLayersThatChainsCannotStep() {
        ParamSet wide = ring();
        wide["network.hidden"] = std::vector<double>{300};
        QVERIFY_EXCEPTION_THROWN(family().describe(wide), UsageError);
        ParamSet deep = ring();
        deep["network.hidden"] = std::vector<double>(5, 8.0);
        QVERIFY_EXCEPTION_THROWN(family().describe(deep), UsageError);
        ParamSet scores = matching();
        scores["network.hidden"] = std::vector<double>{300};
        family().describe(scores);  // no chains there
    }
    void stopsOnBadNumbers() {
        const auto run = make(ring());
        State state = run->capture();
        state["model.energy.0.bias"] = Array({32}, std::vector<float>(32, std::nanf("")));
        run->restore(state);
        Collected sink;
        QVERIFY_EXCEPTION_THROWN(run->advance(Clock::Train, {1, {}}, {}, sink), NumericalError);
        ParamSet pictures = ring();
        pictures["data.source"] = std::string("data.shapes16");
        pictures["model"] = std::string("net.mlp");
        QVERIFY_EXCEPTION_THROWN(family().describe(pictures), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestEnergyFamily)
#include "tst_energy_family.moc"
