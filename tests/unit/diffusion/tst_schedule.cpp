// SPDX-License-Identifier: GPL-3.0-or-later
// Noise schedules, the four forms of a prediction, exact denoisers.
#include "core/base/philox.h"
#include "core/diffusion/denoiser.h"
#include "core/diffusion/prediction.h"
#include "core/diffusion/score_energy.h"
#include "tests/unit/diffusion/mixtures.h"

#include <QtTest>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

std::vector<double> normals(std::size_t n, std::uint64_t seed, double scale = 1) {
    std::vector<float> draws(n);
    fillNormal(Key{seed, 3}, draws);
    std::vector<double> out(draws.begin(), draws.end());
    for (double& v : out) {
        v *= scale;
    }
    return out;
}

double farthest(std::span<const double> a, std::span<const double> b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]) / (1 + std::abs(b[i])));
    }
    return most;
}

/// The rate is the derivative of the level; `steps`: corners lie at multiples of 1 / steps.
bool ratesAgree(const NoiseSchedule& s, const std::function<NoiseRate(double)>& rate) {
    for (int i = 1; i < 40; ++i) {
        // Away from the corners of the discrete schedule.
        const double t = std::floor(1000 * std::lerp(s.first(), s.last(), i / 40.0)) / 1000 + 4e-4;
        const double h = 2e-5;
        const NoiseLevel above = s.at(t + h), below = s.at(t - h);
        const NoiseRate r = rate(t);
        const auto near = [&](double given, double up, double down) {
            return std::abs(given - (up - down) / (2 * h)) < 1e-4 * (1e-2 + std::abs(given));
        };
        if (!near(r.alpha, above.alpha, below.alpha) || !near(r.sigma, above.sigma, below.sigma) ||
            !near(r.logSnr, above.logSnr(), below.logSnr())) {
            return false;
        }
    }
    return true;
}

SchedulePtr scheduleOf(const ScheduleSpec& spec) {
    return spec.make(resolve(spec.params, {}));
}

const NoiseLevel kLevels[] = {{0.999, 0.0447}, {0.8, 0.6}, {0.1, 0.995}, {1, 0.05}, {1, 3}};

/// E[x | z] from the posterior of each component, which shares nothing with the denoiser.
std::vector<double> posteriorMean(const MixtureParts& parts, const NoiseLevel& level,
                                  std::span<const double> z) {
    const auto d = static_cast<std::size_t>(parts.dim);
    std::vector<double> out(z.size());
    for (std::size_t r = 0; r * d < z.size(); ++r) {
        double total = 0;
        for (std::size_t k = 0; k < parts.weights.size(); ++k) {
            const double prior = parts.sds[k] * parts.sds[k];
            const double variance = level.alpha * level.alpha * prior + level.sigma * level.sigma;
            double square = 0;
            for (std::size_t i = 0; i < d; ++i) {
                square += std::pow(z[r * d + i] - level.alpha * parts.centres[k * d + i], 2);
            }
            const double weight = parts.weights[k] * std::exp(-0.5 * square / variance) /
                                  std::pow(variance, 0.5 * static_cast<double>(d));
            total += weight;
            for (std::size_t i = 0; i < d; ++i) {
                const double c = parts.centres[k * d + i];
                out[r * d + i] += weight * (c + prior * level.alpha / variance *
                                                    (z[r * d + i] - level.alpha * c));
            }
        }
        for (std::size_t i = 0; i < d; ++i) {
            out[r * d + i] /= total;
        }
    }
    return out;
}

}  // namespace

class TestSchedule : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void levelsAndRates() {
        for (const ScheduleSpec& spec : scheduleSpecs()) {
            const SchedulePtr s = scheduleOf(spec);
            double before = std::numeric_limits<double>::infinity();
            for (int i = 0; i <= 200; ++i) {
                const NoiseLevel level = s->at(std::lerp(s->first(), s->last(), i / 200.0));
                QVERIFY2(level.logSnr() < before, spec.id.c_str());
                before = level.logSnr();
                const double power = level.alpha * level.alpha + level.sigma * level.sigma;
                QVERIFY(s->variancePreserving() ? std::abs(power - 1) < 1e-14 : level.alpha == 1);
            }
            QVERIFY2(ratesAgree(*s, [&](double t) { return s->rate(t); }), spec.id.c_str());
            // A rate that is 1 % off.
            QVERIFY(!ratesAgree(*s, [&](double t) {
                NoiseRate rate = s->rate(t);
                rate.sigma *= 1.01;
                return rate;
            }));
        }
    }
    void timesOfLogSnr() {
        for (const ScheduleSpec& spec : scheduleSpecs()) {
            const SchedulePtr s = scheduleOf(spec);
            for (int i = 0; i <= 50; ++i) {
                const double t = std::lerp(s->first(), s->last(), i / 50.0);
                QVERIFY(std::abs(s->timeOf(s->at(t).logSnr()) - t) < 1e-10);
            }
            QCOMPARE(s->timeOf(1e3), s->first());
            QCOMPARE(s->timeOf(-1e3), s->last());
            for (const Spacing spacing : {Spacing::Time, Spacing::LogSnr, Spacing::Karras}) {
                const auto times = timeGrid(*s, 20, spacing);
                QCOMPARE(times.size(), std::size_t{21});
                QCOMPARE(times.front(), s->last());
                QCOMPARE(times.back(), s->first());
                QVERIFY(std::ranges::is_sorted(times, std::greater<>()));
            }
        }
        const auto s = logSnrSchedule(10, -10);
        const auto even = timeGrid(*s, 8, Spacing::LogSnr);
        QVERIFY(std::abs(s->at(even[2]).logSnr() + 5) < 1e-9);
        const auto karras = timeGrid(*s, 2, Spacing::Karras);
        const double middle = std::pow(s->at(karras[1]).ratio(), 1. / 7);
        QVERIFY(std::abs(middle - 0.5 * (std::exp(5. / 7) + std::exp(-5. / 7))) < 1e-9);
    }
    void publishedValues() {
        // Ho et al. 2020: sqrt(alpha bar) at the last of 1000 steps is 0.00635, at step 500 0.2797.
        const auto ho = discreteSchedule();
        double product = 1;
        for (int i = 0; i < 500; ++i) {
            product *= 1 - (1e-4 + i * (0.02 - 1e-4) / 999);
        }
        QVERIFY(std::abs(ho->at(0.5).alpha - std::sqrt(product)) < 1e-13);
        QVERIFY(std::abs(ho->at(1).alpha - 0.00635) < 1e-5);
        // Song et al. 2021: exp(-(0.1 + 20) / 4) at the end.
        QVERIFY(std::abs(continuousSchedule()->at(1).alpha - std::exp(-5.025)) < 1e-15);
        QVERIFY(std::abs(geometricSchedule(0.01, 1)->at(0.5).sigma - 0.1) < 1e-15);
        QVERIFY(std::abs(cosineSchedule()->at(0.5).alpha - 0.7027) < 1e-3);
        QVERIFY(std::abs(logSnrSchedule(8, -6)->at(0.25).logSnr() - 4.5) < 1e-12);
    }
    void refusesNonsense() {
        QVERIFY_EXCEPTION_THROWN(geometricSchedule(1, 1), UsageError);
        QVERIFY_EXCEPTION_THROWN(logSnrSchedule(-1, 1), UsageError);
        QVERIFY_EXCEPTION_THROWN(discreteSchedule(1), UsageError);
        QVERIFY_EXCEPTION_THROWN(discreteSchedule(10, 0.1, 0.2), UsageError);
        QVERIFY_EXCEPTION_THROWN(scheduleSpec("cosin"), UsageError);
        QVERIFY_EXCEPTION_THROWN(timeGrid(*cosineSchedule(), 0, Spacing::Time), UsageError);
    }
    void fourForms() {
        const auto x = normals(200, 1, 2), eps = normals(200, 2);
        constexpr Prediction kForms[] = {Prediction::Clean, Prediction::Epsilon, Prediction::Score,
                                         Prediction::Velocity};
        for (const NoiseLevel& level : kLevels) {
            std::vector<double> z(x.size()), v(x.size()), score(x.size());
            for (std::size_t i = 0; i < x.size(); ++i) {
                z[i] = level.alpha * x[i] + level.sigma * eps[i];
                v[i] = level.alpha * eps[i] - level.sigma * x[i];
                score[i] = -eps[i] / level.sigma;
            }
            const std::vector<double>* truth[] = {&x, &eps, &score, &v};
            for (std::size_t from = 0; from < 4; ++from) {
                for (std::size_t to = 0; to < 4; ++to) {
                    auto got = *truth[from];
                    convert(kForms[from], kForms[to], level, z, got);
                    QVERIFY(farthest(got, *truth[to]) < 1e-12);
                    convert(kForms[to], kForms[from], level, z, got);
                    QVERIFY(farthest(got, *truth[from]) < 1e-12);
                }
            }
            auto wrong = v;  // v of the other sign
            for (double& value : wrong) {
                value = -value;
            }
            convert(Prediction::Velocity, Prediction::Clean, level, z, wrong);
            QVERIFY(farthest(wrong, x) > 1e-3);
        }
        QVERIFY_EXCEPTION_THROWN(predictionNamed("noise"), UsageError);
    }
    void tweedie() {
        for (const MixtureParts& parts : {ring(), uneven()}) {
            const auto denoiser = mixtureDenoiser(parts);
            for (const NoiseLevel& level : kLevels) {
                const auto z = normals(400, 5, 1.5);
                std::vector<double> clean(z.size()), score(z.size()), value(z.size() / 2),
                    slope(z.size());
                denoiser->clean(level, z, clean);
                const auto truth = posteriorMean(parts, level, z);
                QVERIFY(farthest(clean, truth) < 1e-12 * std::max(1.0, level.ratio()));
                denoiser->score(level, z, score);
                mixtureEnergy(noisy(parts, level))->evaluate(std::span(z), value, slope);
                std::vector<double> left(z.size()), right(z.size());
                for (std::size_t i = 0; i < z.size(); ++i) {
                    left[i] = level.alpha * truth[i];
                    right[i] = z[i] + level.sigma * level.sigma * score[i];
                    slope[i] = -slope[i];
                }
                QVERIFY(farthest(right, left) < 1e-12);
                QVERIFY(farthest(slope, score) < 1e-11);
                denoiser->score({level.alpha, level.sigma * 1.001}, z, score);
                QVERIFY(farthest(slope, score) > 1e-5);
            }
        }
    }
    void divergence() {
        const auto denoiser = mixtureDenoiser(uneven());
        const auto z = normals(200, 6);
        for (const NoiseLevel& level : kLevels) {
            std::vector<double> eps(z.size()), exact(z.size() / 2), differences(z.size() / 2);
            denoiser->epsilon(level, z, eps, exact);
            // Its own divergence by differences: Wrong with factor 1 shows only the noise.
            struct Bare final : Denoiser {
                DenoiserPtr inner;
                Index dim() const override { return inner->dim(); }
                void compute(const NoiseLevel& at, const double* rows, Index count,
                             double* out) const override {
                    const auto n = static_cast<std::size_t>(count * dim());
                    inner->epsilon(at, {rows, n}, {out, n});
                }
            } bare;
            bare.inner = denoiser;
            bare.epsilon(level, z, eps, differences);
            QVERIFY(farthest(differences, exact) < 1e-6);
            Wrong(denoiser, 1, 1.001).epsilon(level, z, eps, differences);
            QVERIFY(farthest(differences, exact) > 1e-5);
        }
    }
    void guidance() {
        // The classes are components; log p(c | z) = log p(z | c) - log p(z) + constant.
        const MixtureParts all{2, {-1, 0, 1, 0.5}, {0.4, 0.6}, {0.5, 0.3}};
        const auto one = mixtureDenoiser({2, {-1, 0}, {1}, {0.5}}), every = mixtureDenoiser(all);
        const NoiseLevel level{0.8, 0.6};
        const auto z = normals(100, 7);
        std::vector<double> free(z.size()), given(z.size()), base(z.size()), expected(z.size()),
            conditional(z.size());
        const double w = 1.7;
        guided(one, every, w)->epsilon(level, z, free);
        every->epsilon(level, z, base);
        every->score(level, z, given);
        one->score(level, z, conditional);
        for (std::size_t i = 0; i < z.size(); ++i) {
            expected[i] = base[i] - (1 + w) * level.sigma * (conditional[i] - given[i]);
        }
        QVERIFY(farthest(free, expected) < 1e-10);
        guided(one, every, w - 1)->epsilon(level, z, free);  // the other convention
        QVERIFY(farthest(free, expected) > 1e-2);
        QVERIFY_EXCEPTION_THROWN(guided(one, mixtureDenoiser(line()), 1), UsageError);
    }
    void energyOfAScore() {
        const NoiseLevel level{0.9, 0.6};
        const auto parts = ring();
        const auto energy = scoreEnergy(mixtureDenoiser(parts), level, {0, 0}, {{-3, -3}, {3, 3}});
        const auto truth = mixtureEnergy(noisy(parts, level));
        const auto z = normals(100, 8, 1.5);
        std::vector<double> value(50), slope(100), exact(50), exactSlope(100);
        energy->evaluate(std::span(z), value, slope);
        truth->evaluate(std::span(z), exact, exactSlope);
        const double shift = truth->at(std::vector<double>{0, 0});
        for (double& e : exact) {
            e -= shift;
        }
        QVERIFY(farthest(value, exact) < 1e-6);
        QVERIFY(farthest(slope, exactSlope) < 1e-11);
        const auto other = scoreEnergy(std::make_shared<Wrong>(mixtureDenoiser(parts), 1.01, 1),
                                       level, {0, 0}, {{-3, -3}, {3, 3}});
        other->evaluate(std::span(z), value, slope);
        QVERIFY(farthest(value, exact) > 1e-3);
    }
};

QTEST_GUILESS_MAIN(TestSchedule)
#include "tst_schedule.moc"
