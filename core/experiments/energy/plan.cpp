// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/energy/plan.h"

#include "core/base/decls.h"
#include "core/executors/program.h"
#include "core/experiments/picture_mask.h"
#include "core/experiments/training.h"

#include <algorithm>

namespace lx::learned {
namespace {

using namespace decl;

/// Chains of points step on an executor, before the first of which this is known.
void requireSteppable(std::span<const double> hidden) {
    using executors::Program;
    if (std::ssize(hidden) > Program::kMaxHidden ||
        std::ranges::any_of(hidden, [](double n) { return n > Program::kMaxWidth; })) {
        throw UsageError("network.hidden: chains follow at most four layers of 256 units");
    }
}

std::vector<ParamDecl> networkParams(bool pictures, Index classes) {
    // Those that chains can follow too.
    const ParamDecl activation =
        advanced(oneOf(make("network.activation", "Activation",
                            std::string(pictures ? "leaky_relu" : "silu"), "of the hidden layers"),
                       {"silu", "leaky_relu", "tanh"}));
    if (!pictures) {
        return {make("network.hidden", "Hidden layers", std::vector<double>{128, 128, 128},
                     "units of each, at most 256 in four layers"),
                activation};
    }
    std::vector<ParamDecl> out{
        within(make("network.channels", "Channels", std::vector<double>{32, 48, 64},
                    "of a 3 x 3 layer, then of 4 x 4 layers that halve the sides"),
               1, 512),
        advanced(within(make("network.features", "Features", Index{64},
                             "units of the full layer in front of the energy"),
                        1, 4096)),
        activation,
        make("network.spectral", "Spectral normalisation", true,
             "every weight but the last layer's over its largest singular value: the energy cannot "
             "become steep")};
    if (classes > 1) {
        out.push_back(oneOf(make("condition", "Condition", std::string("none"),
                                 "what the network is told besides the picture"),
                            {"none", "class"}));
    }
    return out;
}

/// Chains that settle rather than sample: their temperature is noise^2 / (2 drift).
std::vector<ParamDecl> pictureWalkParams(bool classes) {
    std::vector<ParamDecl> out{
        slider(live(within(make("negatives.noise", "Langevin noise", 0.005, "sd of a step"), 0, 1)),
               0, 0.05),
        live(within(make("negatives.drift", "Langevin drift", 10.0,
                         "what the slope of the energy is multiplied with in a step; the "
                         "temperature is noise^2 / (2 drift)"),
                    1e-6, 1e4, Scale::Log)),
        live(within(make("negatives.slope", "Slope limit", 0.03,
                         "largest slope along one pixel that a step follows"),
                    1e-6, 1e4, Scale::Log))};
    if (classes) {
        out.push_back(within(
            make("negatives.contrast", "Wrong classes", 0.5,
                 "share of the negatives that are data under a wrong class; without them the "
                 "energies of the classes have unknown offsets (not in the published work)"),
            0, 0.9));
    }
    return out;
}

std::vector<ParamDecl> objectiveParams(const ParamSet& given, bool pictures, bool classes) {
    std::vector<ParamDecl> out;
    out.push_back(oneOf(make("objective", "Objective", std::string("likelihood"),
                             "likelihood: lower the energy of the data, raise that of chains; "
                             "score: match the score of data with noise"),
                        {"likelihood", "score"}));
    if (pictures) {
        out.back().choices = {"likelihood"};
    }
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
        out.push_back(slider(live(within(make("negatives.reset", "Begin anew", 0.05,
                                              "share of the negatives that start from noise"),
                                         0, 1)),
                             0, 0.5));
    }
    out.push_back(
        unit(live(within(make("negatives.steps", "Langevin steps", Index{pictures ? 30 : 20},
                              "of each negative in a step of training"),
                         1, 10'000)),
             "steps"));
    if (pictures) {
        std::ranges::move(pictureWalkParams(classes), std::back_inserter(out));
    } else {
        out.push_back(
            slider(live(within(make("negatives.noise", "Langevin noise", 0.1,
                                    "sd of a step; its size is the square, so the temperature "
                                    "is 1"),
                               1e-4, 1, Scale::Log)),
                   0.01, 0.5));
        out.push_back(advanced(within(
            make("negatives.box", "Box", 4.0, "half side of the box that chains start and stay in"),
            0.01, 1e4, Scale::Log)));
    }
    out.push_back(
        slider(live(within(make("objective.square", "Energy squared", pictures ? 1.0 : 0.02,
                                "weight of E^2, which keeps energies near 0"),
                           0, 10)),
               0, pictures ? 3 : 0.2));
    out.push_back(advanced(
        slider(live(within(make("objective.gradient", "Slope squared", 0.0,
                                "weight of |grad E|^2 at data and negatives, which keeps the "
                                "energy smooth; 0: none. A step takes about twice as long"),
                           0, 100)),
               0, 1)));
    out.push_back(advanced(unit(live(within(make("guard.gap", "Gap limit", 50.0,
                                                 "largest difference of the mean energies of data "
                                                 "and negatives; 0: no limit"),
                                            0, 1e9)),
                                "nats")));
    if (!pictures) {  // their chains walk at a temperature where neither is known
        out.push_back(advanced(live(within(make("guard.ess", "Least ESS", 0.2,
                                                "share of the negatives that still count after a "
                                                "step of training, weighted from the "
                                                "old energy to the new; below it the network runs "
                                                "ahead of its chains; 0: no limit"),
                                           0, 1))));
        out.push_back(advanced(live(within(
            make(
                "guard.displacement", "Displacement limit", 10.0,
                "largest factor by which negatives go farther, or less far, than chains without an "
                "energy; 0: no limit"),
            0, 1e6))));
    }
    out.push_back(advanced(within(make("guard.rollbacks", "Roll-backs", Index{3},
                                       "returns to the last good weights, with half the learning "
                                       "rate, before the run is stopped"),
                                  0, 100)));
    return out;
}

/// In the order in which a step publishes them.
std::vector<SeriesDecl> seriesOf(bool chains) {
    std::vector<SeriesDecl> out = {{"loss", "Loss", "nats", "nats"},
                                   {"grad_norm", "Gradient norm", "", "gradient"},
                                   {"learning_rate", "Learning rate", "", "rate"}};
    if (chains) {
        out.push_back({"energy_gap", "Energy gap", "nats", "nats"});
        out.push_back({"energy_size", "Mean |E|", "nats", "size"});
        out.push_back({"displacement", "Displacement", "", "displacement"});
        out.push_back({"rollbacks", "Roll-backs", "", "count"});
        out.push_back({"negatives_ess", "ESS of negatives", "", "share"});
    }
    return out;
}

void describePictures(Description& out, const DataShape& shape, bool told) {
    out.spaces = {{"data", elementCount(shape.sampleShape), shape.sampleShape}};
    for (const char* id : {"data", "samples"}) {
        out.channels.push_back({id, "image_batch", "data", "[N, H, W]", "", Clock::Train});
    }
    for (const char* id : {"inpainting", "mending"}) {
        out.channels.push_back({id, "strips", "data", "[N, columns, H, W]", "", Clock::Train});
    }
    for (const char* id : {"energies", "outliers"}) {
        out.channels.push_back({id, "histograms", "", "[K, bins]", "", Clock::Train});
    }
    out.channels.push_back({"slice", "slice", "data", "[rows, columns]", "nats", Clock::Train});
    out.series = seriesOf(true);
    if (told) {
        out.series.push_back({"accuracy", "Accuracy", "", "share"});
    }
    out.views = {"strips",          "data",  "samples", "energy-histograms", "energy-slice",
                 "energy-profiles", "losses"};
}

ParamDecl sampleSteps() {
    return advanced(unit(live(within(make("samples.steps", "Steps of a sample", Index{0},
                                          "Langevin steps of a sample on demand, from noise; 0: as "
                                          "many as a chain of training makes before it begins "
                                          "anew"),
                                     0, 1'000'000)),
                         "steps"));
}

}  // namespace

SampleWalk walkOf(const Choices& choices) {
    constexpr Index kLong = 1000, kMost = 10'000;
    if (choices.objective == Objective::Score) {
        const Index steps = choices.sampleSteps > 0 ? choices.sampleSteps : kLong;
        return {steps, steps, 0.5 * choices.sigma};
    }
    SampleWalk out{choices.sampleSteps, choices.steps, choices.noise};
    if (out.steps == 0) {
        const auto life = static_cast<double>(choices.steps) / std::max(choices.reset, 1e-9);
        out.steps = choices.reset > 0 ? static_cast<Index>(std::min<double>(life, kMost)) : kLong;
    }
    return out;
}

Choices choicesOf(const ParamSet& params, const DataShape& shape) {
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
    out.high = given("negatives.box", out.high);
    out.low = -out.high;
    out.square = given("objective.square", out.square);
    out.gradient = given("objective.gradient", out.gradient);
    out.sigma = given("objective.sigma", out.sigma);
    out.gap = given("guard.gap", out.gap);
    out.sampleSteps = given("samples.steps", out.sampleSteps);
    out.ess = given("guard.ess", out.ess);
    out.mobility = given("guard.displacement", out.mobility);
    out.rollbacks = given("guard.rollbacks", out.rollbacks);
    const auto sizes = [&](const char* id) {
        const auto& list = numbers(params, id);
        return std::vector<Index>(list.begin(), list.end());
    };
    if (text(params, "model") == "net.conv") {
        out.low = 0;
        out.high = 1;
        out.height = shape.sampleShape.at(0);
        out.width = shape.sampleShape.at(1);
        out.channels = sizes("network.channels");
        out.features = integer(params, "network.features");
        out.spectral = given("network.spectral", out.spectral);
        out.classes =
            given("condition", std::string("none")) == "class" ? std::ssize(shape.classNames) : 0;
        out.told = given("samples.class", out.told);
        out.drift = given("negatives.drift", out.drift);
        out.slope = given("negatives.slope", out.slope);
        out.contrast = given("negatives.contrast", out.contrast);
        out.ess = out.mobility = 0;
    } else {
        out.sizes = sizes("network.hidden");
        out.sizes.insert(out.sizes.begin(), elementCount(shape.sampleShape));
        out.sizes.push_back(1);
    }
    out.activation = activationOf(text(params, "network.activation"));
    return out;
}

Description describe(const DataLibrary& library, const ParamSet& given) {
    Description out;
    out.params = library.params(given);
    const DataShape shape = library.shape(given);
    const bool pictures = shape.sampleShape.size() == 2;
    const ParamDecl model =
        oneOf(make("model", "Network", std::string(pictures ? "net.conv" : "net.mlp"),
                   "net.mlp: full layers, for points; net.conv: convolutions, for pictures"),
              {"net.mlp", "net.conv"});
    out.params.push_back(model);
    if ((chosenAs<std::string>(model, given) == "net.conv") != pictures) {
        throw UsageError(pictures ? "pictures need model=net.conv"
                                  : "model=net.conv needs pictures such as "
                                    "data.source=data.fashion14; points need model=net.mlp");
    }
    std::ranges::move(networkParams(pictures, std::ssize(shape.classNames)),
                      std::back_inserter(out.params));
    const ParamDecl* condition = find(out.params, "condition");
    const bool told = condition != nullptr && chosenAs<std::string>(*condition, given) == "class";
    std::ranges::move(objectiveParams(given, pictures, told), std::back_inserter(out.params));
    if (!pictures && find(out.params, "negatives.steps") != nullptr) {
        requireSteppable(chosenAs<std::vector<double>>(*find(out.params, "network.hidden"), given));
    }
    std::ranges::move(trainingParams(given, pictures ? TrainingDefaults{.rate = 1e-3,
                                                                        .batch = 64,
                                                                        .schedule = "cosine",
                                                                        .horizon = 2000,
                                                                        .ema = 0.99}
                                                     : TrainingDefaults{.rate = 1e-3,
                                                                        .batch = 256,
                                                                        .schedule = "cosine",
                                                                        .horizon = 4000,
                                                                        .ema = 0.99}),
                      std::back_inserter(out.params));
    if (pictures) {
        out.params.push_back(advanced(live(within(
            make("train.beta1", "Momentum", 0.0, "decay of the first moment of Adam"), 0, 0.999))));
    }
    out.params.push_back(sampleSteps());
    const bool chains = find(out.params, "negatives.steps") != nullptr;
    if (chains) {
        out.clocks.push_back(Clock::Sample);
    }
    const Index dim = elementCount(shape.sampleShape);
    if (pictures) {
        const ParamDecl* scale = find(out.params, "data.scale");
        if (scale != nullptr && chosenAs<std::string>(*scale, given) != "none") {
            throw UsageError("data.scale must be none: chains of pictures stay between 0 and 1");
        }
        std::ranges::move(maskParams(), std::back_inserter(out.params));
        if (told) {
            out.params.push_back(live(
                within(make("samples.class", "Class of the chains", Index{-1},
                            "that chains walk under while the sample clock runs, whatever they "
                            "were: garments turn into others; -1: each keeps its own"),
                       -1, static_cast<double>(std::ssize(shape.classNames) - 1))));
        }
        describePictures(out, shape, told);
        return out;
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
    out.series = seriesOf(chains);
    out.views = {"energy-map", "surface", "data", "losses", "samples"};
    return out;
}

}  // namespace lx::learned
