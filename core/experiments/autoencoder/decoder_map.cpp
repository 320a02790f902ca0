// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/decoder_map.h"

#include "core/geometry/mlp_map.h"
#include "core/geometry/rbf_map.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::autoencoder {
namespace {

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
SmoothMapPtr deviationOf(const std::vector<double>& codes, Index latent, const Tensor& squares,
                         const PrecisionOptions& options) {
    const Index dim = squares.size(1);
    const bool shared = dim > kOwnPrecision;
    RbfParts parts = rbfCentres(codes, latent, options.bumps, options.width);
    parts.floor = options.floor;
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

std::vector<double> decoderDeviation(const MetricInputs& in, std::span<const double> z) {
    const std::size_t count = z.size() / static_cast<std::size_t>(in.dim);
    const SmoothMapPtr& map = in.probabilities ? in.probabilities : in.sigma;
    if (map == nullptr) {
        return std::vector<double>(count, std::numeric_limits<double>::quiet_NaN());
    }
    const auto width = static_cast<std::size_t>(map->outputs());
    std::vector<double> y(count * width), out(count);
    map->value(z, y);
    for (std::size_t i = 0; i < y.size(); ++i) {
        out[i / width] += in.probabilities ? y[i] * (1 - y[i]) : y[i] * y[i];
    }
    std::ranges::transform(out, out.begin(), [](double v) { return std::sqrt(v); });
    return out;
}

MetricInputs metricInputs(const Moment& m, const ParamSet& geometry) {
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
    if (const auto learned = m.model->learnedMetric()) {
        out.rhvae =
            RhvaeParts{out.dim, plain<double>(learned->centres), plain<double>(learned->factors),
                       learned->temperature, learned->lambda};
    }
    SmoothMapPtr map = decoderMap(*m.model, m.data->params);
    if (map == nullptr) {
        return out;
    }
    if (m.model->likelihood().binary()) {
        out.probabilities = std::move(map);
    } else {
        out.mean = std::move(map);
        out.sigma = deviationOf(out.means, out.dim, (m.model->decode(q.mean) - x).square(),
                                precisionOptions(geometry));
    }
    return out;
}

}  // namespace lx::autoencoder
