// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B3, simulation-based calibration (talts2018), and B4, Geweke's joint test
// (geweke2004), for every exact kernel on three models.
#include "core/samplers/run.h"
#include "core/samplers/selftest.h"
#include "planted_kernels.h"
#include "small_models.h"

#include <QtTest>

using namespace lx;
using namespace lx::small;

namespace {

constexpr double kScale = 0.7;  ///< about twice the sd of these posteriors

/// Steps between draws that are about independent.
Index thinOf(const std::string& id) {
    const std::map<std::string, Index> thin{
        {"hmc", 3}, {"nuts", 2}, {"slice", 3}, {"gibbs", 2}, {"tempering", 5}};
    const auto at = thin.find(id);
    return at != thin.end() ? at->second : 15;
}

/// Ranks of the true parameters among 99 draws of the posterior, in 20 bins of 25 expected data
/// sets: the largest chi-square with 19 degrees of freedom over the parameters of the model.
double calibration(const Kernel& kernel, Model& model, Index thin, Key key, Index ensemble) {
    constexpr Index kSets = 500, kDraws = 99, kBins = 20;
    const auto d = static_cast<std::size_t>(model.dim());
    std::vector<std::vector<double>> bins(d, std::vector<double>(kBins));
    for (Index set = 0; set < kSets; ++set) {
        RowDraws draws(derive(key, "joint"), set);
        const auto truth = model.prior(draws);
        model.observe(model.data(draws, truth));
        std::vector<double> start;
        for (Index c = 0; c < ensemble; ++c) {
            for (const double x : model.start()) {
                start.push_back(x + 0.2 * draws.normal());
            }
        }
        ChainState state = kernel.init(key, model, start, set * ensemble);
        std::uint64_t t = 0;
        const auto onward = [&](Index steps) {
            runChains(kernel, key, t, steps, model, state, 1);
            t += static_cast<std::uint64_t>(steps);
        };
        onward(20 * thin);
        std::vector<Index> rank(d);
        for (Index n = 0; n < kDraws; ++n) {
            onward(thin);
            for (std::size_t k = 0; k < d; ++k) {
                rank[k] += state.positions()[k] < truth[k] ? 1 : 0;
            }
        }
        for (std::size_t k = 0; k < d; ++k) {
            ++bins[k][static_cast<std::size_t>(rank[k] * kBins / (kDraws + 1))];
        }
    }
    double worst = 0;
    for (const auto& counts : bins) {
        double chi = 0;
        for (const double n : counts) {
            const double expected = static_cast<double>(kSets) / static_cast<double>(kBins);
            chi += (n - expected) * (n - expected) / expected;
        }
        worst = std::max(worst, chi);
    }
    return worst;
}
constexpr double kChiLimit = 50.8;  // p = 1e-4

using Six = std::array<double, 6>;
Six functionals(std::span<const double> theta, std::span<const double> y) {
    double mean = 0;
    for (const double v : y) {
        mean += v / static_cast<double>(y.size());
    }
    const double a = theta.front(), b = theta.back();
    return {a, a * a, b, b * b, mean * mean, a * mean};
}

/// 200 replicas of 100 cycles: a step of the kernel given the data, new data given the parameters.
/// Largest z of six means against direct draws of the joint law; the errors are those of replicas.
double joint(const Kernel& kernel, Model& model, Key key) {
    constexpr Index kReplicas = 200, kCycles = 100, kDirect = 100000;
    std::array<double, 6> sum{}, squares{}, truth{}, spread{};
    for (Index i = 0; i < kDirect; ++i) {
        RowDraws draws(derive(key, "direct"), i);
        const auto theta = model.prior(draws);
        const auto f = functionals(theta, model.data(draws, theta));
        for (std::size_t k = 0; k < 6; ++k) {
            truth[k] += f[k] / kDirect;
            spread[k] += f[k] * f[k] / kDirect;
        }
    }
    for (Index r = 0; r < kReplicas; ++r) {
        RowDraws draws(derive(key, "replica"), r);
        auto theta = model.prior(draws);
        auto y = model.data(draws, theta);
        model.observe(y);
        ChainState state = kernel.init(key, model, theta, r);
        std::array<double, 6> mean{};
        for (Index cycle = 0; cycle < kCycles; ++cycle) {
            runChains(kernel, key, static_cast<std::uint64_t>(cycle), 1, model, state, 1);
            y = model.data(draws, state.positions());
            model.observe(y);
            kernel.refresh(model, state, {0, 1});
            const auto f = functionals(state.positions(), y);
            for (std::size_t k = 0; k < 6; ++k) {
                mean[k] += f[k] / kCycles;
            }
        }
        for (std::size_t k = 0; k < 6; ++k) {
            sum[k] += mean[k];
            squares[k] += mean[k] * mean[k];
        }
    }
    double worst = 0;
    for (std::size_t k = 0; k < 6; ++k) {
        const double m = sum[k] / kReplicas;
        const double variance = (squares[k] / kReplicas - m * m) / (kReplicas - 1) +
                                (spread[k] - truth[k] * truth[k]) / kDirect;
        worst = std::max(worst, std::abs(m - truth[k]) / std::sqrt(variance));
    }
    return std::isnan(worst) ? 1e9 : worst;
}

SamplerSpec nth(int index) {
    return samplerSpecs()[static_cast<std::size_t>(index)];
}

}  // namespace

class TestJoint : public QObject {
    Q_OBJECT

    static void rows() {
        QTest::addColumn<int>("index");
        const auto all = samplerSpecs();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            // Adaptive Metropolis is the random walk until warm-up has taught it a metric.
            const auto& id = all[static_cast<std::size_t>(i)].id;
            if (all[static_cast<std::size_t>(i)].exact && id != "adaptive-metropolis") {
                QTest::newRow(id.c_str()) << i;
            }
        }
    }

private Q_SLOTS:
    void gradients() {
        for (const auto& model : models()) {
            RowDraws draws(Key{1, 1}, 0);
            const auto theta = model->prior(draws);
            model->observe(model->data(draws, theta));
            std::vector<double> slope(theta.size()), at = theta;
            double e = 0;
            model->evaluate(theta, std::span(&e, 1), slope);
            for (std::size_t k = 0; k < theta.size(); ++k) {
                at[k] = theta[k] + 1e-5;
                const double up = model->at(at);
                at[k] = theta[k] - 1e-5;
                QVERIFY(std::abs((up - model->at(at)) / 2e-5 - slope[k]) < 1e-6);
                at[k] = theta[k];
            }
        }
    }

    void calibrated_data() { rows(); }
    void calibrated() {
        QFETCH(int, index);
        const auto spec = nth(index);
        const auto kernel = spec.make(resolve(spec.params, scaledTo(spec, kScale)));
        for (const auto& model : models()) {
            const double chi = calibration(*kernel, *model, thinOf(spec.id), Key{71, 1},
                                           spec.needs.ensemble ? 8 : 1);
            qInfo("%s: chi-square %.1f", model->name().c_str(), chi);
            QVERIFY(chi < kChiLimit);
        }
    }

    void jointly_data() { rows(); }
    void jointly() {
        QFETCH(int, index);
        const auto spec = nth(index);
        if (spec.needs.ensemble || spec.id == "tempering") {
            // Other walkers and hot replicas follow the posterior of the data before.
            QSKIP("the joint law of a kernel with more than one point is not that of one");
        }
        const auto kernel = spec.make(resolve(spec.params, scaledTo(spec, kScale)));
        for (const auto& model : models()) {
            const double z = joint(*kernel, *model, Key{72, 1});
            qInfo("%s: largest z %.2f", model->name().c_str(), z);
            QVERIFY(z < 4);
        }
    }

    /// Both tests see mistakes, and neither takes the right kernel for a wrong one.
    void mistakesAreSeen() {
        using namespace lx::planted;
        Normal model;
        for (const auto fault : {Fault::NoDecision, Fault::WrongRatio, Fault::NoiseTooLarge}) {
            const planted::Mala kernel(fault, 0.5 * kScale * kScale);
            const double chi = calibration(kernel, model, 15, Key{73, 1}, 1);
            const double z = joint(kernel, model, Key{73, 1});
            qInfo("mistake %d: chi-square %.0f, z %.1f", static_cast<int>(fault), chi, z);
            // Ranks hardly see a law that is only a little too wide.
            QVERIFY(chi > kChiLimit || fault == Fault::NoiseTooLarge);
            QVERIFY(z > 4);
        }
        const planted::Hmc still(Fault::MomentumKept, 0.2 * kScale);
        QVERIFY(calibration(still, model, 3, Key{73, 1}, 1) > kChiLimit);
        const planted::Mala right(Fault::None, 0.5 * kScale * kScale);
        QVERIFY(calibration(right, model, 15, Key{73, 1}, 1) < kChiLimit);
        QVERIFY(joint(right, model, Key{73, 1}) < 4);
    }
};

QTEST_GUILESS_MAIN(TestJoint)
#include "tst_joint.moc"
