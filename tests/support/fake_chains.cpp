// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_chains.h"

#include "tests/support/fake_chain_run.h"
#include "tests/support/fake_experiment.h"

namespace lx::test {
namespace {

Description describe(const ParamSet& given) {
    const auto decl = [](std::string id, std::string label, ParamValue initial, double min,
                         double max, bool live = false) {
        ParamDecl out;
        out.id = std::move(id);
        out.label = std::move(label);
        out.help = "As its name says.";
        out.initial = std::move(initial);
        out.min = min;
        out.max = max;
        out.live = live;
        return out;
    };
    Description out;
    ParamDecl energy, kernel, start;
    energy.id = "energy";
    energy.label = "Target";
    energy.initial = std::string("ring8");
    energy.live = false;
    for (const EnergySpec& spec : energySpecs()) {
        energy.choices.push_back(spec.id);
    }
    kernel.id = "sampler.kernel";
    kernel.label = "Kernel";
    kernel.initial = std::string("mala");
    kernel.live = false;
    for (const SamplerSpec& spec : samplerSpecs()) {
        kernel.choices.push_back(spec.id);
    }
    start.id = "start";
    start.label = "Start";
    start.initial = std::vector<double>{};
    start.live = start.basic = false;
    out.params = {energy,
                  kernel,
                  decl("sampler.step_size", "Step size", 0.05, 1e-6, 100, true),
                  decl("sampler.chains", "Chains", Index{4}, 1, 1e6),
                  decl("sampler.warmup", "Warm-up", Index{300}, 0, 1e9),
                  start};
    const ParamSet params = resolve(out.params, given);
    const Index dim = makeEnergy(lx::text(params, "energy"))->dim();
    out.spaces = {{"target", dim, {dim}}};
    const auto add = [&](const char* id, const char* kind) {
        out.channels.push_back({id, kind, "target", "", "", Clock::Sample});
    };
    add("sampler", "facts");
    add("chains_now", "points2");
    add("chains_trail", "trails");
    for (const char* grid : {"energy", "true_density", "sample_density"}) {
        add(grid, "grid2");
    }
    for (const char* id :
         {"draws", "chains", "mechanism", "trace", "rank_ecdf", "rank_histogram", "autocorrelation",
          "ess_evolution", "ess_quantile", "ess_local", "mcse_quantile", "energy_transitions",
          "diagnostics", "verdict", "occupancy", "marginals", "truth_error"}) {
        add(id, id);
    }
    out.series = {{"accept", "Acceptance", "", "share"},
                  {"energy_mean", "Mean energy", "nats", "nats"},
                  {"divergences", "Divergences", "", "count"},
                  {"gradients", "Gradients", "", "gradients"}};
    out.clocks = {Clock::Sample};
    return out;
}

}  // namespace

const ExperimentSpec& fakeChainSpec() {
    static const ExperimentSpec spec{"fake-chains", "Chains without the engine", "", describe,
                                     [](const ParamSet& params, Key key) {
                                         return std::make_unique<chains::FakeChains>(params, key);
                                     }};
    return spec;
}

std::span<const ExperimentSpec> fakeSpecsWithChains() {
    static const std::vector<ExperimentSpec> all = [] {
        const auto others = fakeSpecs();
        std::vector<ExperimentSpec> out(others.begin(), others.end());
        out.push_back(fakeChainSpec());
        return out;
    }();
    return all;
}

}  // namespace lx::test
