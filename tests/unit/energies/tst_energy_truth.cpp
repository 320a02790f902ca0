// SPDX-License-Identifier: GPL-3.0-or-later
// What is stated as exact: normalisers, moments, mode weights, marginals, samplers.
#include "energy_checks.h"

#include <QtTest>

using namespace lx;
using namespace lx::checks;

namespace {

constexpr Index kDraws = 20'000;

/// Largest |z| of the sample mean and covariance against the stated ones, the mean moved by
/// `shift` standard deviations.
double worstMoment(const Energy& energy, const std::vector<double>& draws, double shift = 0) {
    const auto d = static_cast<std::size_t>(energy.dim());
    const std::size_t n = draws.size() / d;
    auto mean = *energy.mean();
    const auto covariance = *energy.covariance();
    double worst = 0;
    mean[0] += shift * std::sqrt(covariance[0]);
    const std::size_t shown = std::min<std::size_t>(d, 12);
    for (std::size_t k = 0; k < shown; ++k) {
        worst = std::max(worst, score(n, [&](std::size_t i) { return draws[i * d + k]; }, mean[k]));
        for (std::size_t j = 0; j <= k; ++j) {
            const auto product = [&](std::size_t i) {
                return (draws[i * d + k] - mean[k]) * (draws[i * d + j] - mean[j]);
            };
            worst = std::max(worst, score(n, product, covariance[k * d + j]));
        }
    }
    return worst;
}

/// log Z from exact draws by reciprocal importance sampling with a normal of half the covariance:
/// E q(x) exp(E(x)) = 1 / Z. In standard errors from the stated one, which is moved by `shift`.
double reciprocalScore(const Energy& energy, const std::vector<double>& draws, double shift) {
    const auto d = static_cast<std::size_t>(energy.dim());
    const auto mean = *energy.mean();
    auto a = *energy.covariance();
    double logDet = 0;
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = 0.5 * a[i * d + j];
            for (std::size_t k = 0; k < j; ++k) {
                sum -= a[i * d + k] * a[j * d + k];
            }
            a[i * d + j] = i == j ? std::sqrt(sum) : sum / a[j * d + j];
        }
        logDet += std::log(a[i * d + i]);
    }
    const std::size_t n = draws.size() / d;
    std::vector<double> value(n), u(d);
    energy.evaluate(draws, value);
    const double logZ = *energy.logNormaliser() + shift;
    return score(
        n,
        [&](std::size_t i) {
            double square = 0;
            for (std::size_t r = 0; r < d; ++r) {
                double sum = draws[i * d + r] - mean[r];
                for (std::size_t c = 0; c < r; ++c) {
                    sum -= a[r * d + c] * u[c];
                }
                u[r] = sum / a[r * d + r];
                square += u[r] * u[r];
            }
            const double logq =
                -0.5 * square - logDet - 0.5 * static_cast<double>(d) * std::log(2 * M_PI);
            return std::exp(logq + value[i] + logZ);
        },
        1);
}

double trapezium(double low, double high, int cells, const std::function<double(double)>& f) {
    const double step = (high - low) / cells;
    double sum = 0.5 * (f(low) + f(high));
    for (int i = 1; i < cells; ++i) {
        sum += f(low + step * i);
    }
    return sum * step;
}

}  // namespace

class TestEnergyTruth : public QObject {
    Q_OBJECT

    static void rows() {
        QTest::addColumn<int>("index");
        const auto all = cases();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            QTest::newRow(all[static_cast<std::size_t>(i)].name) << i;
        }
    }
    static Case chosen(int index) { return cases()[static_cast<std::size_t>(index)]; }

private Q_SLOTS:
    void planes_data() { rows(); }
    void planes() {
        QFETCH(int, index);
        const Case c = chosen(index);
        if (!c.plane) {
            return;
        }
        const EnergyPtr energy = makeEnergy(c.id, c.params);
        QVERIFY(energy->logNormaliser());
        const Plane truth = integrate(*energy, 900);
        const double error = std::abs(truth.logZ - *energy->logNormaliser());
        QVERIFY2(error < 1e-6, qPrintable(QString::number(error)));

        // The draws belong to this energy: its mean over them is its mean under the density.
        auto draws = energy->sample(Key{31, 5}, kDraws);
        const auto away = [&] {
            std::vector<double> value(draws.size() / 2);
            energy->evaluate(draws, value);
            return score(value.size(), [&](std::size_t i) { return value[i]; }, truth.energy);
        };
        QVERIFY2(away() < kLimit, qPrintable(QString::number(away())));
        // Broken twin: draws a twentieth too far from the mean.
        const auto mean = *energy->mean();
        for (std::size_t i = 0; i < draws.size(); ++i) {
            draws[i] += 0.05 * (draws[i] - mean[i % 2]);
        }
        QVERIFY(away() > kLimit);
    }

    void moments_data() { rows(); }
    void moments() {
        QFETCH(int, index);
        const Case c = chosen(index);
        const EnergyPtr energy = makeEnergy(c.id, c.params);
        if (!c.light || !energy->canSample()) {
            return;
        }
        QVERIFY(energy->mean() && energy->covariance());
        const auto draws = energy->sample(Key{32, 5}, kDraws);
        const double worst = worstMoment(*energy, draws);
        QVERIFY2(worst < kLimit, qPrintable(QString::number(worst)));
        // Broken twin: a mean that is off by a tenth of the standard deviation.
        QVERIFY(worstMoment(*energy, draws, 0.1) > kLimit);
    }

    void modesAndMarginals_data() { rows(); }
    void modesAndMarginals() {
        QFETCH(int, index);
        const Case c = chosen(index);
        const EnergyPtr energy = makeEnergy(c.id, c.params);
        if (!energy->canSample()) {
            return;
        }
        const auto d = static_cast<std::size_t>(energy->dim());
        const auto draws = energy->sample(Key{33, 5}, kDraws);
        const std::size_t n = draws.size() / d;
        const auto modes = energy->modes();
        double total = 0;
        for (std::size_t m = 0; m < modes.size(); ++m) {
            total += modes[m].weight;
            QCOMPARE(energy->modeOf(modes[m].centre), static_cast<Index>(m));
            const auto hit = [&](std::size_t i) {
                const auto at = std::span(draws).subspan(i * d, d);
                return energy->modeOf(at) == static_cast<Index>(m) ? 1.0 : 0.0;
            };
            QVERIFY(score(n, hit, modes[m].weight) < kLimit);
            QVERIFY(score(n, hit, modes[m].weight + 0.03) > kLimit);  // broken twin
        }
        QVERIFY(modes.empty() || std::abs(total - 1) < 1e-6);

        for (std::size_t axis = 0; axis < std::min<std::size_t>(d, 3); ++axis) {
            // Share of an interval about the middle of the frame.
            const Box frame = energy->frame();
            const double low = frame.lower[axis] * 0.45 + frame.upper[axis] * 0.55;
            const double high = frame.lower[axis] * 0.25 + frame.upper[axis] * 0.75;
            std::vector<double> at;
            constexpr int kCells = 400;
            for (int i = 0; i <= kCells; ++i) {
                at.push_back(low + (high - low) * i / kCells);
            }
            const auto density = energy->marginal(static_cast<Index>(axis), at);
            if (!density) {
                QVERIFY(d > 2);
                continue;
            }
            double share = 0;
            for (std::size_t i = 0; i < at.size(); ++i) {
                share += (*density)[i] * (i == 0 || i + 1 == at.size() ? 0.5 : 1);
            }
            share *= (high - low) / kCells;
            const auto inside = [&](std::size_t i) {
                const double x = draws[i * d + axis];
                return x > low && x < high ? 1.0 : 0.0;
            };
            QVERIFY2(score(n, inside, share) < kLimit, qPrintable(QString::number(share)));
            QVERIFY(score(n, inside, share + 0.03) > kLimit);  // broken twin
        }
    }

    void normalisersInMoreDimensions() {
        const auto word = [](const char* text) { return ParamValue(std::string(text)); };
        const std::vector<std::pair<const char*, ParamSet>> laws{
            {"gauss", {{"energy.dim", Index{6}}, {"energy.condition", 50.0}}},
            {"eight-schools", {{"energy.form", word("noncentred")}}},
            {"funnel", {{"energy.form", word("noncentred")}, {"energy.dim", Index{5}}}},
            {"double-well", {{"energy.dim", Index{3}}, {"energy.height", 0.5}}},
            {"student-t", {{"energy.dim", Index{4}}, {"energy.dof", 9.0}}},
            {"logistic", {}}};
        for (const auto& [id, params] : laws) {
            const EnergyPtr energy = makeEnergy(id, params);
            const auto draws = energy->sample(Key{34, 5}, kDraws);
            QVERIFY2(reciprocalScore(*energy, draws, 0) < kLimit, id);
            QVERIFY2(reciprocalScore(*energy, draws, 0.2) > kLimit, id);  // broken twin
        }
    }

    void lines() {
        for (const auto& [id, params] : std::vector<std::pair<const char*, ParamSet>>{
                 {"double-well", {}}, {"mixture", {}}, {"gauss", {}}, {"two-modes", {}}}) {
            ParamSet one = params;
            one["energy.dim"] = Index{1};
            const EnergyPtr energy = makeEnergy(id, one);
            const Box box = energy->box();
            const double mass = trapezium(box.lower[0], box.upper[0], 20000, [&](double x) {
                return std::exp(-energy->at(std::span(&x, 1)));
            });
            QVERIFY2(std::abs(std::log(mass) - *energy->logNormaliser()) < 1e-9, id);
        }
    }

    void heavyTails() {
        // Polar coordinates with r = tan(a); the funnel with x = exp(v / 2) s.
        const EnergyPtr student = makeEnergy("student-t", {{"energy.dof", 1.5}});
        const double mass = trapezium(1e-9, M_PI / 2 - 1e-9, 200000, [&](double a) {
            const double x[] = {std::tan(a), 0};
            return 2 * M_PI * x[0] * std::exp(-student->at(x)) / std::pow(std::cos(a), 2);
        });
        QVERIFY(std::abs(std::log(mass) - *student->logNormaliser()) < 1e-4);
        QVERIFY(student->mean() && !student->covariance());
        QVERIFY(!makeEnergy("student-t", {{"energy.dof", 0.9}})->mean());

        const EnergyPtr funnel = makeEnergy("funnel", {{"energy.dim", Index{2}}});
        const double neck = trapezium(-30, 30, 600, [&](double v) {
            return std::exp(0.5 * v) * trapezium(-9, 9, 200, [&](double s) {
                       const double x[] = {v, std::exp(0.5 * v) * s};
                       return std::exp(-funnel->at(x));
                   });
        });
        QVERIFY(std::abs(std::log(neck) - *funnel->logNormaliser()) < 1e-6);
        // Its draws: v is normal, and so is x once the funnel is unrolled.
        const auto draws = funnel->sample(Key{35, 5}, kDraws);
        const auto v = [&](std::size_t i) { return std::pow(draws[2 * i] / 3, 2); };
        const auto s = [&](std::size_t i) {
            return std::pow(draws[2 * i + 1], 2) * std::exp(-draws[2 * i]);
        };
        QVERIFY(score(kDraws, v, 1) < kLimit && score(kDraws, s, 1) < kLimit);
        QVERIFY(score(kDraws, v, 1.1) > kLimit && score(kDraws, s, 1.1) > kLimit);
    }

    void twoFormsOneLaw() {
        // Eight schools: p(eta) = p(theta) tau^8. The funnel: p(z) = p(v, x) sd exp(v (D - 1) / 2).
        const auto word = [](const char* text) { return ParamValue(std::string(text)); };
        const EnergyPtr flat = makeEnergy("eight-schools");
        const EnergyPtr centred = makeEnergy("eight-schools", {{"energy.form", word("centred")}});
        QVERIFY(std::abs(*flat->logNormaliser() - *centred->logNormaliser()) < 1e-12);
        const auto z = flat->sample(Key{36, 5}, 100);
        for (std::size_t i = 0; i < z.size(); i += 10) {
            const auto at = std::span(z).subspan(i, 10);
            auto x = flat->natural(at);
            x[1] = at[1];
            QVERIFY(std::abs(flat->at(at) - centred->at(x) + 8 * at[1]) < 1e-9);
        }
        const EnergyPtr unrolled = makeEnergy("funnel", {{"energy.form", word("noncentred")}});
        const EnergyPtr funnel = makeEnergy("funnel");
        const auto w = unrolled->sample(Key{37, 5}, 100);
        const double between = *unrolled->logNormaliser() - *funnel->logNormaliser();
        for (std::size_t i = 0; i < w.size(); i += 10) {
            const auto at = std::span(w).subspan(i, 10);
            const auto x = unrolled->natural(at);
            const double jacobian = std::log(3.0) + 4.5 * x[0];
            QVERIFY(std::abs(unrolled->at(at) + between - funnel->at(x) + jacobian) < 1e-9);
        }
    }

    void knownFigures() {
        // Posterior means of mu and tau, posteriordb's reference draws of eight_schools: 4.4 and
        // 3.6, to two digits.
        const EnergyPtr schools = makeEnergy("eight-schools");
        QVERIFY(std::abs((*schools->mean())[0] - 4.4) < 0.1);
        const auto draws = schools->sample(Key{38, 5}, kDraws);
        double tau = 0;
        for (std::size_t i = 0; i < draws.size(); i += 10) {
            tau += std::exp(draws[i + 1]) / kDraws;
        }
        QVERIFY2(std::abs(tau - 3.6) < 0.15, qPrintable(QString::number(tau)));
        // Müller and Brown's minima: -146.7, -80.8 and -108.2.
        const EnergyPtr surface = makeEnergy("muller-brown", {{"energy.temperature", 10.0}});
        const double expected[] = {-14.670, -8.077, -10.817};
        const auto modes = surface->modes();
        QCOMPARE(modes.size(), std::size_t{3});
        for (std::size_t m = 0; m < 3; ++m) {
            std::vector<double> slope(2);
            double value = 0;
            surface->evaluate(modes[m].centre, std::span(&value, 1), slope);
            QVERIFY(std::abs(value - expected[m]) < 1e-3);
            QVERIFY(std::abs(slope[0]) < 0.01 && std::abs(slope[1]) < 0.01);
        }
        const auto two = makeEnergy("two-modes")->modes();
        QVERIFY(std::abs(two[0].weight - 0.8) < 1e-4 && std::abs(two[1].weight - 0.2) < 1e-4);
        // One well left when the tilt is steep.
        QVERIFY(makeEnergy("double-well", {{"energy.tilt", 15.0}})->modes().empty());
    }

    void speed() {
        for (const auto& [id, rounds] : {std::pair{"ring8", 40},
                                         {"gauss", 40},
                                         {"banana", 40},
                                         {"formula", 40},
                                         {"painted", 10}}) {
            const EnergyPtr energy = makeEnergy(id);
            const auto x = points(*energy, Key{39, 5}, 4096);
            const std::vector<float> narrow(x.begin(), x.end());
            std::vector<float> value(4096), grad(8192);
            QElapsedTimer timer;
            timer.start();
            for (int i = 0; i < rounds; ++i) {
                energy->evaluate(narrow, value, grad);
            }
            const double ns = static_cast<double>(timer.nsecsElapsed()) / rounds / 4096;
            qInfo("%s: %.1f ns a value with gradient", id, ns);
        }
    }
};

QTEST_GUILESS_MAIN(TestEnergyTruth)
#include "tst_energy_truth.moc"
