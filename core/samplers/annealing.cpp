// SPDX-License-Identifier: GPL-3.0-or-later
// From a wide law to the target in stages.
#include "core/samplers/annealing.h"

#include "core/samplers/leapfrog.h"
#include "core/samplers/registry.h"
#include "core/samplers/support.h"
#include "core/samplers/tempered.h"

namespace lx {
namespace {

using namespace samplers;

double logMeanExp(std::span<const double> values) {
    const double top = *std::ranges::max_element(values);
    if (!std::isfinite(top)) {
        return top;
    }
    double sum = 0;
    for (const double v : values) {
        sum += std::exp(v - top);
    }
    return top + std::log(sum / static_cast<double>(values.size()));
}

/// Annealed importance sampling and, with resampling, sequential Monte Carlo. The bridges are
/// (1 - beta) E0 + beta E, E0 a wide normal, beta = (t / stages)^4 at stage t. Chains begin as
/// exact draws of E0, not where the caller puts them. A stage adds the change of the bridge to the
/// log weights, resamples by the systematic scheme when fewer than half of the chains count (and
/// after the last stage), and makes one Hamiltonian move that leaves the new bridge invariant.
/// Afterwards the moves go on at beta 1. Ref: neal2001, delmoral2006.
class Annealing final : public Kernel {
public:
    Annealing(double stepSize, Index leapfrogs, Index stages, bool resamples)
        : m_stepSize(stepSize), m_leapfrogs(leapfrogs), m_stages(stages), m_resamples(resamples) {}
    bool ensemble() const override { return m_resamples; }

protected:
    void prepare(Key key, const Energy& energy, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        const EnergyPtr wide = wideNormal(energy);
        // Row i of a sample is chain offset + i of the run.
        const auto all = wide->sample(derive(key, "anneal"), state.offset + state.chains);
        auto& x = state.arrays["position"];
        std::copy(all.end() - static_cast<std::ptrdiff_t>(x.size()), all.end(), x.begin());
        state.arrays["log_weight"].resize(size(state.chains));
        state.arrays["stage"].resize(size(state.chains));
        if (m_resamples) {
            state.shared["log_evidence"] = {0};
            auto& ancestor = state.arrays["ancestor"];
            for (Index c = 0; c < state.chains; ++c) {
                ancestor.push_back(static_cast<double>(c));
            }
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const EnergyPtr wide = wideNormal(call.energy);
        // All chains of a range are at the same stage unless somebody joined ranges.
        for (Index first = range.first; first < range.last;) {
            const double stage = state.array("stage")[size(first)];
            Index last = first + 1;
            while (last < range.last && state.array("stage")[size(last)] == stage) {
                ++last;
            }
            stageOf(call, state, {first, last}, *wide, stage,
                    info.subspan(size(first - range.first), size(last - first)));
            first = last;
        }
    }

private:
    double beta(double stage) const {
        const double share = std::min(1.0, stage / static_cast<double>(m_stages));
        return share * share * share * share;
    }
    void stageOf(const Call& call, ChainState& state, ChainRange range, const Energy& wide,
                 double stage, std::span<StepInfo> info) const {
        const double before = beta(stage), now = beta(stage + 1);
        if (now > before) {
            weigh(state, range, wide, now - before);
            if (m_resamples) {
                resample(call, state, now >= 1);
            }
        }
        for (Index c = range.first; c < range.last; ++c) {
            state.array("stage")[size(c)] = std::min(stage + 1, static_cast<double>(m_stages));
        }
        move(call, state, range, TemperedEnergy(call.energy, now, &wide), info);
    }
    static void weigh(ChainState& state, ChainRange range, const Energy& wide, double change) {
        Rows at(state, range);
        const auto weight = state.array("log_weight").subspan(size(range.first), at.n);
        std::vector<double> reference(at.n);
        wide.evaluate(std::span<const double>(at.x), reference);
        for (std::size_t i = 0; i < at.n; ++i) {
            weight[i] -= change * (at.e[i] - reference[i]);
        }
    }
    void resample(const Call& call, ChainState& state, bool always) const {
        const auto weight = state.array("log_weight");
        const double mean = logMeanExp(weight);
        if (!std::isfinite(mean) ||
            (!always && effectiveChains(state) > 0.5 * static_cast<double>(state.chains))) {
            return;
        }
        const std::size_t n = size(state.chains), d = size(state.dim);
        StepDraws draws(derive(call.key, "resample"), 0, call.step);
        const double offset = draws.acceptUniform();
        const ChainState old = state;
        const auto ancestor = state.array("ancestor");
        double mass = 0;
        std::size_t out = 0;
        for (std::size_t i = 0; i < n && out < n; ++i) {
            mass += std::exp(old.array("log_weight")[i] - mean);
            while (out < n && (static_cast<double>(out) + offset < mass || i + 1 == n)) {
                for (const char* name : {"position", "gradient"}) {
                    std::ranges::copy(old.array(name).subspan(i * d, d),
                                      state.array(name).subspan(out * d, d).begin());
                }
                state.array("energy")[out] = old.array("energy")[i];
                ancestor[out] = old.array("ancestor")[i];
                ++out;
            }
        }
        std::ranges::fill(weight, 0.0);
        state.shared["log_evidence"][0] += mean;
    }
    void move(const Call& call, ChainState& state, ChainRange range, const TemperedEnergy& bridge,
              std::span<StepInfo> info) const {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const MassMatrix metric(state);
        Scratch scratch(n * (3 * d + 5) + d);
        PhasePoints now{scratch.take(n * d), scratch.take(n * d), scratch.take(n * d),
                        scratch.take(n)};
        const auto eps = scratch.take(n), logU = scratch.take(n), before = scratch.take(n);
        const auto start = scratch.take(n), velocity = scratch.take(d);
        std::ranges::copy(at.x, now.x.begin());
        std::ranges::fill(eps, state.stepSize());
        bridge.evaluate(std::span<const double>(now.x), start, now.g);
        for (std::size_t i = 0; i < n; ++i) {
            const Index chain = range.first + static_cast<Index>(i);
            StepDraws draws(call.key, call.offset + chain, call.step);
            logU[i] = draws.logAccept();
            draws.normals(part(now.p, i, d));
            before[i] = start[i] + metric.kinetic(part(now.p, i, d));
        }
        for (Index l = 0; l < m_leapfrogs; ++l) {
            leapfrog(bridge, metric, eps, now, velocity);
        }
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(now.x, i, d);
            const double after = now.e[i] + metric.kinetic(part(now.p, i, d));
            const bool accepted = metropolis(after - before[i], logU[i], info[i]);
            info[i].diverged = info[i].energyError > kDivergence;
            info[i].gradients = m_leapfrogs + 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = accepted;
            }
            if (accepted) {
                std::ranges::copy(to, from.begin());
            }
        }
        call.energy.evaluate(std::span<const double>(at.x), at.e, at.g);
        for (std::size_t i = 0; i < n; ++i) {
            info[i].energy = at.e[i];
        }
    }

    double m_stepSize;
    Index m_leapfrogs, m_stages;
    bool m_resamples;
};

/// Langevin steps at inverse temperatures that rise from beta_min to 1 in equal ratios:
/// z' = z - (eta / 2) grad E + sqrt(eta / beta) xi, the step eta / beta on beta E. Unadjusted ever
/// after. Ref: geman1986, song2019.
class AnnealedLangevin final : public Kernel {
public:
    AnnealedLangevin(double stepSize, Index stages, double least)
        : m_stepSize(stepSize), m_stages(stages), m_least(least) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        state.arrays["stage"].resize(size(state.chains));
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const double eta = state.stepSize();
        const auto stage = state.array("stage").subspan(size(range.first), n);
        Scratch scratch(n * (3 * d + 1));
        const auto noise = scratch.take(n * d), x = scratch.take(n * d),
                   slope = scratch.take(n * d);
        const auto energy = scratch.take(n);
        for (std::size_t i = 0; i < n; ++i) {
            StepDraws draws(call.key, call.offset + range.first + static_cast<Index>(i), call.step);
            draws.normals(part(noise, i, d));
            const double left = 1 - std::min(1.0, stage[i] / static_cast<double>(m_stages));
            const double root = std::sqrt(eta / std::pow(m_least, left));
            for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
                noise[k] *= root;
                x[k] = at.x[k] - 0.5 * eta * at.g[k] + noise[k];
            }
        }
        call.energy.evaluate(std::span<const double>(x), energy, slope);
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(x, i, d);
            const bool fine = std::isfinite(energy[i]);
            info[i].acceptProb = fine ? 1 : 0;
            info[i].accepted = fine;
            info[i].diverged = !fine;
            info[i].gradients = 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = fine;
                for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
                    t->drift.push_back(-0.5 * eta * at.g[k]);
                    t->noise.push_back(noise[k]);
                }
            }
            if (fine) {
                std::ranges::copy(to, from.begin());
                std::ranges::copy(part(slope, i, d), part(at.g, i, d).begin());
                at.e[i] = energy[i];
            }
            stage[i] = std::min(stage[i] + 1, static_cast<double>(m_stages));
            info[i].energy = at.e[i];
        }
    }

private:
    double m_stepSize;
    Index m_stages;
    double m_least;
};

ParamDecl stagesParam(Index initial) {
    using namespace decl;
    return within(
        make("sampler.stages", "Stages", initial, "steps from the wide law to the target"), 1, 1e6,
        Scale::Log);
}

SamplerSpec weighted(std::string id, std::string title, std::string reference, bool resamples) {
    using namespace decl;
    SamplerSpec spec{std::move(id),
                     std::move(title),
                     std::move(reference),
                     {stepSizeParam(0.3, "eps of a leapfrog step"),
                      slider(within(live(make("sampler.leapfrog", "Leapfrog steps", Index{5},
                                              "of the move of a stage")),
                                    1, 1000),
                             1, 50),
                      stagesParam(200)}};
    spec.needs.gradient = true;
    spec.needs.ensemble = spec.countsAsOneChain = resamples;
    spec.exact = false;
    spec.weighted = true;
    spec.make = [resamples](const ParamSet& p) {
        return std::make_unique<const Annealing>(number(p, "sampler.step_size"),
                                                 integer(p, "sampler.leapfrog"),
                                                 integer(p, "sampler.stages"), resamples);
    };
    return spec;
}

}  // namespace

double logEvidence(const ChainState& state) {
    const auto at = state.shared.find("log_evidence");
    return logMeanExp(state.array("log_weight")) +
           (at != state.shared.end() ? at->second.at(0) : 0);
}

double effectiveChains(const ChainState& state) {
    const auto weights = state.array("log_weight");
    const double mean = logMeanExp(weights);
    double squares = 0;
    for (const double w : weights) {
        squares += std::exp(2 * (w - mean));
    }
    const auto n = static_cast<double>(weights.size());
    return std::isfinite(mean) ? n * n / squares : 0;
}

namespace samplers {

SamplerSpec annealedLangevin() {
    using namespace decl;
    SamplerSpec spec{
        "annealed-langevin",
        "Annealed Langevin",
        "Geman, Hwang 1986; Song, Ermon 2019",
        {stepSizeParam(0.05, "eta at beta 1; eta / beta before"), stagesParam(500),
         within(make("sampler.beta_min", "Smallest beta", 0.03, "inverse temperature at the start"),
                1e-4, 0.95, Scale::Log)}};
    spec.needs.gradient = true;
    spec.exact = false;
    spec.stepPower = 2;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const AnnealedLangevin>(number(p, "sampler.step_size"),
                                                        integer(p, "sampler.stages"),
                                                        number(p, "sampler.beta_min"));
    };
    return spec;
}

SamplerSpec ais() {
    return weighted("ais", "Annealed importance sampling (AIS)", "Neal 2001", false);
}

SamplerSpec smc() {
    return weighted("smc", "Sequential Monte Carlo (SMC)", "Del Moral, Doucet, Jasra 2006", true);
}

}  // namespace samplers
}  // namespace lx
