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
    m_parameters.allocate(type, context.placement);
}

Tensor Model::prepared(const Tensor& x) const {
    return m_likelihood->binary() ? x.gt(0.5).to(x.scalar_type()) : x;
}

Tensor Model::codes(const Posterior& q, const Tensor& noise) const {
    return q.logVariance.defined() ? q.mean + (0.5 * q.logVariance).exp() * noise : q.mean;
}

Losses Model::losses(const Tensor& encoded, const Tensor& x, const Tensor& noise, bool training) {
    const Posterior q = m_head->read(encoded);
    const Tensor z = codes(q, noise);
    Losses out;
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
    const Index rows = noise.size(0), samples = noise.size(1), d = noise.size(2);
    const Posterior q = m_head->read(m_encoder->forward(x));
    const Tensor mean = q.mean.unsqueeze(1).expand({rows, samples, d}).reshape({-1, d});
    const Tensor logVariance =
        q.logVariance.unsqueeze(1).expand({rows, samples, d}).reshape({-1, d});
    const Tensor z = mean + (0.5 * logVariance).exp() * noise.reshape({-1, d});
    const Tensor repeated =
        x.unsqueeze(1).expand({rows, samples, x.size(1)}).reshape({-1, x.size(1)});
    const Tensor logp = m_likelihood->logDensity(m_decoder->forward(z), repeated);
    const Tensor weight = logp + m_prior->logDensity(z) - gaussianLogDensity(z, mean, logVariance);
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
