// SPDX-License-Identifier: GPL-3.0-or-later
// One number of the state of a training run goes bad: the run stops at its next step and says what
// and where, and its last good state goes on and shows only finite pictures. RELIABILITY B14; the
// losses and gradients themselves are poisoned in tst_nn.
#include "core/experiments/autoencoder/run_data.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>
#include <limits>

using namespace lx;
using namespace lx::test;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Family {
    const char* name;
    ExperimentSpec spec;
    ParamSet params;
};

const std::vector<Family>& families() {
    const auto data = std::make_shared<DataLibrary>(std::vector<std::string>{});
    const auto small = [](ParamSet more) {
        more["data.source"] = std::string("data.ring8");
        more["data.count"] = Index{500};
        more["network.hidden"] = std::vector<double>{16, 16};
        more["train.batch"] = Index{32};
        return more;
    };
    static const std::vector<Family> all{
        {"VAE", autoencoder::spec(data), small({})},
        {"energy", learned::spec(data), small({{"guard.rollbacks", Index{0}}})},
        {"diffusion", diffusion::spec(data), small({{"sampler.steps", Index{6}}})}};
    return all;
}

std::unique_ptr<Experiment> make(const Family& family, std::uint64_t seed) {
    return family.spec.make(resolve(family.spec.describe(family.params).params, family.params),
                            Key{seed, 0});
}

/// The weights themselves, not their averages or the optimiser's moments.
std::vector<std::string> weightsOf(const State& state) {
    std::vector<std::string> out;
    for (const auto& [id, array] : state) {
        if (id.ends_with(".weight") && id.find("ema") == std::string::npos &&
            id.find("adam") == std::string::npos) {
            out.push_back(id);
        }
    }
    return out;
}
/// One number of the particles, which are kept in double precision.
State poisonedRow(const State& good, Index place, double value) {
    State out = good;
    const auto old = good.at("cloud").values<double>();
    std::vector<double> values(old.begin(), old.end());
    values[static_cast<std::size_t>(place) % values.size()] = value;
    const auto shape = good.at("cloud").shape();
    out["cloud"] = Array({shape.begin(), shape.end()}, values);
    return out;
}
bool isQuantity(const std::string& why) {
    const std::vector<std::string> names{"loss", "parameter", "gradient", "negative", "row"};
    return std::ranges::any_of(
        names, [&](const std::string& name) { return why.find(name) != std::string::npos; });
}

State poisoned(const State& good, const std::string& id, Index place, double value) {
    State out = good;
    const auto old = good.at(id).values<float>();
    std::vector<float> values(old.begin(), old.end());
    values[static_cast<std::size_t>(place) % values.size()] = static_cast<float>(value);
    const auto shape = good.at(id).shape();
    out[id] = Array({shape.begin(), shape.end()}, values);
    return out;
}

/// What stopped the run at its next step; empty: nothing did.
std::string stoppedBy(Experiment& run, Clock clock = Clock::Train) {
    Collected sink;
    try {
        steps(run, clock, 1, sink);
    } catch (const NumericalError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class TestBadNumbers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void aHundredPoisons() {
        const std::vector<double> poisons{std::nan(""), kInf, -kInf, 1e38};
        int stopped = 0, harmless = 0;
        for (int k = 0; k < 100; ++k) {
            const Family& family = families()[static_cast<std::size_t>(k) % families().size()];
            const double poison = poisons[static_cast<std::size_t>(k / 3) % poisons.size()];
            const auto run = make(family, static_cast<std::uint64_t>(k));
            Collected sink;
            const Index when = 1 + (7 * k) % 12;
            steps(*run, when, sink);
            const State good = run->capture();
            const auto weights = weightsOf(good);
            QVERIFY2(!weights.empty(), family.name);
            const std::string& id = weights[static_cast<std::size_t>(k / 12) % weights.size()];
            run->restore(poisoned(good, id, 13 * k, poison));
            const std::string why = stoppedBy(*run);
            const auto place = QString("%1: %2 in %3 at step %4: %5")
                                   .arg(family.name)
                                   .arg(poison)
                                   .arg(id.c_str())
                                   .arg(when)
                                   .arg(why.c_str());
            if (why.empty()) {
                // A large finite number may meet a unit that is off.
                QVERIFY2(poison == 1e38, qPrintable(place));
                ++harmless;
            } else {
                QVERIFY2(why.find("step") != std::string::npos, qPrintable(place));
                QVERIFY2(isQuantity(why), qPrintable(place));
                QCOMPARE(run->step(Clock::Train), when);
                ++stopped;
            }
            run->restore(good);
            QCOMPARE(run->step(Clock::Train), when);
            QVERIFY2(stoppedBy(*run).empty(), qPrintable(place));
            Collected seen;
            look(*run, channelIds(family.spec.describe(family.params)), seen);
            QVERIFY(!seen.channels.empty());
            for (const auto& [channel, array] : seen.channels) {
                if (array.dtype() == DType::F32) {
                    const auto values = array.values<float>();
                    QVERIFY2(
                        std::ranges::none_of(values, [](float v) { return !std::isfinite(v); }),
                        qPrintable(place + " " + channel.c_str()));
                }
            }
        }
        qInfo("%d stopped, %d times 1e38 did no harm", stopped, harmless);
        QCOMPARE(stopped + harmless, 100);
        QVERIFY(harmless < 20);
    }
    /// Samples: a chain of the energy, a particle of the diffusion.
    void aPoisonedSample() {
        const Family &energy = families()[1], &diffused = families()[2];
        for (const double poison : {std::nan(""), kInf, -kInf}) {
            for (int k = 0; k < 6; ++k) {
                Collected sink;
                Family all = energy;  // every chain takes part in every step
                all.params["negatives.memory"] = std::string("persistent");
                const auto chains = make(all, static_cast<std::uint64_t>(k));
                steps(*chains, 3 + k, sink);
                const State good = chains->capture();
                for (const Clock clock : {Clock::Train, Clock::Sample}) {
                    chains->restore(poisoned(good, "negatives", 7 * k, poison));
                    const std::string why = stoppedBy(*chains, clock);
                    QVERIFY2(why.find("negative") != std::string::npos, why.c_str());
                    chains->restore(good);
                    QVERIFY(stoppedBy(*chains, clock).empty());
                }
                const auto cloud = make(diffused, static_cast<std::uint64_t>(k));
                steps(*cloud, Clock::Diffuse, 2, sink);
                const State before = cloud->capture();
                cloud->restore(poisonedRow(before, 5 * k, poison));
                const std::string row = stoppedBy(*cloud, Clock::Diffuse);
                QVERIFY2(row.find("row") != std::string::npos, row.c_str());
                cloud->restore(before);
                QVERIFY(stoppedBy(*cloud, Clock::Diffuse).empty());
            }
        }
    }
    /// Twin: a good number in the same place stops nothing.
    void aGoodNumberStopsNothing() {
        for (const Family& family : families()) {
            const auto run = make(family, 1);
            Collected sink;
            steps(*run, 5, sink);
            const State good = run->capture();
            run->restore(poisoned(good, weightsOf(good).front(), 3, 0.01));
            QVERIFY(stoppedBy(*run).empty());
        }
    }
};

QTEST_GUILESS_MAIN(TestBadNumbers)
#include "tst_bad_numbers.moc"
