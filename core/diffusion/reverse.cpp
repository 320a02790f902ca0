// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/reverse.h"

#include "core/diffusion/prediction.h"
#include "core/samplers/draws.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

struct Name {
    const char* id;
    Reverse method;
};
constexpr Name kNames[] = {{"ddpm", Reverse::Ddpm},
                           {"ddim", Reverse::Ddim},
                           {"euler", Reverse::Euler},
                           {"heun", Reverse::Heun},
                           {"rk45", Reverse::Rk45},
                           {"corrected", Reverse::Corrected},
                           {"annealed-langevin", Reverse::AnnealedLangevin},
                           {"langevin", Reverse::Langevin}};

/// Adds scale * xi, the standard normals of (key, row, step).
void addNoise(Key key, std::uint64_t step, double scale, std::size_t d, Index first,
              std::span<double> z) {
    std::vector<double> xi(d);
    for (std::size_t r = 0; r * d < z.size(); ++r) {
        StepDraws draws(key, first + static_cast<Index>(r), step);
        draws.normals(xi);
        for (std::size_t i = 0; i < d; ++i) {
            z[r * d + i] += scale * xi[i];
        }
    }
}

void scaleAndAdd(std::span<double> z, double own, std::span<const double> eps, double noise) {
    for (std::size_t i = 0; i < z.size(); ++i) {
        z[i] = own * z[i] + noise * eps[i];
    }
}

/// Variance that noising adds from level `s` to the noisier `t`, in z of `t`.
double added(const NoiseLevel& t, const NoiseLevel& s) {
    const double ratio = t.alpha / s.alpha;
    return t.sigma * t.sigma - ratio * ratio * s.sigma * s.sigma;
}

/// z' = z + (eta / 2) score + sqrt(eta) xi: a step of the kernel `ula` on -log p of the level.
void langevin(const Denoiser& denoiser, const NoiseLevel& level, double eta, Key key,
              std::uint64_t step, Index first, std::span<double> z) {
    std::vector<double> eps(z.size());
    denoiser.epsilon(level, z, eps);
    scaleAndAdd(z, 1, eps, -0.5 * eta / level.sigma);
    addNoise(key, step, std::sqrt(eta), static_cast<std::size_t>(denoiser.dim()), first, z);
}

}  // namespace

Reverse reverseNamed(std::string_view id) {
    for (const Name& name : kNames) {
        if (id == name.id) {
            return name.method;
        }
    }
    throw UsageError("unknown reverse process '" + std::string(id) +
                     "'; ddpm, ddim, euler, heun, rk45, corrected, annealed-langevin and langevin "
                     "are known");
}

ReverseProcess::ReverseProcess(SchedulePtr schedule, std::vector<double> times,
                               const ReverseOptions& options)
    : m_schedule(std::move(schedule)), m_times(std::move(times)), m_options(options) {
    if (m_times.size() < 2 || !std::ranges::is_sorted(m_times, std::greater_equal<>())) {
        throw UsageError("a reverse process needs two or more times that fall");
    }
    if (m_times.front() > m_schedule->last() || m_times.back() < m_schedule->first()) {
        throw UsageError("the times of a reverse process must lie within its schedule");
    }
    if (!(options.eta >= 0) || !(options.eta <= 1)) {
        throw UsageError("eta of DDIM must lie between 0 and 1");
    }
    if (options.corrections < 0 || options.inner < 1 || !(options.snr > 0) ||
        !(options.langevin > 0) || !(options.tolerance > 0)) {
        throw UsageError("steps and step sizes of a reverse process must be positive");
    }
}

bool ReverseProcess::walksLevels() const {
    return m_options.method == Reverse::AnnealedLangevin || m_options.method == Reverse::Langevin;
}

Index ReverseProcess::steps() const {
    const auto times = std::ssize(m_times);
    return walksLevels() ? times * m_options.inner : times - 1;
}

double ReverseProcess::timeBefore(Index step) const {
    if (!walksLevels()) {
        return m_times.at(static_cast<std::size_t>(step));
    }
    if (m_options.method == Reverse::Langevin) {
        return m_times.back();
    }
    const Index level = std::min<Index>(step / m_options.inner, std::ssize(m_times) - 1);
    return m_times[static_cast<std::size_t>(level)];
}

double ReverseProcess::timeAfter(Index made) const {
    return timeBefore(walksLevels() ? std::max<Index>(made - 1, 0) : made);
}

std::vector<double> ReverseProcess::start(Key key, Index count, Index dim, double spread,
                                          Index first) const {
    const NoiseLevel level = levelBefore(0);
    std::vector<double> z(static_cast<std::size_t>(count * dim));
    addNoise(derive(key, "start"), 0, std::hypot(level.alpha * spread, level.sigma),
             static_cast<std::size_t>(dim), first, z);
    return z;
}

Index ReverseProcess::step(const Denoiser& denoiser, Key key, Index i, std::span<double> z,
                           Index first) const {
    const NoiseLevel t = levelBefore(i);
    const auto d = static_cast<std::size_t>(denoiser.dim());
    const auto number = static_cast<std::uint64_t>(i * (1 + m_options.corrections));
    Index evaluations = 1;
    if (walksLevels()) {
        langevin(denoiser, t, m_options.langevin * t.sigma * t.sigma, key, number, first, z);
    } else if (m_options.method == Reverse::Euler || m_options.method == Reverse::Heun ||
               m_options.method == Reverse::Rk45) {
        const auto integrator = m_options.method == Reverse::Euler  ? Integrator::Euler
                                : m_options.method == Reverse::Heun ? Integrator::Heun
                                                                    : Integrator::Rk45;
        evaluations = flow(denoiser, *m_schedule, integrator, timeBefore(i), timeBefore(i + 1), z,
                           {}, m_options.tolerance);
    } else {
        const NoiseLevel s = levelBefore(i + 1);
        const double variance = std::max(0.0, added(t, s));
        // Of q(z_s | z_t, x): its sd, and the same reduced by eta.
        const double posterior = std::sqrt(variance) * s.sigma / t.sigma;
        const double sd = m_options.method == Reverse::Ddim ? m_options.eta * posterior : posterior;
        const double ratio = s.alpha / t.alpha;
        std::vector<double> eps(z.size());
        denoiser.epsilon(t, z, eps);
        // alpha_s x + sqrt(sigma_s^2 - sd^2) eps with x from eps; sd = posterior gives the mean of
        // q.
        const double along = std::sqrt(std::max(0.0, s.sigma * s.sigma - sd * sd));
        scaleAndAdd(z, ratio, eps, along - ratio * t.sigma);
        if (sd > 0) {
            addNoise(key, number, sd, d, first, z);
        }
        for (Index c = 0; m_options.method == Reverse::Corrected && c < m_options.corrections;
             ++c) {
            // Twice the usual (snr |xi| / |score|)^2 with both norms at their expectation, so that
            // a row does not depend on the others.
            const double size = 2 * m_options.snr * s.sigma;
            langevin(denoiser, s, size * size, key, number + 1 + static_cast<std::uint64_t>(c),
                     first, z);
            ++evaluations;
        }
    }
    if (m_options.finish && i + 1 == steps()) {
        const NoiseLevel end = levelBefore(steps());
        std::vector<double> x(z.size());
        denoiser.clean(end, z, x);
        std::ranges::copy(x, z.begin());
        ++evaluations;
    }
    if (!std::ranges::all_of(z, [](double v) { return std::isfinite(v); })) {
        throw NumericalError("a generated row", i, "is not a finite number");
    }
    return evaluations * denoiser.cost();
}

std::vector<double> generate(const ReverseProcess& process, const Denoiser& denoiser, Key key,
                             Index count, double spread) {
    std::vector<double> z = process.start(key, count, denoiser.dim(), spread);
    for (Index i = 0; i < process.steps(); ++i) {
        process.step(denoiser, key, i, z);
    }
    return z;
}

std::vector<double> noised(Key key, const NoiseLevel& level, std::span<const double> x, Index dim) {
    std::vector<double> z(x.begin(), x.end());
    for (double& v : z) {
        v *= level.alpha;
    }
    addNoise(key, 0, level.sigma, static_cast<std::size_t>(dim), 0, z);
    return z;
}

}  // namespace lx::diffusion
