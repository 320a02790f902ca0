// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/parts.h"

#include "core/base/decls.h"
#include "core/evaluation/importance.h"
#include "core/experiments/autoencoder/hamiltonian_flow.h"
#include "core/nn/kernels.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <numbers>

namespace lx::autoencoder {
namespace {

using namespace decl;
using Decls = std::vector<ParamDecl>;

class Deterministic final : public EncoderHead {
public:
    Index outputs(Index latent) const override { return latent; }
    Posterior read(const Tensor& outputs) const override { return {outputs, {}}; }
    bool stochastic() const override { return false; }
};

/// Diagonal Gaussian: the first half of the outputs is the mean, the second the log-variance.
class Gaussian final : public EncoderHead {
public:
    Index outputs(Index latent) const override { return 2 * latent; }
    Posterior read(const Tensor& outputs) const override {
        const Index d = outputs.size(1) / 2;
        return {outputs.narrow(1, 0, d), outputs.narrow(1, d, d)};
    }
    bool stochastic() const override { return true; }
};

struct BernoulliNode : torch::autograd::Function<BernoulliNode> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& logits,
                          const Tensor& x) {
        const Tensor a = logits.contiguous(), data = x.contiguous();
        Tensor logp = at::empty({a.size(0)}, a.options().requires_grad(false));
        Tensor gradient = at::empty_like(a, a.options().requires_grad(false));
        if (a.scalar_type() == at::kFloat) {
            kernels::bernoulli(a.data_ptr<float>(), data.data_ptr<float>(), logp.data_ptr<float>(),
                               gradient.data_ptr<float>(), a.size(0), a.size(1));
        } else {
            kernels::bernoulli(a.data_ptr<double>(), data.data_ptr<double>(),
                               logp.data_ptr<double>(), gradient.data_ptr<double>(), a.size(0),
                               a.size(1));
        }
        context->saved_data["gradient"] = gradient;
        context->save_for_backward({logits, x});
        return logp;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        const Tensor outer = gradients[0].unsqueeze(1);
        if (at::GradMode::is_enabled()) {  // somebody differentiates the gradient
            const auto saved = context->get_saved_variables();
            return {(saved[1] - at::sigmoid(saved[0])) * outer, Tensor()};
        }
        return {context->saved_data["gradient"].toTensor() * outer, Tensor()};
    }
};

class Bernoulli final : public Likelihood {
public:
    Tensor logDensity(const Tensor& outputs, const Tensor& x) const override {
        return bernoulliLogDensity(outputs, x);
    }
    Tensor mean(const Tensor& outputs) const override { return at::sigmoid(outputs); }
    bool binary() const override { return true; }
};

/// Normal with a standard deviation that is fixed, one learned number, or one learned for each
/// coordinate.
class Normal final : public Likelihood {
public:
    Normal(const ParamSet& params, const Context& context, Parameters& parameters)
        : m_parameters(parameters), m_logSigma(std::log(number(params, "decoder.sigma_value"))) {
        const std::string& kind = text(params, "decoder.sigma");
        m_learned = kind != "fixed";
        m_scalar = kind != "pixel";
        if (m_learned) {
            m_tensor = parameters.declare({"decoder.log_sigma",
                                           {m_scalar ? Index{1} : context.dim},
                                           Init::Constant,
                                           1,
                                           m_logSigma});
        }
    }
    Tensor logDensity(const Tensor& outputs, const Tensor& x) const override {
        const auto dim = static_cast<double>(x.size(1));
        const double constant = std::log(2 * std::numbers::pi);
        const Tensor difference = x - outputs;
        if (!m_learned) {
            const double precision = std::exp(-2 * m_logSigma);
            return (difference * difference).sum(1) * (-0.5 * precision) -
                   dim * (m_logSigma + 0.5 * constant);
        }
        const Tensor& logSigma = m_parameters.value(m_tensor);
        const Tensor scaled = difference * (-logSigma).exp();
        const Tensor norm = m_scalar ? dim * logSigma.sum() : logSigma.sum();
        return (scaled * scaled).sum(1) * -0.5 - norm - 0.5 * constant * dim;
    }
    Tensor mean(const Tensor& outputs) const override { return outputs; }
    double variance() const override {
        if (!m_scalar) {
            return 0;
        }
        const double logSigma =
            m_learned ? m_parameters.value(m_tensor).item<double>() : m_logSigma;
        return std::exp(2 * logSigma);
    }
    void setSigma(double sigma) override { m_logSigma = std::log(sigma); }

private:
    Parameters& m_parameters;
    double m_logSigma;
    bool m_learned = false, m_scalar = true;
    std::size_t m_tensor = 0;
};

class StandardNormal final : public Prior {
public:
    Tensor logDensity(const Tensor& z) const override {
        return -0.5 * (z * z + std::log(2 * std::numbers::pi)).sum(-1);
    }
    Tensor sample(Key key, Index count, Index latent, Index first) const override {
        return normal(key, {count, latent}, first * latent);
    }
    Tensor divergence(const Posterior& q) const override {
        return gaussianKl(q.mean, q.logVariance);
    }
};

class Reconstruction final : public Objective {
public:
    Tensor loss(const Tensor& reconstruction, const Tensor&, Index) const override {
        return reconstruction.mean();
    }
    bool needsPosterior() const override { return false; }
};

/// Negative evidence lower bound with weight beta on the divergence. Ref: kingma2014,
/// higgins2017.
class Elbo final : public Objective {
public:
    explicit Elbo(const ParamSet& params)
        : m_beta(number(params, "objective.beta")), m_warmup(integer(params, "objective.warmup")) {}
    Tensor loss(const Tensor& reconstruction, const Tensor& divergence, Index step) const override {
        const double ramp =
            m_warmup > 0 ? std::min(1.0, static_cast<double>(step) / static_cast<double>(m_warmup))
                         : 1.0;
        return (reconstruction + divergence * (m_beta * ramp)).mean();
    }
    bool needsPosterior() const override { return true; }
    void set(const std::string& id, const ParamValue& value) override {
        if (id == "objective.beta") {
            m_beta = std::get<double>(value);
        }
    }

private:
    double m_beta;
    Index m_warmup;
};

std::vector<Index> sizesOf(const ParamSet& params, const std::string& id) {
    std::vector<Index> sizes;
    for (const double entry : numbers(params, id)) {
        if (entry != std::floor(entry)) {
            throw UsageError("parameter '" + id + "': layer sizes are whole numbers");
        }
        sizes.push_back(static_cast<Index>(entry));
    }
    if (sizes.size() > 16) {
        throw UsageError("parameter '" + id + "': at most 16 layers");
    }
    return sizes;
}

std::unique_ptr<Network> mlpOf(const ParamSet& params, const Context& context,
                               Parameters& parameters, bool encoder, Index features) {
    auto hidden = sizesOf(params, encoder ? "encoder.hidden" : "decoder.hidden");
    if (hidden.empty()) {
        hidden = sizesOf(params, "network.hidden");
        if (!encoder) {
            hidden = {hidden.rbegin(), hidden.rend()};
        }
    }
    std::vector<Index> sizes{encoder ? context.dim : features};
    sizes.insert(sizes.end(), hidden.begin(), hidden.end());
    sizes.push_back(encoder ? features : context.dim);
    return makeMlp(parameters, {encoder ? "encoder" : "decoder", std::move(sizes),
                                activationOf(text(params, "network.activation"))});
}

std::unique_ptr<Network> convOf(const ParamSet& params, const Context& context,
                                Parameters& parameters, bool encoder, Index features) {
    if (!context.image) {
        throw UsageError("net.conv needs pictures; choose network=net.mlp for this data set");
    }
    ConvOptions options{encoder ? "encoder" : "decoder",
                        context.height,
                        context.width,
                        sizesOf(params, "network.channels"),
                        features,
                        activationOf(text(params, "network.activation"))};
    return encoder ? makeConvEncoder(parameters, std::move(options))
                   : makeConvDecoder(parameters, std::move(options));
}

std::unique_ptr<CodeFlow> flowOf(const ParamSet& params, const Context& context,
                                 Parameters& parameters) {
    return makeHamiltonianFlow(parameters, context.dim, context.latent,
                               {.leapfrogs = integer(params, "posterior.leapfrogs"),
                                .step = number(params, "posterior.step"),
                                .tempering = number(params, "posterior.tempering"),
                                .temperature = number(params, "posterior.temperature"),
                                .background = number(params, "posterior.background"),
                                .fixedPoints = integer(params, "posterior.fixed_points"),
                                .hidden = sizesOf(params, "posterior.hidden")});
}

ParamDecl activationDecl() {
    return oneOf(make("network.activation", "Activation", std::string("relu"),
                      "Non-linearity after every hidden layer."),
                 {"relu", "leaky_relu", "silu", "tanh", "identity"});
}

Decls noParams(const Context&) {
    return {};
}

const PartRow<MakeEncoder> kEncoders[] = {
    {"enc.gauss", "Gaussian code", noParams,
     [](const ParamSet&) -> std::unique_ptr<EncoderHead> { return std::make_unique<Gaussian>(); }},
    {"enc.det", "Deterministic code", noParams,
     [](const ParamSet&) -> std::unique_ptr<EncoderHead> {
         return std::make_unique<Deterministic>();
     }},
};

const PartRow<MakeLikelihood> kLikelihoods[] = {
    {"dec.bernoulli", "Bernoulli pixels", noParams,
     [](const ParamSet&, const Context&, Parameters&) -> std::unique_ptr<Likelihood> {
         return std::make_unique<Bernoulli>();
     }},
    {"dec.gauss", "Gaussian noise",
     [](const Context& context) {
         return Decls{
             oneOf(make("decoder.sigma", "Noise", std::string("scalar"),
                        "Standard deviation of the decoder's noise: fixed, one learned number, or "
                        "one learned for each coordinate."),
                   {"fixed", "scalar", "pixel"}),
             slider(
                 live(within(make("decoder.sigma_value", "Noise level", context.image ? 0.2 : 0.5,
                                  "The fixed standard deviation, or where a learned one starts."),
                             1e-3, 1e2, Scale::Log)),
                 0.05, 2)};
     },
     [](const ParamSet& params, const Context& context,
        Parameters& parameters) -> std::unique_ptr<Likelihood> {
         return std::make_unique<Normal>(params, context, parameters);
     }},
};

const PartRow<MakeFlow> kPosteriors[] = {
    {"post.amortised", "as the encoder draws them", noParams,
     [](const ParamSet&, const Context&, Parameters&) -> std::unique_ptr<CodeFlow> {
         return nullptr;
     }},
    {"post.rhvae", "moved by Hamiltonian steps under a metric that is learned",
     [](const Context&) {
         const FlowOptions usual;
         return Decls{
             within(make("posterior.leapfrogs", "Leapfrog steps", usual.leapfrogs,
                         "Steps that a code moves on after the encoder has drawn it."),
                    1, 50),
             within(make("posterior.step", "Leapfrog size", usual.step,
                         "Of one step; a larger one leaves codes that do not conserve energy."),
                    1e-5, 1, Scale::Log),
             advanced(within(make("posterior.tempering", "Tempering", usual.tempering,
                                  "beta_0: momenta begin with the covariance of the metric over "
                                  "it and cool down to 1."),
                             1e-3, 1, Scale::Log)),
             within(make("posterior.temperature", "Reach of an anchor", usual.temperature,
                         "T of the metric: how far an anchor is felt."),
                    1e-2, 100, Scale::Log),
             advanced(within(make("posterior.background", "Background", usual.background,
                                  "lambda: the metric far from all anchors is one over this."),
                             1e-6, 10, Scale::Log)),
             advanced(
                 within(make("posterior.fixed_points", "Fixed-point iterations", usual.fixedPoints,
                             "Of each implicit half step; where they have not settled, the "
                             "flow changes volume unseen and the bound is off."),
                        1, 50)),
             advanced(within(make("posterior.anchors", "Anchors", Index{100},
                                  "Rows of data whose codes are the centres of the metric."),
                             1, 2000, Scale::Log)),
             advanced(within(make("posterior.hidden", "Metric layers", std::vector<double>{128},
                                  "Hidden layers of the network that reads an anchor's factor."),
                             1, 8192))};
     },
     flowOf},
};

const PartRow<MakePrior> kPriors[] = {
    {"prior.normal", "Standard normal", noParams,
     [](const ParamSet&) -> std::unique_ptr<Prior> { return std::make_unique<StandardNormal>(); }},
};

const PartRow<MakeObjective> kObjectives[] = {
    {"obj.elbo", "Evidence lower bound",
     [](const Context&) {
         return Decls{
             slider(live(within(
                        make("objective.beta", "Beta", 1.0,
                             "Weight of the divergence from the prior; 1 is the bound itself."),
                        0, 1000)),
                    0, 10),
             advanced(unit(within(make("objective.warmup", "Beta warm-up", Index{0},
                                       "Steps over which beta rises from 0 to its value."),
                                  0, 1e7),
                           "steps"))};
     },
     [](const ParamSet& params) -> std::unique_ptr<Objective> {
         return std::make_unique<Elbo>(params);
     }},
    {"obj.rec", "Reconstruction", noParams,
     [](const ParamSet&) -> std::unique_ptr<Objective> {
         return std::make_unique<Reconstruction>();
     }},
};

const PartRow<MakeNetwork> kNetworks[] = {
    {"net.mlp", "Fully connected",
     [](const Context& context) {
         const bool large = context.dim >= 196;
         const auto hiddenDecl = [](std::string id, std::string label, std::vector<double> initial,
                                    std::string help) {
             return within(
                 make(std::move(id), std::move(label), std::move(initial), std::move(help)), 1,
                 8192);
         };
         return Decls{
             hiddenDecl("network.hidden", "Hidden layers",
                        large ? std::vector<double>{512, 256} : std::vector<double>{128, 64},
                        "Sizes of the encoder's hidden layers; the decoder mirrors them. Empty: "
                        "linear."),
             advanced(hiddenDecl("encoder.hidden", "Encoder layers", {},
                                 "Hidden layers of the encoder where they differ.")),
             advanced(hiddenDecl("decoder.hidden", "Decoder layers", {},
                                 "Hidden layers of the decoder where they differ.")),
             advanced(activationDecl())};
     },
     mlpOf},
    {"net.conv", "Convolutional",
     [](const Context&) {
         return Decls{within(make("network.channels", "Channels", std::vector<double>{32, 64},
                                  "Channels of the convolutions; each halves the picture."),
                             1, 1024),
                      advanced(activationDecl())};
     },
     convOf},
};

}  // namespace

Tensor bernoulliLogDensity(const Tensor& logits, const Tensor& x) {
    if (logits.is_cpu()) {
        return BernoulliNode::apply(logits, x);
    }
    return (x * logits - at::softplus(logits)).sum(1);
}

std::span<const PartRow<MakeEncoder>> encoders() {
    return kEncoders;
}
std::span<const PartRow<MakeLikelihood>> likelihoods() {
    return kLikelihoods;
}
std::span<const PartRow<MakeFlow>> posteriors() {
    return kPosteriors;
}
std::span<const PartRow<MakePrior>> priors() {
    return kPriors;
}
std::span<const PartRow<MakeObjective>> objectives() {
    return kObjectives;
}
std::span<const PartRow<MakeNetwork>> networks() {
    return kNetworks;
}

}  // namespace lx::autoencoder
