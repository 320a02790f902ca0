// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/sampler_run.h"

#include "core/samplers/mass_matrix.h"

#include <algorithm>
#include <cmath>

namespace lx::chains {
namespace {

constexpr Index kInfoNumbers = 9;

std::vector<double> packed(std::span<const StepInfo> info) {
    std::vector<double> out;
    out.reserve(info.size() * kInfoNumbers);
    for (const StepInfo& i : info) {
        out.insert(out.end(),
                   {i.acceptProb, i.energy, i.energyError, i.hamiltonian,
                    static_cast<double>(i.gradients), static_cast<double>(i.evaluations),
                    static_cast<double>(i.depth), i.accepted ? 1.0 : 0.0, i.diverged ? 1.0 : 0.0});
    }
    return out;
}

void unpack(std::span<const double> from, std::span<StepInfo> info) {
    for (std::size_t c = 0; c * kInfoNumbers < from.size(); ++c) {
        const double* at = from.data() + c * kInfoNumbers;
        info[c] = {at[0],
                   at[1],
                   at[2],
                   at[3],
                   static_cast<Index>(at[4]),
                   static_cast<Index>(at[5]),
                   static_cast<Index>(at[6]),
                   at[7] != 0,
                   at[8] != 0};
    }
}

}  // namespace

SamplerRun::SamplerRun(ParamSet params, Key key, Index threads, const GpuChains& gpu,
                       Energies energies)
    : m_energies(std::move(energies)),
      m_params(std::move(params)),
      m_key(key),
      m_energy(energyOf(m_params, m_energies)),
      m_spec(samplerSpecOf(m_params)),
      m_kernel(kernelOf(m_params)),
      m_state(m_kernel->init(derive(key, "kernel"), *m_energy,
                             startOf(m_params, *m_energy, derive(key, "init")))),
      m_warmup(warmupOptions(m_spec, m_params, integer(m_params, "sampler.warmup")),
               derive(key, "warmup")),
      m_info(static_cast<std::size_t>(m_state.chains)),
      m_team(threads) {
    setEnergy(m_energy);
    chooseExecutor(gpu);
    m_warmup.begin(*m_kernel, *m_energy, m_state);
}

double SamplerRun::stepSize() const {
    return m_state.shared.contains("step_size") ? m_state.stepSize()
                                                : std::numeric_limits<double>::quiet_NaN();
}

/// Some milliseconds of work at most, and whole tiles of the kernel.
Index SamplerRun::tileSize() const {
    return std::clamp<Index>(8192 / dim() / 64 * 64, 64, 1024);
}

bool SamplerRun::step(std::stop_token stop, std::optional<Time> end) {
    if (m_executor) {
        stepExecutor();
    } else if (!stepReference(stop, end)) {
        return false;
    }
    m_done = 0;
    finish();
    return true;
}

bool SamplerRun::stepReference(const std::stop_token& stop, std::optional<Time> end) {
    const auto over = [&] {
        return stop.stop_requested() || (end && std::chrono::steady_clock::now() >= *end);
    };
    const auto step = static_cast<std::uint64_t>(m_steps);
    const Key key = sampleKey();
    if (m_kernel->ensemble()) {
        m_kernel->step(key, step, *m_energy, m_state, m_info);
        return true;
    }
    const Index size = tileSize(), tiles = (chains() + size - 1) / size;
    const auto body = [&](Index tile) {
        m_kernel->step(key, step, *m_energy, m_state,
                       {tile * size, std::min((tile + 1) * size, chains())}, m_info);
    };
    const Index next = m_team.run(m_done / size, tiles, body, over);
    m_done = next * size;
    return next == tiles;
}

void SamplerRun::finish() {
    if (!m_spec.exact) {
        requireInRange();
    }
    if (adapting()) {
        if (m_executor) {
            // Where a first step size is sought anew the kernel itself tries some chains.
            m_kernel->refresh(*m_energy, m_state, {0, std::min<Index>(chains(), 16)});
        }
        m_warmup.after(*m_kernel, *m_energy, m_state, m_info);
    }
    ++m_steps;
}

/// Without a decision a step that is too large makes chains run away exponentially, until no
/// proposal is a number any more; the step before that says it clearly.
void SamplerRun::requireInRange() const {
    const auto x = m_state.positions();
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t k = i % m_farthest.size();
        if (!(std::abs(x[i]) <= m_farthest[k])) {
            throw NumericalError(
                "position of chain " + std::to_string(i / m_farthest.size()), m_steps + 1,
                "coordinate " + m_energy->names()[k] +
                    " ran away, for this kernel never rejects a step; lower sampler.step_size "
                    "(now " +
                    format(ParamValue(stepSize())) + ")");
        }
    }
}

void SamplerRun::setEnergy(EnergyPtr energy) {
    const Box frame = energy->frame();
    m_farthest.clear();
    for (std::size_t k = 0; k < frame.lower.size(); ++k) {
        m_farthest.push_back(1e8 *
                             std::max({1.0, std::abs(frame.lower[k]), std::abs(frame.upper[k])}));
    }
    m_energy = std::move(energy);
}

NextStep SamplerRun::nextStep(std::span<const Index> wanted) const {
    constexpr Index kMostCopied = 100'000;  // numbers
    NextStep out;
    if (midStep() || wanted.empty()) {
        return out;
    }
    const auto key = sampleKey();
    const auto number = static_cast<std::uint64_t>(m_steps);
    if (m_kernel->ensemble()) {
        if (chains() * dim() > kMostCopied) {
            return out;
        }
        out.trace = StepTrace(wanted);
        ChainState copy = m_state;
        std::vector<StepInfo> info(m_info.size());
        m_kernel->step(key, number, *m_energy, copy, info, &out.trace);
        for (const Index chain : wanted) {
            out.info.push_back(info[static_cast<std::size_t>(chain)]);
        }
    } else {
        for (const Index chain : wanted) {
            // A chain alone walks as it would among the others.
            ChainState copy = sliced(m_state, {chain, chain + 1});
            if (m_executor) {
                m_kernel->refresh(*m_energy, copy, {0, 1});
            }
            const Index first = 0;
            StepTrace trace(std::span(&first, 1));
            std::vector<StepInfo> info(1);
            m_kernel->step(key, number, *m_energy, copy, info, &trace);
            trace.chains[0].chain = chain;
            out.trace.chains.push_back(std::move(trace.chains[0]));
            out.info.push_back(info[0]);
        }
    }
    for (const ChainTrace& t : out.trace.chains) {
        out.energyErrors.push_back(pathErrors(t));
    }
    return out;
}

std::vector<double> SamplerRun::pathErrors(const ChainTrace& t) const {
    const auto d = static_cast<std::size_t>(dim());
    if (t.momenta.empty() || t.momenta.size() != t.path.size()) {
        return {};
    }
    std::vector<double> out(t.path.size() / d);
    m_energy->evaluate(std::span<const double>(t.path), out);
    const MassMatrix metric(m_state);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += metric.kinetic(std::span(t.momenta).subspan(i * d, d));
    }
    const double start = out.empty() ? 0 : out[0];
    for (double& h : out) {
        h -= start;
    }
    return out;
}

bool SamplerRun::set(const std::string& id, const ParamValue& value) {
    const bool known = m_params.contains(id);
    if (!known || (!id.starts_with("energy.") && !id.starts_with("sampler."))) {
        throw UsageError("parameter '" + id + "' cannot change during a run");
    }
    ParamSet next = m_params;
    next[id] = value;
    if (id.starts_with("energy.")) {
        EnergyPtr energy = energyOf(next, m_energies);
        if (energy->dim() != dim()) {
            throw UsageError("parameter '" + id + "' changes the dimension: start a new run");
        }
        if (m_executor) {  // first, for it may refuse
            const auto program = executors::programOf(*energy);
            if (!program && text(m_params, "sampler.executor") == "auto") {
                m_executor.reset();
            } else {
                m_executor->setProgram(program);
            }
        }
        m_kernel->refresh(*energy, m_state, {0, chains()});
        setEnergy(std::move(energy));
        m_params = std::move(next);
        return true;
    }
    if (id == "sampler.step_size") {
        m_state.setStepSize(std::get<double>(value));
        m_frozen = m_frozen || warming();
    } else if (!id.starts_with("sampler.pace")) {
        auto kernel = kernelOf(next);
        if (m_executor) {
            m_executor->configure(settings(next));
        }
        m_kernel = std::move(kernel);
    }
    m_params = std::move(next);
    return false;
}

void SamplerRun::place(Index chain, std::span<const double> x) {
    if (chain < 0 || chain >= chains()) {
        throw UsageError("there is no chain " + std::to_string(chain) + ", only 0 to " +
                         std::to_string(chains() - 1));
    }
    if (std::ssize(x) != dim()) {
        throw UsageError("a place of " + std::to_string(x.size()) +
                         " coordinates does not fit a target in " + std::to_string(dim()) +
                         " dimensions");
    }
    if (!std::isfinite(m_energy->at(x))) {
        throw UsageError("the density is 0 there: choose a place inside its support");
    }
    std::ranges::copy(x, m_state.row("position", chain).begin());
    m_kernel->refresh(*m_energy, m_state, {chain, chain + 1});
    toExecutor();
}

void SamplerRun::restart(Index chain) {
    const Key key = derive(derive(m_key, "restart"), static_cast<std::uint64_t>(++m_restarts));
    if (chain < 0) {
        const auto x = startOf(m_params, *m_energy, key);
        std::ranges::copy(x, m_state.array("position").begin());
        m_kernel->refresh(*m_energy, m_state, {0, chains()});
        toExecutor();
        return;
    }
    ParamSet one = m_params;
    one["sampler.chains"] = Index{1};
    place(chain, startOf(one, *m_energy, key));
}

State SamplerRun::capture() const {
    State out = lx::capture(m_state, "chains.");
    out.merge(m_warmup.capture("warmup."));
    out["clock"] =
        Array({4}, std::vector<Index>{m_steps, m_done, m_restarts, m_frozen ? Index{1} : Index{0}});
    if (m_done > 0) {
        const auto done = std::span(m_info).first(static_cast<std::size_t>(m_done));
        out["info"] = Array({m_done, kInfoNumbers}, packed(done));
    }
    return out;
}

void SamplerRun::restore(const State& state) {
    ChainState chains = restoreChains(state, "chains.");
    const auto clock = state.find("clock");
    if (clock == state.end() || clock->second.dtype() != DType::I64 || clock->second.count() != 4) {
        throw UsageError("the saved state has no clock of a run of chains");
    }
    const auto numbers = clock->second.values<Index>();
    const auto sizes = [](const ChainState& s) {
        std::map<std::string, std::size_t> out;
        for (const auto& [name, values] : s.arrays) {
            out[name] = values.size();
        }
        return out;
    };
    if (chains.chains != m_state.chains || chains.dim != m_state.dim ||
        sizes(chains) != sizes(m_state) || numbers[0] < 0 || numbers[1] < 0 ||
        numbers[1] >= chains.chains) {
        throw UsageError(
            "the saved chains belong to another run: other numbers of chains or "
            "dimensions, or another kernel");
    }
    const auto info = state.find("info");
    if (numbers[1] > 0 && (info == state.end() || info->second.dtype() != DType::F64 ||
                           info->second.count() != numbers[1] * kInfoNumbers)) {
        throw UsageError("the saved state breaks off within a step");
    }
    Warmup warmup = m_warmup;
    warmup.restore(state, "warmup.");
    m_warmup = std::move(warmup);
    m_state = std::move(chains);
    m_steps = numbers[0];
    m_done = numbers[1];
    m_restarts = numbers[2];
    m_frozen = numbers[3] != 0;
    toExecutor();
    if (m_done > 0) {
        unpack(info->second.values<double>(), m_info);
    }
}

}  // namespace lx::chains
