// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/decoder_map.h"

#include "core/geometry/mlp_map.h"
#include "core/geometry/rbf_map.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx::autoencoder {
namespace {

constexpr Index kCentres = 48;  // of the precision network; SYSTEMS 9: 32 to 64
constexpr double kSpread = 1.5, kFloor = 1e-2;

template <class T>
std::vector<T> plain(const Tensor& tensor) {
    const Tensor host =
        tensor.detach().to(at::kCPU, c10::CppTypeToScalarType<T>::value).contiguous();
    return {host.data_ptr<T>(), host.data_ptr<T>() + host.numel()};
}

Unit unitOf(const std::string& activation) {
    switch (activationOf(activation)) {
        case Activation::Identity: return Unit::Linear;
        case Activation::Relu: return Unit::Relu;
        case Activation::LeakyRelu: return Unit::LeakyRelu;
        case Activation::Silu: return Unit::Silu;
        case Activation::Tanh: return Unit::Tanh;
    }
    return Unit::Linear;
}

/// A precision for each coordinate, or one that all share: sigma sqrt(D) then stands for D equal
/// outputs, which is the same metric.
SmoothMapPtr deviationOf(const std::vector<double>& codes, Index latent, const Tensor& squares) {
    const Index dim = squares.size(1);
    const bool shared = dim > kOwnPrecision;
    RbfParts parts = rbfCentres(codes, latent, kCentres, kSpread);
    parts.floor = kFloor;
    parts =
        fitPrecision(std::move(parts), codes, plain<double>(shared ? squares.mean(1) : squares));
    if (shared) {
        for (double& w : parts.weight) {
            w /= static_cast<double>(dim);
        }
        parts.floor /= static_cast<double>(dim);
    }
    return rbfDeviation(std::move(parts));
}

}  // namespace

SmoothMapPtr decoderMap(const Model& model, const ParamSet& params) {
    if (text(params, "network") != "net.mlp") {
        return nullptr;
    }
    const Parameters& p = model.parameters();
    const Unit hidden = unitOf(text(params, "network.activation"));
    std::vector<DenseLayer> layers;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const std::string& name = p.options(i).name;
        if (name == "decoder." + std::to_string(layers.size()) + ".weight") {
            layers.push_back({plain<float>(p.value(i)), {}, hidden});
        } else if (!layers.empty() &&
                   name == "decoder." + std::to_string(layers.size() - 1) + ".bias") {
            layers.back().bias = plain<float>(p.value(i));
        }
    }
    if (layers.empty()) {
        return nullptr;
    }
    layers.back().unit = model.likelihood().binary() ? Unit::Sigmoid : Unit::Linear;
    return mlpMap(model.context().latent, std::move(layers));
}

MetricInputs metricInputs(const Moment& m) {
    const at::NoGradGuard off;
    MetricInputs out;
    out.dim = m.data->context.latent;
    const Index rows = std::min(RunData::kScreenRows, m.data->shown.size(0));
    const Tensor x =
        m.model->prepared(m.data->train.index_select(0, m.data->shown.narrow(0, 0, rows)));
    const Posterior q = m.model->encode(x);
    out.means = plain<double>(q.mean);
    if (q.logVariance.defined()) {
        out.variances = plain<double>(q.logVariance.exp());
    }
    SmoothMapPtr map = decoderMap(*m.model, m.data->params);
    if (map == nullptr) {
        return out;
    }
    if (m.model->likelihood().binary()) {
        out.probabilities = std::move(map);
    } else {
        out.mean = std::move(map);
        out.sigma = deviationOf(out.means, out.dim, (m.model->decode(q.mean) - x).square());
    }
    return out;
}

}  // namespace lx::autoencoder
