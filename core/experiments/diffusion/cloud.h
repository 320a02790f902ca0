// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/diffusion/reverse.h"

#include <memory>
#include <optional>

namespace lx::diffusion {

/// The noise that particles begin as.
struct NoiseLaw {
    double spread = 0;       ///< of ReverseProcess::start
    std::optional<Box> box;  ///< uniform there instead
};
/// Rows first, first + 1, ... of a round with that key, [count, dim]; row r by (key, r).
std::vector<double> noiseRows(const ReverseProcess&, const NoiseLaw&, Key round, Index count,
                              Index dim, Index first = 0);
/// Of the particles of one way from noise to data.
Key roundKey(Key particles, Index round);

/// Particles that go from noise to data again and again, and where they have been this time.
class Cloud {
public:
    /// Numbers kept of the way, at most: 64 MiB of float.
    static constexpr Index kRecordNumbers = Index{1} << 24;
    /// Times kept: all of 200 steps; of very many particles fewer times, then fewer particles.
    static constexpr Index kRecordTimes = 201, kLeastTimes = 17;

    Cloud(ReverseProcess, Key, Index particles, Index dim, NoiseLaw);

    const ReverseProcess& process() const { return m_process; }
    Index particles() const { return m_particles; }
    Index dim() const { return m_dim; }
    /// Steps made since the beginning of the run.
    Index steps() const { return m_steps; }
    /// Steps made since the particles were noise: 0 only before the first, else 1 ..
    /// process().steps().
    Index within() const;
    /// Of the particles as they are now.
    Key key() const {
        return roundKey(m_key, m_steps == 0 ? 0 : (m_steps - 1) / m_process.steps());
    }
    double time() const { return m_process.timeAfter(within()); }
    Index evaluations() const { return m_evaluations; }
    std::span<const double> rows() const { return m_z; }  ///< [particles, dim]
    /// The first so many particles are recorded.
    Index recorded() const { return m_recorded; }

    /// The next step. After the data comes new noise.
    void step(const Denoiser&);

    /// Times at which it is known where the particles were, the present last.
    std::vector<double> recordTimes() const;
    /// Evaluations of the denoiser, a particle, that had been made at each of them.
    std::vector<Index> recordEvaluations() const;
    /// Where the first particles were at the recorded time `at`, [count <= recorded(), dim].
    void places(Index at, std::span<float> out) const;
    /// [T, count, dim] the same at all of these times.
    Array record(Index count) const;

    /// Places and counters; the record begins anew after restore(), where the particles are.
    void capture(State&) const;
    /// Throws UsageError when the arrays do not fit; then nothing has changed.
    void restore(const State&);

private:
    void begin(Index round);
    void keep();
    void addFrame();

    ReverseProcess m_process;
    Key m_key;
    Index m_particles, m_dim, m_recorded;
    NoiseLaw m_noise;
    Index m_steps = 0, m_evaluations = 0, m_stride = 1, m_keptAt = 0;
    std::vector<double> m_z, m_times;
    std::vector<Index> m_evaluationsAt;  ///< one a recorded time
    /// One a recorded time; nobody changes a frame, so that copies of the cloud share them.
    std::vector<std::shared_ptr<const std::vector<float>>> m_frames;
};

}  // namespace lx::diffusion
