// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/negatives.h"

#include "core/base/philox.h"
#include "core/executors/fused_executor.h"
#include "core/experiments/threads.h"
#include "core/samplers/registry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::learned {
namespace {

/// Numbers of Langevin steps from one training step to the next, so that none is used twice.
constexpr std::uint64_t kStride = 10'000;

}  // namespace

Negatives::Negatives(const Choices& choices, Index dim, Key key)
    : m_choices(choices), m_dim(dim), m_key(key) {
    m_store.resize(static_cast<std::size_t>(m_choices.store * dim));
    restart(0);
}

void Negatives::fresh(Key key, std::span<float> row) const {
    fillUniform(key, row);
    for (float& v : row) {
        v = static_cast<float>(m_choices.box) * (2 * v - 1);
    }
}

void Negatives::restart(Index step) {
    fresh(derive(derive(m_key, "restart"), static_cast<std::uint64_t>(step)), m_store);
    m_batch.clear();
    m_from.clear();
}

std::span<const float> Negatives::draw(std::shared_ptr<const MlpEnergy> energy, Index step) {
    const auto d = static_cast<std::size_t>(m_dim);
    const auto rows = static_cast<std::size_t>(m_choices.batch);
    const Key key = derive(m_key, static_cast<std::uint64_t>(step));
    // A permutation would be fairer; with thousands of chains a repeated one does no harm: the
    // later row stays.
    std::vector<std::int64_t> chosen(rows);
    if (m_choices.memory == Memory::Replay) {
        fillBelow(derive(key, "choice"), static_cast<std::uint64_t>(m_choices.store), chosen);
    } else {
        for (std::size_t r = 0; r < rows; ++r) {
            chosen[r] = static_cast<std::int64_t>(r);
        }
    }
    std::vector<float> anew(rows), noise(rows * d);
    fillUniform(derive(key, "anew"), anew);
    fresh(derive(key, "start"), noise);
    m_from.resize(rows * d);
    for (std::size_t r = 0; r < rows; ++r) {
        const bool begins = static_cast<double>(anew[r]) < m_choices.reset;
        const float* from =
            begins ? &noise[r * d] : &m_store[static_cast<std::size_t>(chosen[r]) * d];
        std::copy_n(from, d, &m_from[r * d]);
    }
    executors::StepSettings settings;
    settings.method = executors::Method::Ula;
    settings.stepSize = m_choices.noise * m_choices.noise;
    const auto program = executors::programOf(*energy);
    if (!program) {
        throw UsageError("network.hidden: chains follow at most four layers of 256 units");
    }
    if (!m_executor) {
        executors::FusedOptions options;
        options.key = derive(m_key, "chains");
        options.threads = computeThreads();
        m_executor = executors::fusedExecutor(program, settings, m_from, options);
    } else {
        m_executor->setProgram(program);
        m_executor->configure(settings);
        m_executor->setPositions(m_from);
    }
    m_executor->setStep(static_cast<std::uint64_t>(step) * kStride);
    m_executor->advance(m_choices.steps);
    m_batch.resize(rows * d);
    m_executor->positions(m_batch);
    const auto box = static_cast<float>(m_choices.box);
    double moved = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        double square = 0;
        for (std::size_t i = r * d; i < (r + 1) * d; ++i) {
            m_batch[i] = std::clamp(m_batch[i], -box, box);
            const auto u = static_cast<double>(m_batch[i] - m_from[i]);
            square += u * u;
        }
        moved += std::sqrt(square);
        std::copy_n(&m_batch[r * d], d, &m_store[static_cast<std::size_t>(chosen[r]) * d]);
    }
    m_displacement = moved / static_cast<double>(rows);
    m_energy = std::move(energy);
    m_step = step;
    return m_batch;
}

double Negatives::mobility() const {
    return m_displacement /
           (m_choices.noise * std::sqrt(static_cast<double>(m_choices.steps * m_dim)));
}

double Negatives::overlap(const MlpEnergy& now) const {
    if (!m_energy || m_batch.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto rows = static_cast<std::size_t>(m_choices.batch);
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

std::vector<double> Negatives::paths(Index count) const {
    if (m_from.empty() || !m_energy) {
        return {};
    }
    const auto d = static_cast<std::size_t>(m_dim);
    const auto rows = static_cast<std::size_t>(std::min(count, m_choices.batch));
    const std::vector<double> start(m_from.begin(),
                                    m_from.begin() + static_cast<std::ptrdiff_t>(rows * d));
    const auto kernel =
        makeSampler("ula", {{"sampler.step_size", m_choices.noise * m_choices.noise}});
    const Key key = derive(m_key, "chains");
    ChainState state = kernel->init(key, *m_energy, start);
    const auto times = static_cast<std::size_t>(m_choices.steps) + 1;
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
                    std::clamp(x[r * d + i], -m_choices.box, m_choices.box);
            }
        }
    }
    return out;
}

void Negatives::capture(State& state) const {
    state["negatives"] = Array({m_choices.store, m_dim}, m_store);
}

void Negatives::restore(const State& state) {
    const auto found = state.find("negatives");
    if (found == state.end() || found->second.dtype() != DType::F32 ||
        found->second.count() != std::ssize(m_store)) {
        throw UsageError("the negatives of the saved state belong to another run");
    }
    const auto values = found->second.values<float>();
    m_store.assign(values.begin(), values.end());
    m_batch.clear();
    m_from.clear();
}

}  // namespace lx::learned
