// SPDX-License-Identifier: GPL-3.0-or-later
// Closed forms the engine must reproduce on every machine. The measures are functions of what they
// judge, so that tests can hand them a wrong formula and see it refused.
#pragma once

#include "core/data/distribution.h"
#include "core/experiments/autoencoder/model.h"
#include "core/session/engine_module.h"

#include <functional>

namespace lx::selftest {

/// Integral of a plane density over [-half, half]^2 by the midpoint rule on cells^2.
double planeIntegral(const Distribution&, double half, Index cells);

using Divergence = std::function<Tensor(const Tensor& mean, const Tensor& logVariance)>;
/// Largest absolute error of a divergence from N(0, 1) against quadrature.
double divergenceError(const Divergence&);

/// Largest error of `gradient` against central differences of `loss` in `values`, relative to the
/// larger of the entry and a thousandth of the largest entry. All float64, flat.
double gradientError(const Tensor& values, const Tensor& gradient,
                     const std::function<double()>& loss, Index probes, Key);

using WeightsOf = std::function<Tensor(const Tensor& x, const Tensor& noise)>;
/// Difference of log weights from -reconstruction + log p(z) - log q(z | x), the last two by their
/// formulas in the noise.
double weightError(const autoencoder::Model&, const WeightsOf&, Key);

/// A small Gaussian-code model on `dim` coordinates in float64, for checks of gradients.
std::unique_ptr<autoencoder::Model> smallModel(const ParamSet& changes, Index dim, bool image, Key);
/// Parameters of the family with `changes`, as describe() and resolve() give them.
ParamSet familyParams(const ParamSet& changes);

std::vector<SelfTestRow> run();

}  // namespace lx::selftest
