// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B6: kernels without a Metropolis decision are as biased as theory says.
#include "core/energies/registry.h"
#include "core/samplers/draws.h"
#include "core/samplers/registry.h"
#include "core/samplers/run.h"

#include <QtTest>

using namespace lx;

namespace {

struct Estimate {
    double variance = 0, error = 0;
};

/// Mean of the squares of an array over chains and ten snapshots a relaxation time apart; the
/// chains begin at the target's own law and have forgotten it before the first snapshot.
Estimate variance(const Kernel& kernel, const Energy& energy, std::string_view array,
                  Index relaxation, Index chains, Key key) {
    // Of this law only the scale matters: it is forgotten.
    std::vector<double> start(static_cast<std::size_t>(chains));
    for (Index c = 0; c < chains; ++c) {
        StepDraws draws(derive(key, "start"), c, 0);
        start[static_cast<std::size_t>(c)] = draws.normal(0);
    }
    ChainState state = kernel.init(key, energy, start);
    runChains(kernel, key, 0, 10 * relaxation, energy, state, 1);
    std::uint64_t t = static_cast<std::uint64_t>(10 * relaxation);
    std::vector<double> mean(static_cast<std::size_t>(chains));
    for (int n = 0; n < 10; ++n) {
        runChains(kernel, key, t, relaxation, energy, state, 1);
        t += static_cast<std::uint64_t>(relaxation);
        const auto x = state.array(array);
        for (std::size_t c = 0; c < mean.size(); ++c) {
            mean[c] += x[c] * x[c] / 10;
        }
    }
    Estimate out;
    double squares = 0;
    for (const double m : mean) {
        out.variance += m / static_cast<double>(chains);
        squares += m * m / static_cast<double>(chains);
    }
    out.error =
        std::sqrt((squares - out.variance * out.variance) / static_cast<double>(chains - 1));
    return out;
}

bool agrees(const Estimate& e, double theory) {
    return std::abs(e.variance - theory) < 4 * e.error && std::abs(e.variance / theory - 1) < 0.02;
}

EnergyPtr normal(double sd) {
    return makeEnergy("gauss", {{"energy.dim", Index{1}}, {"energy.sd", sd}});
}

/// Posterior of a mean: E = sum_i (z - x_i)^2 / 2 over 50 fixed points, so curvature 50, and the
/// gradient of `rows` points has the variance of 50 / rows sum of draws from the points.
class MeanOfData final : public Energy {
public:
    MeanOfData() {
        for (int i = 0; i < 50; ++i) {
            m_points.push_back(std::sin(1.7 * i) * 2);
            m_mean += m_points.back() / 50;
        }
        for (double& x : m_points) {  // the posterior is centred at 0
            x -= m_mean;
            m_spread += x * x / 50;
        }
    }
    Index dim() const override { return 1; }
    Index dataCount() const override { return 50; }
    Box box() const override { return {{-2}, {2}}; }
    double spread() const { return m_spread; }  ///< population variance of the points
    void minibatch(Key key, Index rows, std::span<const double> x, std::span<double> value,
                   std::span<double> grad) const override {
        for (std::size_t i = 0; i < value.size(); ++i) {
            value[i] = grad[i] = 0;
            for (Index r = 0; r < rows; ++r) {
                const Words w = randomWords(key, static_cast<std::uint32_t>(r),
                                            static_cast<std::uint32_t>(i), 0);
                const double off = x[i] - m_points[w[0] % 50];
                value[i] += 25 * off * off / static_cast<double>(rows);
                grad[i] += 50 * off / static_cast<double>(rows);
            }
        }
    }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        for (Index i = 0; i < count; ++i) {
            value[i] = 25 * (x[i] * x[i] + m_spread);
            if (grad != nullptr) {
                grad[i] = 50 * x[i];
            }
        }
    }
    void compute(const float* /*x*/, Index /*count*/, float* /*value*/,
                 float* /*grad*/) const override {
        throw UsageError("double precision only");
    }

private:
    std::vector<double> m_points;
    double m_mean = 0, m_spread = 0;
};

}  // namespace

class TestBias : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ula() {
        for (const double sd : {1.0, 0.5}) {
            const auto energy = normal(sd);
            for (const double share : {0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0}) {
                const double eta = share * sd * sd;
                const auto kernel = makeSampler("ula", {{"sampler.step_size", eta}});
                const auto e = variance(*kernel, *energy, "position",
                                        1 + static_cast<Index>(1 / share), 10000, Key{81, 1});
                const double theory = sd * sd / (1 - eta / (4 * sd * sd));
                qInfo("eta %.3f: variance %.4f, theory %.4f", eta, e.variance, theory);
                QVERIFY(agrees(e, theory));
                // Broken twin: without the bias of the step, or with noise of another size.
                QVERIFY(share < 0.2 || !agrees(e, sd * sd));
            }
        }
    }
    void underdamped() {
        const auto energy = normal(1);
        for (const double eps : {0.1, 0.3, 0.5, 0.8, 1.0, 1.2, 1.5, 1.8}) {
            const auto kernel = makeSampler("underdamped", {{"sampler.step_size", eps}});
            const Index relaxation = 1 + static_cast<Index>(3 / eps);
            const auto x = variance(*kernel, *energy, "position", relaxation, 20000, Key{82, 1});
            const auto p = variance(*kernel, *energy, "momentum", relaxation, 20000, Key{82, 2});
            qInfo("eps %.1f: variances %.4f and %.4f, theory 1 and %.4f", eps, x.variance,
                  p.variance, 1 - eps * eps / 4);
            QVERIFY(agrees(x, 1));
            QVERIFY(agrees(p, 1 - eps * eps / 4));
            QVERIFY(eps < 0.5 || !agrees(p, 1));
        }
    }
    void sgld() {
        const MeanOfData energy;
        constexpr double kBatch = 10;
        const double noise = 50 * 50 / kBatch * energy.spread();
        for (const double share : {0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0}) {
            const double eta = share / 50;
            const auto kernel =
                makeSampler("sgld", {{"sampler.step_size", eta}, {"sampler.batch", Index{10}}});
            const auto e = variance(*kernel, energy, "position", 1 + static_cast<Index>(1 / share),
                                    4000, Key{83, 1});
            const double theory = (1 + eta * noise / 4) / (50 * (1 - share / 4));
            qInfo("eta %.4f: variance %.5f, theory %.5f", eta, e.variance, theory);
            QVERIFY(agrees(e, theory));
            QVERIFY(!agrees(e, 1 / (50 * (1 - share / 4))));  // the noise of the rows counts
        }
    }
    void sghmc() {
        const MeanOfData energy;
        const double noise = 250 * energy.spread();
        for (const double eps : {0.01, 0.02, 0.04, 0.06}) {
            const double friction = 8, a = 1 - eps * friction;
            const auto kernel = makeSampler("sghmc", {{"sampler.step_size", eps},
                                                      {"sampler.friction", friction},
                                                      {"sampler.batch", Index{10}}});
            const auto e = variance(*kernel, energy, "position", static_cast<Index>(1 / eps), 4000,
                                    Key{84, 1});
            // The covariance of (x, p) under p' = a p - eps (50 x + noise) + sqrt(2 friction eps)
            // xi, x' = x + eps p', at its fixed point.
            double xx = 0, xp = 0, pp = 0;
            for (int i = 0; i < 100000; ++i) {
                const double cross = a * xp - 50 * eps * xx;
                pp = a * a * pp - 100 * a * eps * xp + 2500 * eps * eps * xx + 2 * friction * eps +
                     eps * eps * noise;
                xx += 2 * eps * cross + eps * eps * pp;
                xp = cross + eps * pp;
            }
            qInfo("eps %.2f: variance %.5f, theory %.5f", eps, e.variance, xx);
            QVERIFY(agrees(e, xx));
            QVERIFY(!agrees(e, 1.0 / 50));
        }
    }
};

QTEST_GUILESS_MAIN(TestBias)
#include "tst_bias.moc"
