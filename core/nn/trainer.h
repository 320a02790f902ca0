// SPDX-License-Identifier: GPL-3.0-or-later
// Training is data: stages of phases, and one loop that runs them.
#pragma once

#include "core/nn/optimiser.h"

#include <functional>

namespace lx {

/// One update within a step. `group` and `frozen` are name prefixes ("encoder", "decoder"); an
/// empty group is every parameter.
struct Phase {
    std::string name, group;
    Index every = 1;
    std::vector<std::string> frozen;
};
struct Stage {
    std::string name;
    Index steps = 0;  ///< 0: for ever
    std::vector<Phase> phases;
};

/// A scalar of one step, for the timeline.
struct Term {
    std::uint32_t series = 0;
    double value = 0;
};
/// Losses of one phase; the first is the one that was differentiated.
struct StepResult {
    std::string lossName = "loss";
    double loss = 0;
    double gradientNorm = 0;
    double rate = 0;
    std::vector<Term> terms;
};

/// Fills the gradients of one phase at one step and returns its losses.
using GradientFunction = std::function<StepResult(const Phase&, Index step)>;

class Trainer {
public:
    /// Throws UsageError when a phase names no parameter.
    Trainer(Parameters&, OptimiserOptions, std::vector<Stage>, GradientFunction);

    /// One whole step, or the one phase that is named. Throws NumericalError before any parameter
    /// has changed when a loss or gradient of the phase is not finite.
    StepResult step(const std::string& phase = {});
    Index steps() const noexcept { return m_steps; }
    void setSteps(Index steps) { m_steps = steps; }
    const Stage& stage() const;
    const Parameters& parameters() const noexcept { return m_parameters; }
    Adam& optimiser() noexcept { return m_adam; }
    const Adam& optimiser() const noexcept { return m_adam; }
    bool hasPhase(const std::string& name) const;

private:
    struct Work {
        Phase phase;
        std::vector<std::pair<Index, Index>> ranges;
    };
    StepResult runPhase(const Work&);
    std::size_t stageIndex() const;

    Parameters& m_parameters;
    Adam m_adam;
    std::vector<Stage> m_stages;
    std::vector<std::vector<Work>> m_work;
    GradientFunction m_gradient;
    Index m_steps = 0;
};

}  // namespace lx
