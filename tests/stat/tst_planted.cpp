// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B5: the tests see mistakes. Nine planted kernels are rejected by the stationary start
// while the same kernels without the mistake never are; three mistakes of book-keeping, which no
// distribution shows, are found by equality.
#include "core/energies/registry.h"
#include "core/samplers/run.h"
#include "core/samplers/selftest.h"
#include "core/samplers/warmup.h"
#include "planted_kernels.h"

#include <QtTest>
#include <set>

using namespace lx;
using namespace lx::planted;

namespace {

std::uint64_t seeds() {
    return qEnvironmentVariableIsSet("LX_LONG") ? 20 : 5;
}

/// RELIABILITY B1 on the targets whose laws at all temperatures are at hand.
bool rejected(const Twin& twin, Fault fault, std::uint64_t seed) {
    for (const auto& target : knownTargets()) {
        if (target.name == "conditioned" || target.name == "ring") {
            continue;
        }
        SamplerSpec spec;
        spec.id = twin.tempers ? "tempering" : twin.name;
        const auto kernel = twin.make(fault, target.scale);
        const auto scores =
            invarianceScores(*kernel, *target.energy, derive(Key{seed, 77}, target.name),
                             invarianceOptions(spec, target, 20000));
        if (largest(scores) >= kScoreLimit) {
            return true;
        }
    }
    return false;
}

/// All chains at one place: proposals must differ from chain to chain and from step to step.
bool numbersAreFresh(const Kernel& kernel) {
    const auto energy = makeEnergy("banana");
    const std::vector<double> x(2 * 8, 0.3);
    const Index wanted[] = {0, 1, 2, 3, 4, 5, 6, 7};
    std::set<std::vector<double>> seen;
    for (std::uint64_t t = 0; t < 10; ++t) {
        ChainState state = kernel.init(Key{1, 2}, *energy, x);
        StepTrace trace(wanted);
        kernel.step(Key{1, 2}, t, *energy, state, {}, &trace);
        for (const auto& chain : trace.chains) {
            seen.insert(chain.proposal);
        }
    }
    return seen.size() == 80;
}

using Advance = std::function<void(const Kernel&, std::uint64_t& at, const Energy&, ChainState&)>;

/// Draw k of a thinned run is the chain after (k + 1) 7 steps.
bool thinsExactly(const Advance& advance) {
    const auto energy = makeEnergy("banana");
    const auto kernel = makeSampler("mala");
    const Key key{4, 4};
    ChainState single = kernel->init(key, *energy, energy->sample(key, 5)), thinned = single;
    std::uint64_t at = 0;
    for (std::uint64_t draw = 0; draw < 6; ++draw) {
        for (std::uint64_t t = 0; t < 7; ++t) {
            kernel->step(key, 7 * draw + t, *energy, single, {});
        }
        advance(*kernel, at, *energy, thinned);
        if (!(single == thinned)) {
            return false;
        }
    }
    return true;
}

/// Step size and metric stand still from the end of a warm-up of 200 steps on.
bool freezes(Index iterations) {
    const auto energy = makeEnergy("gauss");
    const auto kernel = makeSampler("hmc");
    const Key key{5, 5};
    ChainState state = kernel->init(key, *energy, energy->sample(key, 8));
    WarmupOptions options;
    options.iterations = iterations;
    options.acceptance = 0.8;
    options.metric = "diagonal";
    Warmup warmup(options, key);
    warmup.begin(*kernel, *energy, state);
    std::vector<StepInfo> info(8);
    NamedArrays tuned;
    for (std::uint64_t t = 0; t < 400; ++t) {
        kernel->step(key, t, *energy, state, info);
        warmup.after(*kernel, *energy, state, info);
        if (t == 199) {
            tuned = state.shared;
        }
    }
    return state.shared == tuned;
}

}  // namespace

class TestPlanted : public QObject {
    Q_OBJECT

    static void rows() {
        QTest::addColumn<int>("index");
        int i = 0;
        for (const auto& twin : statisticalTwins()) {
            QTest::newRow(twin.name) << i++;
        }
    }

private Q_SLOTS:
    void mistakesAreRejected_data() { rows(); }
    void mistakesAreRejected() {
        QFETCH(int, index);
        const Twin twin = statisticalTwins()[static_cast<std::size_t>(index)];
        std::uint64_t found = 0;
        for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
            found += rejected(twin, twin.fault, seed) ? 1 : 0;
        }
        qInfo("rejected for %d of %d seeds", static_cast<int>(found), static_cast<int>(seeds()));
        QVERIFY(20 * found >= 19 * seeds());
    }

    void correctKernelsAreNot_data() { rows(); }
    void correctKernelsAreNot() {
        QFETCH(int, index);
        const Twin twin = statisticalTwins()[static_cast<std::size_t>(index)];
        const bool first = twin.fault == Fault::NoDecision || twin.fault == Fault::MomentumKept ||
                           twin.fault == Fault::SwapWithoutRatio;
        for (std::uint64_t seed = 1; first && seed <= seeds(); ++seed) {
            QVERIFY(!rejected(twin, Fault::None, seed));
        }
    }

    /// The planted kernels without a mistake are the kernels of the registry, to the bit.
    void correctTwinsAreOurs() {
        const auto energy = makeEnergy("banana");
        const Key key{8, 1};
        const auto same = [&](const Kernel& a, const Kernel& b) {
            ChainState x = a.init(key, *energy, energy->sample(key, 20));
            ChainState y = b.init(key, *energy, energy->sample(key, 20));
            runChains(a, key, 0, 30, *energy, x, 1);
            runChains(b, key, 0, 30, *energy, y, 1);
            return std::ranges::equal(x.positions(), y.positions());
        };
        const auto ours = makeSampler("mala", {{"sampler.step_size", 0.5}});
        QVERIFY(same(Mala(Fault::None, 0.5), *ours));
        QVERIFY(!same(Mala(Fault::StaleGradient, 0.5), *ours));
        const auto hmc = makeSampler("hmc", {{"sampler.step_size", 0.3}, {"sampler.jitter", 0.0}});
        QVERIFY(same(Hmc(Fault::None, 0.3), *hmc));
        QVERIFY(!same(Hmc(Fault::HalfStepLeftOut, 0.3), *hmc));
    }

    /// The function behind latent-explorer selftest catches them, too.
    void selftestCatchesThem() {
        std::vector<SamplerSpec> specs;
        for (const auto& twin : statisticalTwins()) {
            if (twin.tempers) {
                continue;  // their own start in the stationary law is that of two rungs
            }
            SamplerSpec spec;
            spec.id = twin.name;
            spec.title = twin.name;
            spec.reference = "-";
            // The self-test scales the default, which is a length here.
            spec.params = {stepSizeParam(1, "twice the narrowest length")};
            spec.make = [twin](const ParamSet& p) {
                return twin.make(twin.fault, number(p, "sampler.step_size"));
            };
            specs.push_back(spec);
        }
        for (const auto& row : samplerSelftest(specs, 10000)) {
            qInfo("%s: z %.1f", row.name.c_str(), row.z);
            QVERIFY2(!row.pass, row.name.c_str());
        }
    }

    void reusedNumbers() {
        for (const auto& spec : samplerSpecs()) {
            if (spec.needs.ensemble || spec.weighted) {
                continue;  // their proposals depend on the others, their starts are their own
            }
            const auto kernel = spec.make(resolve(spec.params, {}));
            QVERIFY2(numbersAreFresh(*kernel), spec.id.c_str());
        }
        QVERIFY(!numbersAreFresh(ReusesNumbers(makeSampler("mala"))));
    }

    void offByOneThinning() {
        const Key key{4, 4};
        const auto by = [&](Index steps, Index onward) {
            return [=](const Kernel& kernel, std::uint64_t& at, const Energy& energy,
                       ChainState& state) {
                runChains(kernel, key, at, steps, energy, state, 1);
                at += static_cast<std::uint64_t>(onward);
            };
        };
        QVERIFY(thinsExactly(by(7, 7)));
        QVERIFY(!thinsExactly(by(6, 6)));
        QVERIFY(!thinsExactly(by(7, 6)));
    }

    void adaptationNeverFrozen() {
        QVERIFY(freezes(200));
        QVERIFY(!freezes(400));
    }
};

QTEST_GUILESS_MAIN(TestPlanted)
#include "tst_planted.moc"
