// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B7: the leapfrog goes back the way it came, keeps volume, and its energy error falls
// with the square of the step.
#include "core/energies/registry.h"
#include "core/samplers/leapfrog.h"

#include <QtTest>

using namespace lx;

namespace {

/// x, p of one point in the plane.
using Phase = std::array<double, 4>;
using Stepper =
    std::function<void(const Energy&, const MassMatrix&, double eps, int steps, Phase&)>;

void ours(const Energy& energy, const MassMatrix& metric, double eps, int steps, Phase& z) {
    std::array<double, 2> g{}, scratch{};
    double e = 0;
    energy.evaluate(std::span(z).first(2), std::span(&e, 1), g);
    PhasePoints at{std::span(z).first(2), std::span(z).last(2), g, std::span(&e, 1)};
    for (int i = 0; i < steps; ++i) {
        leapfrog(energy, metric, std::span(&eps, 1), at, scratch);
    }
}

/// Broken twin: the second half of the kick is left out.
void halfStepLeftOut(const Energy& energy, const MassMatrix& metric, double eps, int steps,
                     Phase& z) {
    std::array<double, 2> g{}, v{};
    for (int i = 0; i < steps; ++i) {
        double e = 0;
        energy.evaluate(std::span(z).first(2), std::span(&e, 1), g);
        for (std::size_t k = 0; k < 2; ++k) {
            z[2 + k] -= 0.5 * eps * g[k];
        }
        metric.velocity(std::span(z).last(2), v);
        z[0] += eps * v[0];
        z[1] += eps * v[1];
    }
}

/// Broken twin: the drift sees the momentum twice, which stretches phase space.
void stretched(const Energy& energy, const MassMatrix& metric, double eps, int steps, Phase& z) {
    for (int i = 0; i < steps; ++i) {
        ours(energy, metric, eps, 1, z);
        z[2] *= 1 + 1e-6;
    }
}

double hamiltonian(const Energy& energy, const MassMatrix& metric, const Phase& z) {
    return energy.at(std::span(z).first(2)) + metric.kinetic(std::span(z).last(2));
}

double reversibility(const Stepper& step, const Energy& energy, const MassMatrix& metric,
                     const Phase& start) {
    Phase z = start;
    step(energy, metric, 0.01, 100, z);
    z[2] = -z[2];
    z[3] = -z[3];
    step(energy, metric, 0.01, 100, z);
    z[2] = -z[2];
    z[3] = -z[3];
    double worst = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        worst = std::max(worst, std::abs(z[k] - start[k]));
    }
    return worst;
}

/// |det - 1| of the map of five steps, its derivative by central differences of sixth order.
double volume(const Stepper& step, const Energy& energy, const MassMatrix& metric,
              const Phase& start) {
    std::array<std::array<double, 4>, 4> j{};
    constexpr double h = 2e-3;
    constexpr std::array weight{45.0 / 60, -9.0 / 60, 1.0 / 60};
    for (std::size_t k = 0; k < 4; ++k) {
        for (int m = 1; m <= 3; ++m) {
            Phase up = start, down = start;
            up[k] += m * h;
            down[k] -= m * h;
            step(energy, metric, 0.02, 5, up);
            step(energy, metric, 0.02, 5, down);
            for (std::size_t i = 0; i < 4; ++i) {
                j[i][k] += weight[static_cast<std::size_t>(m - 1)] * (up[i] - down[i]) / h;
            }
        }
    }
    double det = 1;
    for (std::size_t c = 0; c < 4; ++c) {
        std::size_t pivot = c;
        for (std::size_t r = c + 1; r < 4; ++r) {
            pivot = std::abs(j[r][c]) > std::abs(j[pivot][c]) ? r : pivot;
        }
        if (pivot != c) {
            std::swap(j[pivot], j[c]);
            det = -det;
        }
        det *= j[c][c];
        for (std::size_t r = c + 1; r < 4; ++r) {
            const double f = j[r][c] / j[c][c];
            for (std::size_t k = c; k < 4; ++k) {
                j[r][k] -= f * j[c][k];
            }
        }
    }
    return std::abs(det - 1);
}

/// Slope of log(largest energy error on a path of length 1) against log(step).
double order(const Stepper& step, const Energy& energy, const MassMatrix& metric,
             const Phase& start) {
    std::array<double, 4> logStep{}, logError{};
    for (int k = 0; k < 4; ++k) {
        const int steps = 200 << k;
        const double eps = 1.0 / steps;
        Phase z = start;
        const double h0 = hamiltonian(energy, metric, z);
        double worst = 0;
        for (int i = 0; i < steps; ++i) {
            step(energy, metric, eps, 1, z);
            worst = std::max(worst, std::abs(hamiltonian(energy, metric, z) - h0));
        }
        logStep[static_cast<std::size_t>(k)] = std::log(eps);
        logError[static_cast<std::size_t>(k)] = std::log(worst);
    }
    return (logError[3] - logError[0]) / (logStep[3] - logStep[0]);
}

}  // namespace

class TestIntegrators : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void leapfrogLaws_data() {
        QTest::addColumn<QString>("id");
        for (const char* id : {"gauss", "banana", "two-modes", "himmelblau", "double-well"}) {
            QTest::newRow(id) << id;
        }
    }
    void leapfrogLaws() {
        QFETCH(QString, id);
        const auto energy = makeEnergy(id.toStdString());
        ChainState state;
        state.chains = 1;
        state.dim = 2;
        for (const auto& inverse : {std::vector<double>{}, std::vector<double>{0.5, 2},
                                    std::vector<double>{1, 0.4, 0.4, 0.8}}) {
            setInverseMass(state, inverse);
            const MassMatrix metric(state);
            const Phase start{0.7, 0.4, 0.9, -0.6};
            const double back = reversibility(ours, *energy, metric, start);
            const double det = volume(ours, *energy, metric, start);
            const double slope = order(ours, *energy, metric, start);
            qInfo("mass of %d numbers: back within %.1e, |det - 1| %.1e, slope %.3f",
                  static_cast<int>(inverse.size()), back, det, slope);
            QVERIFY(back <= 1e-10);
            QVERIFY(det <= 1e-8);
            QVERIFY(std::abs(slope - 2) <= 0.1);
            QVERIFY(reversibility(halfStepLeftOut, *energy, metric, start) > 1e-10);
            QVERIFY(std::abs(order(halfStepLeftOut, *energy, metric, start) - 2) > 0.1);
            QVERIFY(volume(stretched, *energy, metric, start) > 1e-8);
        }
    }

    /// Momenta have the covariance of the mass, and steps that of its inverse.
    void metrics() {
        ChainState state;
        state.dim = 2;
        setInverseMass(state, std::vector<double>{2, 0.6, 0.6, 1});
        const MassMatrix metric(state);
        // L L' = C, (L^-T)(L^-T)' = C^-1: on the unit vectors.
        double c[4] = {}, m[4] = {};
        for (int k = 0; k < 2; ++k) {
            const std::array<double, 2> unit{k == 0 ? 1.0 : 0.0, k == 1 ? 1.0 : 0.0};
            std::array<double, 2> a{}, b{};
            metric.spread(unit, a);
            metric.momentum(unit, b);
            for (std::size_t i = 0; i < 4; ++i) {
                c[i] += a[i / 2] * a[i % 2];
                m[i] += b[i / 2] * b[i % 2];
            }
        }
        const double det = 2 - 0.36;
        const double inverse[] = {2, 0.6, 0.6, 1},
                     mass[] = {1 / det, -0.6 / det, -0.6 / det, 2 / det};
        for (std::size_t i = 0; i < 4; ++i) {
            QVERIFY(std::abs(c[i] - inverse[i]) < 1e-14);
            QVERIFY(std::abs(m[i] - mass[i]) < 1e-14);
        }
        const std::array<double, 2> p{1, -2};
        QVERIFY(std::abs(metric.kinetic(p) - 0.5 * (2 - 2 * 1.2 + 4)) < 1e-14);
        QVERIFY_EXCEPTION_THROWN(setInverseMass(state, std::vector<double>{1, 2, 2, 1}),
                                 UsageError);
        QVERIFY_EXCEPTION_THROWN(setInverseMass(state, std::vector<double>{1, -1}), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestIntegrators)
#include "tst_integrators.moc"
