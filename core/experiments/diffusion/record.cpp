// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/diffusion/record.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr Index kTrails = 16;
constexpr Index kRecordParts = 16;  ///< pieces of work for the record
constexpr Index kFilmRows = 6, kFilmTimes = 9;

/// What addDenoising() gathers: a column for each time.
struct Film {
    std::vector<Array> states, predictions;  ///< [rows, H, W]
    std::string titles;
};

Array stripsOf(const Film& film) {
    const Array& first = film.states.front();
    const Index rows = first.dim(0), pixels = first.count() / rows;
    std::vector<float> out;
    for (Index r = 0; r < rows; ++r) {
        for (const auto* columns : {&film.states, &film.predictions}) {
            for (const Array& column : *columns) {
                const auto from = column.values<float>().subspan(
                    static_cast<std::size_t>(r * pixels), static_cast<std::size_t>(pixels));
                out.insert(out.end(), from.begin(), from.end());
            }
        }
    }
    return {{2 * rows, std::ssize(film.states), first.dim(1), first.dim(2)}, out};
}

Index followed(const Cloud& cloud) {
    return std::min(kFollowedParticles, cloud.recorded());
}

/// z = alpha x + sigma eps of the followed particles at all recorded times, [T, followed, dim],
/// where x is what they ended as and eps the noise in what they began as; empty before they are
/// data.
std::vector<double> forwardWays(const Cloud& cloud) {
    const ReverseProcess& process = cloud.process();
    const auto times = cloud.recordTimes();
    if (cloud.within() != process.steps() || times.front() != process.timeBefore(0)) {
        return {};
    }
    const auto width = static_cast<std::size_t>(followed(cloud) * cloud.dim());
    std::vector<float> noise(width), data(width);
    cloud.places(0, noise);
    cloud.places(std::ssize(times) - 1, data);
    const NoiseLevel first = process.schedule().at(times.front());
    std::vector<double> out;
    for (const double t : times) {
        const NoiseLevel level = process.schedule().at(t);
        for (std::size_t i = 0; i < width; ++i) {
            const auto x = static_cast<double>(data[i]);
            const double eps = (static_cast<double>(noise[i]) - first.alpha * x) / first.sigma;
            out.push_back(level.alpha * x + level.sigma * eps);
        }
    }
    return out;
}

}  // namespace

Array textArray(std::string_view words) {
    return {DType::U8, {std::ssize(words)}, std::as_bytes(std::span(words))};
}

void addTrails(SnapshotBuilder& out, const Cloud& cloud, const RunData& data) {
    const Array record = cloud.record(kTrails);  // [T, C, D]
    const auto from = record.values<float>();
    const Index times = record.dim(0), count = record.dim(1), d = record.dim(2),
                shown = std::min<Index>(d, 3);
    std::vector<double> rows;
    for (Index c = 0; c < count; ++c) {
        for (Index t = 0; t < times; ++t) {
            for (Index k = 0; k < shown; ++k) {
                rows.push_back(
                    static_cast<double>(from[static_cast<std::size_t>((t * count + c) * d + k)]));
            }
        }
    }
    out.set("chains_trail", data.units.published({count, times, shown}, rows));
}

void addTrajectory(SlicedTask& task, std::shared_ptr<const Look> look, Index count) {
    struct Record {
        std::shared_ptr<float[]> numbers;
        Index times = 0, particles = 0;
        std::vector<double> clean;  ///< [times, followed, dim]
    };
    const auto record = std::make_shared<Record>();
    for (Index part = 0; part < kRecordParts; ++part) {
        task.add([=](SnapshotBuilder&) {
            const Cloud& cloud = look->cloud();
            const DataUnits& units = look->m.data->units;
            const auto times = cloud.recordTimes();
            if (part == 0) {
                record->times = std::ssize(times);
                record->particles = std::min(count, cloud.recorded());
                record->numbers = std::make_shared_for_overwrite<float[]>(
                    static_cast<std::size_t>(record->times * record->particles * cloud.dim()));
            }
            const auto d = static_cast<std::size_t>(cloud.dim());
            const auto width = static_cast<std::size_t>(record->particles) * d;
            for (Index t = part * record->times / kRecordParts;
                 t < (part + 1) * record->times / kRecordParts; ++t) {
                const std::span<float> rows(
                    record->numbers.get() + static_cast<std::size_t>(t) * width, width);
                cloud.places(t, rows);
                if (look->m.resting) {
                    const auto some = rows.first(static_cast<std::size_t>(followed(cloud)) * d);
                    const std::vector<double> z(some.begin(), some.end());
                    std::vector<double> x(z.size());
                    look->m.denoiser->clean(
                        cloud.process().schedule().at(times[static_cast<std::size_t>(t)]), z, x);
                    record->clean.insert(record->clean.end(), x.begin(), x.end());
                }
                for (std::size_t i = 0; i < width; ++i) {
                    rows[i] = static_cast<float>(static_cast<double>(rows[i]) * units.scale[i % d] +
                                                 units.offset[i % d]);
                }
            }
        });
    }
    task.add([=](SnapshotBuilder& out) {
        const Cloud& cloud = look->cloud();
        const DataUnits& units = look->m.data->units;
        const auto times = cloud.recordTimes();
        std::vector<float> at(times.begin(), times.end()), snr;
        for (const double t : times) {
            snr.push_back(static_cast<float>(cloud.process().schedule().at(t).logSnr()));
        }
        const std::shared_ptr<const std::byte[]> bytes(
            record->numbers, reinterpret_cast<const std::byte*>(record->numbers.get()));
        out.set("trajectory",
                Array(DType::F32, {record->times, record->particles, cloud.dim()}, bytes));
        out.set("trajectory.time", Array({record->times}, at));
        out.set("trajectory.log_snr", Array({record->times}, snr));
        out.set("trajectory.evaluations", Array({record->times}, cloud.recordEvaluations()));
        // A look that has nothing to say of them takes back what an earlier one said.
        const auto ways = [&](const std::vector<double>& rows) {
            return units.published({rows.empty() ? 0 : record->times, followed(cloud), cloud.dim()},
                                   rows);
        };
        out.set("trajectory.forward", ways(forwardWays(cloud)));
        out.set("trajectory.clean", ways(record->clean));
    });
}

void addDenoising(SlicedTask& task, std::shared_ptr<const Look> look) {
    const auto film = std::make_shared<Film>();
    for (Index c = 0; c < kFilmTimes; ++c) {
        task.add([=](SnapshotBuilder&) {
            const Cloud& cloud = look->cloud();
            const auto times = cloud.recordTimes();
            const Index last = std::ssize(times) - 1, columns = std::min(kFilmTimes, last + 1);
            if (c >= columns) {
                return;
            }
            const Index at = columns > 1 ? c * last / (columns - 1) : last;
            const NoiseLevel level =
                cloud.process().schedule().at(times[static_cast<std::size_t>(at)]);
            std::vector<float> places(
                static_cast<std::size_t>(std::min(kFilmRows, cloud.particles()) * cloud.dim()));
            cloud.places(at, places);
            const std::vector<double> z(places.begin(), places.end());
            std::vector<double> x(z.size());
            look->m.denoiser->clean(level, z, x);
            film->states.push_back(look->m.data->published(z));
            film->predictions.push_back(look->m.data->published(x));
            if (c > 0) {
                film->titles += '\n';
            }
            film->titles += format(std::round(10 * level.logSnr()) / 10 + 0.0);
        });
    }
    task.add([=](SnapshotBuilder& out) {
        out.set("denoising", stripsOf(*film));
        out.set("denoising.titles", textArray(film->titles));
        out.set("denoising.group", Array({1}, std::vector<Index>{2}));
    });
}

}  // namespace lx::diffusion
