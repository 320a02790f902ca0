// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/experiments/autoencoder/latent_geometry.h"
#include "core/experiments/training.h"

#include <algorithm>

namespace lx::autoencoder {
namespace {

using namespace decl;

/// Declares the choice of a part and returns the id in force.
template <class Make>
std::string choose(std::vector<ParamDecl>& params, const ParamSet& given, const std::string& role,
                   const std::string& label, std::span<const PartRow<Make>> rows,
                   const std::string& initial, const std::string& help) {
    ParamDecl decl = make(role, label, initial, help);
    for (const auto& row : rows) {
        decl.choices.push_back(row.id);
        decl.help += (decl.choices.size() == 1 ? " " : ", ") + row.id + ": " + row.title;
    }
    decl.help += ".";
    params.push_back(decl);
    return chosenAs<std::string>(decl, given);
}

template <class Make>
void append(std::vector<ParamDecl>& params, const Context& context,
            std::span<const PartRow<Make>> rows, const std::string& id) {
    std::ranges::move(rowOf(rows, id).params(context), std::back_inserter(params));
}

}  // namespace

Description describe(const DataLibrary& library, const ParamSet& given) {
    Description out;
    out.params = library.params(given);
    const DataShape shape = library.shape(given);
    Context context;
    context.dim = elementCount(shape.sampleShape);
    context.image = shape.sampleShape.size() == 2;
    if (context.image) {
        context.height = shape.sampleShape[0];
        context.width = shape.sampleShape[1];
    }
    auto& params = out.params;
    context.encoder = choose(params, given, "encoder", "Encoder", encoders(), "enc.gauss",
                             "What the encoder says about a datum.");
    append(params, context, encoders(), context.encoder);
    const std::string decoder =
        choose(params, given, "decoder", "Decoder", likelihoods(),
               context.image ? "dec.bernoulli" : "dec.gauss",
               "Law of a datum given its code; Bernoulli sets pixels to 0 and 1 at 0.5.");
    append(params, context, likelihoods(), decoder);
    if (decoder == "dec.gauss") {
        // Only a fixed noise level can change during a run.
        const auto kind = given.find("decoder.sigma");
        const bool fixed = kind != given.end() && kind->second == ParamValue(std::string("fixed"));
        for (auto& decl : params) {
            decl.live = decl.id == "decoder.sigma_value" ? fixed : decl.live;
        }
    }
    const std::string prior =
        choose(params, given, "prior", "Prior", priors(), "prior.normal", "Law of the codes.");
    append(params, context, priors(), prior);
    const bool stochastic = context.encoder != "enc.det";
    bool moves = false;
    if (stochastic) {
        const std::string posterior = choose(params, given, "posterior", "Posterior", posteriors(),
                                             "post.amortised", "Where codes are in the end.");
        append(params, context, posteriors(), posterior);
        moves = posterior == "post.rhvae";
    }
    const std::string objective =
        choose(params, given, "objective", "Objective", objectives(),
               stochastic ? "obj.elbo" : "obj.rec", "What training minimises.");
    append(params, context, objectives(), objective);
    if (objective == "obj.elbo" && !stochastic) {
        throw UsageError("obj.elbo needs an encoder that gives a law, such as enc.gauss");
    }
    const std::string network = choose(params, given, "network", "Network", networks(), "net.mlp",
                                       "Build of encoder and decoder.");
    append(params, context, networks(), network);
    if (network == "net.conv" && !context.image) {
        throw UsageError("net.conv needs pictures; choose network=net.mlp for this data set");
    }
    const ParamDecl latent = within(make("latent.dim", "Latent units", Index{2},
                                         "Dimension of the codes; maps show the first two."),
                                    1, 256);
    params.push_back(latent);
    context.latent = chosenAs<Index>(latent, given);
    if (moves && context.latent > kMostUnits) {
        throw UsageError("posterior=post.rhvae needs at most " + std::to_string(kMostUnits) +
                         " latent units; lower latent.dim");
    }
    std::ranges::move(trainingParams(given), std::back_inserter(params));
    if (stochastic) {
        params.push_back(advanced(within(make("eval.iw_samples", "Importance samples", Index{64},
                                              "Draws for each held-out datum of the "
                                              "importance-weighted bound."),
                                         1, 10'000)));
        params.push_back(advanced(within(make("eval.iw_count", "Importance rows", Index{1000},
                                              "Held-out rows of the importance-weighted bound."),
                                         1, 1'000'000)));
    }

    out.spaces = {{"data", context.dim, shape.sampleShape},
                  {"latent", context.latent, {context.latent}}};
    const std::string rows = context.image ? "image_batch" : "points2";
    const std::string rowShape = context.image ? "[N, " + std::to_string(context.height) + ", " +
                                                     std::to_string(context.width) + "]"
                                               : "[N, " + std::to_string(context.dim) + "]";
    const std::string codeShape = "[N, " + std::to_string(context.latent) + "]";
    out.channels = {{"data", rows, "data", rowShape, "", Clock::Train},
                    {"codes", "points2", "latent", codeShape, "", Clock::Train},
                    {"originals", rows, "data", rowShape, "", Clock::Train},
                    {"reconstructions", rows, "data", rowShape, "", Clock::Train},
                    {"reconstruction_error", "bars", "data", "[N]", "nats", Clock::Train},
                    {"samples", rows, "data", rowShape, "", Clock::Train}};
    if (!shape.classNames.empty()) {
        out.channels.push_back({"labels", "labels", "latent", "[N]", "", Clock::Train});
    }
    if (stochastic) {
        out.channels.push_back({"codes_sd", "sds", "latent", codeShape, "", Clock::Train});
        std::string unitShape = "[";
        unitShape.append(std::to_string(context.latent)).append("]");
        out.channels.push_back({"kl_units", "bars", "latent", unitShape, "nats", Clock::Train});
    }
    out.series = {{"loss", "Loss", "nats", "nats"},
                  {"reconstruction", "Reconstruction", "nats", "nats"},
                  {"grad_norm", "Gradient norm", "", "gradient"},
                  {"learning_rate", "Learning rate", "", "rate"}};
    if (stochastic) {
        out.series.push_back({"kl", "KL", "nats", "kl"});
        out.series.push_back({"heldout_elbo", "Held-out bound", "nats", "nats"});
    } else {
        out.series.push_back({"heldout_reconstruction", "Held-out reconstruction", "nats", "nats"});
    }
    describeGeometry(out, given, metricKinds(network, decoder, stochastic, moves, context.latent),
                     stochastic, context.latent, rows, rowShape);
    out.views = {"latent-map",      "decode",  "manifold-sheet", "data",
                 "reconstructions", "samples", "losses",         "kl-units"};
    out.classNames = shape.classNames;
    return out;
}

}  // namespace lx::autoencoder
