// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/diffusion/guidance.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr Index kRows = 500, kParticles = 2000;

/// All the way from the noise of `key`; empty when stopped.
std::vector<double> particles(const Moment& m, const Denoiser& denoiser, Key key,
                              const std::stop_token& stop) {
    const ReverseProcess& process = m.cloud->process();
    auto z = process.start(key, kParticles, m.data->dim, m.data->spread);
    for (Index i = 0; i < process.steps(); ++i) {
        if (stop.stop_requested()) {
            return {};
        }
        process.step(denoiser, key, i, z);
    }
    return z;
}

/// |mean of the rows - centre| / sd
double shiftOf(std::span<const double> z, const MixtureParts& part) {
    const auto d = static_cast<std::size_t>(part.dim);
    const auto n = static_cast<double>(z.size() / d);
    double square = 0;
    for (std::size_t k = 0; k < d; ++k) {
        double sum = 0;
        for (std::size_t i = k; i < z.size(); i += d) {
            sum += z[i] / n;
        }
        square += (sum - part.centres[k]) * (sum - part.centres[k]);
    }
    return std::sqrt(square) / part.sds.front();
}

}  // namespace

DenoiserPtr followed(const Denoisers& all, const Guidance& guidance) {
    if (guidance.label < 0 || guidance.label >= std::ssize(all.classes)) {
        return all.data;
    }
    const DenoiserPtr& one = all.classes[static_cast<std::size_t>(guidance.label)];
    return guidance.weight == 0 ? one : guided(one, all.data, guidance.weight);
}

MixtureParts partOf(const MixtureParts& parts, Index label) {
    const auto k = static_cast<std::size_t>(label), d = static_cast<std::size_t>(parts.dim);
    const auto at = parts.centres.begin() + static_cast<std::ptrdiff_t>(k * d);
    return {parts.dim, {at, at + parts.dim}, {1.0}, {parts.sds.at(k)}};
}

Denoisers exactDenoisers(const MixtureParts& parts, bool classes) {
    Denoisers out{mixtureDenoiser(parts), {}};
    for (Index k = 0; classes && k < std::ssize(parts.weights); ++k) {
        out.classes.push_back(mixtureDenoiser(partOf(parts, k)));
    }
    return out;
}

std::vector<double> guidedEnergy(const MixtureParts& parts, const NoiseLevel& level,
                                 const Guidance& guidance, std::span<const double> rows) {
    std::vector<double> out(rows.size() / static_cast<std::size_t>(parts.dim));
    mixtureEnergy(noisy(parts, level))->evaluate(rows, out);
    if (guidance.label < 0) {
        return out;
    }
    std::vector<double> one(out.size());
    mixtureEnergy(noisy(partOf(parts, guidance.label), level))->evaluate(rows, one);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = (1 + guidance.weight) * one[i] - guidance.weight * out[i];
    }
    return out;
}

void addGuidance(std::map<std::string, double>& out, const Moment& m, Key key,
                 std::stop_token stop) {
    const MixtureParts& parts = *m.data->mixture;
    const NoiseSchedule& schedule = m.cloud->process().schedule();
    double worst = 0;
    for (std::size_t k = 0; k < m.denoisers.classes.size() && !stop.stop_requested(); ++k) {
        const auto errors =
            scoreErrors(*m.denoisers.classes[k], schedule, partOf(parts, static_cast<Index>(k)),
                        derive(key, "class"), kRows);
        worst = std::max(worst, errors.excess);
    }
    out["class_excess_loss"] = worst;
    if (m.guidance.label < 0) {
        return;
    }
    const MixtureParts part = partOf(parts, m.guidance.label);
    const Key noise = derive(key, "guided");
    const auto found = particles(m, *m.denoiser, noise, stop);
    const auto wanted =
        particles(m, *followed(exactDenoisers(parts, true), m.guidance), noise, stop);
    if (found.empty() || wanted.empty()) {
        return;
    }
    const auto d = static_cast<std::size_t>(parts.dim);
    const auto energy = mixtureEnergy(parts);
    double square = 0, inside = 0;
    for (std::size_t r = 0; r < found.size(); r += d) {
        for (std::size_t i = r; i < r + d; ++i) {
            square += (found[i] - wanted[i]) * (found[i] - wanted[i]) / kParticles;
        }
        inside += energy->modeOf(std::span(found).subspan(r, d)) == m.guidance.label ? 1 : 0;
    }
    out["guided_distance"] = std::sqrt(square) / part.sds.front();
    out["guided_share"] = inside / kParticles;
    out["guided_shift"] = shiftOf(found, part);
    out["guided_shift_exact"] = shiftOf(wanted, part);
}

}  // namespace lx::diffusion
