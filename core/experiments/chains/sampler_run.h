// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/executors/executor.h"
#include "core/experiments/chains/plan.h"
#include "core/experiments/chains/tile_team.h"
#include "core/samplers/warmup.h"
#include "core/session/engine_module.h"

#include <chrono>
#include <optional>

namespace lx::chains {

/// How the chains that were asked for will move in the step that comes next.
struct NextStep {
    StepTrace trace;
    std::vector<StepInfo> info;                     ///< of the traced chains
    std::vector<std::vector<double>> energyErrors;  ///< H along each path minus H at its start
};

/// Chains of one kernel on one energy, with their warm-up: a step at a time, or a part of one when
/// it is long. Belongs to the engine thread.
class SamplerRun {
public:
    /// `params` are complete. Throws UsageError naming the parameter. Where sampler.executor asks
    /// for a device that is not there the fused executor takes its place, and executorNote() says
    /// so.
    SamplerRun(ParamSet params, Key key, Index threads, const GpuChains& gpu = {},
               Energies energies = energySpecs());

    const ParamSet& params() const noexcept { return m_params; }
    const EnergyPtr& energy() const noexcept { return m_energy; }
    const SamplerSpec& spec() const noexcept { return m_spec; }
    const Kernel& kernel() const noexcept { return *m_kernel; }
    const ChainState& state() const noexcept { return m_state; }
    const Warmup& warmup() const noexcept { return m_warmup; }
    Index chains() const noexcept { return m_state.chains; }
    Index dim() const noexcept { return m_state.dim; }
    Index steps() const noexcept { return m_steps; }  ///< whole ones
    bool warming() const noexcept { return m_steps < m_warmup.iterations(); }
    bool adapting() const noexcept { return warming() && !m_frozen; }
    /// Some chains have made the step under way.
    bool midStep() const noexcept { return m_done > 0; }
    double stepSize() const;
    std::string executorName() const { return m_executor ? m_executor->name() : "reference"; }
    /// Why another executor steps than the one asked for; empty: it does not.
    const std::string& executorNote() const noexcept { return m_executorNote; }

    using Time = std::chrono::steady_clock::time_point;
    /// Makes a step, or goes on with the one under way. False when `stop` or `end` came first; a
    /// part of the step is made in any case. Throws NumericalError, naming the chain, when a
    /// kernel without a Metropolis decision runs away.
    bool step(std::stop_token stop, std::optional<Time> end);
    /// What the last whole step did, [chains].
    std::span<const StepInfo> info() const noexcept { return m_info; }

    /// The step that comes next, as the key decides it, of `chains`; the run itself stays as it
    /// is. Empty while a step is under way, or when that would cost too much.
    NextStep nextStep(std::span<const Index> chains) const;
    /// Of the random numbers of all steps.
    Key sampleKey() const { return derive(m_key, "sample"); }

    /// A live parameter: of the energy, of the kernel, or sampler.step_size, which ends adaptation.
    /// True when the target is another one now.
    bool set(const std::string& id, const ParamValue& value);
    /// Puts chain `chain` at `x` [D]. Throws UsageError outside the support.
    void place(Index chain, std::span<const double> x);
    /// To a place of the initial law; chain -1: all.
    void restart(Index chain);

    State capture() const;
    /// Throws UsageError; then nothing has changed.
    void restore(const State&);

private:
    Index tileSize() const;
    bool stepReference(const std::stop_token& stop, std::optional<Time> end);
    void stepExecutor();
    void chooseExecutor(const GpuChains&);
    std::unique_ptr<executors::ChainExecutor> onGpu(const GpuChains&, executors::ProgramPtr,
                                                    std::span<const float> positions);
    /// Hands positions (and momenta) of the state to the executor, in its precision.
    void toExecutor();
    executors::StepSettings settings(const ParamSet&) const;
    std::vector<double> pathErrors(const ChainTrace&) const;
    void finish();
    void requireInRange() const;
    void setEnergy(EnergyPtr energy);

    Energies m_energies;
    ParamSet m_params;
    Key m_key;
    EnergyPtr m_energy;
    std::vector<double> m_farthest;  ///< [D], where a chain counts as run away
    SamplerSpec m_spec;
    std::unique_ptr<const Kernel> m_kernel;
    ChainState m_state;
    Warmup m_warmup;
    bool m_frozen = false;  ///< the step size was set by hand
    Index m_steps = 0, m_done = 0, m_restarts = 0;
    std::vector<StepInfo> m_info;
    TileTeam m_team;
    std::unique_ptr<executors::ChainExecutor> m_executor;  ///< null: the reference steps
    std::string m_executorNote;
    std::vector<float> m_floats;
};

}  // namespace lx::chains
