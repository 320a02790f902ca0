// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/ode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace lx::diffusion {
namespace {

/// The field on rows and, behind them, on log densities.
class Field {
public:
    Field(const Denoiser& denoiser, const NoiseSchedule& schedule, std::size_t rows, bool density)
        : m_denoiser(denoiser),
          m_schedule(schedule),
          m_rows(rows),
          m_d(static_cast<std::size_t>(denoiser.dim())),
          m_density(density) {}
    std::size_t size() const { return m_rows * m_d + (m_density ? m_rows : 0); }
    Index evaluations() const { return m_evaluations; }

    void operator()(double t, std::span<const double> y, std::span<double> dy) {
        const NoiseLevel level = m_schedule.at(t);
        const NoiseRate rate = m_schedule.rate(t);
        const double own = rate.alpha / level.alpha, noise = rate.sigma - level.sigma * own;
        const std::size_t n = m_rows * m_d;
        const auto z = y.first(n);
        const auto eps = dy.first(n);
        if (m_density) {
            m_denoiser.epsilon(level, z, eps, dy.subspan(n));
            for (double& v : dy.subspan(n)) {
                v = -(own * static_cast<double>(m_d) + noise * v);
            }
        } else {
            m_denoiser.epsilon(level, z, eps);
        }
        for (std::size_t i = 0; i < n; ++i) {
            dy[i] = own * z[i] + noise * eps[i];
        }
        ++m_evaluations;
    }

private:
    const Denoiser& m_denoiser;
    const NoiseSchedule& m_schedule;
    std::size_t m_rows, m_d;
    bool m_density;
    Index m_evaluations = 0;
};

using Vector = std::vector<double>;

void euler(Field& field, double from, double to, Vector& y) {
    Vector slope(y.size());
    field(from, y, slope);
    for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] += (to - from) * slope[i];
    }
}

void heun(Field& field, double from, double to, Vector& y) {
    Vector first(y.size()), second(y.size()), guess(y.size());
    field(from, y, first);
    for (std::size_t i = 0; i < y.size(); ++i) {
        guess[i] = y[i] + (to - from) * first[i];
    }
    field(to, guess, second);
    for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] += 0.5 * (to - from) * (first[i] + second[i]);
    }
}

// Table 2 of Dormand and Prince; the last stage is the first of the next step.
constexpr std::size_t kStages = 7;
constexpr std::array<double, kStages> kNodes{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr std::array<std::array<double, 6>, kStages> kWeights{
    {{},
     {1. / 5},
     {3. / 40, 9. / 40},
     {44. / 45, -56. / 15, 32. / 9},
     {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
     {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
     {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}}};
/// Fifth minus fourth order.
constexpr std::array<double, kStages> kError{
    71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200., 22. / 525., -1. / 40};

void rungeKutta(Field& field, double from, double to, Vector& y, double tolerance) {
    const double span = to - from;
    if (span == 0 || y.empty()) {
        return;
    }
    std::array<Vector, kStages> k;
    for (Vector& stage : k) {
        stage.resize(y.size());
    }
    Vector next(y.size());
    double t = 0, h = std::min(1.0, 0.01);  // shares of the span
    field(from, y, k[0]);
    for (Index step = 0; t < 1; ++step) {
        if (step >= kMaxOdeSteps) {
            throw NumericalError("the probability flow", step,
                                 "needs too many steps; raise the tolerance");
        }
        h = std::min(h, 1 - t);
        for (std::size_t s = 1; s < kStages; ++s) {
            for (std::size_t i = 0; i < y.size(); ++i) {
                double sum = 0;
                for (std::size_t j = 0; j < s; ++j) {
                    sum += kWeights[s][j] * k[j][i];
                }
                next[i] = y[i] + h * span * sum;
            }
            field(from + (t + kNodes[s] * h) * span, next, k[s]);
        }
        double square = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            double error = 0;
            for (std::size_t s = 0; s < kStages; ++s) {
                error += kError[s] * k[s][i];
            }
            error *= h * span / (tolerance * (1 + std::max(std::abs(y[i]), std::abs(next[i]))));
            square += error * error;
        }
        const double error = std::sqrt(square / static_cast<double>(y.size()));
        if (!std::isfinite(error)) {
            throw NumericalError("the probability flow", step, "is not a finite number");
        }
        if (error <= 1) {
            t = h >= 1 - t ? 1 : t + h;
            y.swap(next);
            k[0].swap(k[6]);
        }
        h *= std::clamp(0.9 * std::pow(std::max(error, 1e-10), -0.2), 0.2, 5.0);
    }
}

}  // namespace

Index flow(const Denoiser& denoiser, const NoiseSchedule& schedule, Integrator integrator,
           double from, double to, std::span<double> z, std::span<double> logDensity,
           double tolerance) {
    const auto d = static_cast<std::size_t>(denoiser.dim());
    const std::size_t rows = z.size() / d;
    if (z.size() % d != 0 || (!logDensity.empty() && logDensity.size() != rows)) {
        throw UsageError("flow: rows and log densities do not fit the dimension");
    }
    Field field(denoiser, schedule, rows, !logDensity.empty());
    Vector y(z.begin(), z.end());
    y.insert(y.end(), logDensity.begin(), logDensity.end());
    switch (integrator) {
        case Integrator::Euler: euler(field, from, to, y); break;
        case Integrator::Heun: heun(field, from, to, y); break;
        case Integrator::Rk45: rungeKutta(field, from, to, y, tolerance); break;
    }
    std::copy_n(y.begin(), z.size(), z.begin());
    std::copy_n(y.begin() + static_cast<std::ptrdiff_t>(z.size()), logDensity.size(),
                logDensity.begin());
    return field.evaluations();
}

std::vector<double> logLikelihood(const Denoiser& denoiser, const NoiseSchedule& schedule,
                                  std::span<const double> z, double variance, double tolerance) {
    const auto d = static_cast<std::size_t>(denoiser.dim());
    Vector rows(z.begin(), z.end()), gained(z.size() / d);
    flow(denoiser, schedule, Integrator::Rk45, schedule.first(), schedule.last(), rows, gained,
         tolerance);
    for (std::size_t r = 0; r < gained.size(); ++r) {
        double square = 0;
        for (std::size_t i = 0; i < d; ++i) {
            square += rows[r * d + i] * rows[r * d + i];
        }
        const double end =
            -0.5 * (square / variance +
                    static_cast<double>(d) * std::log(2 * std::numbers::pi * variance));
        gained[r] = end - gained[r];
    }
    return gained;
}

}  // namespace lx::diffusion
