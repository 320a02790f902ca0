// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/selftest.h"

#include "core/base/philox.h"
#include "core/geometry/analytic.h"
#include "core/geometry/dense/table.h"
#include "core/geometry/many.h"
#include "core/geometry/mlp_map.h"
#include "core/geometry/ode.h"

#include <cmath>

namespace lx {
namespace {

using Vector = std::vector<double>;

/// A layer 3 -> 40 by the panels of this processor: the sum of its outputs, and by plain loops.
GeometryCheck denseLayer() {
    DenseLayer layer;
    layer.weight.resize(120);
    layer.bias.resize(40);
    fillNormal({1, 2}, layer.weight);
    fillNormal({1, 3}, layer.bias);
    layer.unit = Unit::Tanh;
    const Vector z{0.3, -0.8, 1.1};
    double expected = 0, value = 0;
    for (std::size_t o = 0; o < 40; ++o) {
        double sum = layer.bias[o];
        for (std::size_t k = 0; k < 3; ++k) {
            sum += static_cast<double>(layer.weight[o * 3 + k]) * z[k];
        }
        expected += std::tanh(sum);
    }
    Vector y(40);
    mlpMap(3, {layer})->value(z, y);
    for (const double x : y) {
        value += x;
    }
    return {std::string("dense layer, ") + dense::table().name, value, expected, 1e-12};
}

}  // namespace

std::vector<GeometryCheck> geometrySelftest() {
    std::vector<GeometryCheck> out;
    const auto length = [&](const char* name, const MetricPtr& metric, const Vector& a,
                            const Vector& b, double truth) {
        out.push_back({name, geodesic(metric, a, b).length, truth, 1e-3 * truth});
    };
    const Vector a{0.3, -0.7}, b{0.2, 0.5}, up{-0.4, 0.6}, high{0.9, 1.4};
    length("geodesic, sphere", sphereMetric(), a, b, sphereDistance(a, b));
    length("geodesic, hyperbolic disc", poincareMetric(), a, b, poincareDistance(a, b));
    length("geodesic, hyperbolic half-plane", halfPlaneMetric(), up, high,
           halfPlaneDistance(up, high));
    const auto sphere = sphereMetric();
    const Vector v{0.3, 0.4};
    const double speed = std::sqrt(sphere->inner(a, v, v));
    out.push_back({"exponential map, sphere", sphereDistance(a, exponential(*sphere, a, v, 40).z),
                   speed, 1e-6});
    out.push_back(
        {"Gauss curvature, hyperbolic disc", gaussCurvature(*poincareMetric(), up)[0], -1, 1e-6});
    out.push_back(denseLayer());
    for (auto& check : out) {
        check.pass = std::abs(check.value - check.expected) <= check.tolerance;
    }
    return out;
}

}  // namespace lx
