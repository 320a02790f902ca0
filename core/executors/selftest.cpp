// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/selftest.h"

#include "core/base/philox.h"
#include "core/energies/registry.h"
#include "core/executors/fused_executor.h"
#include "core/samplers/selftest.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::executors {
namespace {

/// z of a mean that should be 0.
double scoreOf(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    double mean = 0, square = 0;
    for (const double v : values) {
        mean += v / n;
    }
    for (const double v : values) {
        square += (v - mean) * (v - mean) / (n - 1);
    }
    return square > 0 ? mean / std::sqrt(square / n) : mean == 0 ? 0 : INFINITY;
}

/// Exact draws stay exact draws: changes of x, y, their squares and the energy.
double invariance(const MakeExecutor& make, StepSettings settings, Index chains, Key key) {
    const EnergyPtr energy = makeEnergy("two-modes");
    const auto d = static_cast<std::size_t>(energy->dim());
    const auto start = energy->sample(derive(key, "exact"), chains);
    const std::vector<float> from(start.begin(), start.end());
    const auto executor = make(programOf(*energy), settings, from, key);
    executor->advance(10);
    std::vector<float> end(from.size());
    executor->positions(end);
    const auto n = static_cast<std::size_t>(chains);
    std::vector<float> before(n), after(n);
    energy->evaluate(std::span<const float>(from), before);
    energy->evaluate(std::span<const float>(end), after);
    std::array<std::vector<double>, 5> change;
    for (std::size_t r = 0; r < n; ++r) {
        const auto values = [&](const std::vector<float>& x, float e) {
            const auto a = static_cast<double>(x[r * d]), b = static_cast<double>(x[r * d + d - 1]);
            return std::array{a, b, a * a, b * b, static_cast<double>(e)};
        };
        const auto first = values(from, before[r]), last = values(end, after[r]);
        for (std::size_t k = 0; k < change.size(); ++k) {
            change[k].push_back(last[k] - first[k]);
        }
    }
    std::array<double, 5> scores{};
    std::ranges::transform(change, scores.begin(), [](const auto& c) { return scoreOf(c); });
    return largest(scores);
}

/// On N(0, 1) the law of x after many steps is N(0, variance).
double bias(const MakeExecutor& make, StepSettings settings, double variance, Index chains,
            Key key) {
    const auto normal = std::make_shared<const Program>(
        2, Program::Body{MixtureProgram{{0.0F, 0.0F}, {0.5F}, {0.0F}}});
    std::vector<float> x(static_cast<std::size_t>(2 * chains));
    fillNormal(derive(key, "start"), x);
    const auto executor = make(normal, settings, x, key);
    executor->advance(60);
    executor->positions(x);
    std::vector<double> apart;
    for (const float v : x) {
        apart.push_back(static_cast<double>(v) * static_cast<double>(v) - variance);
    }
    return scoreOf(apart);
}

}  // namespace

std::vector<ExecutorCheck> executorSelftest(const std::string& name, const MakeExecutor& make,
                                            Index chains, Key key) {
    std::vector<ExecutorCheck> rows;
    const auto add = [&](const char* what, double z) {
        rows.push_back({name + ": " + what, z, kScoreLimit, std::abs(z) < kScoreLimit});
    };
    StepSettings s;
    // Of z + (eta / 2) grad log p + sqrt(eta) xi: 1 / (1 - eta / 4).
    s.method = Method::Ula;
    s.stepSize = 0.8;
    add("ula, bias on a normal as in theory", bias(make, s, 1 / (1 - 0.2), chains, key));
    s.method = Method::Mala;
    s.stepSize = 0.5;
    add("mala leaves two modes invariant", invariance(make, s, chains, key));
    s.method = Method::Hmc;
    s.stepSize = 0.4;
    s.leapfrogs = 5;
    s.jitter = 0.2;
    add("hmc leaves two modes invariant", invariance(make, s, chains, key));
    // BAOAB has the exact law of positions on a normal, whatever the step. Ref: leimkuhler2013.
    s = {};
    s.method = Method::Underdamped;
    s.stepSize = 0.8;
    add("underdamped, no bias on a normal", bias(make, s, 1, chains, key));
    return rows;
}

std::vector<ExecutorCheck> fusedSelftest() {
    std::vector<ExecutorCheck> rows;
    for (const std::string& level : fusedLevels()) {
        const auto own = executorSelftest(
            "fused, " + level, [&](ProgramPtr program, const StepSettings& settings,
                                   std::span<const float> x, Key key) {
                FusedOptions options;
                options.key = key;
                options.level = level;
                return fusedExecutor(std::move(program), settings, x, options);
            });
        rows.insert(rows.end(), own.begin(), own.end());
    }
    return rows;
}

}  // namespace lx::executors
