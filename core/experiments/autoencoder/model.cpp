// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/model.h"

#include "core/evaluation/importance.h"

#include <ATen/ATen.h>

namespace lx::autoencoder {

Context contextOf(const ParamSet& params, std::span<const Index> sampleShape) {
    Context context;
    context.dim = elementCount(sampleShape);
    context.latent = integer(params, "latent.dim");
    context.image = sampleShape.size() == 2;
    if (context.image) {
        context.height = sampleShape[0];
        context.width = sampleShape[1];
    }
    context.encoder = text(params, "encoder");
    return context;
}

Model::Model(const ParamSet& params, const Context& context, at::ScalarType type)
    : m_context(context) {
    m_head = rowOf(encoders(), text(params, "encoder")).make(params);
    const auto& network = rowOf(networks(), text(params, "network"));
    m_encoder = network.make(params, context, m_parameters, true, m_head->outputs(context.latent));
    m_decoder = network.make(params, context, m_parameters, false, context.latent);
    m_likelihood =
        rowOf(likelihoods(), text(params, "decoder")).make(params, context, m_parameters);
    m_prior = rowOf(priors(), text(params, "prior")).make(params);
    m_flow = rowOf(posteriors(), valueOr(params, "posterior", std::string("post.amortised")))
                 .make(params, context, m_parameters);
    if (m_flow) {
        // Its steps follow gradients, which must have gradients of their own.
        m_context.placement.handWritten = false;
        if (!m_context.anchors.defined()) {
            throw UsageError("posterior=post.rhvae needs rows of data as anchors");
        }
    }
    m_parameters.allocate(type, m_context.placement);
}

Tensor Model::prepared(const Tensor& x) const {
    return m_likelihood->binary() ? x.gt(0.5).to(x.scalar_type()) : x;
}

Tensor Model::codes(const Posterior& q, const Tensor& noise) const {
    return q.logVariance.defined() ? q.mean + (0.5 * q.logVariance).exp() * noise : q.mean;
}

Index Model::noiseUnits() const {
    return m_context.latent + (m_flow ? m_flow->noise() : 0);
}

Anchors Model::anchors() const {
    const Tensor rows = prepared(m_context.anchors).to(m_parameters.flat().scalar_type());
    return {rows, m_head->read(m_encoder->forward(rows)).mean};
}

CodeFlow::Moved Model::moved(const Tensor& z, const Tensor& noise, const Tensor& x) const {
    return m_flow->move(
        z, noise.narrow(1, m_context.latent, m_flow->noise()), anchors(), [&](const Tensor& at) {
            return m_likelihood->logDensity(m_decoder->forward(at), x) + m_prior->logDensity(at);
        });
}

std::optional<CodeFlow::Learned> Model::learnedMetric() const {
    const at::NoGradGuard off;
    return m_flow ? std::optional(m_flow->learned(anchors())) : std::nullopt;
}

Losses Model::losses(const Tensor& encoded, const Tensor& x, const Tensor& noise, bool training) {
    const Posterior q = m_head->read(encoded);
    Losses out;
    if (m_flow) {
        const Tensor z0 = codes(q, noise.narrow(1, 0, m_context.latent));
        const auto [z, correction] = moved(z0, noise, x);
        out.reconstruction = -m_likelihood->logDensity(m_decoder->forward(z), x);
        out.divergence =
            gaussianLogDensity(z0, q.mean, q.logVariance) - m_prior->logDensity(z) - correction;
        return out;
    }
    const Tensor z = codes(q, noise);
    out.reconstruction =
        -m_likelihood->logDensity(training ? m_decoder->train(z) : m_decoder->forward(z), x);
    if (stochastic()) {
        out.divergence = m_prior->divergence(q).sum(1);
    }
    return out;
}

Losses Model::train(const Tensor& x, const Tensor& noise) {
    return losses(m_encoder->train(x), x, noise, true);
}

Losses Model::evaluate(const Tensor& x, const Tensor& noise) const {
    const at::NoGradGuard off;
    return const_cast<Model*>(this)->losses(m_encoder->forward(x), x, noise, false);
}

Posterior Model::encode(const Tensor& x) const {
    const at::NoGradGuard off;
    return m_head->read(m_encoder->forward(x));
}

Tensor Model::decode(const Tensor& z) const {
    const at::NoGradGuard off;
    return m_likelihood->mean(m_decoder->forward(z));
}

Tensor Model::logWeights(const Tensor& x, const Tensor& noise) const {
    const at::NoGradGuard off;
    const Index rows = noise.size(0), samples = noise.size(1), d = m_context.latent;
    const Posterior q = m_head->read(m_encoder->forward(x));
    const Tensor mean = q.mean.unsqueeze(1).expand({rows, samples, d}).reshape({-1, d});
    const Tensor logVariance =
        q.logVariance.unsqueeze(1).expand({rows, samples, d}).reshape({-1, d});
    const Tensor drawn = noise.reshape({rows * samples, noise.size(2)});
    const Tensor z0 = mean + (0.5 * logVariance).exp() * drawn.narrow(1, 0, d);
    const Tensor repeated =
        x.unsqueeze(1).expand({rows, samples, x.size(1)}).reshape({-1, x.size(1)});
    Tensor z = z0, weight = -gaussianLogDensity(z0, mean, logVariance);
    if (m_flow) {
        const auto [at, correction] = moved(z0, drawn, repeated);
        z = at;
        weight = weight + correction;
    }
    weight =
        weight + m_likelihood->logDensity(m_decoder->forward(z), repeated) + m_prior->logDensity(z);
    return weight.view({rows, samples});
}

std::pair<Tensor, Tensor> Model::linearDecoder() const {
    const Parameters& p = m_parameters;
    std::size_t weight = p.size(), bias = p.size(), tensors = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const std::string& name = p.options(i).name;
        tensors += name.starts_with("decoder.") && name.ends_with("weight") ? 1 : 0;
        weight = name == "decoder.0.weight" ? i : weight;
        bias = name == "decoder.0.bias" ? i : bias;
    }
    if (tensors != 1 || weight == p.size() || bias == p.size()) {
        return {};
    }
    return {p.value(weight).detach(), p.value(bias).detach()};
}

void Model::copyFrom(const Tensor& flat) {
    const at::NoGradGuard off;
    Tensor target = m_parameters.flat();
    target.copy_(flat);
}

}  // namespace lx::autoencoder
