// SPDX-License-Identifier: GPL-3.0-or-later
// Channels and metrics of the family.
#include "core/experiments/energy/moment.h"
#include "core/experiments/sliced_task.h"

#include <algorithm>
#include <cmath>

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

void addEnergies(SnapshotBuilder& out, const Moment& m) {
    const auto valuesOf = [&](std::span<const double> rows) {
        std::vector<double> e(rows.size() / static_cast<std::size_t>(m.data->dim));
        m.energy->evaluate(rows, e);
        return e;
    };
    addHistograms(
        out, "energies",
        std::vector{valuesOf(trainingRows(*m.data->dataset, 2000)), valuesOf(m.negatives)},
        "data\nchains");
}

}  // namespace

void addHistograms(SnapshotBuilder& out, const std::string& id,
                   std::span<const std::vector<double>> lists, const std::string& names) {
    constexpr Index kBins = 60;
    double low = 1e300, high = -1e300;
    for (const auto& list : lists) {
        for (const double v : list) {
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    high = std::max(high, low + 1e-6);
    const double width = (high - low) / kBins;
    std::vector<float> density(lists.size() * kBins), edges;
    for (std::size_t k = 0; k < lists.size(); ++k) {
        for (const double v : lists[k]) {
            const auto bin = std::min<Index>(static_cast<Index>((v - low) / width), kBins - 1);
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
        task->add([=](SnapshotBuilder& out) { addEnergies(out, *m); });
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
    grid("energy", [m] {
        auto e = onGrid(*m->energy, m->data->frame, kSide);
        lift(e);
        return e;
    });
    for (const auto& [id, part] : m->parts) {
        grid(id.c_str(), [m, energy = part] {
            auto e = onGrid(*energy, m->data->frame, kSide);
            lift(e);
            return e;
        });
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
    grid("energy_difference", [m] {
        auto e = onGrid(*m->energy, m->data->frame, kSide);
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
        const auto truth = mixtureEnergy(*m.data->mixture);
        const auto points = gridPoints(m.data->frame, kMetricSide);
        std::vector<double> mass(m.data->mixture->weights.size());
        for (std::size_t i = 0; i < energy.size(); ++i) {
            mass[static_cast<std::size_t>(truth->modeOf(std::span(points).subspan(2 * i, 2)))] +=
                std::exp(-energy[i]);
        }
        out["mode_mass_min"] = *std::ranges::min_element(mass);
        out["mode_mass_max"] = *std::ranges::max_element(mass);
        out["modes_found"] = static_cast<double>(std::ranges::count_if(
            mass, [&](double v) { return v > 0.24 / static_cast<double>(mass.size()); }));
    }
    return out;
}

}  // namespace lx::learned
