// SPDX-License-Identifier: GPL-3.0-or-later
// What every kernel of the registry promises, whatever it does.
#include "core/energies/registry.h"
#include "core/samplers/draws.h"
#include "core/samplers/registry.h"

#include <QtTest>
#include <set>

using namespace lx;

namespace {

constexpr Index kChains = 37;
const Key kKey{11, 7};

EnergyPtr target() {
    return makeEnergy("banana");
}

ChainState begun(const Kernel& kernel, const Energy& energy) {
    return kernel.init(kKey, energy, energy.sample(Key{3, 1}, kChains));
}

std::vector<SamplerSpec> specs() {
    return samplerSpecs();
}

}  // namespace

class TestKernels : public QObject {
    Q_OBJECT

    static void rows() {
        QTest::addColumn<int>("index");
        const auto all = specs();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            QTest::newRow(all[static_cast<std::size_t>(i)].id.c_str()) << i;
        }
    }
    static SamplerSpec spec() {
        QFETCH(int, index);
        return specs()[static_cast<std::size_t>(index)];
    }

private Q_SLOTS:
    void wordsOfAStep() {
        const Key key{5, 6};
        StepDraws draws(key, 3, 8);
        const Words w = randomWords(key, 0, 3, 8), v = randomWords(key, 1, 3, 8);
        QCOMPARE(draws.acceptUniform(), toUnit(w[0]));
        QCOMPARE(draws.second(), toUnit(w[1]));
        const auto first = boxMuller(w[2], w[3]), next = boxMuller(v[0], v[1]);
        std::vector<double> xi(3);
        draws.normals(xi);
        QVERIFY((xi == std::vector<double>{first[0], first[1], next[0]}));
        draws.normals(std::span(xi).first(2), 1);
        QCOMPARE(xi[0], static_cast<double>(first[1]));
        QCOMPARE(xi[1], static_cast<double>(next[0]));
        QCOMPARE(draws.uniform(6), toUnit(randomWords(key, 0x80000001U, 3, 8)[2]));
    }

    void registry() {
        std::set<std::string> ids;
        for (const auto& s : specs()) {
            QVERIFY2(ids.insert(s.id).second, s.id.c_str());
            QVERIFY(!s.title.empty() && !s.reference.empty());
            for (const auto& p : s.params) {
                QVERIFY2(p.id.rfind("sampler.", 0) == 0, p.id.c_str());
            }
        }
        QVERIFY_EXCEPTION_THROWN(makeSampler("hcm"), UsageError);
        QVERIFY_EXCEPTION_THROWN(makeSampler("ula", {{"sampler.step_size", -1.0}}), UsageError);
    }

    void sameKeySamePath_data() { rows(); }
    void sameKeySamePath() {
        const auto s = spec();
        const auto kernel = s.make(resolve(s.params, {}));
        const auto energy = target();
        ChainState whole = begun(*kernel, *energy), parts = whole, other = whole;
        QVERIFY(whole == begun(*kernel, *energy));
        std::vector<StepInfo> info(kChains), infoOfParts(kChains);
        const Index wanted[] = {0, 20};
        for (std::uint64_t t = 0; t < 20; ++t) {
            StepTrace trace(wanted);
            kernel->step(kKey, t, *energy, whole, info, t % 2 == 0 ? &trace : nullptr);
            if (s.needs.ensemble) {
                kernel->step(kKey, t, *energy, parts, {});
            } else {
                // Another order, unequal ranges, no report.
                for (const ChainRange r : {ChainRange{20, kChains}, {0, 3}, {3, 20}}) {
                    kernel->step(kKey, t, *energy, parts, r, {});
                }
            }
            kernel->step(Key{11, 8}, t, *energy, other, {});
            if (t % 2 == 0) {
                const auto& of = trace.chains[1];
                QCOMPARE(of.chain, Index{20});
                QCOMPARE(of.from.size(), std::size_t{2});
            }
        }
        QVERIFY(whole == parts);
        QCOMPARE(whole == other, s.id == "svgd");  // it draws nothing
    }

    /// Chains in a state of their own walk as in the large one.
    void offsets_data() { rows(); }
    void offsets() {
        const auto s = spec();
        if (s.needs.ensemble) {
            return;
        }
        const auto kernel = s.make(resolve(s.params, {}));
        const auto energy = target();
        ChainState whole = begun(*kernel, *energy);
        const auto x = whole.positions().subspan(2 * 30, 2 * 7);
        ChainState few = kernel->init(kKey, *energy, x, 30);
        for (std::uint64_t t = 0; t < 5; ++t) {
            kernel->step(kKey, t, *energy, whole, {});
            kernel->step(kKey, t, *energy, few, {});
        }
        QVERIFY(std::ranges::equal(whole.positions().subspan(2 * 30, 2 * 7), few.positions()));
    }

    void savedAndRestored_data() { rows(); }
    void savedAndRestored() {
        const auto s = spec();
        const auto kernel = s.make(resolve(s.params, {}));
        const auto energy = target();
        ChainState state = begun(*kernel, *energy);
        for (std::uint64_t t = 0; t < 4; ++t) {
            kernel->step(kKey, t, *energy, state, {});
        }
        ChainState again = restoreChains(capture(state, "chains."), "chains.");
        QVERIFY(again == state);
        kernel->step(kKey, 4, *energy, state, {});
        kernel->step(kKey, 4, *energy, again, {});
        QVERIFY(again == state);
        State broken = capture(state, "chains.");
        broken["chains.chain.position"] = Array({3}, std::vector<double>{1, 2, 3});
        QVERIFY_EXCEPTION_THROWN(restoreChains(broken, "chains."), UsageError);
        QVERIFY_EXCEPTION_THROWN(restoreChains({}, "chains."), UsageError);
    }

    /// What is cached is what the energy says of the position.
    void cacheIsTrue_data() { rows(); }
    void cacheIsTrue() {
        const auto s = spec();
        const auto kernel = s.make(resolve(s.params, {}));
        const auto energy = target();
        ChainState state = begun(*kernel, *energy);
        std::vector<StepInfo> info(kChains);
        for (std::uint64_t t = 0; t < 30; ++t) {
            kernel->step(kKey, t, *energy, state, info);
        }
        ChainState fresh = state;
        kernel->refresh(*energy, fresh, {0, kChains});
        QVERIFY(fresh == state);
        for (Index c = 0; c < kChains; ++c) {
            const auto& i = info[static_cast<std::size_t>(c)];
            QVERIFY(i.acceptProb >= 0 && i.acceptProb <= 1);
            QVERIFY(i.gradients + i.evaluations > 0);
            QCOMPARE(i.energy, energy->at(state.row("position", c)));
        }
    }
};

QTEST_GUILESS_MAIN(TestKernels)
#include "tst_kernels.moc"
