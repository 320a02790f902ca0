// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/executors/executor.h"
#include "core/experiments/energy/energy_net.h"

#include <memory>

namespace lx::learned {

/// The chains that negatives come from. Those of points step by the kernel `ula` at temperature 1
/// on the fused executor and are put back on the border of the box in the end. Those of pictures
/// step by x + noise xi - drift clip(grad E) and are put back after each step; one that begins anew
/// draws the class that it keeps.
class Negatives {
public:
    Negatives(const Choices&, Index dim, Key);

    Choices& choices() { return m_choices; }
    const Choices& choices() const { return m_choices; }
    /// Negatives [walkers, dim] for training step `step`, made on `energy` and kept in the store.
    /// Row r depends on (key, step, r) and the store alone.
    std::span<const float> draw(EnergyPtr energy, Index step);
    /// The same beside training, for those who watch the chains: each call draws other numbers.
    void advance(EnergyPtr energy);
    /// Calls of advance().
    Index advances() const { return m_advances; }
    /// Classes of the last negatives [walkers]; read where there are classes only.
    std::span<const std::int64_t> labels() const { return m_labels; }
    /// Mean distance that the last negatives went.
    double displacement() const { return m_displacement; }
    /// That distance over what chains without any energy would go, sd sqrt(steps dim).
    double mobility() const;
    /// Share of the last negatives that count once each is weighted from the energy it was made on
    /// to `now`: (sum w)^2 / (N sum w^2). 1: they are as good for `now`; not-a-number before the
    /// first, and where the last ones were not made for training.
    double overlap(const Energy& now) const;
    /// [store, dim]
    std::span<const float> store() const { return m_store; }
    /// [store] training steps since each chain began.
    std::span<const float> ages() const { return m_ages; }
    /// [C, steps + 1, dim] the way of the first `count` negatives of the last step, by the
    /// reference kernel, of 200 steps at most; empty before the first.
    std::vector<double> paths(Index count) const;
    /// Points of each of those ways.
    Index pathPoints() const;
    /// All chains begin anew.
    void restart(Index step);

    void capture(State&) const;
    /// Throws UsageError when the arrays do not fit; then nothing has changed.
    void restore(const State&);

private:
    void walkPoints(const Energy&, Index step);
    void walkPictures(const PictureEnergy&, Key);

    Choices m_choices;
    Index m_dim;
    Key m_key;
    std::vector<float> m_store, m_ages, m_from, m_batch;
    std::vector<std::int64_t> m_storeLabels, m_labels;
    EnergyPtr m_energy;  ///< of the last step
    Index m_step = 0, m_advances = 0, m_pathSteps = 0;
    double m_displacement = 0, m_pathNoise = 0;
    std::unique_ptr<executors::ChainExecutor> m_executor;
};

/// `steps` Langevin steps of pictures x [N, D], in place, as the chains of training make them: the
/// rows first, first + 1, ... of the key. `labels` [N]: under a class each; empty: under E(x).
/// `free` [N, D]: only pixels that are not 0 move; empty: all.
void walk(const PictureEnergy&, const Choices&, std::span<const std::int64_t> labels,
          std::span<const std::uint8_t> free, Key, Index steps, std::span<float> x,
          Index first = 0);
/// The kernel `ula` for chains of points from `start` [N, dim]: the rows offset, offset + 1, ... of
/// the key. Throws UsageError when the network is too large for it.
std::unique_ptr<executors::ChainExecutor> pointWalk(const Energy&, double noise,
                                                    std::span<const float> start, Key,
                                                    Index offset = 0);
/// Uniform in the box: numbers firstElement, firstElement + 1, ... of the key.
void fillBox(const Choices&, Key, std::span<float> rows, std::uint64_t firstElement = 0);

}  // namespace lx::learned
