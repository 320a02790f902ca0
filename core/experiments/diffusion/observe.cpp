// SPDX-License-Identifier: GPL-3.0-or-later
// Channels of the family, computed in short slices.
#include "core/experiments/diffusion/guidance.h"
#include "core/experiments/diffusion/record.h"
#include "core/session/samples.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

/// Each costs a run of the network over all steps; of many steps fewer are shown while it trains.
constexpr Index kPicturesShown = 36, kFewPictures = 12, kManySteps = 200;
constexpr Index kSide = 96, kArrows = 24;
constexpr double kFieldLogSnr = 3;

std::vector<double> trueEnergy(const Moment& m, const NoiseLevel& level) {
    return guidedEnergy(*m.data->mixture, level, m.guidance, gridPoints(m.data->frame, kSide));
}

std::string facts(const Cloud& cloud, const RunData& data) {
    const NoiseLevel level = cloud.process().schedule().at(cloud.time());
    const auto fact = [](const char* key, const std::string& value) {
        return std::string(key) + '\t' + value + '\n';
    };
    const auto ends = scheduleEnds(data.params);
    return fact("method", lx::text(data.params, "sampler.method")) + fact("data_end", ends[0]) +
           fact("noise_end", ends[1]) + fact("step", std::to_string(cloud.within())) +
           fact("steps", std::to_string(cloud.process().steps())) +
           fact("time", format(cloud.time())) + fact("alpha", format(level.alpha)) +
           fact("sigma", format(level.sigma)) + fact("log_snr", format(level.logSnr())) +
           fact("evaluations", std::to_string(cloud.evaluations())) +
           fact("particles", std::to_string(cloud.particles()));
}

}  // namespace

void addSnr(SnapshotBuilder& out, const NoiseSchedule& schedule) {
    constexpr int kPoints = 101;
    std::vector<float> snr, time, alpha, sigma;
    for (int i = 0; i < kPoints; ++i) {
        const double t = std::lerp(schedule.first(), schedule.last(), i / (kPoints - 1.0));
        const NoiseLevel level = schedule.at(t);
        time.push_back(static_cast<float>(t));
        snr.push_back(static_cast<float>(level.logSnr()));
        alpha.push_back(static_cast<float>(level.alpha));
        sigma.push_back(static_cast<float>(level.sigma));
    }
    out.set("snr", Array({kPoints}, snr));
    out.set("snr.at", Array({kPoints}, time));
    out.set("snr.alpha", Array({kPoints}, alpha));
    out.set("snr.sigma", Array({kPoints}, sigma));
}

NoiseLaw RunData::noise() const {
    const bool uniform = lx::text(params, "sampler.start") == "box";
    return {spread, uniform ? std::optional(frame) : std::nullopt};
}

Array RunData::published(std::span<const double> rows) const {
    const Index n = std::ssize(rows) / dim;
    const Array out = units.published({n, dim}, rows);
    if (!image()) {
        return out;
    }
    std::vector<float> pixels(out.values<float>().begin(), out.values<float>().end());
    for (float& p : pixels) {
        p = std::clamp(p, 0.0F, 1.0F);
    }
    return {{n, dataset->sampleShape[0], dataset->sampleShape[1]}, pixels};
}

std::vector<double> gridEnergy(const Denoiser& denoiser, const NoiseLevel& level, const Box& frame,
                               Index side) {
    const auto n = static_cast<std::size_t>(side);
    const auto points = gridPoints(frame, side);
    std::vector<double> s(points.size()), out(n * n);
    denoiser.score(level, points, s);
    const double dx = (frame.upper[0] - frame.lower[0]) / static_cast<double>(side);
    const double dy = (frame.upper[1] - frame.lower[1]) / static_cast<double>(side);
    const auto at = [&](std::size_t i, std::size_t j, std::size_t k) {
        return s[2 * (i * n + j) + k];
    };
    // Along the middle row and column first, so that errors do not gather across the whole picture.
    const auto sum = [&](bool rowsFirst) {
        std::vector<double> e(n * n);
        const std::size_t mid = n / 2;
        const auto walk = [&](auto&& value, auto&& slope, double h) {
            for (std::size_t k = mid + 1; k < n; ++k) {
                value(k) = value(k - 1) - 0.5 * h * (slope(k) + slope(k - 1));
            }
            for (std::size_t k = mid; k-- > 0;) {
                value(k) = value(k + 1) + 0.5 * h * (slope(k) + slope(k + 1));
            }
        };
        const auto along = [&](std::size_t i) {
            walk([&](std::size_t j) -> double& { return e[i * n + j]; },
                 [&](std::size_t j) { return at(i, j, 0); }, dx);
        };
        const auto across = [&](std::size_t j) {
            walk([&](std::size_t i) -> double& { return e[i * n + j]; },
                 [&](std::size_t i) { return at(i, j, 1); }, dy);
        };
        rowsFirst ? along(mid) : across(mid);
        for (std::size_t k = 0; k < n; ++k) {
            rowsFirst ? across(k) : along(k);
        }
        return e;
    };
    const auto one = sum(true), two = sum(false);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = 0.5 * (one[i] + two[i]);
    }
    lift(out);
    return out;
}

std::unique_ptr<Task> observeTask(Moment m, std::span<const std::string> channels, Detail detail) {
    const std::vector<std::string> names(channels.begin(), channels.end());
    const auto wants = [names](const char* name) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto wantsAny = [&](std::initializer_list<const char*> all) {
        return std::ranges::any_of(all, wants);
    };
    const bool whole = detail == Detail::Export;
    const auto look = std::make_shared<Look>(Look{std::move(m), std::nullopt});
    const auto data = look->m.data;
    const bool image = data->image();
    auto task = std::make_unique<SlicedTask>();

    // What does not wait for the particles comes first: their whole way may take seconds.
    if (wants("data")) {
        task->add([=](SnapshotBuilder& out) {
            const Index most = whole ? Index{10'000} : Index{2000};
            const auto some =
                data->dataset
                    ? trainingRows(*data->dataset, most)
                    : mixtureEnergy(*data->mixture)->sample(derive(data->key, "data"), most);
            out.set("data", data->published(some));
        });
    }
    if (wants("snr")) {
        task->add([=](SnapshotBuilder& out) { addSnr(out, look->m.cloud->process().schedule()); });
    }
    if (look->m.cloud->steps() == 0 && wantsAny({"samples", "chains_now", "chains_trail",
                                                 "trajectory", "sample_density", "denoising"})) {
        const ReverseProcess& process = look->m.cloud->process();
        const bool costly = process.steps() > kManySteps && !look->m.resting;
        const Index pictures = whole ? 256 : costly ? kFewPictures : kPicturesShown;
        const Index count = std::min(look->m.cloud->particles(), image   ? pictures
                                                                 : whole ? 10'000
                                                                         : kMovingParticles);
        task->add([=](SnapshotBuilder&) {
            look->own.emplace(look->m.cloud->process(), RunData::particles(data->key), count,
                              data->dim, data->noise());
        });
        for (Index i = 0; i < process.steps(); ++i) {
            task->add([=](SnapshotBuilder&) { look->own->step(*look->m.denoiser); });
        }
    }
    if (wants("samples")) {
        task->add([=](SnapshotBuilder& out) {
            const auto z = look->cloud().rows();
            const auto rows = std::min<std::size_t>(
                z.size(),
                static_cast<std::size_t>(
                    (image ? Index{whole ? 256 : kPicturesShown} : Index{10'000}) * data->dim));
            out.set("samples", data->published(z.first(rows)));
            out.set("samples.keys",
                    sampleKeys(look->cloud().key(), 0, static_cast<Index>(rows) / data->dim));
        });
    }
    if (wants("chains_now")) {
        task->add([=](SnapshotBuilder& out) {
            const auto z = look->cloud().rows();
            out.set("chains_now", data->units.published({std::ssize(z) / data->dim, data->dim}, z));
        });
    }
    if (wants("chains_trail")) {
        task->add([=](SnapshotBuilder& out) { addTrails(out, look->cloud(), *data); });
    }
    if (wants("trajectory")) {
        const Cloud& cloud = *look->m.cloud;
        addTrajectory(*task, look,
                      whole             ? cloud.particles()
                      : look->m.resting ? kRestingParticles
                                        : kMovingParticles);
    }
    if (wants("inpainting") && image) {
        addInpainting(*task, look->m);
    }
    if (wants("denoising")) {
        addDenoising(*task, look);
    }
    if (wants("process")) {
        task->add([=](SnapshotBuilder& out) {
            out.set("process", textArray(facts(look->cloud(), *data)));
        });
    }
    if (wants("score_error") && data->mixture) {
        task->add([=](SnapshotBuilder& out) {
            const auto errors =
                scoreErrors(*look->m.denoisers.data, look->cloud().process().schedule(),
                            *data->mixture, derive(data->key, "view.score"), 500);
            const Index n = std::ssize(errors.error);
            out.set("score_error",
                    Array({n}, std::vector<float>(errors.error.begin(), errors.error.end())));
            out.set("score_error.at",
                    Array({n}, std::vector<float>(errors.logSnr.begin(), errors.logSnr.end())));
        });
    }
    if (data->dim != 2) {
        return task;
    }
    // The level of the particles; that of the data while views show the whole way.
    const auto level = [look] {
        const ReverseProcess& process = look->cloud().process();
        return process.schedule().at(look->m.cloud->steps() == 0
                                         ? process.timeBefore(process.steps())
                                         : look->cloud().time());
    };
    // Away from the data a learned score means little where there is little noise, and its sums
    // between the modes would be wrong by many nats.
    const auto fieldLevel = [look, level, data] {
        const NoiseSchedule& schedule = look->cloud().process().schedule();
        return data->dataset && level().logSnr() > kFieldLogSnr
                   ? schedule.at(schedule.timeOf(kFieldLogSnr))
                   : level();
    };
    const auto set = [data](SnapshotBuilder& out, const std::string& id, const Array& values) {
        out.set(id, values);
        out.set(id + ".extent", data->units.extent(data->frame));
    };
    // With the level that is shown and that of the particles: one may be held behind the other.
    const auto setAtLevel = [=](SnapshotBuilder& out, const std::string& id, const Array& values) {
        set(out, id, values);
        out.set(id + ".log_snr",
                Array({2}, std::vector<float>{static_cast<float>(fieldLevel().logSnr()),
                                              static_cast<float>(level().logSnr())}));
    };
    if (wants("field")) {
        task->add([=](SnapshotBuilder& out) {
            const auto points = gridPoints(data->frame, kArrows);
            std::vector<double> s(points.size());
            look->m.denoiser->score(fieldLevel(), points, s);
            publishField(FieldKind::Score, data->units, s);
            setAtLevel(out, "field",
                       Array({kArrows, kArrows, 2}, std::vector<float>(s.begin(), s.end())));
        });
    }
    if (wantsAny({"energy", "energy_difference"})) {
        task->add([=](SnapshotBuilder& out) {
            const bool exact = data->dataset == nullptr;
            auto e = exact ? trueEnergy(look->m, fieldLevel())
                           : gridEnergy(*look->m.denoiser, fieldLevel(), data->frame, kSide);
            if (wants("energy")) {
                setAtLevel(out, "energy", gridArray(e));
            }
            if (wants("energy_difference") && data->mixture) {
                auto truth = trueEnergy(look->m, fieldLevel());
                // Both densities sum to 1 on the grid, so the unknown constants leave.
                normalise(e);
                normalise(truth);
                for (std::size_t i = 0; i < e.size(); ++i) {
                    e[i] -= truth[i];
                }
                setAtLevel(out, "energy_difference", gridArray(e));
            }
        });
    }
    if (data->mixture && wants("true_energy")) {
        task->add([=](SnapshotBuilder& out) {
            setAtLevel(out, "true_energy", gridArray(trueEnergy(look->m, fieldLevel())));
        });
    }
    if (data->mixture && look->m.denoisers.classes.empty() && wants("true_density")) {
        task->add([=](SnapshotBuilder& out) {
            auto p = trueEnergy(look->m, level());
            const double logZ = *mixtureEnergy(*data->mixture)->logNormaliser();
            for (double& v : p) {
                v = std::exp(-v - logZ);
            }
            set(out, "true_density", gridArray(p));
        });
    }
    if (look->m.denoisers.classes.empty() && wants("sample_density")) {
        task->add([=](SnapshotBuilder& out) {
            set(out, "sample_density",
                gridArray(histogram(data->frame, look->cloud().rows(), kSide)));
        });
    }
    return task;
}

}  // namespace lx::diffusion
