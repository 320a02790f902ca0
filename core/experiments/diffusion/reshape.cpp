// SPDX-License-Identifier: GPL-3.0-or-later
// The probe "schedule": what the levels would be with other parameters, and which parameter brings
// an end of the curve to a level.
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/diffusion/record.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr int kBisections = 50;
constexpr double kLeastFall = 0.1;  ///< nats from the data to the noise

double endLevel(const NoiseSchedule& schedule, std::size_t end) {
    return schedule.at(end == 0 ? schedule.first() : schedule.last()).logSnr();
}

/// Three significant digits: what a person would have typed.
double rounded(double value) {
    if (value == 0) {
        return 0;
    }
    const double unit = std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
    return std::round(value * unit) / unit;
}

/// A parameter of a schedule by its place between its limits, 0 .. 1, as a slider has it.
class Dial {
public:
    Dial(const ParamSet& params, const ParamDecl& decl, std::size_t end)
        : m_params(params), m_decl(decl), m_end(end) {
        m_low = onScale(*decl.min);
        m_high = onScale(*decl.max);
    }
    double place() const { return placeOf(number(m_params, m_decl.id)); }
    double placeOf(double value) const { return (onScale(value) - m_low) / (m_high - m_low); }
    double valueAt(double place) const {
        const double v = std::lerp(m_low, m_high, std::clamp(place, 0.0, 1.0));
        return std::clamp(m_decl.scale == Scale::Log ? std::exp(v) : v, *m_decl.min, *m_decl.max);
    }
    /// Log SNR of the end with that value; nothing where it makes no schedule.
    std::optional<double> levelWith(double value) const {
        ParamSet params = m_params;
        params[m_decl.id] = value;
        try {
            const SchedulePtr made = scheduleOf(params);
            const double from = endLevel(*made, 0), to = endLevel(*made, 1);
            const bool falls = std::isfinite(from) && std::isfinite(to) && from - to >= kLeastFall;
            return falls ? std::optional(m_end == 0 ? from : to) : std::nullopt;
        } catch (const UsageError&) {
            return {};
        }
    }
    /// The value nearest to the present one whose level reaches `wanted`, or the last on the way
    /// there that makes a schedule. Levels go one way with the place.
    double solve(double wanted) const {
        const double now = place(), least = 1e-3;
        const auto here = levelWith(valueAt(now));
        const double aside = now + least <= 1 ? now + least : now - least;
        const auto there = levelWith(valueAt(aside));
        if (!here || !there) {
            return number(m_params, m_decl.id);
        }
        const bool rises = (*there > *here) == (aside > now), up = wanted > *here;
        const auto before = [&](double at) {
            const auto level = levelWith(valueAt(at));
            return level && (up ? *level <= wanted : *level >= wanted);
        };
        double good = now, far = rises == up ? 1 : 0;
        if (before(far)) {
            return valueAt(far);
        }
        for (int i = 0; i < kBisections; ++i) {
            const double middle = 0.5 * (good + far);
            (before(middle) ? good : far) = middle;
        }
        const double exact = valueAt(good),
                     round = std::clamp(rounded(exact), *m_decl.min, *m_decl.max);
        return levelWith(round) ? round : exact;
    }

private:
    double onScale(double v) const { return m_decl.scale == Scale::Log ? std::log(v) : v; }

    const ParamSet& m_params;
    const ParamDecl& m_decl;
    std::size_t m_end;
    double m_low = 0, m_high = 1;
};

/// The parameters of the run with those of the schedule that the probe names.
ParamSet proposed(const RunData& data, const cmd::Probe& probe) {
    ParamSet given = data.params;
    if (const auto other = probe.args.find("schedule"); other != probe.args.end()) {
        std::erase_if(given, [](const auto& pair) { return pair.first.starts_with("schedule."); });
        given["schedule"] = other->second;
    }
    const ScheduleSpec& spec = scheduleSpec(text(given, "schedule"));
    for (const auto& [id, value] : probe.args) {
        if (const ParamDecl* decl = find(spec.params, id)) {
            given[id] = checked(*decl, value);
        }
    }
    ParamSet out = resolve(spec.params, only(given, spec.params));
    out["schedule"] = spec.id;
    return out;
}

}  // namespace

std::array<std::string, 2> scheduleEnds(const ParamSet& params) {
    std::array<std::string, 2> out;
    std::size_t end = 0;
    for (const ParamDecl& decl : scheduleSpec(text(params, "schedule")).params) {
        if (end < out.size() && std::holds_alternative<double>(decl.initial) && decl.min &&
            decl.max) {
            out[end++] = decl.id;
        }
    }
    return out;
}

std::unique_ptr<Task> scheduleTask(Moment given, const cmd::Probe& probe) {
    const auto m = std::make_shared<const Moment>(std::move(given));
    auto params = std::make_shared<ParamSet>(proposed(*m->data, probe));
    const auto ends = scheduleEnds(*params);
    std::string id;
    if (const auto end = probe.args.find("end"); end != probe.args.end()) {
        const Index which = integer(probe.args, "end");
        if (which < 0 || which > 1 || ends[static_cast<std::size_t>(which)].empty()) {
            throw UsageError("probe 'schedule': this schedule has no parameter that moves end " +
                             std::to_string(which) + " of its curve");
        }
        const auto at = static_cast<std::size_t>(which);
        id = ends[at];
        const ScheduleSpec& spec = scheduleSpec(text(*params, "schedule"));
        const double wanted = number(probe.args, "log_snr");
        if (!std::isfinite(wanted)) {
            throw UsageError("probe 'schedule': log_snr is a finite number of nats");
        }
        (*params)[id] = Dial(*params, *find(spec.params, id), at).solve(wanted);
    }
    const SchedulePtr schedule = scheduleOf(*params);
    auto task = std::make_unique<SlicedTask>();
    task->add([=](SnapshotBuilder& out) {
        addSnr(out, *schedule);
        out.set("ends", textArray(ends[0] + '\n' + ends[1]));
        if (!id.empty()) {
            out.set("id", textArray(id));
            out.set("value", Array({1}, std::vector<double>{number(*params, id)}));
        }
    });
    return task;
}

}  // namespace lx::diffusion
