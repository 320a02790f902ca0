// SPDX-License-Identifier: GPL-3.0-or-later
// Training reaches the exact maximum likelihood of a linear-Gaussian model, on three seeds.
#include "core/experiments/autoencoder/run_data.h"

#include <ATen/Parallel.h>
#include <QtTest>

using namespace lx;

namespace {

struct Ignore : SeriesSink {
    void add(std::uint32_t, Clock, Index, double) override {}
};

std::map<std::string, double> trained(std::uint64_t seed, double beta) {
    const auto spec = autoencoder::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    const ParamSet given{{"data.source", std::string("data.lingauss")},
                         {"network.hidden", std::vector<double>{}},
                         {"decoder", std::string("dec.gauss")},
                         {"objective.beta", beta},
                         {"train.rate", 0.02},
                         {"train.batch", Index{256}},
                         {"train.schedule", std::string("cosine")},
                         {"train.horizon", Index{5000}}};
    const auto run = spec.make(resolve(spec.describe(given).params, given), Key{seed, 0});
    Ignore sink;
    while (run->step(Clock::Train) < 5000) {
        run->advance(Clock::Train, {500, {}}, {}, sink);
    }
    return run->metrics(Key{seed, 9}, {});
}

}  // namespace

class TestPpcaRecipe : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void reachesTheMaximumLikelihood() {
        for (const std::uint64_t seed : {1, 2, 3}) {
            const auto numbers = trained(seed, 1);
            qInfo("seed %d: gap %.4f nats", static_cast<int>(seed), numbers.at("ppca_gap"));
            QVERIFY(numbers.at("ppca_gap") < 0.05);
            // The maximum is exact: nothing lies above it, and the likelihood is above the bound,
            // whose estimate has a standard error of about 0.003.
            QVERIFY(numbers.at("ppca_likelihood_gap") > -1e-4);
            QVERIFY(numbers.at("ppca_likelihood_gap") < numbers.at("ppca_gap") + 0.01);
        }
    }
    void anotherObjectiveDoesNot() { QVERIFY(trained(1, 4).at("ppca_gap") > 0.05); }
};

QTEST_GUILESS_MAIN(TestPpcaRecipe)
#include "tst_ppca_recipe.moc"
