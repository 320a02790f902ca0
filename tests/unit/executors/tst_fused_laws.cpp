// SPDX-License-Identifier: GPL-3.0-or-later
// Chains that start as independent exact draws of the target are independent exact draws after any
// number of steps of a kernel that leaves it invariant.
#include "core/executors/fused_executor.h"
#include "core/executors/selftest.h"
#include "tests/unit/executors/executor_checks.h"

#include <QtTest>

using namespace lx;
using namespace lx::executors;
using namespace lx::executors::checks;

namespace {

constexpr Index kChains = 120'000;
/// Some thirty checks at a level of 1e-6 each.
constexpr double kAccepted = 5, kRejected = 8;

using Rows = std::vector<float>;  ///< [chains, dim]
/// Where the chains of `energy` end that began at the rows.
using Move = std::function<Rows(const Energy&, const Rows&)>;

/// The largest z-score of a change of mean over x_i, x_i x_j and E between start and end; chains
/// are independent, so the standard error is the plain one.
double worstScore(const Energy& energy, const Rows& start, const Rows& end) {
    const auto d = static_cast<std::size_t>(energy.dim()), n = start.size() / d;
    std::vector<float> before(n), after(n);
    energy.evaluate(start, before);
    energy.evaluate(end, after);
    double worst = 0;
    const auto check = [&](const auto& change) {
        double sum = 0, squares = 0;
        for (std::size_t c = 0; c < n; ++c) {
            const double t = change(c);
            sum += t;
            squares += t * t;
        }
        const double count = static_cast<double>(n), mean = sum / count;
        const double error = std::sqrt((squares / count - mean * mean) / count);
        worst = std::max(worst, std::abs(mean) / (error + 1e-12));
    };
    check([&](std::size_t c) { return static_cast<double>(after[c] - before[c]); });
    for (std::size_t i = 0; i < d; ++i) {
        check(
            [&](std::size_t c) { return static_cast<double>(end[c * d + i] - start[c * d + i]); });
        for (std::size_t j = 0; j <= i; ++j) {
            check([&](std::size_t c) {
                return static_cast<double>(end[c * d + i] * end[c * d + j] -
                                           start[c * d + i] * start[c * d + j]);
            });
        }
    }
    return worst;
}

double scoreOf(const Energy& energy, const Move& move) {
    const auto draws = energy.sample(Key{8, 8}, kChains);
    const Rows start(draws.begin(), draws.end());
    return worstScore(energy, start, move(energy, start));
}

Move fused(const StepSettings& s, Index steps, const std::string& level = {}) {
    return [=](const Energy& energy, const Rows& start) {
        const auto executor =
            fusedExecutor(programOf(energy), s, start, {Key{9, 9}, 0, 1, level, {}});
        executor->advance(steps);
        Rows end(start.size());
        executor->positions(end);
        return end;
    };
}

/// Hamiltonian Monte Carlo written in a few lines, with or without the half kick that it begins
/// with.
Move plainHamiltonian(double eps, int leapfrogs, Index steps, bool firstHalf) {
    return [=](const Energy& energy, const Rows& start) {
        const auto d = static_cast<std::size_t>(energy.dim()), n = start.size() / d;
        std::vector<double> x(start.begin(), start.end()), g(x.size()), e(n);
        energy.evaluate(x, e, g);
        for (Index s = 0; s < steps; ++s) {
            std::vector<double> y = x, p(x.size()), h = g, f(n), change(n);
            for (std::size_t c = 0; c < n; ++c) {
                StepDraws draws(Key{9, 9}, static_cast<Index>(c), static_cast<std::uint64_t>(s));
                draws.normals(std::span(p).subspan(c * d, d));
            }
            const auto kinetic = [&](std::size_t c) {
                double sum = 0;
                for (std::size_t i = c * d; i < (c + 1) * d; ++i) {
                    sum += 0.5 * p[i] * p[i];
                }
                return sum;
            };
            for (std::size_t c = 0; c < n; ++c) {
                change[c] = -e[c] - kinetic(c);
            }
            for (int l = 0; l < leapfrogs; ++l) {
                for (std::size_t i = 0; i < y.size(); ++i) {
                    p[i] -= l > 0 || firstHalf ? 0.5 * eps * h[i] : 0;
                    y[i] += eps * p[i];
                }
                energy.evaluate(y, f, h);
                for (std::size_t i = 0; i < y.size(); ++i) {
                    p[i] -= 0.5 * eps * h[i];
                }
            }
            for (std::size_t c = 0; c < n; ++c) {
                StepDraws draws(Key{9, 9}, static_cast<Index>(c), static_cast<std::uint64_t>(s));
                if (draws.logAccept() < -(change[c] + f[c] + kinetic(c))) {
                    const auto at = static_cast<std::ptrdiff_t>(c * d);
                    std::copy_n(y.begin() + at, d, x.begin() + at);
                    std::copy_n(h.begin() + at, d, g.begin() + at);
                    e[c] = f[c];
                }
            }
        }
        return Rows(x.begin(), x.end());
    };
}

}  // namespace

class TestFusedLaws : public QObject {
    Q_OBJECT

    static StepSettings settings(Method method, double stepSize) {
        StepSettings s;
        s.method = method;
        s.stepSize = stepSize;
        s.leapfrogs = 5;
        s.jitter = 0.2;
        return s;
    }

private Q_SLOTS:
    void selfTestPassesAndNotices() {
        const auto rows = fusedSelftest();
        QCOMPARE(rows.size(), 4 * fusedLevels().size());
        for (const auto& row : rows) {
            QVERIFY2(row.pass, qPrintable(QString("%1: %2").arg(row.name.c_str()).arg(row.z)));
        }
        // Twins: steps a quarter too long, and an energy a tenth too steep.
        const auto failures = [](double stretch, float steepness) {
            const auto make = [&](const ProgramPtr& program, StepSettings s,
                                  std::span<const float> x, Key key) {
                s.stepSize *= stretch;
                auto parts = std::get<MixtureProgram>(program->body());
                for (float& v : parts.scale) {
                    v *= steepness;
                }
                FusedOptions options;
                options.key = key;
                return fusedExecutor(std::make_shared<const Program>(program->dim(), parts), s, x,
                                     options);
            };
            return std::ranges::count_if(executorSelftest("twin", make),
                                         [](const auto& row) { return !row.pass; });
        };
        QCOMPARE(failures(1, 1), 0);
        QVERIFY(failures(1.25, 1) >= 1);
        QCOMPARE(failures(1, 1.1F), 4);
    }
    void leavesTheTargetAlone_data() {
        QTest::addColumn<QString>("energy");
        QTest::addColumn<int>("method");
        QTest::addColumn<double>("stepSize");
        QTest::newRow("mala ring8") << "ring8" << static_cast<int>(Method::Mala) << 0.1;
        QTest::newRow("hmc ring8") << "ring8" << static_cast<int>(Method::Hmc) << 0.3;
        QTest::newRow("mala grid25") << "grid25" << static_cast<int>(Method::Mala) << 0.004;
        QTest::newRow("hmc mixture") << "mixture" << static_cast<int>(Method::Hmc) << 0.5;
    }
    void leavesTheTargetAlone() {
        QFETCH(QString, energy);
        QFETCH(int, method);
        QFETCH(double, stepSize);
        const auto target = makeEnergy(energy.toStdString());
        const StepSettings s = settings(static_cast<Method>(method), stepSize);
        for (const std::string& level : fusedLevels()) {
            const double score = scoreOf(*target, fused(s, 10, level));
            QVERIFY2(score < kAccepted, qPrintable(QString::number(score)));
        }
    }

    void brokenTwinsAreRejected() {
        const auto target = makeEnergy("ring8");
        // MALA that always accepts.
        const double always = scoreOf(*target, fused(settings(Method::Ula, 0.1), 10));
        QVERIFY2(always > kRejected, qPrintable(QString::number(always)));
        // HMC without its first half kick, beside the same code with it.
        const double whole = scoreOf(*target, plainHamiltonian(0.3, 5, 10, true));
        const double half = scoreOf(*target, plainHamiltonian(0.3, 5, 10, false));
        QVERIFY2(whole < kAccepted, qPrintable(QString::number(whole)));
        QVERIFY2(half > kRejected, qPrintable(QString::number(half)));
        // HMC on a target with components 2 % too wide.
        const auto& parts = dynamic_cast<const MixtureEnergy&>(*target).parts();
        MixtureParts wide = parts;
        for (double& sd : wide.sds) {
            sd *= 1.02;
        }
        const auto other = mixtureEnergy(wide);
        const double off = scoreOf(*target, [&](const Energy&, const Rows& start) {
            return fused(settings(Method::Hmc, 0.3), 10)(*other, start);
        });
        QVERIFY2(off > kRejected, qPrintable(QString::number(off)));
    }

    /// On N(0, s^2) ULA has the stationary variance s^2 / (1 - eta / (4 s^2)).
    void langevinOnAGaussian() {
        const double sd = 0.7, eta = 0.3;
        const auto target = mixtureEnergy({2, {0, 0}, {1}, {sd}});
        const double wide = sd / std::sqrt(1 - eta / (4 * sd * sd));
        const auto law = mixtureEnergy({2, {0, 0}, {1}, {wide}});
        const Move step = fused(settings(Method::Ula, eta), 10);
        const auto onTarget = [&](const Energy&, const Rows& start) {
            return step(*target, start);
        };
        const double score = scoreOf(*law, onTarget), biased = scoreOf(*target, onTarget);
        QVERIFY2(score < kAccepted, qPrintable(QString::number(score)));
        QVERIFY2(biased > kRejected, qPrintable(QString::number(biased)));
    }

    /// BAOAB leaves the positions of N(0, s^2) alone at any step size, and momenta of variance
    /// 1 - eps^2 / (4 s^2). Ref: leimkuhler2013.
    void underdampedOnAGaussian() {
        const double sd = 0.8, eps = 0.9;
        const auto target = mixtureEnergy({2, {0, 0}, {1}, {sd}});
        const auto walk = [&](double momentumSd) {
            return scoreOf(*target, [&](const Energy& energy, const Rows& start) {
                StepSettings s = settings(Method::Underdamped, eps);
                s.friction = 0.7;
                const auto executor =
                    fusedExecutor(programOf(energy), s, start, {Key{9, 9}, 0, 1, {}, {}});
                Rows p(start.size());
                fillNormal(Key{5, 4}, p);
                for (float& v : p) {
                    v *= static_cast<float>(momentumSd);
                }
                executor->setMomenta(p);
                executor->advance(2);  // before the friction forgets the momenta
                Rows end(start.size());
                executor->positions(end);
                return end;
            });
        };
        const double score = walk(std::sqrt(1 - eps * eps / (4 * sd * sd))), cold = walk(0.5);
        QVERIFY2(score < kAccepted, qPrintable(QString::number(score)));
        QVERIFY2(cold > kRejected, qPrintable(QString::number(cold)));
    }
};

QTEST_GUILESS_MAIN(TestFusedLaws)
#include "tst_fused_laws.moc"
