// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/schedule.h"

#include "core/base/decls.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx::diffusion {
namespace {

using namespace decl;

/// Variance-preserving levels by log alpha and its derivative.
class LogAlphaSchedule : public NoiseSchedule {
public:
    NoiseLevel at(double t) const final {
        const double a = logAlpha(t);
        return {std::exp(a), std::sqrt(-std::expm1(2 * a))};
    }
    NoiseRate rate(double t) const final {
        const NoiseLevel level = at(t);
        const double slope = logAlphaRate(t), variance = level.sigma * level.sigma;
        return {level.alpha * slope, -level.alpha * level.alpha * slope / level.sigma,
                2 * slope / variance};
    }

protected:
    virtual double logAlpha(double t) const = 0;
    virtual double logAlphaRate(double t) const = 0;
};

class Continuous final : public LogAlphaSchedule {
public:
    Continuous(double least, double most) : m_least(least), m_most(most) {
        if (!(least > 0) || !(most >= least)) {
            throw UsageError("the noise rate of a schedule must be positive and not fall");
        }
    }
    double first() const override { return 1e-4; }

protected:
    double logAlpha(double t) const override {
        return -0.25 * (m_most - m_least) * t * t - 0.5 * m_least * t;
    }
    double logAlphaRate(double t) const override {
        return -0.5 * ((m_most - m_least) * t + m_least);
    }

private:
    double m_least, m_most;
};

class Discrete final : public LogAlphaSchedule {
public:
    Discrete(Index steps, double least, double most) {
        if (steps < 2) {
            throw UsageError("a discrete schedule needs at least two steps");
        }
        const double scale = 1000.0 / static_cast<double>(steps);
        m_logAlpha.push_back(0);
        for (Index i = 0; i < steps; ++i) {
            const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
            const double beta = scale * (least + share * (most - least));
            if (!(beta > 0) || !(beta < 1)) {
                throw UsageError("beta of a discrete schedule must lie between 0 and 1; it is " +
                                 format(beta) + " at step " + std::to_string(i + 1));
            }
            m_logAlpha.push_back(m_logAlpha.back() + 0.5 * std::log1p(-beta));
        }
    }
    double first() const override { return 1 / steps(); }

protected:
    double logAlpha(double t) const override {
        const auto [i, share] = place(t);
        return m_logAlpha[i] + share * (m_logAlpha[i + 1] - m_logAlpha[i]);
    }
    double logAlphaRate(double t) const override {
        const std::size_t i = place(t).first;
        return (m_logAlpha[i + 1] - m_logAlpha[i]) * steps();
    }

private:
    double steps() const { return static_cast<double>(m_logAlpha.size() - 1); }
    std::pair<std::size_t, double> place(double t) const {
        const double at = std::clamp(t, 0.0, 1.0) * steps();
        const double whole = std::min(std::floor(at), steps() - 1);
        return {static_cast<std::size_t>(whole), at - whole};
    }
    std::vector<double> m_logAlpha;  ///< [steps + 1]
};

class Cosine final : public LogAlphaSchedule {
public:
    explicit Cosine(double offset) : m_offset(offset) {
        if (!(offset > 0)) {
            throw UsageError("the offset of a cosine schedule must be positive");
        }
    }
    double first() const override { return 1e-3; }
    double last() const override { return 0.999; }

protected:
    double logAlpha(double t) const override {
        return std::log(std::cos(angle(t)) / std::cos(angle(0)));
    }
    double logAlphaRate(double t) const override {
        return -std::tan(angle(t)) * 0.5 * std::numbers::pi / (1 + m_offset);
    }

private:
    double angle(double t) const {
        return 0.5 * std::numbers::pi * (t + m_offset) / (1 + m_offset);
    }
    double m_offset;
};

class Geometric final : public NoiseSchedule {
public:
    Geometric(double least, double most) : m_least(least), m_log(std::log(most / least)) {
        if (!(least > 0) || !(most > least)) {
            throw UsageError(
                "the largest noise of a schedule must exceed the smallest, and both 0");
        }
    }
    NoiseLevel at(double t) const override { return {1, m_least * std::exp(m_log * t)}; }
    NoiseRate rate(double t) const override { return {0, at(t).sigma * m_log, -2 * m_log}; }
    bool variancePreserving() const override { return false; }

private:
    double m_least, m_log;
};

class LogSnr final : public NoiseSchedule {
public:
    LogSnr(double most, double least) : m_most(most), m_fall(least - most) {
        if (!(most > least) || !(std::abs(most) <= 30) || !(std::abs(least) <= 30)) {
            throw UsageError("the log SNR of a schedule must fall, within -30 to 30");
        }
    }
    NoiseLevel at(double t) const override {
        const double lambda = m_most + t * m_fall;
        return {1 / std::sqrt(1 + std::exp(-lambda)), 1 / std::sqrt(1 + std::exp(lambda))};
    }
    NoiseRate rate(double t) const override {
        const auto [alpha, sigma] = at(t);
        return {0.5 * m_fall * alpha * sigma * sigma, -0.5 * m_fall * sigma * alpha * alpha,
                m_fall};
    }

private:
    double m_most, m_fall;
};

ParamDecl amount(const char* id, const char* label, double initial, const char* help) {
    return within(make(id, label, initial, help), 1e-4, 1e3, Scale::Log);
}

std::vector<ScheduleSpec> allSpecs() {
    std::vector<ScheduleSpec> out;
    out.push_back(
        {"log-snr",
         "linear in log SNR",
         "Kingma et al. 2021",
         {within(make("schedule.most", "Largest log SNR", 8.0, "at the data"), -20, 20),
          within(make("schedule.least", "Smallest log SNR", -6.0, "at the noise"), -20, 20)},
         [](const ParamSet& p) {
             return logSnrSchedule(number(p, "schedule.most"), number(p, "schedule.least"));
         }});
    out.push_back({"vp",
                   "variance preserving, continuous",
                   "Song et al. 2021",
                   {amount("schedule.beta_min", "Smallest rate", 0.1, "of noise, at the data"),
                    amount("schedule.beta_max", "Largest rate", 20, "of noise, at the end")},
                   [](const ParamSet& p) {
                       return continuousSchedule(number(p, "schedule.beta_min"),
                                                 number(p, "schedule.beta_max"));
                   }});
    out.push_back({"vp-discrete",
                   "variance preserving, discrete",
                   "Ho, Jain and Abbeel 2020",
                   {within(make("schedule.steps", "Levels", Index{1000}, "of noise"), 2, 100'000),
                    within(make("schedule.beta_first", "First beta", 1e-4,
                                "variance added by the first of 1000 steps"),
                           1e-7, 0.5, Scale::Log),
                    within(make("schedule.beta_last", "Last beta", 0.02,
                                "variance added by the last of 1000 steps"),
                           1e-7, 0.5, Scale::Log)},
                   [](const ParamSet& p) {
                       return discreteSchedule(integer(p, "schedule.steps"),
                                               number(p, "schedule.beta_first"),
                                               number(p, "schedule.beta_last"));
                   }});
    out.push_back({"cosine",
                   "cosine",
                   "Nichol and Dhariwal 2021",
                   {within(make("schedule.offset", "Offset", 0.008, "keeps the first steps small"),
                           1e-5, 0.5, Scale::Log)},
                   [](const ParamSet& p) { return cosineSchedule(number(p, "schedule.offset")); }});
    out.push_back({"ve",
                   "variance exploding, geometric",
                   "Song and Ermon 2019",
                   {amount("schedule.sigma_min", "Smallest sigma", 0.05, "noise at the data"),
                    amount("schedule.sigma_max", "Largest sigma", 3, "about the data's diameter")},
                   [](const ParamSet& p) {
                       return geometricSchedule(number(p, "schedule.sigma_min"),
                                                number(p, "schedule.sigma_max"));
                   }});
    return out;
}

}  // namespace

double NoiseLevel::logSnr() const noexcept {
    return 2 * std::log(alpha / sigma);
}

double NoiseSchedule::timeOf(double wanted) const {
    double low = first(), high = last();
    if (wanted >= at(low).logSnr()) {
        return low;
    }
    if (wanted <= at(high).logSnr()) {
        return high;
    }
    // Bisection to the last bit: schedules may have corners, where Newton would circle.
    while (true) {
        const double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high) {
            return middle;
        }
        (at(middle).logSnr() > wanted ? low : high) = middle;
    }
}

SchedulePtr continuousSchedule(double least, double most) {
    return std::make_shared<Continuous>(least, most);
}
SchedulePtr discreteSchedule(Index steps, double least, double most) {
    return std::make_shared<Discrete>(steps, least, most);
}
SchedulePtr cosineSchedule(double offset) {
    return std::make_shared<Cosine>(offset);
}
SchedulePtr geometricSchedule(double least, double most) {
    return std::make_shared<Geometric>(least, most);
}
SchedulePtr logSnrSchedule(double most, double least) {
    return std::make_shared<LogSnr>(most, least);
}

std::span<const ScheduleSpec> scheduleSpecs() {
    static const std::vector<ScheduleSpec> specs = allSpecs();
    return specs;
}

const ScheduleSpec& scheduleSpec(std::string_view id) {
    std::vector<std::string> ids;
    for (const ScheduleSpec& spec : scheduleSpecs()) {
        if (spec.id == id) {
            return spec;
        }
        ids.push_back(spec.id);
    }
    const std::string near = nearest(id, ids);
    throw UsageError("there is no noise schedule \"" + std::string(id) + "\"" +
                     (near.empty() ? "" : "; \"" + near + "\" is near"));
}

Spacing spacingNamed(std::string_view name) {
    if (name == "time") {
        return Spacing::Time;
    } else if (name == "log-snr") {
        return Spacing::LogSnr;
    } else if (name == "karras") {
        return Spacing::Karras;
    }
    throw UsageError("unknown spacing '" + std::string(name) +
                     "'; time, log-snr and karras are known");
}

std::vector<double> timeGrid(const NoiseSchedule& schedule, Index steps, Spacing spacing) {
    if (steps < 1) {
        throw UsageError("a reverse process needs at least one step");
    }
    constexpr double kRho = 7;
    const NoiseLevel clean = schedule.at(schedule.first()), noisy = schedule.at(schedule.last());
    const double low = std::pow(clean.ratio(), 1 / kRho), high = std::pow(noisy.ratio(), 1 / kRho);
    std::vector<double> times{schedule.last()};
    for (Index i = 1; i < steps; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(steps);
        if (spacing == Spacing::Time) {
            times.push_back(std::lerp(schedule.last(), schedule.first(), share));
        } else if (spacing == Spacing::LogSnr) {
            times.push_back(schedule.timeOf(std::lerp(noisy.logSnr(), clean.logSnr(), share)));
        } else {
            times.push_back(schedule.timeOf(-2 * kRho * std::log(std::lerp(high, low, share))));
        }
    }
    times.push_back(schedule.first());
    return times;
}

}  // namespace lx::diffusion
