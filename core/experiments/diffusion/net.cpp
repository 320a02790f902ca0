// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/diffusion/net.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

namespace lx::diffusion {
namespace {

class NetDenoiser final : public Denoiser {
public:
    NetDenoiser(std::shared_ptr<const Net> net, Index label)
        : m_net(std::move(net)), m_label(label) {}
    Index dim() const override { return m_net->options().dim; }

protected:
    void compute(const NoiseLevel& level, const double* z, Index count,
                 double* eps) const override {
        const at::NoGradGuard off;
        store(epsilon(level, rows(z, count)), eps);
    }
    void computeDivergence(const NoiseLevel& level, const double* z, Index count,
                           double* divergence) const override {
        const at::AutoGradMode on(true);
        const Tensor at = rows(z, count).requires_grad_(true);
        const Tensor eps = epsilon(level, at);
        Tensor sum = at::zeros({count}, eps.options());
        for (Index k = 0; k < dim(); ++k) {
            const auto slopes = torch::autograd::grad({eps.select(1, k).sum()}, {at}, {},
                                                      /*retain_graph=*/k + 1 < dim());
            sum = sum + slopes[0].select(1, k);
        }
        store(sum, divergence);
    }

private:
    Tensor rows(const double* z, Index count) const {
        return at::from_blob(const_cast<double*>(z), {count, dim()}, at::kDouble)  // only read
            .to(m_net->parameters().flat().options().requires_grad(false));
    }
    Tensor epsilon(const NoiseLevel& level, const Tensor& z) const {
        const auto options = z.options().requires_grad(false);
        const Tensor alpha = at::full({z.size(0), 1}, level.alpha, options);
        const Tensor sigma = at::full({z.size(0), 1}, level.sigma, options);
        Tensor classes;
        if (m_label >= 0) {
            classes = at::zeros({z.size(0), m_net->options().classes}, options);
            classes.select(1, m_label).fill_(1);
        }
        return m_net->epsilon(m_net->forward(z, alpha, sigma, classes), z, alpha, sigma);
    }
    static void store(const Tensor& from, double* to) {
        const Tensor host = from.detach().to(at::kCPU, at::kDouble).contiguous();
        std::copy_n(host.data_ptr<double>(), host.numel(), to);
    }
    std::shared_ptr<const Net> m_net;
    Index m_label;
};

}  // namespace

NetOptions netOptions(const ParamSet& params, std::span<const Index> sampleShape, Index classes) {
    NetOptions out;
    out.dim = elementCount(sampleShape);
    out.classes = classes;
    const auto sizes = [&](const char* id) {
        const auto& list = numbers(params, id);
        return std::vector<Index>(list.begin(), list.end());
    };
    if (text(params, "model") == "net.unet") {
        out.channels = sizes("network.channels");
        out.height = sampleShape[0];
        out.width = sampleShape[1];
    } else {
        out.hidden = sizes("network.hidden");
        out.activation = activationOf(text(params, "network.activation"));
    }
    out.frequencies = integer(params, "network.frequencies");
    out.prediction = predictionNamed(text(params, "prediction"));
    return out;
}

Net::Net(NetOptions options, Placement placement, at::ScalarType type)
    : m_options(std::move(options)) {
    const Index told = std::max<Index>(1, 2 * m_options.frequencies) + m_options.classes;
    if (m_options.channels.empty()) {
        std::vector<Index> sizes{m_options.dim + told};
        sizes.insert(sizes.end(), m_options.hidden.begin(), m_options.hidden.end());
        sizes.push_back(m_options.dim);
        m_network = makeMlp(m_parameters, {"denoiser", sizes, m_options.activation});
    } else {
        m_network = makeUnet(m_parameters, {"denoiser", m_options.height, m_options.width, told,
                                            m_options.channels});
    }
    m_parameters.allocate(type, placement);
    std::vector<double> frequencies;
    for (Index k = 0; k < m_options.frequencies; ++k) {
        frequencies.push_back(0.1 * std::pow(1.7, static_cast<double>(k)));
    }
    m_frequencies = at::tensor(frequencies, at::kDouble)
                        .view({1, -1})
                        .to(m_parameters.flat().options().requires_grad(false));
}

Tensor Net::inputs(const Tensor& z, const Tensor& alpha, const Tensor& sigma,
                   const Tensor& classes) const {
    const Tensor scaled = z * (alpha * alpha + sigma * sigma).rsqrt();
    const Tensor logSnr = 2 * (alpha.log() - sigma.log());
    std::vector<Tensor> parts{scaled};
    if (m_options.frequencies == 0) {
        parts.push_back(0.1 * logSnr);
    } else {
        const Tensor angle = logSnr * m_frequencies;
        parts.insert(parts.end(), {angle.sin(), angle.cos()});
    }
    if (m_options.classes > 0) {
        parts.push_back(classes.defined() ? classes
                                          : at::zeros({z.size(0), m_options.classes},
                                                      z.options().requires_grad(false)));
    }
    return at::cat(parts, 1);
}

Tensor Net::forward(const Tensor& z, const Tensor& alpha, const Tensor& sigma,
                    const Tensor& classes) const {
    return m_network->forward(inputs(z, alpha, sigma, classes));
}

Tensor Net::train(const Tensor& z, const Tensor& alpha, const Tensor& sigma,
                  const Tensor& classes) {
    return m_network->train(inputs(z, alpha, sigma, classes));
}

Tensor Net::wanted(const Tensor& x, const Tensor& eps, const Tensor& alpha,
                   const Tensor& sigma) const {
    switch (m_options.prediction) {
        case Prediction::Clean: return x;
        case Prediction::Epsilon: return eps;
        case Prediction::Score: return -eps;
        case Prediction::Velocity: break;
    }
    return alpha * eps - sigma * x;
}

Tensor Net::errorScale(const Tensor& alpha, const Tensor& sigma) const {
    switch (m_options.prediction) {
        case Prediction::Clean: return (alpha / sigma).square();
        case Prediction::Velocity: return (alpha / (alpha * alpha + sigma * sigma)).square();
        case Prediction::Epsilon:
        case Prediction::Score: break;
    }
    return at::ones_like(alpha);
}

Tensor Net::epsilon(const Tensor& output, const Tensor& z, const Tensor& alpha,
                    const Tensor& sigma) const {
    switch (m_options.prediction) {
        case Prediction::Clean: return (z - alpha * output) / sigma;
        case Prediction::Epsilon: return output;
        case Prediction::Score: return -output;
        case Prediction::Velocity: break;
    }
    return (sigma * z + alpha * output) / (alpha * alpha + sigma * sigma);
}

DenoiserPtr netDenoiser(std::shared_ptr<const Net> net, Index label) {
    return std::make_shared<NetDenoiser>(std::move(net), label);
}

}  // namespace lx::diffusion
