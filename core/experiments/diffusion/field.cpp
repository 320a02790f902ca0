// SPDX-License-Identifier: GPL-3.0-or-later
// The probe "field": where particles at one noise level go, on a grid that the asker chooses.
#include "core/experiments/diffusion/moment.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr Index kLeastSide = 2, kMostSide = 128, kUsualSide = 32;

/// Corners of the grid in data units.
struct Frame2 {
    double x0, y0, x1, y1;
};

Frame2 frameAsked(const cmd::Probe& probe, const RunData& data) {
    const auto given = probe.arrays.find("box");
    const Array box = given == probe.arrays.end() ? data.units.extent(data.frame) : given->second;
    if (box.dtype() != DType::F32 || box.count() != 4) {
        throw UsageError("probe 'field': array 'box' holds x0, y0, x1, y1 as float32");
    }
    const auto v = box.values<float>();
    const Frame2 out{v[0], v[1], v[2], v[3]};
    if (!(out.x1 > out.x0) || !(out.y1 > out.y0) || !std::isfinite(out.x1 - out.x0) ||
        !std::isfinite(out.y1 - out.y0)) {
        throw UsageError("probe 'field': the box must have a positive, finite width and height");
    }
    return out;
}

FieldKind kindAsked(const cmd::Probe& probe) {
    const auto name = valueOr(probe.args, "kind", std::string("velocity"));
    if (name != "velocity" && name != "score") {
        throw UsageError("probe 'field': kind is velocity or score, not '" + name + "'");
    }
    return name == "score" ? FieldKind::Score : FieldKind::Velocity;
}

}  // namespace

void fieldAt(const Denoiser& denoiser, const NoiseSchedule& schedule, double time, FieldKind kind,
             std::span<const double> z, std::span<double> out) {
    const NoiseLevel level = schedule.at(time);
    if (kind == FieldKind::Score) {
        denoiser.score(level, z, out);
        return;
    }
    const NoiseRate rate = schedule.rate(time);
    const double own = rate.alpha / level.alpha, noise = rate.sigma - level.sigma * own;
    denoiser.epsilon(level, z, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = -(own * z[i] + noise * out[i]);
    }
}

void publishField(FieldKind kind, const DataUnits& units, std::span<double> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double scale = units.scale[i % units.scale.size()];
        rows[i] *= kind == FieldKind::Score ? 1 / scale : scale;
    }
}

std::unique_ptr<Task> fieldTask(Moment given, const cmd::Probe& probe) {
    const auto m = std::make_shared<const Moment>(std::move(given));
    if (m->data->dim != 2) {
        throw UsageError("probe 'field': the field is drawn in the plane, and these data have " +
                         std::to_string(m->data->dim) + " coordinates");
    }
    const Frame2 box = frameAsked(probe, *m->data);
    const FieldKind kind = kindAsked(probe);
    const Index side = valueOr(probe.args, "side", kUsualSide);
    if (side < kLeastSide || side > kMostSide) {
        throw UsageError("probe 'field': side lies between 2 and 128 nodes");
    }
    const NoiseSchedule& schedule = m->cloud->process().schedule();
    const double wanted = number(probe.args, "log_snr");
    if (!std::isfinite(wanted)) {
        throw UsageError("probe 'field': log_snr is a finite number of nats");
    }
    const double time = schedule.timeOf(wanted);
    const auto z = std::make_shared<std::vector<double>>();
    const auto& units = m->data->units;
    for (Index row = 0; row < side; ++row) {
        for (Index column = 0; column < side; ++column) {
            const double last = static_cast<double>(side - 1);
            const double at[2] = {std::lerp(box.x0, box.x1, static_cast<double>(column) / last),
                                  std::lerp(box.y0, box.y1, static_cast<double>(row) / last)};
            for (std::size_t k = 0; k < 2; ++k) {
                z->push_back((at[k] - units.offset[k]) / units.scale[k]);
            }
        }
    }
    const auto field = std::make_shared<std::vector<double>>(z->size());
    auto task = std::make_unique<SlicedTask>();
    task->addSlices(side * side, [=](Index first, Index count) {
        const auto from = static_cast<std::size_t>(2 * first),
                   size = static_cast<std::size_t>(2 * count);
        fieldAt(*m->denoiser, m->cloud->process().schedule(), time, kind,
                std::span<const double>(*z).subspan(from, size),
                std::span(*field).subspan(from, size));
    });
    task->add([=](SnapshotBuilder& to) {
        publishField(kind, m->data->units, *field);
        to.set("field", Array({side, side, 2}, std::vector<float>(field->begin(), field->end())));
        to.set("extent", Array({4}, std::vector<float>{
                                        static_cast<float>(box.x0), static_cast<float>(box.y0),
                                        static_cast<float>(box.x1), static_cast<float>(box.y1)}));
        const NoiseLevel level = m->cloud->process().schedule().at(time);
        to.set("log_snr", Array({1}, std::vector<float>{static_cast<float>(level.logSnr())}));
        to.set("time", Array({1}, std::vector<float>{static_cast<float>(time)}));
    });
    return task;
}

}  // namespace lx::diffusion
