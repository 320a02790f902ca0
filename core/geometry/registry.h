// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/params.h"
#include "core/geometry/latent_metrics.h"

#include <optional>

namespace lx {

/// What a model brings to a metric. What it does not have stays empty.
struct MetricInputs {
    Index dim = 2;
    SmoothMapPtr mean, sigma;    ///< of a Gaussian decoder
    SmoothMapPtr probabilities;  ///< of a Bernoulli decoder
    std::vector<double> means;   ///< codes [N, D] for the encoder metric
    std::vector<double> variances;
    std::optional<RhvaeParts> rhvae;
    EnergyPtr density;
};

/// How the precision network of a pull-back is fitted: the parameters metric.bumps (K), .bump_width
/// (a) and .precision_floor (zeta).
struct PrecisionOptions {
    Index bumps = 48;
    double width = 1.5, floor = 1e-2;
};
/// Of the metric's parameters, defaults where they are absent.
PrecisionOptions precisionOptions(const ParamSet&);

/// One metric as it is offered: everything the window, the command line and the recipes need.
struct MetricSpec {
    std::string id, title, reference;
    std::string makesLarge;         ///< the sentence about where lengths are large
    std::vector<ParamDecl> params;  ///< ids begin with "metric."
    bool closedForm = false;        ///< needs no input but the dimension
    /// Whether the inputs suffice.
    std::function<bool(const MetricInputs&)> fits;
    /// `params` are resolved. Throws UsageError naming the parameter.
    std::function<MetricPtr(const ParamSet& params, const MetricInputs&)> make;
};

/// Every metric, in the order in which it is offered.
std::vector<MetricSpec> metricSpecs();
/// Throws UsageError on an unknown id, naming the nearest one.
MetricSpec metricSpec(std::string_view id);
/// The metric of `id` with its defaults overlaid by `given`. Throws UsageError on an unknown id, a
/// bad parameter, or inputs that do not suffice.
MetricPtr makeMetric(std::string_view id, const ParamSet& given = {}, const MetricInputs& = {});

/// The distance between two points where the closed form knows it; null elsewhere.
std::optional<double> knownDistance(std::string_view id, const ParamSet& params,
                                    std::span<const double> a, std::span<const double> b);

}  // namespace lx
