// SPDX-License-Identifier: GPL-3.0-or-later
// Metrics that a trained model brings to its latent space.
#pragma once

#include "core/energies/energy.h"
#include "core/geometry/metric.h"
#include "core/geometry/smooth_map.h"

namespace lx {

/// G = J'J of any map. Large where outputs change fast. Path steps are chords |f(b) - f(a)|.
MetricPtr pullbackMetric(SmoothMapPtr);
/// J_mu' J_mu + J_sigma' J_sigma of x = mu(z) + sigma(z) e: the expected pull-back. Without `sigma`
/// the mean's alone. Large where the mean changes fast and where uncertainty grows, so off the
/// data. A linear last layer is folded. Ref: arvanitidis2018.
MetricPtr gaussianPullback(const SmoothMapPtr& mean, const SmoothMapPtr& sigma = nullptr);
/// J' diag(1 / (p (1 - p))) J of Bernoulli outputs, p clamped to [clamp, 1 - clamp] in the weight.
MetricPtr bernoulliPullback(SmoothMapPtr probabilities, double clamp = 0.01);

/// G(z) = sum_i S_i^-1 exp(-(z - m_i)' S_i^-1 (z - m_i) / rho^2) + lambda exp(-tau |z|^2) I with
/// diagonal S_i. Large at the codes. Ref: chadebec2022.
struct EncoderMetricParts {
    Index dim = 0;
    std::vector<double> means;      ///< m [C, D]
    std::vector<double> variances;  ///< diagonals of S [C, D], positive
    double rho = 1, lambda = 0.01, tau = 0;
    bool lambdaForEach = false;  ///< as published: lambda stands inside the sum, C times
};
MetricPtr encoderMetric(EncoderMetricParts);

/// G^-1(z) = sum_i L_i L_i' exp(-|z - c_i|^2 / temperature^2) + lambda I. Small at the data, the
/// opposite of the encoder metric. Ref: chadebec2020.
struct RhvaeParts {
    Index dim = 0;
    std::vector<double> centres;  ///< c [C, D]
    std::vector<double> factors;  ///< L [C, D, D]
    double temperature = 1, lambda = 0.01;
};
MetricPtr rhvaeMetric(RhvaeParts);

/// V I with V = 1 / sqrt(det G): small where G is large. Its geodesics are the interpolations of
/// chadebec2022, whose functional without the squared speed has no minimiser.
MetricPtr volumeConformal(MetricPtr);
/// (exp(reference - E(z)) + floor)^-power I: small where the density exp(-E) is high, and 1 / floor
/// ^power off it. `reference` is the energy at which the bracket is one. Ref: arvanitidis2022.
MetricPtr densityConformal(EnergyPtr, double reference, double floor = 0.01, double power = 1);
/// G + epsilon I, for a metric that is nearly singular. Derivatives stay exact.
MetricPtr ridged(MetricPtr, double epsilon);

/// The energy of the uniform law with respect to the volume of a metric: E = -log det G / 2 inside
/// `window`, +infinity outside. `inverse`: of G^-1, E = log det G / 2, what chadebec2020 samples.
EnergyPtr uniformEnergy(MetricPtr, Box window, bool inverse = false);

}  // namespace lx
