// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/start.h"

#include "core/energies/draws.h"

#include <cmath>

namespace lx {
namespace {

std::vector<double> overdispersed(const Energy& energy, Key key, Index chains) {
    constexpr int kTries = 100;
    constexpr std::size_t kBlock = 4096;
    const Box frame = energy.frame();
    const auto d = static_cast<std::size_t>(energy.dim()), n = static_cast<std::size_t>(chains);
    std::vector<double> x(n * d), value;
    const auto draw = [&](RowDraws& draws, std::size_t row) {
        for (std::size_t k = 0; k < d; ++k) {
            x[row * d + k] = frame.lower[k] + (frame.upper[k] - frame.lower[k]) * draws.uniform();
        }
    };
    for (std::size_t first = 0; first < n; first += kBlock) {
        const std::size_t count = std::min(kBlock, n - first);
        for (std::size_t i = first; i < first + count; ++i) {
            RowDraws draws(key, static_cast<Index>(i));
            draw(draws, i);
        }
        value.resize(count);
        energy.evaluate(std::span<const double>(x).subspan(first * d, count * d), value);
        for (std::size_t i = 0; i < count; ++i) {
            RowDraws draws(derive(key, "again"), static_cast<Index>(first + i));
            double e = value[i];
            for (int t = 1; t < kTries && !std::isfinite(e); ++t) {
                draw(draws, first + i);
                e = energy.at(std::span<const double>(x).subspan((first + i) * d, d));
            }
            if (!std::isfinite(e)) {
                throw UsageError("in 100 tries no start of finite energy was found for chain " +
                                 std::to_string(first + i) +
                                 ": start all chains at a point of finite energy");
            }
        }
    }
    return x;
}

}  // namespace

Start startNamed(std::string_view name) {
    if (name == "overdispersed") {
        return Start::Overdispersed;
    }
    if (name == "point") {
        return Start::Point;
    }
    if (name == "exact") {
        return Start::Exact;
    }
    throw UsageError("chains start overdispersed, at a point or exact, not \"" + std::string(name) +
                     "\"");
}

std::vector<double> startPositions(const Energy& energy, Start start, Key key, Index chains,
                                   std::span<const double> point) {
    if (chains < 1 || chains > 1'000'000) {
        throw UsageError("the number of chains must be 1 to 1000000");
    }
    if (start == Start::Exact) {
        return energy.sample(key, chains);
    }
    if (start == Start::Overdispersed) {
        return overdispersed(energy, key, chains);
    }
    if (static_cast<Index>(point.size()) != energy.dim()) {
        throw UsageError("a start of " + std::to_string(point.size()) +
                         " coordinates does not fit an energy in " + std::to_string(energy.dim()) +
                         " dimensions");
    }
    if (!std::isfinite(energy.at(point))) {
        throw UsageError("the energy is infinite at the start: choose a point of its support");
    }
    std::vector<double> out;
    out.reserve(point.size() * static_cast<std::size_t>(chains));
    for (Index c = 0; c < chains; ++c) {
        out.insert(out.end(), point.begin(), point.end());
    }
    return out;
}

}  // namespace lx
