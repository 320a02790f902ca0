// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/diffusion/plan.h"

#include "core/base/decls.h"
#include "core/energies/registry.h"
#include "core/experiments/picture_mask.h"
#include "core/experiments/plane_grid.h"
#include "core/experiments/training.h"

#include <algorithm>

namespace lx::diffusion {
namespace {

using namespace decl;

/// Mixtures among the energies: their denoiser is exact at every level.
constexpr const char* kMixtures[] = {"two-modes", "ring8", "grid25", "mixture"};

void append(std::vector<ParamDecl>& to, std::vector<ParamDecl> more) {
    std::ranges::move(more, std::back_inserter(to));
}

EnergySpec energySpecOf(std::string_view id) {
    const auto all = energySpecs();
    return *std::ranges::find(all, id, &EnergySpec::id);
}

std::vector<ParamDecl> targetParams(const ParamSet& given) {
    std::vector<ParamDecl> out;
    ParamDecl energy = make("energy", "Mixture", std::string("two-modes"),
                            "The law of the data; its denoiser is known at every noise level.");
    energy.choices.assign(std::begin(kMixtures), std::end(kMixtures));
    out.push_back(energy);
    for (ParamDecl& decl : energySpecOf(chosenAs<std::string>(energy, given)).params) {
        decl.live = false;
        out.push_back(std::move(decl));
    }
    return out;
}

std::vector<ParamDecl> networkParams(bool unet) {
    ParamDecl frequencies =
        advanced(within(make("network.frequencies", "Frequencies", Index{4},
                             "sines and cosines of the log SNR that the network is given"),
                        0, 64));
    ParamDecl prediction =
        oneOf(make("prediction", "Prediction", std::string("epsilon"),
                   "what the network puts out: the noise, the clean datum, the score times "
                   "sigma, or v = alpha eps - sigma x"),
              {"epsilon", "x0", "score", "v"});
    if (unet) {
        return {within(make("network.channels", "Channels", std::vector<double>{32, 64},
                            "of each resolution; each has half the side of the one before"),
                       1, 1024),
                std::move(frequencies), std::move(prediction)};
    }
    return {make("network.hidden", "Hidden layers", std::vector<double>{128, 128, 128},
                 "units of each"),
            advanced(oneOf(make("network.activation", "Activation", std::string("silu"),
                                "of the hidden layers"),
                           {"silu", "relu", "leaky_relu", "tanh"})),
            std::move(frequencies), std::move(prediction)};
}

/// `classes`: that the data have.
std::vector<ParamDecl> classParams(const ParamSet& given, Index classes, bool network) {
    std::vector<ParamDecl> out;
    if (classes < 2) {
        return out;
    }
    out.push_back(oneOf(make("condition", "Condition", std::string("none"),
                             "what the network is told besides the noisy datum. none: all data; "
                             "class: a class, which particles can be drawn to"),
                        {"none", "class"}));
    if (chosenAs<std::string>(out.back(), given) == "none") {
        return out;
    }
    if (network) {
        out.push_back(advanced(within(make("condition.drop", "Not told", 0.1,
                                           "share of the data whose class training keeps back"),
                                      0, 1)));
    }
    out.push_back(live(within(
        make("guidance.class", "Class", Index{0}, "that particles are drawn to; -1: all data"), -1,
        static_cast<double>(classes - 1))));
    out.push_back(
        slider(live(within(make("guidance.weight", "Guidance", 1.0,
                                "w of (1 + w) eps(class) - w eps(all data); 0: the class alone"),
                           -1, 50)),
               0, 8));
    return out;
}

std::vector<ParamDecl> lossParams() {
    return {advanced(oneOf(make("loss.weighting", "Weighting", std::string("simple"),
                                "of the squared error of the noise: simple, the same at every "
                                "level; min-snr, less where there is little noise; velocity, "
                                "the error of v; bound, the likelihood"),
                           {"simple", "min-snr", "velocity", "bound"})),
            advanced(unit(within(make("train.levels", "Levels", Index{0},
                                      "of noise that training looks at; 0: all"),
                                 0, 10'000),
                          "levels"))};
}

std::vector<ParamDecl> scheduleParams(const ParamSet& given) {
    std::vector<ParamDecl> out;
    ParamDecl schedule = make("schedule", "Schedule", std::string("log-snr"), "How noise grows.");
    for (const ScheduleSpec& spec : scheduleSpecs()) {
        schedule.choices.push_back(spec.id);
        schedule.help += (schedule.choices.size() == 1 ? " " : ", ") + spec.id + ": " + spec.title;
    }
    schedule.help += ".";
    out.push_back(schedule);
    append(out, scheduleSpec(chosenAs<std::string>(schedule, given)).params);
    return out;
}

std::vector<ParamDecl> reverseParams(const ParamSet& given) {
    std::vector<ParamDecl> out;
    ParamDecl method = oneOf(
        make("sampler.method", "Reverse process", std::string("ddpm"),
             "ddpm: ancestral; ddim: with less noise or none; euler, heun, rk45: "
             "the probability flow; corrected: ancestral with Langevin corrections; "
             "annealed-langevin: Langevin at falling noise; langevin: all at the last level"),
        {"ddpm", "ddim", "euler", "heun", "rk45", "corrected", "annealed-langevin", "langevin"});
    out.push_back(method);
    const std::string id = chosenAs<std::string>(method, given);
    const bool levels = id == "annealed-langevin" || id == "langevin";
    out.push_back(unit(within(make("sampler.steps", levels ? "Levels" : "Steps",
                                   Index{levels ? 10 : 100}, "from noise to data"),
                              2, 10'000),
                       levels ? "levels" : "steps"));
    out.push_back(advanced(oneOf(make("sampler.spacing", "Spacing", std::string("log-snr"),
                                      "of the steps: even in time, in log SNR, or denser where "
                                      "there is little noise"),
                                 {"time", "log-snr", "karras"})));
    if (id == "ddim") {
        out.push_back(within(make("sampler.eta", "Eta", 0.0, "noise of DDIM; 1: as DDPM"), 0, 1));
    } else if (id == "rk45") {
        out.push_back(advanced(
            within(make("sampler.tolerance", "Tolerance", 1e-5, "of the local error of a step"),
                   1e-12, 0.1, Scale::Log)));
    } else if (id == "corrected") {
        out.push_back(within(
            make("sampler.corrections", "Corrections", Index{1}, "Langevin steps after each step"),
            1, 1000));
        out.push_back(within(
            make("sampler.snr", "Corrector SNR", 0.16, "size of those steps: (2 snr sigma)^2"),
            1e-3, 1, Scale::Log));
    } else if (levels) {
        out.push_back(unit(
            within(make("sampler.inner", "Steps a level", Index{100}, "of Langevin"), 1, 100'000),
            "steps"));
        out.push_back(within(make("sampler.langevin", "Step size", 0.1, "in units of sigma^2"),
                             1e-5, 2, Scale::Log));
    }
    out.push_back(oneOf(make("sampler.start", "Start", std::string("normal"),
                             "normal: the noise at the last time; box: uniform over the frame of "
                             "the data"),
                        {"normal", "box"}));
    out.push_back(unit(within(make("sampler.particles", "Particles", Index{2000},
                                   "that go from noise to data together"),
                              1, 100'000, Scale::Log),
                       "particles"));
    out.push_back(advanced(unit(within(make("sampler.pace", "Pace", levels ? 120.0 : 20.0,
                                            "steps a second with which the window starts; 0: as "
                                            "fast as possible"),
                                       0, 1e6),
                                "steps/s")));
    return out;
}

std::vector<ParamDecl> inpaintParams() {
    std::vector<ParamDecl> out = maskParams();
    out.push_back(slider(
        advanced(live(within(
            make("inpaint.rounds", "Rounds of filling", Index{3},
                 "How often each step is made where a part is held, with noise added in "
                 "between; 1: the known part is replaced and no more, which fits it less well."),
            1, 50))),
        1, 20));
    return out;
}

std::vector<ChannelDecl> channelsOf(bool network, bool plane, bool image, bool truth, bool guided) {
    const Clock clock = network ? Clock::Train : Clock::Diffuse;
    std::vector<ChannelDecl> out;
    out.push_back({"data", image ? "image_batch" : "points2", "data",
                   image ? "[N, H, W]" : "[N, D]", "", clock});
    out.push_back({"samples", image ? "image_batch" : "points2", "data",
                   image ? "[N, H, W]" : "[N, D]", "", clock});
    out.push_back({"snr", "curve", "", "[P]", "", clock});
    out.push_back({"process", "facts", "", "text", "", Clock::Diffuse});
    if (image) {
        out.push_back({"denoising", "strips", "data", "[N, columns, H, W]", "", clock});
        out.push_back({"inpainting", "strips", "data", "[N, columns, H, W]", "", clock});
    } else {
        out.push_back({"chains_now", "points2", "target", "[N, D]", "", Clock::Diffuse});
        out.push_back({"chains_trail", "trails", "target", "[C, K, D]", "", Clock::Diffuse});
        out.push_back({"trajectory", "trajectory", "target", "[T, N, D]", "", Clock::Diffuse});
    }
    if (plane) {
        out.push_back({"energy", "grid2", "target", "[rows, columns]", "nats", clock});
        out.push_back({"field", "field2", "target", "[rows, columns, 2]", "", clock});
    }
    if (plane && truth) {
        out.push_back({"true_energy", "grid2", "target", "[rows, columns]", "nats", clock});
        out.push_back({"energy_difference", "grid2", "target", "[rows, columns]", "nats", clock});
    }
    // Guided particles have no law that is known.
    if (plane && truth && !guided) {
        out.push_back({"true_density", "grid2", "target", "[rows, columns]", "", clock});
        out.push_back({"sample_density", "grid2", "target", "[rows, columns]", "", clock});
    }
    if (network && truth) {
        out.push_back({"score_error", "curve", "", "[P]", "", clock});
    }
    return out;
}

}  // namespace

bool trains(const ParamSet& params) {
    return text(params, "model") != "exact";
}

SchedulePtr scheduleOf(const ParamSet& params) {
    const ScheduleSpec& spec = scheduleSpec(text(params, "schedule"));
    return spec.make(resolve(spec.params, only(params, spec.params)));
}

ReverseProcess processOf(const ParamSet& params) {
    const auto given = [&](const char* id, auto fallback) { return valueOr(params, id, fallback); };
    ReverseOptions options;
    options.method = reverseNamed(text(params, "sampler.method"));
    options.eta = given("sampler.eta", options.eta);
    options.tolerance = given("sampler.tolerance", options.tolerance);
    options.corrections = given("sampler.corrections", options.corrections);
    options.snr = given("sampler.snr", options.snr);
    options.inner = given("sampler.inner", options.inner);
    options.langevin = given("sampler.langevin", options.langevin);
    const SchedulePtr schedule = scheduleOf(params);
    const bool levels =
        options.method == Reverse::AnnealedLangevin || options.method == Reverse::Langevin;
    // So many levels have one interval less between them.
    const Index steps = integer(params, "sampler.steps") - (levels ? 1 : 0);
    return {schedule, timeGrid(*schedule, steps, spacingNamed(text(params, "sampler.spacing"))),
            options};
}

std::optional<Guidance> guidanceOf(const ParamSet& params) {
    if (!params.contains("guidance.class")) {
        return std::nullopt;
    }
    return Guidance{integer(params, "guidance.class"), number(params, "guidance.weight")};
}

Weighting weightingOf(const ParamSet& params) {
    const std::string& name = text(params, "loss.weighting");
    return name == "min-snr"    ? Weighting::MinSnr
           : name == "velocity" ? Weighting::Velocity
           : name == "bound"    ? Weighting::Bound
                                : Weighting::Simple;
}

std::vector<double> trainingTimes(const ParamSet& params) {
    const Index levels = integer(params, "train.levels");
    return levels < 2 ? std::vector<double>{}
                      : timeGrid(*scheduleOf(params), levels - 1, Spacing::LogSnr);
}

std::optional<MixtureParts> mixtureOf(const ParamSet& params) {
    if (trains(params)) {
        return mixtureOfData(params);
    }
    const EnergySpec spec = energySpecOf(text(params, "energy"));
    const auto mixture = std::dynamic_pointer_cast<const MixtureEnergy>(
        makeEnergy(spec.id, only(params, spec.params)));
    return mixture ? std::optional(mixture->parts()) : std::nullopt;
}

Description describe(const DataLibrary& library, const ParamSet& given) {
    Description out;
    ParamDecl model =
        oneOf(make("model", "Denoiser", std::string("net.mlp"),
                   "net.mlp: full layers are trained; net.unet: a U-Net for pictures; exact: the "
                   "denoiser of a mixture, known at every noise level."),
              {"net.mlp", "net.unet", "exact"});
    out.params.push_back(model);
    const auto build = chosenAs<std::string>(model, given);
    const bool network = build != "exact";
    std::vector<Index> shape;
    bool truth = !network;
    if (network) {
        append(out.params, library.params(given));
        const DataShape data = library.shape(given);
        shape = data.sampleShape;
        if (build == "net.unet" && shape.size() != 2) {
            throw UsageError("net.unet needs pictures; choose model=net.mlp for this data set");
        }
        append(out.params, networkParams(build == "net.unet"));
        append(out.params, classParams(given, std::ssize(data.classNames), true));
        append(out.params, lossParams());
        append(
            out.params,
            trainingParams(
                given,
                {.rate = 2e-3, .batch = 256, .schedule = "cosine", .horizon = 4000, .ema = 0.999}));
        const ParamDecl* source = find(out.params, "data.source");
        const std::string id = chosenAs<std::string>(*source, given);
        const ParamDecl* scale = find(out.params, "data.scale");
        truth = (id == "data.ring8" || id == "data.grid25") && scale != nullptr &&
                chosenAs<std::string>(*scale, given) == "none";
    } else {
        append(out.params, targetParams(given));
        const EnergySpec energy = energySpecOf(chosenAs<std::string>(out.params[1], given));
        const EnergyPtr mixture =
            energy.make(resolve(energy.params, only(given, energy.params)), {});
        shape = {mixture->dim()};
        append(out.params, classParams(given, std::ssize(mixture->modes()), false));
    }
    append(out.params, scheduleParams(given));
    append(out.params, reverseParams(given));

    const bool image = shape.size() == 2;
    if (image) {
        append(out.params, inpaintParams());
    }
    const Index dim = elementCount(shape);
    const bool plane = dim == 2;
    out.spaces = {{"data", dim, shape}};
    if (!image) {
        out.spaces.push_back({"target", dim, {dim}});
    }
    out.channels =
        channelsOf(network, plane, image, truth, find(out.params, "guidance.class") != nullptr);
    if (network) {
        out.series = {{"loss", "Loss", "", "loss"},
                      {"grad_norm", "Gradient norm", "", "gradient"},
                      {"learning_rate", "Learning rate", "", "rate"}};
        if (truth) {
            out.series.push_back({"score_error", "Score error", "", "error"});
        }
    }
    out.series.push_back({"log_snr", "Log SNR", "nats", "snr"});
    out.series.push_back({"evaluations", "Evaluations", "", "count"});
    out.views = {"energy-map", "surface", "data", "losses", "samples"};
    if (image) {
        out.views = {"strips", "data", "losses", "noise", "samples"};
    }
    const auto declared = [&](const char* id) -> const ParamDecl& { return *find(out.params, id); };
    if (network) {
        out.clocks = {Clock::Train, Clock::Diffuse};
    } else {
        out.clocks = {Clock::Diffuse};
        out.pace = chosenAs<double>(declared("sampler.pace"), given);
        const Index levels = chosenAs<Index>(declared("sampler.steps"), given);
        const ParamDecl* inner = find(out.params, "sampler.inner");
        out.steps = levels * (inner != nullptr ? chosenAs<Index>(*inner, given) : 1);
    }
    return out;
}

}  // namespace lx::diffusion
