// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/plane_grid.h"

#include "core/energies/registry.h"

#include <algorithm>
#include <cmath>

namespace lx {

std::optional<MixtureParts> mixtureOfData(const ParamSet& params) {
    const std::string& source = text(params, "data.source");
    if (!params.contains("data.scale") || text(params, "data.scale") != "none") {
        return std::nullopt;
    }
    EnergyPtr energy;
    if (source == "data.ring8") {
        energy = makeEnergy("ring8", {{"energy.radius", number(params, "data.radius")},
                                      {"energy.sd", number(params, "data.sd")}});
    } else if (source == "data.grid25") {
        energy = makeEnergy("grid25", {{"energy.spacing", number(params, "data.spacing")},
                                       {"energy.sd", number(params, "data.sd")}});
    }
    const auto mixture = std::dynamic_pointer_cast<const MixtureEnergy>(energy);
    return mixture ? std::optional(mixture->parts()) : std::nullopt;
}

Box frameOf(std::span<const double> rows, Index dim) {
    const auto d = static_cast<std::size_t>(dim);
    Box out{std::vector<double>(d, 1e300), std::vector<double>(d, -1e300)};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        out.lower[i % d] = std::min(out.lower[i % d], rows[i]);
        out.upper[i % d] = std::max(out.upper[i % d], rows[i]);
    }
    // One scale on all axes, so that circles stay circles.
    double half = 0;
    for (std::size_t k = 0; k < d; ++k) {
        half = std::max(half, 0.625 * (out.upper[k] - out.lower[k]));
    }
    for (std::size_t k = 0; k < d; ++k) {
        const double middle = 0.5 * (out.lower[k] + out.upper[k]);
        out.lower[k] = middle - half;
        out.upper[k] = middle + half;
    }
    return out;
}

std::vector<double> gridPoints(const Box& frame, Index side) {
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(2 * side * side));
    const auto share = [side](Index k) {
        return (static_cast<double>(k) + 0.5) / static_cast<double>(side);
    };
    for (Index i = 0; i < side; ++i) {
        for (Index j = 0; j < side; ++j) {
            out.push_back(std::lerp(frame.lower[0], frame.upper[0], share(j)));
            out.push_back(std::lerp(frame.lower[1], frame.upper[1], share(i)));
        }
    }
    return out;
}

std::vector<double> histogram(const Box& frame, std::span<const double> rows, Index side) {
    std::vector<double> out(static_cast<std::size_t>(side * side));
    const double w = frame.upper[0] - frame.lower[0], h = frame.upper[1] - frame.lower[1];
    const auto cells = static_cast<double>(side);
    const double mass = cells * cells / (w * h * static_cast<double>(rows.size() / 2));
    for (std::size_t r = 0; r + 1 < rows.size(); r += 2) {
        const double x = (rows[r] - frame.lower[0]) / w * cells;
        const double y = (rows[r + 1] - frame.lower[1]) / h * cells;
        if (x >= 0 && x < cells && y >= 0 && y < cells) {
            out[static_cast<std::size_t>(static_cast<Index>(y) * side + static_cast<Index>(x))] +=
                mass;
        }
    }
    return out;
}

void lift(std::vector<double>& values) {
    const double least = *std::ranges::min_element(values);
    for (double& v : values) {
        v -= least;
    }
}

void normalise(std::vector<double>& energies) {
    lift(energies);
    double sum = 0;
    for (const double v : energies) {
        sum += std::exp(-v);
    }
    for (double& v : energies) {
        v += std::log(sum);
    }
}

Array gridArray(std::span<const double> values) {
    const auto side =
        static_cast<Index>(std::lround(std::sqrt(static_cast<double>(values.size()))));
    return {{side, side}, std::vector<float>(values.begin(), values.end())};
}

Array DataUnits::published(std::vector<Index> shape, std::span<const double> rows) const {
    std::vector<float> out(rows.size());
    const auto d = static_cast<std::size_t>(shape.back());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        out[i] = static_cast<float>(rows[i] * scale[i % d] + offset[i % d]);
    }
    return {std::move(shape), out};
}

Array DataUnits::extent(const Box& box) const {
    const auto at = [&](double v, std::size_t k) {
        return static_cast<float>(v * scale[k] + offset[k]);
    };
    return {{4},
            std::vector<float>{at(box.lower[0], 0), at(box.lower[1], 1), at(box.upper[0], 0),
                               at(box.upper[1], 1)}};
}

DataUnits unitsOf(const Dataset& dataset) {
    return {{dataset.scale.begin(), dataset.scale.end()},
            {dataset.offset.begin(), dataset.offset.end()}};
}

std::vector<double> trainingRows(const Dataset& dataset, Index most) {
    const auto x = dataset.train.values<float>();
    const Index rows = std::min(dataset.count(), most);
    return {x.begin(), x.begin() + static_cast<std::ptrdiff_t>(rows * dataset.dim())};
}

}  // namespace lx
