// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a datum is left at time t: z = alpha x + sigma eps, eps standard normal.
#pragma once

#include "core/base/params.h"

#include <functional>
#include <memory>

namespace lx::diffusion {

/// z = alpha x + sigma eps; both positive.
struct NoiseLevel {
    double alpha = 1, sigma = 1;
    double snr() const noexcept { return alpha * alpha / (sigma * sigma); }
    double logSnr() const noexcept;
    /// sigma / alpha: the noise in units of the data.
    double ratio() const noexcept { return sigma / alpha; }
    friend bool operator==(const NoiseLevel&, const NoiseLevel&) = default;
};

/// Derivatives with respect to t.
struct NoiseRate {
    double alpha = 0, sigma = 0, logSnr = 0;
};

/// Noise levels at t in [first(), last()], a part of [0, 1]; the log SNR falls strictly with t and
/// is finite there. Immutable.
class NoiseSchedule {
public:
    virtual ~NoiseSchedule() = default;
    virtual NoiseLevel at(double t) const = 0;
    virtual NoiseRate rate(double t) const = 0;
    /// The time of a log SNR, to about 1e-14; the nearer end where none has it.
    double timeOf(double logSnr) const;
    virtual double first() const { return 0; }
    virtual double last() const { return 1; }
    /// alpha^2 + sigma^2 = 1; else alpha = 1.
    virtual bool variancePreserving() const { return true; }
};

using SchedulePtr = std::shared_ptr<const NoiseSchedule>;

/// alpha = exp(-(least t + (most - least) t^2 / 2) / 2). Ref: song2021.
SchedulePtr continuousSchedule(double least = 0.1, double most = 20);
/// `steps` products of 1 - beta, beta linear from `least` to `most` (1e-4 and 0.02 at 1000 steps;
/// others are scaled by 1000 / steps); log alpha is linear between two steps. Ref: ho2020.
SchedulePtr discreteSchedule(Index steps = 1000, double least = 1e-4, double most = 0.02);
/// alpha = cos(pi/2 (t + offset) / (1 + offset)), 1 at t = 0; ends at t = 0.999, where alpha is not
/// yet 0. Ref: nichol2021.
SchedulePtr cosineSchedule(double offset = 0.008);
/// alpha = 1, sigma = least (most / least)^t. Ref: song2019.
SchedulePtr geometricSchedule(double least = 0.05, double most = 3);
/// Variance preserving with log SNR linear from `most` at t = 0 to `least`. Ref: kingma2021.
SchedulePtr logSnrSchedule(double most = 8, double least = -6);

/// One schedule as it is offered.
struct ScheduleSpec {
    std::string id, title, reference;
    std::vector<ParamDecl> params;  ///< ids begin with "schedule."
    /// `params` are resolved. Throws UsageError naming the parameter.
    std::function<SchedulePtr(const ParamSet& params)> make;
};
std::span<const ScheduleSpec> scheduleSpecs();
/// Throws UsageError on an unknown id, naming the nearest one.
const ScheduleSpec& scheduleSpec(std::string_view id);

/// How the times of a reverse process lie.
enum class Spacing : std::uint8_t {
    Time,    ///< equal steps of t
    LogSnr,  ///< equal steps of log SNR
    Karras   ///< equal steps of (sigma / alpha)^(1/7): more steps where there is little noise
};
/// "time", "log-snr" or "karras". Throws UsageError on another word. Ref: karras2022.
Spacing spacingNamed(std::string_view);
/// steps + 1 times from last() down to first().
std::vector<double> timeGrid(const NoiseSchedule&, Index steps, Spacing);

}  // namespace lx::diffusion
