// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/executors/executor.h"
#include "core/experiments/energy/energy_net.h"

#include <memory>

namespace lx::learned {

/// The chains that negatives come from. Steps are those of the kernel `ula` at temperature 1 on the
/// fused executor; a chain that leaves the box is put back on its border.
class Negatives {
public:
    Negatives(const Choices&, Index dim, Key);

    Choices& choices() { return m_choices; }
    const Choices& choices() const { return m_choices; }
    /// Negatives [batch, dim] for training step `step`, made on `energy` and kept in the store. Row
    /// r depends on (key, step, r) and the store alone.
    std::span<const float> draw(std::shared_ptr<const MlpEnergy> energy, Index step);
    /// Mean distance that the last negatives went.
    double displacement() const { return m_displacement; }
    /// That distance over what chains without any energy would go, sd sqrt(steps dim).
    double mobility() const;
    /// Share of the last negatives that count once each is weighted from the energy it was made on
    /// to `now`: (sum w)^2 / (N sum w^2). 1: they are as good for `now`; not-a-number before the
    /// first.
    double overlap(const MlpEnergy& now) const;
    /// [store, dim]
    std::span<const float> store() const { return m_store; }
    /// [count, steps + 1, dim] the way of the first negatives of the last step, by the reference
    /// kernel; empty before the first.
    std::vector<double> paths(Index count) const;
    /// All chains begin anew.
    void restart(Index step);

    void capture(State&) const;
    /// Throws UsageError when the arrays do not fit; then nothing has changed.
    void restore(const State&);

private:
    void fresh(Key, std::span<float> row) const;

    Choices m_choices;
    Index m_dim;
    Key m_key;
    std::vector<float> m_store, m_from, m_batch;
    std::shared_ptr<const MlpEnergy> m_energy;  ///< of the last step
    Index m_step = 0;
    double m_displacement = 0;
    std::unique_ptr<executors::ChainExecutor> m_executor;
};

}  // namespace lx::learned
