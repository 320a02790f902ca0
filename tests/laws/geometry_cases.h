// SPDX-License-Identifier: GPL-3.0-or-later
// Every kind of map and metric, small, with points to try them at.
#pragma once

#include "core/base/philox.h"
#include "core/energies/registry.h"
#include "core/geometry/analytic.h"
#include "core/geometry/combined_maps.h"
#include "core/geometry/latent_metrics.h"
#include "core/geometry/mlp_map.h"
#include "core/geometry/rbf_map.h"

#include <cmath>
#include <functional>
#include <string>

namespace lx::testing {

using Vector = std::vector<double>;

inline Vector normals(Key key, std::size_t count, double scale = 1) {
    std::vector<float> draws(count);
    fillNormal(key, draws);
    Vector out(draws.begin(), draws.end());
    for (double& x : out) {
        x *= scale;
    }
    return out;
}

/// Layers in -> widths with these units, weights of about unit gain.
inline std::vector<DenseLayer> layers(Key key, Index in, const std::vector<Index>& widths,
                                      const std::vector<Unit>& units, float gain = 1.2F) {
    std::vector<DenseLayer> out;
    for (std::size_t l = 0; l < widths.size(); ++l) {
        DenseLayer layer;
        layer.weight.resize(static_cast<std::size_t>(in * widths[l]));
        layer.bias.resize(static_cast<std::size_t>(widths[l]));
        fillNormal(derive(key, 2 * l), layer.weight);
        fillNormal(derive(key, 2 * l + 1), layer.bias);
        for (float& w : layer.weight) {
            w *= gain / std::sqrt(static_cast<float>(in));
        }
        layer.unit = units[l];
        in = widths[l];
        out.push_back(std::move(layer));
    }
    return out;
}

inline SmoothMapPtr smallDecoder(Unit hidden, Unit last, Index in = 2, Index out = 37,
                                 Precision precision = Precision::Double) {
    return mlpMap(in, layers({3, 14}, in, {19, 24, out}, {hidden, hidden, last}), precision);
}

inline SmoothMapPtr smallDeviation(Index in = 2, Index out = 5) {
    RbfParts parts;
    parts.inputs = in;
    parts.centres = normals({3, 15}, static_cast<std::size_t>(4 * in));
    parts.bandwidth = {0.5, 0.8, 1.1, 0.4};
    parts.weight = normals({3, 16}, static_cast<std::size_t>(4 * out), 2);
    for (double& w : parts.weight) {
        w *= w;
    }
    parts.floor = 0.05;
    return rbfDeviation(std::move(parts));
}

struct MapCase {
    std::string name;
    SmoothMapPtr map;
};

inline std::vector<MapCase> mapCases() {
    const auto decoder = smallDecoder(Unit::Tanh, Unit::Linear);
    return {{"tanh", decoder},
            {"silu", smallDecoder(Unit::Silu, Unit::Linear)},
            {"softplus", smallDecoder(Unit::Softplus, Unit::Softplus)},
            {"sigmoid", smallDecoder(Unit::Silu, Unit::Sigmoid)},
            {"relu", smallDecoder(Unit::Relu, Unit::Exp)},
            {"leaky relu", smallDecoder(Unit::LeakyRelu, Unit::Linear)},
            {"five inputs", smallDecoder(Unit::Tanh, Unit::Linear, 5)},
            {"rbf", smallDeviation()},
            {"stacked", stackedMap({decoder, smallDeviation()})},
            {"angles", bernoulliAngle(smallDecoder(Unit::Tanh, Unit::Sigmoid), 0.2)}};
}

struct MetricCase {
    std::string name;
    MetricPtr metric;
    Vector points;  ///< [N, D] inside the chart
};

inline EncoderMetricParts encoderParts(Index dim, Index codes) {
    EncoderMetricParts parts;
    parts.dim = dim;
    parts.means = normals({3, 17}, static_cast<std::size_t>(dim * codes));
    parts.variances = normals({3, 18}, parts.means.size(), 0.3);
    for (double& v : parts.variances) {
        v = 0.05 + v * v;
    }
    parts.rho = 2;
    parts.lambda = 0.1;
    parts.tau = 0.05;
    return parts;
}

inline RhvaeParts rhvaeParts(Index dim, Index codes) {
    RhvaeParts parts;
    parts.dim = dim;
    parts.centres = normals({3, 19}, static_cast<std::size_t>(dim * codes));
    parts.factors = normals({3, 20}, static_cast<std::size_t>(dim * dim * codes));
    parts.temperature = 0.9;
    parts.lambda = 0.05;
    return parts;
}

inline std::vector<MetricCase> metricCases() {
    constexpr std::size_t kPoints = 100;
    const Vector plane = normals({3, 21}, 2 * kPoints, 0.7);
    const Vector space = normals({3, 22}, 3 * kPoints, 0.7);
    Vector upper = plane, disc = plane;
    for (std::size_t i = 1; i < upper.size(); i += 2) {
        upper[i] = 0.2 + std::abs(upper[i]);
    }
    for (std::size_t i = 0; i < disc.size(); i += 2) {
        const double r = std::hypot(disc[i], disc[i + 1]);
        disc[i] *= 0.9 * std::tanh(r) / r;
        disc[i + 1] *= 0.9 * std::tanh(r) / r;
    }
    const auto encoder = encoderMetric(encoderParts(2, 7));
    const auto decoder = smallDecoder(Unit::Tanh, Unit::Linear);
    return {
        {"euclidean", euclideanMetric(3), space},
        {"constant", constantMetric({2, 0.6, 0.6, 0.5}, 2), plane},
        {"sphere", sphereMetric(2, 1.5), plane},
        {"sphere in 4-D", sphereMetric(3), space},
        {"half-plane", halfPlaneMetric(), upper},
        {"poincare", poincareMetric(2, 2), disc},
        {"paraboloid", paraboloidMetric(2, 0.7), plane},
        {"pull-back", gaussianPullback(decoder), plane},
        {"pull-back with sigma", gaussianPullback(decoder, smallDeviation()), plane},
        {"pull-back in 5-D", gaussianPullback(smallDecoder(Unit::Silu, Unit::Linear, 5)),
         normals({3, 23}, 5 * kPoints, 0.7)},
        {"pull-back, Bernoulli", bernoulliPullback(smallDecoder(Unit::Tanh, Unit::Sigmoid)), plane},
        {"encoder", encoder, plane},
        {"encoder in 3-D", encoderMetric(encoderParts(3, 9)), space},
        {"rhvae", rhvaeMetric(rhvaeParts(2, 6)), plane},
        {"rhvae in 3-D", rhvaeMetric(rhvaeParts(3, 6)), space},
        {"volume", volumeConformal(encoder), plane},
        {"density", densityConformal(makeEnergy("banana"), 0, 0.05), plane},
        {"ridge", ridged(gaussianPullback(decoder), 0.1), plane}};
}

/// Derivative of f along component k of x by the five-point rule, error O(h^4).
inline double difference(const std::function<double(const Vector&)>& f, Vector x, std::size_t k,
                         double h = 1e-3) {
    const double at = x[k];
    const auto shifted = [&](double by) {
        x[k] = at + by;
        return f(x);
    };
    return (8 * (shifted(h) - shifted(-h)) - (shifted(2 * h) - shifted(-2 * h))) / (12 * h);
}

/// The metric with slopes of one half: what every check of derivatives must reject.
class WrongSlope final : public Metric {
public:
    explicit WrongSlope(MetricPtr inner) : m_inner(std::move(inner)) {}
    Index dim() const override { return m_inner->dim(); }

protected:
    void matrices(const double* z, Index n, double* g) const override {
        m_inner->at({z, static_cast<std::size_t>(n * dim())},
                    {g, static_cast<std::size_t>(n * dim() * dim())});
    }
    void forms(const double* z, const double* v, Index n, double* value,
               double* slope) const override {
        const auto total = static_cast<std::size_t>(n * dim());
        m_inner->quadratic({z, total}, {v, total}, {value, static_cast<std::size_t>(n)},
                           {slope, slope != nullptr ? total : 0});
        for (std::size_t k = 0; slope != nullptr && k < total; ++k) {
            slope[k] *= 0.5;
        }
    }

private:
    MetricPtr m_inner;
};

}  // namespace lx::testing
