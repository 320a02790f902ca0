// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/smooth_map.h"

namespace lx {

/// h(a): a; tanh a; a sigmoid(a); max(a, 0); log(1 + exp a); sigmoid(a); exp a; max(a, 0.01 a).
/// Relu and LeakyRelu have no second derivative at 0; it counts as 0 there.
enum class Unit : std::uint8_t { Linear, Tanh, Silu, Relu, Softplus, Sigmoid, Exp, LeakyRelu };

/// y = h(W x + b).
struct DenseLayer {
    std::vector<float> weight;  ///< [out, in]
    std::vector<float> bias;    ///< [out]
    Unit unit = Unit::Linear;
};

/// Arithmetic inside; weights are float either way. Single serves pictures (relative error about
/// 1e-5 of a metric), Double serves solvers.
enum class Precision : std::uint8_t { Single, Double };

/// A decoder of full layers, evaluated layer by layer in blocks of rows. Derivatives by forward
/// tangents and by reverse over forward, at two to three times the cost of a value for each
/// tangent. Throws UsageError when the layers do not fit or hold a number that is not finite.
SmoothMapPtr mlpMap(Index inputs, std::vector<DenseLayer> layers,
                    Precision precision = Precision::Double);

}  // namespace lx
