// SPDX-License-Identifier: GPL-3.0-or-later
// Steps by an executor: single precision, all chains at once. The state of the run mirrors it after
// every step, so that all else need not know who computes.
#include "core/executors/fused_executor.h"
#include "core/experiments/chains/sampler_run.h"

#include <algorithm>
#include <cmath>

namespace lx::chains {
namespace {

/// Below this many the reference is quick enough, and exact to more digits.
constexpr Index kWorthwhile = 256;

void widen(std::span<const float> from, std::span<double> to) {
    std::ranges::copy(from, to.begin());
}

}  // namespace

executors::StepSettings SamplerRun::settings(const ParamSet& params) const {
    executors::StepSettings out = *executors::stepSettings(m_spec.id, params);
    out.stepSize = m_state.stepSize();
    if (const auto mass = m_state.shared.find("inverse_mass"); mass != m_state.shared.end()) {
        out.inverseMass = mass->second;
    }
    return out;
}

/// Null, with a note that says why, where there is no device: the same program steps on the
/// processor, along the same paths up to rounding.
std::unique_ptr<executors::ChainExecutor> SamplerRun::onGpu(const GpuChains& gpu,
                                                            executors::ProgramPtr program,
                                                            std::span<const float> x) {
    std::string why = "this program was built without Vulkan";
    try {
        if (gpu) {
            return gpu(std::move(program), settings(m_params), x, sampleKey());
        }
    } catch (const UsageError& error) {
        throw UsageError("sampler.executor=vulkan: " + std::string(error.what()));
    } catch (const DeviceError& error) {
        why = error.what();
        why.erase(why.find_last_not_of('.') + 1);  // the sentence goes on
    }
    m_executorNote =
        "sampler.executor=vulkan: " + why + "; the fused executor steps these chains instead.";
    return nullptr;
}

void SamplerRun::chooseExecutor(const GpuChains& gpu) {
    const std::string& choice = text(m_params, "sampler.executor");
    if (choice == "reference") {
        return;
    }
    const auto numbers = executors::stepSettings(m_spec.id, m_params);
    const auto program = executors::programOf(*m_energy);
    const auto metric = m_params.find("sampler.metric");
    const bool dense = metric != m_params.end() && std::get<std::string>(metric->second) == "dense";
    const bool can = numbers && program && !dense;
    if (choice != "auto" && !can) {
        throw UsageError("sampler.executor=" + choice + ": it has no code for " +
                         (!numbers   ? "the kernel " + m_spec.id
                          : !program ? "the energy " + text(m_params, "energy")
                                     : std::string("a dense metric")) +
                         "; choose auto or reference");
    }
    if (!can || (choice == "auto" && chains() < kWorthwhile)) {
        return;
    }
    std::vector<float> x(m_state.positions().begin(), m_state.positions().end());
    if (choice == "vulkan") {
        m_executor = onGpu(gpu, program, x);
    }
    if (!m_executor) {
        executors::FusedOptions options;
        options.key = sampleKey();
        options.threads = static_cast<int>(m_team.threads());
        m_executor = executors::fusedExecutor(program, settings(m_params), x, options);
    }
    toExecutor();
    m_kernel->refresh(*m_energy, m_state, {0, chains()});
}

void SamplerRun::toExecutor() {
    if (!m_executor) {
        return;
    }
    const auto narrow = [&](std::string_view name) {
        const auto values = m_state.array(name);
        m_floats.assign(values.begin(), values.end());
        widen(m_floats, m_state.array(name));
        return std::span<const float>(m_floats);
    };
    m_executor->setPositions(narrow("position"));
    if (m_state.arrays.contains("momentum")) {
        m_executor->setMomenta(narrow("momentum"));
    }
}

void SamplerRun::stepExecutor() {
    const auto n = static_cast<std::size_t>(chains());
    const executors::StepSettings now = settings(m_params);
    m_executor->configure(now);
    m_executor->setStep(static_cast<std::uint64_t>(m_steps));
    m_executor->resetCounts();
    m_executor->advance(1);
    m_floats.resize(n * static_cast<std::size_t>(dim()));
    m_executor->positions(m_floats);
    widen(m_floats, m_state.array("position"));
    if (m_state.arrays.contains("momentum")) {
        m_executor->momenta(m_floats);
        widen(m_floats, m_state.array("momentum"));
    }
    m_floats.resize(n);
    m_executor->energies(m_floats);
    widen(m_floats, m_state.array("energy"));
    const auto counts = m_executor->counts();
    const Index gradients = now.method == executors::Method::Hmc ? now.leapfrogs : 1;
    for (std::size_t c = 0; c < n; ++c) {
        StepInfo& info = m_info[c];
        info = {};
        info.acceptProb = static_cast<double>(counts.acceptance[c]);
        info.accepted = counts.accepted[c] > 0;
        info.diverged = counts.diverged[c] > 0;
        info.energy = static_cast<double>(m_floats[c]);
        info.energyError = -std::log(info.acceptProb);
        info.gradients = gradients;
    }
}

}  // namespace lx::chains
