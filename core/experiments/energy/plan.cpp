// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/plan.h"

#include "core/base/decls.h"
#include "core/experiments/training.h"

#include <algorithm>

namespace lx::learned {
namespace {

using namespace decl;

std::vector<ParamDecl> networkParams() {
    return {make("network.hidden", "Hidden layers", std::vector<double>{128, 128, 128},
                 "units of each, at most 256 in four layers"),
            // Those that chains can follow too.
            advanced(oneOf(make("network.activation", "Activation", std::string("silu"),
                                "of the hidden layers"),
                           {"silu", "leaky_relu", "tanh"}))};
}

std::vector<ParamDecl> objectiveParams(const ParamSet& given) {
    std::vector<ParamDecl> out;
    out.push_back(oneOf(make("objective", "Objective", std::string("likelihood"),
                             "likelihood: lower the energy of the data, raise that of chains; "
                             "score: match the score of data with noise"),
                        {"likelihood", "score"}));
    const bool chains = chosenAs<std::string>(out.back(), given) == "likelihood";
    if (!chains) {
        out.push_back(within(make("objective.sigma", "Noise", 0.1, "sd added to the data"), 1e-4,
                             100, Scale::Log));
        return out;
    }
    out.push_back(oneOf(make("negatives.memory", "Negatives", std::string("replay"),
                             "replay: a store of chains, some of which begin anew; persistent: "
                             "chains that never begin anew; short-run: all from noise"),
                        {"replay", "persistent", "short-run"}));
    const std::string memory = chosenAs<std::string>(out.back(), given);
    if (memory == "replay") {
        out.push_back(advanced(
            unit(within(make("negatives.store", "Store", Index{10'000}, "chains that are kept"), 64,
                        1e6),
                 "chains")));
        out.push_back(live(within(make("negatives.reset", "Begin anew", 0.05,
                                       "share of the negatives that start from noise"),
                                  0, 1)));
    }
    out.push_back(unit(live(within(make("negatives.steps", "Langevin steps", Index{20},
                                        "of each negative in a step of training"),
                                   1, 10'000)),
                       "steps"));
    out.push_back(live(within(make("negatives.noise", "Langevin noise", 0.1,
                                   "sd of a step; its size is the square, so the temperature "
                                   "is 1"),
                              1e-4, 1, Scale::Log)));
    out.push_back(advanced(within(
        make("negatives.box", "Box", 4.0, "half side of the box that chains start and stay in"),
        0.01, 1e4, Scale::Log)));
    out.push_back(live(within(make("objective.square", "Energy squared", 0.02,
                                   "weight of E^2, which keeps energies near 0"),
                              0, 10)));
    out.push_back(advanced(unit(live(within(make("guard.gap", "Gap limit", 50.0,
                                                 "largest difference of the mean energies of data "
                                                 "and negatives; 0: no limit"),
                                            0, 1e9)),
                                "nats")));
    out.push_back(advanced(live(within(
        make("guard.ess", "Least ESS", 0.2,
             "share of the negatives that still count after a step of training, weighted from the "
             "old energy to the new; below it the network runs ahead of its chains; 0: no limit"),
        0, 1))));
    out.push_back(advanced(live(within(
        make("guard.displacement", "Displacement limit", 10.0,
             "largest factor by which negatives go farther, or less far, than chains without an "
             "energy; 0: no limit"),
        0, 1e6))));
    out.push_back(advanced(within(make("guard.rollbacks", "Roll-backs", Index{3},
                                       "returns to the last good weights, with half the learning "
                                       "rate, before the run is stopped"),
                                  0, 100)));
    return out;
}

}  // namespace

Choices choicesOf(const ParamSet& params, Index dim) {
    const auto given = [&](const char* id, auto fallback) { return valueOr(params, id, fallback); };
    Choices out;
    out.objective = text(params, "objective") == "score" ? Objective::Score : Objective::Likelihood;
    const std::string memory = given("negatives.memory", std::string("replay"));
    out.memory = memory == "persistent"  ? Memory::Persistent
                 : memory == "short-run" ? Memory::ShortRun
                                         : Memory::Replay;
    out.batch = integer(params, "train.batch");
    out.store = out.memory == Memory::Replay
                    ? std::max(out.batch, given("negatives.store", out.store))
                    : out.batch;
    out.reset = out.memory == Memory::Replay     ? given("negatives.reset", out.reset)
                : out.memory == Memory::ShortRun ? 1.0
                                                 : 0.0;
    out.steps = given("negatives.steps", out.steps);
    out.noise = given("negatives.noise", out.noise);
    out.box = given("negatives.box", out.box);
    out.square = given("objective.square", out.square);
    out.sigma = given("objective.sigma", out.sigma);
    out.gap = given("guard.gap", out.gap);
    out.ess = given("guard.ess", out.ess);
    out.mobility = given("guard.displacement", out.mobility);
    out.rollbacks = given("guard.rollbacks", out.rollbacks);
    out.sizes.push_back(dim);
    for (const double width : numbers(params, "network.hidden")) {
        out.sizes.push_back(static_cast<Index>(width));
    }
    out.sizes.push_back(1);
    out.activation = activationOf(text(params, "network.activation"));
    return out;
}

Description describe(const DataLibrary& library, const ParamSet& given) {
    Description out;
    out.params = library.params(given);
    const DataShape shape = library.shape(given);
    std::ranges::move(networkParams(), std::back_inserter(out.params));
    std::ranges::move(objectiveParams(given), std::back_inserter(out.params));
    std::ranges::move(
        trainingParams(
            given,
            {.rate = 1e-3, .batch = 256, .schedule = "cosine", .horizon = 4000, .ema = 0.99}),
        std::back_inserter(out.params));
    const bool chains = find(out.params, "negatives.steps") != nullptr;
    const Index dim = elementCount(shape.sampleShape);
    if (shape.sampleShape.size() == 2) {
        throw UsageError(
            "energy: pictures are not among its data yet; choose points such as "
            "data.source=data.ring8");
    }
    out.spaces = {{"data", dim, shape.sampleShape}, {"target", dim, {dim}}};
    out.channels = {{"data", "points2", "data", "[N, D]", "", Clock::Train}};
    if (chains) {
        out.channels.push_back({"samples", "points2", "data", "[N, D]", "", Clock::Train});
        out.channels.push_back({"chains_now", "points2", "target", "[N, D]", "", Clock::Train});
        out.channels.push_back({"chains_trail", "trails", "target", "[C, K, D]", "", Clock::Train});
        out.channels.push_back({"energies", "histograms", "", "[2, bins]", "", Clock::Train});
    }
    if (dim == 2) {
        const bool truth = !shape.officialSplit;
        out.channels.push_back(
            {"energy", "grid2", "target", "[rows, columns]", "nats", Clock::Train});
        for (const char* id : {"true_energy", "energy_difference"}) {
            if (truth) {
                out.channels.push_back(
                    {id, "grid2", "target", "[rows, columns]", "nats", Clock::Train});
            }
        }
        for (const char* id : {"true_density", "sample_density"}) {
            if (truth && chains) {
                out.channels.push_back(
                    {id, "grid2", "target", "[rows, columns]", "", Clock::Train});
            }
        }
    }
    out.series = {{"loss", "Loss", "nats", "nats"},
                  {"grad_norm", "Gradient norm", "", "gradient"},
                  {"learning_rate", "Learning rate", "", "rate"}};
    if (chains) {
        out.series.push_back({"energy_gap", "Energy gap", "nats", "nats"});
        out.series.push_back({"energy_size", "Mean |E|", "nats", "size"});
        out.series.push_back({"displacement", "Displacement", "", "displacement"});
        out.series.push_back({"rollbacks", "Roll-backs", "", "count"});
        out.series.push_back({"negatives_ess", "ESS of negatives", "", "share"});
    }
    out.views = {"energy-map", "surface", "data", "losses", "samples"};
    return out;
}

}  // namespace lx::learned
