// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/negatives.h"

#include "core/base/philox.h"
#include "core/executors/fused_executor.h"
#include "core/experiments/threads.h"
#include "core/samplers/registry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lx::learned {
namespace {

/// Numbers of Langevin steps from one training step to the next, so that none is used twice.
constexpr std::uint64_t kStride = 10'000;
/// Steps of a path that is shown; longer ones would hold the engine.
constexpr Index kLongestPath = 200;

executors::StepSettings langevin(double noise) {
    executors::StepSettings settings;
    settings.method = executors::Method::Ula;
    settings.stepSize = noise * noise;
    return settings;
}

executors::ProgramPtr programFor(const Energy& energy) {
    auto program = executors::programOf(energy);
    if (!program) {
        throw UsageError("network.hidden: chains follow at most four layers of 256 units");
    }
    return program;
}

}  // namespace

void fillBox(const Choices& choices, Key key, std::span<float> rows, std::uint64_t firstElement) {
    fillUniform(key, rows, firstElement);
    const auto low = static_cast<float>(choices.low);
    const auto side = static_cast<float>(choices.high - choices.low);
    for (float& v : rows) {
        v = low + side * v;
    }
}

std::unique_ptr<executors::ChainExecutor> pointWalk(const Energy& energy, double noise,
                                                    std::span<const float> start, Key key,
                                                    Index offset) {
    executors::FusedOptions options;
    options.key = key;
    options.offset = offset;
    options.threads = computeThreads();
    return executors::fusedExecutor(programFor(energy), langevin(noise), start, options);
}

Negatives::Negatives(const Choices& choices, Index dim, Key key)
    : m_choices(choices), m_dim(dim), m_key(key) {
    m_store.resize(static_cast<std::size_t>(m_choices.store * dim));
    m_ages.resize(static_cast<std::size_t>(m_choices.store));
    m_storeLabels.resize(m_ages.size());
    restart(0);
}

void Negatives::restart(Index step) {
    const Key key = derive(derive(m_key, "restart"), static_cast<std::uint64_t>(step));
    fillBox(m_choices, key, m_store);
    std::ranges::fill(m_ages, 0.0F);
    if (m_choices.classes > 0) {
        fillBelow(derive(key, "labels"), static_cast<std::uint64_t>(m_choices.classes),
                  m_storeLabels);
    }
    m_batch.clear();
    m_from.clear();
}

std::span<const float> Negatives::draw(EnergyPtr energy, Index step) {
    const auto d = static_cast<std::size_t>(m_dim);
    const auto rows = static_cast<std::size_t>(m_choices.walkers());
    const Key key = derive(m_key, static_cast<std::uint64_t>(step));
    // A permutation would be fairer; with thousands of chains a repeated one does no harm: the
    // later row stays.
    std::vector<std::int64_t> chosen(rows), begun(rows);
    if (m_choices.memory == Memory::Replay) {
        fillBelow(derive(key, "choice"), static_cast<std::uint64_t>(m_choices.store), chosen);
    } else {
        std::iota(chosen.begin(), chosen.end(), 0);
    }
    std::vector<float> anew(rows), noise(rows * d), ages(rows);
    fillUniform(derive(key, "anew"), anew);
    fillBox(m_choices, derive(key, "start"), noise);
    if (m_choices.classes > 0) {
        fillBelow(derive(key, "labels"), static_cast<std::uint64_t>(m_choices.classes), begun);
    }
    m_from.resize(rows * d);
    m_labels.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) {
        const bool begins = static_cast<double>(anew[r]) < m_choices.reset;
        const auto kept = static_cast<std::size_t>(chosen[r]);
        std::copy_n(begins ? &noise[r * d] : &m_store[kept * d], d, &m_from[r * d]);
        m_labels[r] = begins ? begun[r] : m_storeLabels[kept];
        if (step < 0 && m_choices.told >= 0) {
            m_labels[r] = m_choices.told;
        }
        ages[r] = begins ? 0.0F : m_ages[kept];
    }
    m_batch.resize(rows * d);
    if (const auto* pictures = dynamic_cast<const PictureEnergy*>(energy.get())) {
        walkPictures(*pictures, derive(key, "walk"));
    } else {
        walkPoints(*energy, step);
    }
    const auto low = static_cast<float>(m_choices.low), high = static_cast<float>(m_choices.high);
    double moved = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        const auto kept = static_cast<std::size_t>(chosen[r]);
        double square = 0;
        for (std::size_t i = r * d; i < (r + 1) * d; ++i) {
            if (!std::isfinite(m_batch[i])) {
                throw NumericalError("a negative", step,
                                     "is not a finite number; lower train.rate or negatives.noise");
            }
            m_batch[i] = std::clamp(m_batch[i], low, high);
            const auto u = static_cast<double>(m_batch[i] - m_from[i]);
            square += u * u;
        }
        moved += std::sqrt(square);
        std::copy_n(&m_batch[r * d], d, &m_store[kept * d]);
        m_storeLabels[kept] = m_labels[r];
        m_ages[kept] = ages[r] + 1;
    }
    m_displacement = moved / static_cast<double>(rows);
    m_energy = std::move(energy);
    m_step = step;
    m_pathSteps = m_choices.steps;
    m_pathNoise = m_choices.noise;
    return m_batch;
}

void Negatives::advance(EnergyPtr energy) {
    draw(std::move(energy), -(++m_advances));  // steps of training are not negative
}

void Negatives::walkPoints(const Energy& energy, Index step) {
    if (!m_executor) {
        m_executor = pointWalk(energy, m_choices.noise, m_from, derive(m_key, "chains"));
    } else {
        m_executor->setProgram(programFor(energy));
        m_executor->configure(langevin(m_choices.noise));
        m_executor->setPositions(m_from);
    }
    m_executor->setStep(static_cast<std::uint64_t>(step) * kStride);
    m_executor->advance(m_choices.steps);
    m_executor->positions(m_batch);
}

void Negatives::walkPictures(const PictureEnergy& energy, Key key) {
    m_batch = m_from;
    walk(energy, m_choices, m_labels, {}, key, m_choices.steps, m_batch);
}

void walk(const PictureEnergy& energy, const Choices& choices, std::span<const std::int64_t> labels,
          std::span<const std::uint8_t> free, Key key, Index steps, std::span<float> x,
          Index first) {
    const auto low = static_cast<float>(choices.low), high = static_cast<float>(choices.high);
    const auto drift = static_cast<float>(choices.drift), most = static_cast<float>(choices.slope);
    const auto noise = static_cast<float>(choices.noise);
    std::vector<float> value(x.size() / static_cast<std::size_t>(energy.dim())), slope(x.size()),
        xi(x.size());
    for (Index k = 0; k < steps; ++k) {
        if (labels.empty()) {
            energy.evaluate(std::span<const float>(x), value, slope);
        } else {
            energy.evaluateAt(x, labels, value, slope);
        }
        fillNormal(derive(key, static_cast<std::uint64_t>(k)), xi,
                   static_cast<std::uint64_t>(first * energy.dim()));
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (free.empty() || free[i] != 0) {
                const float moved =
                    x[i] + noise * xi[i] - drift * std::clamp(slope[i], -most, most);
                x[i] = std::clamp(moved, low, high);
            }
        }
    }
}

double Negatives::mobility() const {
    return m_displacement /
           (m_choices.noise * std::sqrt(static_cast<double>(m_choices.steps * m_dim)));
}

double Negatives::overlap(const Energy& now) const {
    if (!m_energy || m_batch.empty() || m_step < 0) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const std::size_t rows = m_batch.size() / static_cast<std::size_t>(m_dim);
    std::vector<float> before(rows), after(rows);
    m_energy->evaluate(std::span<const float>(m_batch), before);
    now.evaluate(std::span<const float>(m_batch), after);
    double most = -1e300, sum = 0, square = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        most = std::max(most, static_cast<double>(before[r] - after[r]));
    }
    for (std::size_t r = 0; r < rows; ++r) {
        const double w = std::exp(static_cast<double>(before[r] - after[r]) - most);
        sum += w;
        square += w * w;
    }
    return sum * sum / (static_cast<double>(rows) * square);
}

Index Negatives::pathPoints() const {
    return std::min(m_pathSteps, kLongestPath) + 1;
}

std::vector<double> Negatives::paths(Index count) const {
    if (m_from.empty() || !m_energy) {
        return {};
    }
    const auto d = static_cast<std::size_t>(m_dim);
    const auto rows = static_cast<std::size_t>(std::min(count, m_choices.batch));
    const std::vector<double> start(m_from.begin(),
                                    m_from.begin() + static_cast<std::ptrdiff_t>(rows * d));
    const auto kernel = makeSampler("ula", {{"sampler.step_size", m_pathNoise * m_pathNoise}});
    const Key key = derive(m_key, "chains");
    ChainState state = kernel->init(key, *m_energy, start);
    const auto times = static_cast<std::size_t>(pathPoints());
    std::vector<double> out(rows * times * d);
    for (std::size_t t = 0; t < times; ++t) {
        if (t > 0) {
            kernel->step(key, static_cast<std::uint64_t>(m_step) * kStride + t - 1, *m_energy,
                         state, {});
        }
        const auto x = state.positions();
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t i = 0; i < d; ++i) {
                out[(r * times + t) * d + i] =
                    std::clamp(x[r * d + i], m_choices.low, m_choices.high);
            }
        }
    }
    return out;
}

void Negatives::capture(State& state) const {
    state["negatives"] = Array({m_choices.store, m_dim}, m_store);
    state["negatives.ages"] = Array({m_choices.store}, m_ages);
    state["negatives.labels"] = Array({m_choices.store}, m_storeLabels);
    state["negatives.advances"] = Array({1}, std::vector<std::int64_t>{m_advances});
}

void Negatives::restore(const State& state) {
    const auto found = [&](const char* name, DType type, std::size_t count) -> const Array& {
        const auto at = state.find(name);
        if (at == state.end() || at->second.dtype() != type ||
            at->second.count() != static_cast<Index>(count)) {
            throw UsageError("the negatives of the saved state belong to another run");
        }
        return at->second;
    };
    const auto rows = found("negatives", DType::F32, m_store.size()).values<float>();
    const auto ages = found("negatives.ages", DType::F32, m_ages.size()).values<float>();
    const auto labels = found("negatives.labels", DType::I64, m_ages.size()).values<std::int64_t>();
    for (const std::int64_t label : labels) {
        if (label < 0 || label >= std::max<Index>(1, m_choices.classes)) {
            throw UsageError("negatives.labels of the saved state holds a class that is none");
        }
    }
    // Runs saved before chains could move by themselves have none.
    const bool saved = state.contains("negatives.advances");
    const std::int64_t advances =
        saved ? found("negatives.advances", DType::I64, 1).values<std::int64_t>()[0] : 0;
    if (advances < 0) {
        throw UsageError("negatives.advances of the saved state must not be negative");
    }
    m_advances = advances;
    m_store.assign(rows.begin(), rows.end());
    m_ages.assign(ages.begin(), ages.end());
    m_storeLabels.assign(labels.begin(), labels.end());
    m_batch.clear();
    m_from.clear();
}

}  // namespace lx::learned
