// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/fused_executor.h"

#include "core/base/philox.h"
#include "core/executors/crew.h"
#include "core/executors/fused/pack.h"
#include "core/executors/step_numbers.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace lx::executors {
namespace {

using fused::Job;
using fused::Level;
using fused::Line;

std::vector<const Level*> levels() {
    std::vector<const Level*> out;
#ifdef LX_FUSED_X86
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        out.push_back(&fused::kAvx512);
    }
    if (avx2) {
        out.push_back(&fused::kAvx2);
    }
#endif
    out.push_back(&fused::kBaseline);
    return out;
}

const Level& levelOf(const std::string& name) {
    const auto all = levels();
    if (name.empty()) {
        return *all.front();
    }
    const auto at = std::ranges::find(all, name, [](const Level* l) { return l->name; });
    if (at == all.end()) {
        throw UsageError("this processor or build has no instruction set \"" + name + "\"");
    }
    return **at;
}

fused::Step stepOf(Method method) {
    switch (method) {
        case Method::Ula: return fused::Step::Ula;
        case Method::Mala: return fused::Step::Mala;
        case Method::Hmc: return fused::Step::Hmc;
        case Method::Underdamped: return fused::Step::Underdamped;
    }
    return fused::Step::Ula;
}

/// One number a chain, or one a coordinate and chain, in vectors of chains.
class Vectors {
public:
    Vectors(Index vectors, Index rows, int width)
        : m_rows(static_cast<std::size_t>(rows)),
          m_width(static_cast<std::size_t>(width)),
          m_lines((static_cast<std::size_t>(vectors * rows * width) + 15) / 16) {}
    float* data() { return m_lines.front().values; }
    std::uint32_t* words() { return reinterpret_cast<std::uint32_t*>(data()); }
    std::size_t index(std::size_t chain, std::size_t row) const {
        return (chain / m_width * m_rows + row) * m_width + chain % m_width;
    }
    /// rows [chains, rows] -> vectors; lanes past the end repeat the last chain.
    void gather(std::span<const float> rows) {
        const std::size_t chains = rows.size() / m_rows;
        const std::size_t lanes = (chains + m_width - 1) / m_width * m_width;
        for (std::size_t c = 0; c < lanes; ++c) {
            for (std::size_t k = 0; k < m_rows; ++k) {
                data()[index(c, k)] = rows[std::min(c, chains - 1) * m_rows + k];
            }
        }
    }
    template <class T>
    void scatter(std::span<T> rows) const {
        const auto* from = reinterpret_cast<const T*>(m_lines.front().values);
        for (std::size_t c = 0; c < rows.size() / m_rows; ++c) {
            for (std::size_t k = 0; k < m_rows; ++k) {
                rows[c * m_rows + k] = from[index(c, k)];
            }
        }
    }
    void clear() { std::ranges::fill(m_lines, Line{}); }

private:
    std::size_t m_rows, m_width;
    std::vector<Line> m_lines;
};

class FusedExecutor final : public ChainExecutor {
public:
    FusedExecutor(ProgramPtr program, const StepSettings& settings,
                  std::span<const float> positions, const FusedOptions& options)
        : m_level(levelOf(options.level)),
          m_dim(program->dim()),
          m_chains(static_cast<Index>(positions.size()) / m_dim),
          m_vectors((m_chains + m_level.width - 1) / m_level.width),
          m_crew(std::clamp(options.threads, 1, 256), options.onThreadStart),
          m_position(m_vectors, m_dim, m_level.width),
          m_gradient(m_vectors, m_dim, m_level.width),
          m_momentum(m_vectors, m_dim, m_level.width),
          m_energy(m_vectors, 1, m_level.width),
          m_acceptance(m_vectors, 1, m_level.width),
          m_accepted(m_vectors, 1, m_level.width),
          m_diverged(m_vectors, 1, m_level.width) {
        m_job.dim = static_cast<std::int32_t>(m_dim);
        m_job.key = philoxKey(options.key);
        m_job.firstChain = static_cast<std::uint32_t>(options.offset);
        m_job.position = m_position.data();
        m_job.gradient = m_gradient.data();
        m_job.momentum = m_momentum.data();
        m_job.energy = m_energy.data();
        m_job.acceptance = m_acceptance.data();
        m_job.accepted = m_accepted.words();
        m_job.diverged = m_diverged.words();
        m_scratch.resize(static_cast<std::size_t>(m_crew.threads()));
        setProgram(std::move(program));
        configure(settings);
        setPositions(positions);
        setMomenta(startMomenta(options.key, options.offset, m_chains, m_dim));
    }

    std::string name() const override {
        return std::string("fused, ") + m_level.name + ", " + std::to_string(m_crew.threads()) +
               (m_crew.threads() == 1 ? " thread" : " threads");
    }
    Index chains() const override { return m_chains; }
    Index dim() const override { return m_dim; }

    void configure(const StepSettings& s) override {
        m_numbers = stepNumbers(s, *m_program);
        m_settings = s;
        fused::Kernel& k = m_job.kernel;
        k.step = stepOf(s.method);
        k.leapfrogs = static_cast<std::int32_t>(s.leapfrogs);
        k.stepSize = m_numbers.stepSize;
        k.jitter = m_numbers.jitter;
        k.decay = m_numbers.decay;
        k.noise = m_numbers.noise;
        const bool unit = s.inverseMass.empty();
        k.inverseMass = unit ? nullptr : m_numbers.inverseMass.data();
        k.momentumSd = unit ? nullptr : m_numbers.momentumSd.data();
    }

    void setProgram(ProgramPtr program) override {
        requireProgram(program, m_dim);
        if (m_program) {
            requireEnergy(*program, m_settings.method);
        }
        m_packed = std::make_unique<fused::Packed>(*program);
        m_program = std::move(program);
        m_job.kind = m_packed->kind();
        m_job.field = m_packed->field();
        const auto bytes = static_cast<std::size_t>(m_level.scratchBytes(m_job));
        for (auto& scratch : m_scratch) {
            scratch.resize((bytes + sizeof(Line) - 1) / sizeof(Line));
        }
        m_current = false;
    }

    void setPositions(std::span<const float> x) override {
        requireRows(x.size(), m_chains, m_dim);
        m_position.gather(x);
        m_current = false;
    }
    void setMomenta(std::span<const float> p) override {
        requireRows(p.size(), m_chains, m_dim);
        m_momentum.gather(p);
    }
    std::uint64_t step() const override { return m_step; }
    void setStep(std::uint64_t step) override { m_step = step; }

    Index advance(Index steps, std::stop_token stop) override {
        refresh();
        Index done = 0;
        while (done < steps && !stop.stop_requested()) {
            // Stops are heard between blocks of some milliseconds; bits do not depend on blocks.
            const Index block = stop.stop_possible() ? std::min(m_block, steps - done) : steps;
            m_job.firstStep = m_step;
            m_job.steps = block;
            const auto start = std::chrono::steady_clock::now();
            shareOut(m_level.advance);
            const auto time = std::chrono::steady_clock::now() - start;
            if (time < std::chrono::milliseconds(5)) {
                m_block = std::max(m_block, std::min<Index>(2 * block, 1 << 20));
            } else if (time > std::chrono::milliseconds(20)) {
                m_block = std::max<Index>(1, block / 2);
            }
            m_step += static_cast<std::uint64_t>(block);
            m_counted += static_cast<std::uint64_t>(block);
            done += block;
        }
        return done;
    }

    void positions(std::span<float> x) override {
        requireRows(x.size(), m_chains, m_dim);
        m_position.scatter(x);
    }
    void momenta(std::span<float> p) override {
        requireRows(p.size(), m_chains, m_dim);
        m_momentum.scatter(p);
    }
    void energies(std::span<float> e) override {
        if (!m_program->hasEnergy()) {
            throw UsageError("a score network has no energy");
        }
        requireRows(e.size(), m_chains, 1);
        refresh();
        m_energy.scatter(e);
    }
    ChainCounts counts() override {
        const auto n = static_cast<std::size_t>(m_chains);
        ChainCounts out{m_counted, std::vector<std::uint32_t>(n), std::vector<std::uint32_t>(n),
                        std::vector<float>(n)};
        m_accepted.scatter(std::span(out.accepted));
        m_diverged.scatter(std::span(out.diverged));
        m_acceptance.scatter(std::span(out.acceptance));
        return out;
    }
    void resetCounts() override {
        m_counted = 0;
        m_accepted.clear();
        m_diverged.clear();
        m_acceptance.clear();
    }

private:
    /// Energies and gradients of the positions, where they are not known.
    void refresh() {
        if (!m_current) {
            shareOut(m_level.evaluate);
            m_current = true;
        }
    }
    void shareOut(void (*work)(const Job&, std::int64_t, std::int64_t, void*)) {
        constexpr Index kTile = 6;  // whole tiles of one, two and three vectors
        const Index threads = m_crew.threads();
        // Few chains are split evenly; many in pieces, so that a thread that is held up gets fewer.
        Index chunk = (m_vectors + threads - 1) / threads;
        if (threads > 1 && chunk > 4 * kTile) {
            chunk = (m_vectors / (threads * 8) + kTile - 1) / kTile * kTile;
        }
        const auto parts = static_cast<std::uint32_t>((m_vectors + chunk - 1) / chunk);
        m_crew.run(parts, [&](std::uint32_t part, int worker) {
            const Index first = static_cast<Index>(part) * chunk;
            work(m_job, first, std::min(chunk, m_vectors - first),
                 m_scratch[static_cast<std::size_t>(worker)].data());
        });
    }

    const Level& m_level;
    Index m_dim, m_chains, m_vectors;
    Crew m_crew;
    Vectors m_position, m_gradient, m_momentum, m_energy, m_acceptance, m_accepted, m_diverged;
    std::vector<std::vector<Line>> m_scratch;  ///< of each worker
    StepSettings m_settings;
    StepNumbers m_numbers;
    ProgramPtr m_program;
    std::unique_ptr<fused::Packed> m_packed;
    Job m_job{};
    std::uint64_t m_step = 0, m_counted = 0;
    Index m_block = 1;
    bool m_current = false;  ///< energies and gradients belong to the positions
};

}  // namespace

std::vector<std::string> fusedLevels() {
    std::vector<std::string> out;
    for (const Level* level : levels()) {
        out.emplace_back(level->name);
    }
    return out;
}

std::unique_ptr<ChainExecutor> fusedExecutor(ProgramPtr program, const StepSettings& settings,
                                             std::span<const float> positions,
                                             const FusedOptions& options) {
    requireChains(program, positions.size(), options.offset);
    return std::make_unique<FusedExecutor>(std::move(program), settings, positions, options);
}

}  // namespace lx::executors
