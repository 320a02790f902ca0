// SPDX-License-Identifier: GPL-3.0-or-later
// Channels and metrics of the family.
#include "core/experiments/energy/moment.h"
#include "core/experiments/sliced_task.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::learned {
namespace {

/// The grid of the published comparison: 161 points a side.
constexpr Index kMetricSide = 161;

std::vector<double> onGrid(const Energy& energy, const Box& frame, Index side) {
    const auto points = gridPoints(frame, side);
    std::vector<double> out(points.size() / 2);
    energy.evaluate(std::span(points), out);
    return out;
}

/// Energies of rows [N, dim], evaluated in slices that leave the engine free in between.
std::shared_ptr<const std::vector<double>> addValues(SlicedTask& task, EnergyPtr energy,
                                                     std::span<const double> rows) {
    const auto d = static_cast<std::size_t>(energy->dim());
    const auto x = std::make_shared<const std::vector<float>>(rows.begin(), rows.end());
    const auto out = std::make_shared<std::vector<double>>(rows.size() / d);
    task.addSlices(std::ssize(*out), [=](Index first, Index count) {
        std::vector<float> e(static_cast<std::size_t>(count));
        energy->evaluate(std::span(*x).subspan(static_cast<std::size_t>(first) * d, e.size() * d),
                         std::span(e));
        std::ranges::copy(e, out->begin() + first);
    });
    return out;
}

void addEnergies(SlicedTask& task, const std::shared_ptr<const Moment>& m, bool whole) {
    constexpr std::size_t kRows = 2000;
    const auto most = std::min(m->negatives.size(), (whole ? m->negatives.size() : kRows) *
                                                        static_cast<std::size_t>(m->data->dim));
    const auto data =
        addValues(task, m->energy, trainingRows(*m->data->dataset, static_cast<Index>(kRows)));
    const auto chains = addValues(task, m->energy, std::span(m->negatives).first(most));
    task.add([=](SnapshotBuilder& out) {
        addHistograms(out, "energies", std::vector{*data, *chains}, "data\nchains");
    });
}

/// The range that shows a list: without the few values far beyond its quartiles.
std::pair<double, double> bulkOf(std::vector<double> values) {
    if (values.empty()) {
        return {1e300, -1e300};
    }
    constexpr double kReach = 3;  // of the distance of the quartiles, beyond each
    std::ranges::sort(values);
    const auto quantile = [&](double q) {
        return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
    };
    const double lower = quantile(0.25), upper = quantile(0.75), reach = kReach * (upper - lower);
    return {std::max(values.front(), lower - reach), std::min(values.back(), upper + reach)};
}

}  // namespace

std::vector<double> modeMasses(const MixtureParts& parts, std::span<const double> energies,
                               std::span<const double> points) {
    constexpr double kReach = 3;  // sd; a mode is not found where the mass is merely nearest to it
    const auto law = mixtureEnergy(parts);
    std::vector<double> mass(parts.weights.size());
    for (std::size_t i = 0; i < energies.size(); ++i) {
        const auto x = points.subspan(2 * i, 2);
        const auto mode = static_cast<std::size_t>(law->modeOf(x));
        const double away =
            std::hypot(x[0] - parts.centres[2 * mode], x[1] - parts.centres[2 * mode + 1]);
        if (away < kReach * parts.sds[mode]) {
            mass[mode] += std::exp(-energies[i]);
        }
    }
    return mass;
}

void addHistograms(SnapshotBuilder& out, const std::string& id,
                   std::span<const std::vector<double>> lists, const std::string& names) {
    constexpr Index kBins = 60;
    double low = 1e300, high = -1e300;
    for (const auto& list : lists) {
        const auto [least, most] = bulkOf(list);
        low = std::min(low, least);
        high = std::max(high, most);
    }
    high = std::max(high, low + 1e-6);
    const double width = (high - low) / kBins;
    std::vector<float> density(lists.size() * kBins), edges;
    for (std::size_t k = 0; k < lists.size(); ++k) {
        for (const double v : lists[k]) {
            const auto bin = static_cast<Index>(std::clamp((v - low) / width, 0.0, kBins - 1.0));
            density[k * kBins + static_cast<std::size_t>(bin)] +=
                static_cast<float>(1 / (width * static_cast<double>(lists[k].size())));
        }
    }
    for (Index i = 0; i <= kBins; ++i) {
        edges.push_back(static_cast<float>(low + width * static_cast<double>(i)));
    }
    out.set(id, Array({std::ssize(lists), kBins}, density));
    out.set(id + ".edges", Array({kBins + 1}, edges));
    out.set(id + ".names", {DType::U8, {std::ssize(names)}, std::as_bytes(std::span(names))});
}

std::vector<double> trueEnergy(const Dataset& dataset, const Box& frame, Index side) {
    if (!dataset.distribution) {
        return {};
    }
    const auto points = gridPoints(frame, side);
    std::vector<double> out;
    for (std::size_t i = 0; i < points.size(); i += 2) {
        const auto logp = dataset.distribution->logDensity(std::span(points).subspan(i, 2));
        if (!logp) {
            return {};
        }
        out.push_back(-std::max(*logp, -700.0));
    }
    return out;
}

std::unique_ptr<Task> observeTask(Moment given, std::span<const std::string> channels,
                                  Detail detail) {
    if (given.data->choices.pictures()) {
        return observePictures(std::move(given), channels, detail);
    }
    const std::vector<std::string> names(channels.begin(), channels.end());
    const auto wants = [&](const char* name) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto m = std::make_shared<const Moment>(std::move(given));
    const Index dim = m->data->dim;
    const bool whole = detail == Detail::Export;
    auto task = std::make_unique<SlicedTask>();
    const auto points = [&](const char* id, std::vector<double> rows) {
        task->add([=](SnapshotBuilder& out) {
            out.set(id, m->data->units.published({std::ssize(rows) / dim, dim}, rows));
        });
    };
    if (wants("data")) {
        points("data", trainingRows(*m->data->dataset, whole ? 10'000 : 2000));
    }
    const bool chains = !m->negatives.empty();
    if (chains && wants("samples")) {
        points("samples", m->negatives);
    }
    if (chains && wants("chains_now")) {
        const auto most = static_cast<std::size_t>((whole ? Index{1'000'000} : Index{2000}) * dim);
        points("chains_now",
               {m->negatives.begin(), m->negatives.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                 most, m->negatives.size()))});
    }
    if (m->pathCount > 0 && wants("chains_trail")) {
        task->add([=](SnapshotBuilder& out) {
            const Index times = std::ssize(m->paths) / (m->pathCount * dim);
            const Index shown = std::min<Index>(dim, 3);
            std::vector<double> rows;
            for (std::size_t i = 0; i < m->paths.size(); ++i) {
                if (static_cast<Index>(i) % dim < shown) {
                    rows.push_back(m->paths[i]);
                }
            }
            out.set("chains_trail", m->data->units.published({m->pathCount, times, shown}, rows));
        });
    }
    if (chains && wants("energies")) {
        addEnergies(*task, m, whole);
    }
    if (dim != 2) {
        return task;
    }
    constexpr Index kSide = RunData::kSide;
    const auto grid = [&](const char* id, std::function<std::vector<double>()> values) {
        if (wants(id)) {
            task->add([m, id = std::string(id), values = std::move(values)](SnapshotBuilder& out) {
                out.set(id, gridArray(values()));
                out.set(id + ".extent", m->data->units.extent(m->data->frame));
            });
        }
    };
    const auto points2 = gridPoints(m->data->frame, kSide);
    const auto field = [&](const std::string& id, const auto& values) {
        grid(id.c_str(), [values] {
            auto e = *values;
            lift(e);
            return e;
        });
    };
    std::shared_ptr<const std::vector<double>> learned;
    if (wants("energy") || (m->data->lawKnown && wants("energy_difference"))) {
        learned = addValues(*task, m->energy, points2);
    }
    if (wants("energy")) {
        field("energy", learned);
    }
    for (const auto& [id, part] : m->parts) {
        if (wants(id.c_str())) {
            field(id, addValues(*task, part, points2));
        }
    }
    if (chains) {
        grid("sample_density", [m] { return histogram(m->data->frame, m->negatives, kSide); });
    }
    if (!m->data->lawKnown) {
        return task;
    }
    grid("true_energy", [m] { return m->data->law; });
    grid("true_density", [m] {
        auto p = m->data->law;
        std::ranges::transform(p, p.begin(), [](double e) { return std::exp(-e); });
        return p;
    });
    grid("energy_difference", [m, learned] {
        auto e = *learned;
        auto truth = m->data->law;
        normalise(e);
        normalise(truth);
        for (std::size_t i = 0; i < e.size(); ++i) {
            e[i] -= truth[i];
        }
        return e;
    });
    return task;
}

std::map<std::string, double> evaluate(const Moment& m, Key key, std::stop_token stop) {
    if (m.data->choices.pictures()) {
        return evaluatePictures(m, key, stop);
    }
    std::map<std::string, double> out;
    const auto d = static_cast<std::size_t>(m.data->dim);
    const auto mean = [&](std::span<const double> rows) {
        std::vector<double> e(rows.size() / d);
        m.energy->evaluate(rows, e);
        double sum = 0;
        for (const double v : e) {
            sum += v / static_cast<double>(e.size());
        }
        return sum;
    };
    const auto held = m.data->dataset->heldout.values<float>();
    const std::vector<double> rows(held.begin(), held.end());
    out["heldout_energy"] = mean(rows);
    if (!m.negatives.empty()) {
        out["energy_gap"] = out["heldout_energy"] - mean(m.negatives);
    }
    if (m.data->dim != 2 || stop.stop_requested()) {
        return out;
    }
    auto energy = onGrid(*m.energy, m.data->frame, kMetricSide);
    normalise(energy);
    const double cell = (m.data->frame.upper[0] - m.data->frame.lower[0]) *
                        (m.data->frame.upper[1] - m.data->frame.lower[1]) /
                        static_cast<double>(kMetricSide * kMetricSide);
    const auto corner = gridPoints(m.data->frame, kMetricSide);
    out["log_normaliser"] =
        std::log(cell) + energy.front() - m.energy->at(std::span(corner).first(2));
    if (m.data->lawKnown) {
        const auto truth = trueEnergy(*m.data->dataset, m.data->frame, kMetricSide);
        double divergence = 0;
        for (std::size_t i = 0; i < truth.size(); ++i) {
            const double p = std::exp(-truth[i]) * cell;
            divergence += p * (-truth[i] + std::log(cell) + energy[i]);
        }
        out["grid_kl"] = divergence;
    }
    if (m.data->mixture) {
        const auto mass = modeMasses(*m.data->mixture, energy, corner);
        out["mode_mass_min"] = *std::ranges::min_element(mass);
        out["mode_mass_max"] = *std::ranges::max_element(mass);
        out["modes_found"] = static_cast<double>(std::ranges::count_if(
            mass, [&](double v) { return v > 0.24 / static_cast<double>(mass.size()); }));
        out["near_modes"] = std::accumulate(mass.begin(), mass.end(), 0.0);
    }
    return out;
}

}  // namespace lx::learned
