// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/plan.h"

#include "core/base/decls.h"
#include "core/experiments/chains/channel_list.h"

#include <algorithm>

namespace lx::chains {
namespace {

using namespace decl;

template <class Spec>
ParamDecl choiceOf(std::string id, std::string label, std::span<const Spec> specs,
                   const std::string& initial, const std::string& help) {
    ParamDecl out = make(std::move(id), std::move(label), initial, help);
    for (const auto& spec : specs) {
        out.choices.push_back(spec.id);
        out.help += (out.choices.size() == 1 ? " " : ", ") + spec.id + ": " + spec.title;
    }
    out.help += ".";
    return out;
}

template <class Spec>
const Spec& named(std::span<const Spec> specs, const std::string& id) {
    return *std::ranges::find(specs, id, &Spec::id);
}

/// Target dimension where the parameters say it plainly; else 0.
Index dimOf(const ParamSet& given, const Energies& energies) {
    try {
        return energyOf(given, energies)->dim();
    } catch (const Error&) {  // a file may be missing too
        return 0;             // load says what is wrong, at the parameter
    }
}

std::vector<ParamDecl> runParams(const SamplerSpec& sampler) {
    std::vector<ParamDecl> out;
    out.push_back(unit(
        within(make("sampler.chains", "Chains", Index{4}, "that run side by side from own starts"),
               1, 1e6, Scale::Log),
        "chains"));
    out.push_back(unit(within(make("sampler.warmup", "Warm-up", Index{500},
                                   "steps that are not counted; adaptation happens here"),
                              0, 1e7),
                       "steps"));
    out.push_back(unit(
        within(make("sampler.draws", "Draws", Index{1000}, "of each chain after warm-up"), 1, 1e8),
        "draws"));
    ParamDecl executor = make(
        "sampler.executor", "Executor", std::string("auto"),
        "what computes. reference: in double precision; fused: vector code in single precision, "
        "for some kernels and energies; vulkan: the same on a graphics processor; auto: fused "
        "where it can and 256 chains or more walk, else reference");
    executor.choices.assign(std::begin(kExecutors), std::end(kExecutors));
    out.push_back(advanced(std::move(executor)));
    out.push_back(oneOf(make("sampler.init", "Start", std::string("overdispersed"),
                             "overdispersed: spread wider than the density; point: all at "
                             "sampler.point; exact: draws of the density itself, where known"),
                        {"overdispersed", "point", "exact"}));
    out.push_back(advanced(make("sampler.point", "Start point", std::vector<double>{},
                                "coordinates of the start, or one number for all; empty: 0")));
    out.push_back(advanced(
        unit(within(make("sampler.pace", "Pace", sampler.needs.ensemble ? 30.0 : 60.0,
                         "steps a second with which the window starts; 0: as fast as possible"),
                    0, 1e6),
             "steps/s")));
    return out;
}

std::vector<SeriesDecl> series() {
    return {{"accept", "Acceptance", "", "acceptance"},
            {"energy_mean", "Mean energy", "nats", "energy"},
            {"divergences", "Divergences", "", "count"},
            {"gradients", "Gradients", "", "gradients"},
            {"rhat_max", "Largest R-hat", "", "rhat"},
            {"ess_min", "Smallest ESS", "draws", "ess"},
            {"step_size", "Step size", "", "step size"}};
}

}  // namespace

Description describe(const ParamSet& given, const Energies& energies) {
    const auto samplers = samplerSpecs();
    const bool nuts = std::ranges::any_of(samplers, [](const auto& s) { return s.id == "nuts"; });
    Description out;
    out.params.push_back(
        choiceOf<EnergySpec>("energy", "Energy", energies, "gauss", "The density to draw from."));
    const EnergySpec& energy =
        named<EnergySpec>(energies, chosenAs<std::string>(out.params.back(), given));
    std::ranges::copy(energy.params, std::back_inserter(out.params));
    out.params.push_back(choiceOf<SamplerSpec>("sampler.kernel", "Kernel", samplers,
                                               nuts ? "nuts" : "hmc", "How a chain makes a step."));
    const SamplerSpec& sampler =
        named<SamplerSpec>(samplers, chosenAs<std::string>(out.params.back(), given));
    std::ranges::copy(sampler.params, std::back_inserter(out.params));
    std::ranges::move(runParams(sampler), std::back_inserter(out.params));

    const Index dim = dimOf(given, energies);
    if (dim > 0) {
        out.spaces.push_back({"target", dim, {dim}});
    }
    out.channels = ownChannels();
    std::ranges::move(sharedChannels(), std::back_inserter(out.channels));
    out.series = series();
    out.views = chainViews();
    out.clocks = {Clock::Sample};
    const auto declared = [&](const char* id) -> const ParamDecl& { return *find(out.params, id); };
    out.steps = chosenAs<Index>(declared("sampler.warmup"), given) +
                chosenAs<Index>(declared("sampler.draws"), given);
    out.pace = chosenAs<double>(declared("sampler.pace"), given);
    return out;
}

EnergyPtr energyOf(const ParamSet& params, const Energies& energies) {
    const auto id = params.contains("energy") ? text(params, "energy") : std::string("gauss");
    const auto found = std::ranges::find(energies, id, &EnergySpec::id);
    if (found == energies.end()) {
        throw UsageError("there is no energy \"" + id + "\"");
    }
    return found->make(resolve(found->params, only(params, found->params)), {});
}

SamplerSpec samplerSpecOf(const ParamSet& params) {
    return samplerSpec(text(params, "sampler.kernel"));
}

std::unique_ptr<const Kernel> kernelOf(const ParamSet& params) {
    const SamplerSpec spec = samplerSpecOf(params);
    return spec.make(resolve(spec.params, only(params, spec.params)));
}

std::vector<double> startOf(const ParamSet& params, const Energy& energy, Key key) {
    const Start start = startNamed(text(params, "sampler.init"));
    const Index count = integer(params, "sampler.chains");
    if (start == Start::Exact && !energy.canSample()) {
        throw UsageError(
            "sampler.init=exact: this energy has no exact draws; choose "
            "overdispersed or point");
    }
    std::vector<double> point = numbers(params, "sampler.point");
    const auto dim = static_cast<std::size_t>(energy.dim());
    if (point.empty()) {
        point.assign(dim, 0.0);
    } else if (point.size() == 1) {
        point.assign(dim, point[0]);
    } else if (point.size() != dim && start == Start::Point) {
        throw UsageError("sampler.point has " + std::to_string(point.size()) +
                         " coordinates, the energy " + std::to_string(dim) +
                         "; give as many, or one for all");
    }
    return startPositions(energy, start, key, count, point);
}

std::string kernelFamily(const std::string& kernel) {
    const auto in = [&](std::initializer_list<const char*> ids) {
        return std::ranges::any_of(ids, [&](const char* id) { return kernel == id; });
    };
    return in({"rwm", "adaptive-metropolis"})                 ? "random-walk"
           : in({"ula", "mala", "sgld", "annealed-langevin"}) ? "langevin"
           : in({"hmc", "nuts", "rmhmc"})                     ? "hamiltonian"
           : in({"underdamped", "baoab", "sghmc"})            ? "underdamped"
           : samplerSpec(kernel).needs.ensemble               ? "ensemble"
                                                              : "other";
}

}  // namespace lx::chains
