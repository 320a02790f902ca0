// SPDX-License-Identifier: GPL-3.0-or-later
// The fused executor walks the paths of the reference kernels: every program, kernel and
// instruction set of this machine, for 20 steps with one key.
#include "core/executors/fused_executor.h"
#include "tests/unit/executors/executor_checks.h"

#include <QtTest>

using namespace lx;
using namespace lx::executors;
using namespace lx::executors::checks;

namespace {

constexpr Key kKey{2025, 11};
constexpr Index kSteps = 20, kChains = 77;  // the last vector is not full
constexpr double kLimit = 5e-4;

const std::vector<Method> kMethods{Method::Ula, Method::Mala, Method::Hmc, Method::Underdamped};

std::unique_ptr<ChainExecutor> made(const Case& c, const StepSettings& s, std::span<const float> x,
                                    const std::string& level = {}, int threads = 1, Key key = kKey,
                                    Index offset = 0) {
    return fusedExecutor(c.program, s, x, {key, offset, threads, level, {}});
}

Case silu() {
    for (auto& c : cases()) {
        if (std::string(c.name) == "silu 2-64-64-1") {
            return c;
        }
    }
    return {};
}

std::vector<float> positionsOf(ChainExecutor& executor) {
    std::vector<float> x(static_cast<std::size_t>(executor.chains() * executor.dim()));
    executor.positions(x);
    return x;
}

}  // namespace

class TestFused : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void programs() {
        QVERIFY(programOf(*makeEnergy("ring8")));
        QVERIFY(programOf(*makeEnergy("grid25")));
        QVERIFY(programOf(*makeEnergy("formula")));
        QVERIFY(!programOf(*makeEnergy("banana")));
        QVERIFY(!programOf(*makeEnergy("mixture", {{"energy.dim", Index{40}}})));
        QVERIFY(!programOf(*mlpEnergy(network(2, {300}, MlpActivation::Silu))));
        QVERIFY(!programOf(*mlpEnergy(network(2, {8, 8, 8, 8, 8}, MlpActivation::Silu))));
        const auto score = scoreProgram(network(3, {16}, MlpActivation::Tanh, 3));
        QVERIFY(!score->hasEnergy());
        QVERIFY_EXCEPTION_THROWN(scoreProgram(network(3, {16}, MlpActivation::Tanh, 2)),
                                 UsageError);
        QVERIFY_EXCEPTION_THROWN(scoreProgram(network(3, {400}, MlpActivation::Tanh, 3)),
                                 UsageError);
        QVERIFY(!fusedLevels().empty());
        QCOMPARE(fusedLevels().back(), std::string("baseline"));
    }

    void samePathAsReference_data() {
        QTest::addColumn<int>("index");
        QTest::addColumn<int>("method");
        const auto all = cases();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            const Case& c = all[static_cast<std::size_t>(i)];
            for (const Method method : kMethods) {
                if (c.program->hasEnergy() || !decides(method)) {
                    QTest::addRow("%s, %s", c.name, samplerOf(method))
                        << i << static_cast<int>(method);
                }
            }
        }
    }
    void samePathAsReference() {
        QFETCH(int, index);
        QFETCH(int, method);
        const Case c = cases()[static_cast<std::size_t>(index)];
        QVERIFY(c.program);
        const StepSettings s = settingsOf(c, static_cast<Method>(method));
        const auto x = starts(c, kChains);
        const Walk walk = reference(c, s, x, kKey, kSteps);
        for (const std::string& level : fusedLevels()) {
            const auto executor = made(c, s, x, level);
            QCOMPARE(executor->advance(kSteps), kSteps);
            const Difference now = compare(walk, *executor, kLimit);
            const auto text = level + ": " + std::to_string(now.apart) + " of " +
                              std::to_string(now.compared) + " apart, worst " +
                              std::to_string(now.worst);
            // Where a gradient jumps, rounding may put a point on the other side of the edge.
            QVERIFY2(now.apart <= (c.smooth ? 0 : 3), text.c_str());
            QVERIFY2(now.compared > kChains * 3 / 4, text.c_str());
            if (c.program->hasEnergy()) {
                std::vector<float> e(kChains);
                executor->energies(e);
                for (std::size_t i = 0; i < e.size(); ++i) {
                    if (!walk.close[i] && c.smooth) {
                        QVERIFY(std::abs(static_cast<double>(e[i]) - walk.energy[i]) <
                                kLimit * 20 * (1 + std::abs(walk.energy[i])));
                    }
                }
            }
            // Broken twins: the comparison must see another key, a step size 1 % off, a step more.
            StepSettings off = s;
            off.stepSize *= 1.01;
            const auto other = made(c, s, x, level, 1, Key{2025, 12});
            const auto longer = made(c, off, x, level);
            const auto later = made(c, s, x, level);
            other->advance(kSteps);
            longer->advance(kSteps);
            later->advance(kSteps + 1);
            QVERIFY(compare(walk, *other, kLimit).apart > kChains / 2);
            QVERIFY(compare(walk, *longer, kLimit).apart > kChains / 2);
            QVERIFY(compare(walk, *later, kLimit).apart > kChains / 4);
        }
    }

    void diagonalMass() {
        const Case c = silu();
        StepSettings s = settingsOf(c, Method::Hmc);
        s.inverseMass = {0.5, 3};
        const auto x = starts(c, kChains);
        const auto kernel = makeSampler("hmc", {{"sampler.step_size", s.stepSize},
                                                {"sampler.leapfrog", s.leapfrogs},
                                                {"sampler.jitter", s.jitter}});
        ChainState state = kernel->init(kKey, *c.energy, std::vector<double>(x.begin(), x.end()));
        setInverseMass(state, s.inverseMass);
        const auto executor = made(c, s, x);
        const auto unit = made(c, settingsOf(c, Method::Hmc), x);
        kernel->step(kKey, 0, *c.energy, state, {});
        executor->advance(1);
        unit->advance(1);
        const auto fused = positionsOf(*executor), plain = positionsOf(*unit);
        double worst = 0, twin = 0;
        for (std::size_t i = 0; i < fused.size(); ++i) {
            const double truth = state.positions()[i];
            worst = std::max(worst, std::abs(static_cast<double>(fused[i]) - truth));
            twin = std::max(twin, std::abs(static_cast<double>(plain[i]) - truth));
        }
        QVERIFY2(worst < 1e-4, qPrintable(QString::number(worst)));
        QVERIFY(twin > 0.01);
        s.inverseMass = {1, 2, 3};
        QVERIFY_EXCEPTION_THROWN(made(c, s, x), UsageError);
    }

    /// A chain's bits depend neither on threads, nor on how many chains there are, nor on how the
    /// steps are cut into calls.
    void sameBits_data() {
        QTest::addColumn<int>("method");
        for (const Method method : kMethods) {
            QTest::newRow(samplerOf(method)) << static_cast<int>(method);
        }
    }
    void sameBits() {
        QFETCH(int, method);
        for (const Case& c : cases()) {
            if (!c.program->hasEnergy() && decides(static_cast<Method>(method))) {
                continue;
            }
            const StepSettings s = settingsOf(c, static_cast<Method>(method));
            constexpr Index n = 333;
            const auto d = static_cast<std::size_t>(c.energy->dim());
            const auto x = starts(c, n);
            for (const std::string& level : fusedLevels()) {
                const auto one = made(c, s, x, level), two = made(c, s, x, level, 2);
                const auto few =
                    made(c, s, std::span(x).subspan(40 * d, 9 * d), level, 1, kKey, 40);
                one->advance(9);
                two->advance(4);
                two->advance(3, std::stop_source().get_token());
                two->advance(2);
                few->advance(9);
                const auto a = positionsOf(*one), b = positionsOf(*two), f = positionsOf(*few);
                QVERIFY2(a == b, c.name);
                QVERIFY2(std::ranges::equal(std::span(a).subspan(40 * d, 9 * d), f), c.name);
                QVERIFY(one->counts().accepted == two->counts().accepted);
                QVERIFY(one->counts().acceptance == two->counts().acceptance);
                QCOMPARE(one->step(), std::uint64_t{9});
            }
        }
    }

    void pointsThatAreNoNumbersAreRejected() {
        // The wall at x = 0 is a place where the formula is not a number.
        const auto energy = formulaEnergy("x^2/2 + y^2/2 + sqrt(x-0.1)", "");
        const Case c{"wall", energy, programOf(*energy)};
        std::vector<float> x;
        for (int i = 0; i < 64; ++i) {
            x.insert(x.end(), {0.2F, 0.01F * static_cast<float>(i)});
        }
        for (const std::string& level : fusedLevels()) {
            for (const Method method : kMethods) {
                StepSettings s = settingsOf(c, method);
                s.stepSize = 0.3;
                const auto executor = made(c, s, x, level);
                executor->advance(50);
                const auto end = positionsOf(*executor);
                const ChainCounts counts = executor->counts();
                for (std::size_t i = 0; i < end.size(); i += 2) {
                    QVERIFY2(end[i] >= 0.1F && std::isfinite(end[i + 1]), level.c_str());
                }
                QVERIFY(std::ranges::all_of(counts.accepted, [](auto k) { return k < 50; }));
                QVERIFY(std::ranges::any_of(counts.diverged, [](auto k) { return k > 0; }));
            }
        }
    }

    /// A step that throws the chain far out is turned down and counted as divergent.
    void divergence() {
        const Case c = cases().front();
        StepSettings s = settingsOf(c, Method::Hmc);
        s.stepSize = 100;
        const auto x = starts(c, kChains);
        const auto executor = made(c, s, x);
        executor->advance(3);
        QVERIFY(positionsOf(*executor) == x);
        const ChainCounts counts = executor->counts();
        QVERIFY(std::ranges::all_of(counts.diverged, [](auto k) { return k == 3; }));
        QVERIFY(std::ranges::all_of(counts.acceptance, [](float a) { return a == 0.0F; }));
        executor->resetCounts();
        QCOMPARE(executor->counts().diverged.front(), 0U);
        QCOMPARE(executor->counts().steps, std::uint64_t{0});
    }

    /// Unadjusted steps compute energies only where a step could have diverged: the count is that
    /// of energies computed in double precision at every step, in any number of steps at a time.
    void divergenceOfUnadjustedSteps() {
        const auto energy = makeEnergy("ring8", {{"energy.sd", 0.01}});
        const Case c{"ring8", energy, programOf(*energy)};
        StepSettings s = settingsOf(c, Method::Ula);
        const auto exact = energy->sample(kKey, kChains);
        const std::vector<float> x(exact.begin(), exact.end());
        // The largest throws some chains to where gradients are steep and energies still near.
        for (const double stepSize : {4e-5, 2e-3, 8e-3}) {
            s.stepSize = stepSize;
            for (const std::string& level : fusedLevels()) {
                const auto single = made(c, s, x, level), whole = made(c, s, x, level);
                std::vector<double> error(kChains), g(2), h(2);
                std::vector<std::uint32_t> counted(kChains);
                std::vector<bool> close(kChains);
                auto from = x;
                for (int step = 0; step < 40; ++step) {
                    single->advance(1);
                    const auto to = positionsOf(*single);
                    for (std::size_t i = 0; i < kChains; ++i) {
                        const std::vector<double> a{from[2 * i], from[2 * i + 1]};
                        const std::vector<double> b{to[2 * i], to[2 * i + 1]};
                        std::vector<double> before(1), after(1);
                        c.energy->evaluate(a, before, g);
                        c.energy->evaluate(b, after, h);
                        double gain = after[0] - before[0];
                        for (std::size_t k = 0; k < 2; ++k) {
                            const double xi =
                                (b[k] - a[k] + 0.5 * stepSize * g[k]) / std::sqrt(stepSize);
                            const double back = xi - 0.5 * std::sqrt(stepSize) * (g[k] + h[k]);
                            gain += 0.5 * (back * back - xi * xi);
                        }
                        // A chain that would have gone to no number stands still.
                        counted[i] += gain > 1000 || a == b ? 1 : 0;
                        close[i] = close[i] || std::abs(gain / 1000 - 1) < 0.01;
                    }
                    from = to;
                }
                whole->advance(40);
                QVERIFY(positionsOf(*whole) == from);
                const ChainCounts one = single->counts(), all = whole->counts();
                QVERIFY(one.diverged == all.diverged && one.accepted == all.accepted);
                std::uint32_t diverged = 0;
                for (std::size_t i = 0; i < kChains; ++i) {
                    QVERIFY2(close[i] || all.diverged[i] == counted[i],
                             (level + ", " + std::to_string(all.diverged[i]) + " of " +
                              std::to_string(counted[i]))
                                 .c_str());
                    diverged += counted[i];
                }
                QCOMPARE(diverged > 0, stepSize > 1e-3);
            }
        }
    }

    void newWeightsAndPositionsCount() {
        const Case c = silu();
        const StepSettings s = settingsOf(c, Method::Mala);
        const auto x = starts(c, kChains);
        auto energy = mlpEnergy(network(2, {64, 64}, MlpActivation::Silu, 1, 5));
        const auto executor = made(c, s, x);
        executor->advance(3);
        executor->setProgram(programOf(*energy));
        executor->setPositions(x);
        executor->setStep(0);
        executor->advance(5);
        const Case other{"other", energy, programOf(*energy)};
        const auto fresh = made(other, s, x);
        fresh->advance(5);
        QVERIFY(positionsOf(*executor) == positionsOf(*fresh));
        QVERIFY_EXCEPTION_THROWN(
            executor->setProgram(programOf(*makeEnergy("mixture", {{"energy.dim", Index{1}}}))),
            UsageError);
        QVERIFY_EXCEPTION_THROWN(executor->setProgram(nullptr), UsageError);
        QVERIFY_EXCEPTION_THROWN(executor->setPositions(std::vector<float>(5)), UsageError);
    }

    void stopsBetweenSteps() {
        const Case c = silu();
        const auto x = starts(c, 4096);
        const auto executor = made(c, settingsOf(c, Method::Hmc), x, {}, 2);
        std::stop_source stop;
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
            stop.request_stop();
        });
        const Index done = executor->advance(1'000'000'000, stop.get_token());
        other.join();
        QVERIFY(done > 0 && done < 1'000'000'000);
        QCOMPARE(executor->step(), static_cast<std::uint64_t>(done));
        const auto again = made(c, settingsOf(c, Method::Hmc), x);
        again->advance(done);
        QVERIFY(positionsOf(*again) == positionsOf(*executor));
        QCOMPARE(again->advance(10, stop.get_token()), Index{0});
    }

    void refusesWhatItCannotDo() {
        const MlpParts score = network(2, {16}, MlpActivation::Silu, 2);
        const std::vector<float> x(8);
        StepSettings s;
        s.method = Method::Mala;
        QVERIFY_EXCEPTION_THROWN(fusedExecutor(scoreProgram(score), s, x, {}), UsageError);
        s.method = Method::Ula;
        const auto executor = fusedExecutor(scoreProgram(score), s, x, {});
        std::vector<float> e(4);
        QVERIFY_EXCEPTION_THROWN(executor->energies(e), UsageError);
        QVERIFY_EXCEPTION_THROWN(fusedExecutor(nullptr, s, x, {}), UsageError);
        QVERIFY_EXCEPTION_THROWN(fusedExecutor(scoreProgram(score), s, std::span(x).first(7), {}),
                                 UsageError);
        QVERIFY_EXCEPTION_THROWN(
            fusedExecutor(scoreProgram(score), s, x, {{}, 0, 1, "avx1024", {}}), UsageError);
        s.stepSize = 0;
        QVERIFY_EXCEPTION_THROWN(executor->configure(s), UsageError);
        QVERIFY(!stepSettings("nuts", {}));
        const auto hmc = stepSettings(
            "hmc",
            {{"sampler.step_size", 0.25}, {"sampler.leapfrog", Index{7}}, {"sampler.jitter", 0.1}});
        QVERIFY(hmc && hmc->method == Method::Hmc && hmc->stepSize == 0.25 && hmc->leapfrogs == 7 &&
                hmc->jitter == 0.1);
    }
};

QTEST_GUILESS_MAIN(TestFused)
#include "tst_fused.moc"
