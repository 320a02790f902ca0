// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/registry.h"

#include "core/base/decls.h"
#include "core/geometry/analytic.h"
#include "core/geometry/clusters.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

using namespace decl;

bool always(const MetricInputs&) {
    return true;
}

ParamDecl radiusParam(const char* help) {
    return slider(live(within(make("metric.radius", "Radius", 1.0, help), 1e-3, 1e3, Scale::Log)),
                  0.1, 10);
}
ParamDecl ridgeParam() {
    return advanced(live(within(
        make("metric.ridge", "Ridge", 0.0,
             "A multiple of the identity that is added, so that directions which change nothing "
             "still have a length."),
        0, 10)));
}

std::vector<ParamDecl> precisionParams() {
    const PrecisionOptions usual;
    return {
        advanced(live(within(make("metric.bumps", "Bumps of the precision", usual.bumps,
                                  "Bumps at the codes whose sum is the decoder's precision, "
                                  "fitted to the errors of reconstruction."),
                             1, 1000, Scale::Log))),
        advanced(live(within(make("metric.bump_width", "Width of the bumps", usual.width,
                                  "In mean distances of a bump's codes from its centre; wider "
                                  "bumps let certainty reach farther off the data."),
                             0.1, 20, Scale::Log))),
        advanced(live(within(make("metric.precision_floor", "Least precision", usual.floor,
                                  "Far from all codes, for each number of a picture; the smaller "
                                  "it is, the steeper uncertainty rises between."),
                             1e-6, 10, Scale::Log)))};
}

/// About `count` codes that stand for all, with their variances.
EncoderMetricParts representatives(const MetricInputs& in, Index count) {
    EncoderMetricParts parts;
    parts.dim = in.dim;
    const auto d = static_cast<std::size_t>(in.dim);
    for (const Index i : medoids(in.means, in.dim, count)) {
        const auto at = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * d);
        const auto width = static_cast<std::ptrdiff_t>(d);
        parts.means.insert(parts.means.end(), in.means.begin() + at, in.means.begin() + at + width);
        parts.variances.insert(parts.variances.end(), in.variances.begin() + at,
                               in.variances.begin() + at + width);
    }
    return parts;
}

std::vector<MetricSpec> closedForms() {
    std::vector<MetricSpec> out;
    out.push_back(
        {"euclidean",
         "Euclidean",
         "",
         "No place is larger than another.",
         {},
         true,
         always,
         [](const ParamSet&, const MetricInputs& in) { return euclideanMetric(in.dim); }});
    out.push_back(
        {"sphere",
         "Sphere, stereographic",
         "",
         "Large at the origin, small far out: the whole outside is the neighbourhood of a pole.",
         {radiusParam("Radius of the sphere.")},
         true,
         always,
         [](const ParamSet& p, const MetricInputs& in) {
             return sphereMetric(in.dim, number(p, "metric.radius"));
         }});
    out.push_back({"half-plane",
                   "Hyperbolic half-plane",
                   "",
                   "Large near the horizontal axis, which is infinitely far away.",
                   {radiusParam("The curvature is minus one over its square.")},
                   true,
                   always,
                   [](const ParamSet& p, const MetricInputs& in) {
                       return halfPlaneMetric(in.dim, number(p, "metric.radius"));
                   }});
    out.push_back({"poincare",
                   "Poincaré disc",
                   "",
                   "Large near the rim of the unit disc, which is infinitely far away.",
                   {radiusParam("The curvature is minus one over its square.")},
                   true,
                   always,
                   [](const ParamSet& p, const MetricInputs& in) {
                       return poincareMetric(in.dim, number(p, "metric.radius"));
                   }});
    out.push_back({"ellipse",
                   "Ellipse",
                   "",
                   "Equally large everywhere, but larger in one direction: geodesics are straight.",
                   {slider(live(within(make("metric.stretch", "Stretch", 2.0,
                                            "Length of a unit step along the stretched direction."),
                                       1e-2, 1e2, Scale::Log)),
                           0.1, 10),
                    slider(live(unit(within(make("metric.angle", "Angle", 30.0,
                                                 "From the first axis to the stretched direction."),
                                            -180, 180),
                                     "°")),
                           -180, 180)},
                   true,
                   [](const MetricInputs& in) { return in.dim == 2; },
                   [](const ParamSet& p, const MetricInputs&) {
                       const double angle = number(p, "metric.angle") * std::acos(-1.0) / 180;
                       const double c = std::cos(angle), s = std::sin(angle);
                       const double k = std::pow(number(p, "metric.stretch"), 2) - 1;
                       return constantMetric({1 + k * c * c, k * c * s, k * c * s, 1 + k * s * s},
                                             2);
                   }});
    out.push_back(
        {"paraboloid",
         "Paraboloid",
         "",
         "Large away from the origin, along the radius, where the surface is steep.",
         {slider(live(within(make("metric.bend", "Bend", 0.5,
                                  "The height of the surface is this times the squared distance "
                                  "from the origin."),
                             -10, 10)),
                 -2, 2)},
         true,
         always,
         [](const ParamSet& p, const MetricInputs& in) {
             return paraboloidMetric(in.dim, number(p, "metric.bend"));
         }});
    return out;
}

MetricPtr conformal(const ParamSet& p, const MetricInputs& in);

std::vector<MetricSpec> learned() {
    std::vector<MetricSpec> out;
    std::vector<ParamDecl> withPrecision = precisionParams();
    withPrecision.push_back(ridgeParam());
    out.push_back(
        {"pullback", "Pull-back of a Gaussian decoder", "arvanitidis2018",
         "Large where the decoded picture changes fast and, with a precision network, where "
         "the decoder is uncertain: geodesics stay near the data.",
         withPrecision, false, [](const MetricInputs& in) { return in.mean != nullptr; },
         [](const ParamSet& p, const MetricInputs& in) {
             return ridged(gaussianPullback(in.mean, in.sigma), number(p, "metric.ridge"));
         }});
    out.push_back({"pullback-bernoulli",
                   "Fisher pull-back of a Bernoulli decoder",
                   "arvanitidis2018",
                   "Large where the decoded probabilities change fast, most of all near 0 and 1.",
                   {advanced(live(within(make("metric.clamp", "Clamp", 0.01,
                                              "Probabilities nearer to 0 or 1 weigh as these do."),
                                         1e-6, 0.49, Scale::Log))),
                    ridgeParam()},
                   false,
                   [](const MetricInputs& in) { return in.probabilities != nullptr; },
                   [](const ParamSet& p, const MetricInputs& in) {
                       return ridged(bernoulliPullback(in.probabilities, number(p, "metric.clamp")),
                                     number(p, "metric.ridge"));
                   }});
    const std::vector<ParamDecl> encoder = {
        live(within(make("metric.centroids", "Centroids", Index{100},
                         "Codes that stand for all in the sum."),
                    1, 2000, Scale::Log)),
        slider(
            live(within(make("metric.rho", "Range", 0.0,
                             "How far a code is felt; 0: the largest distance between neighbouring "
                             "centroids."),
                        0, 100)),
            0, 10),
        live(within(
            make("metric.lambda", "Background", 0.01, "Size of the metric far from all codes."),
            1e-6, 100, Scale::Log)),
        advanced(live(within(make("metric.tau", "Background decay", 0.0,
                                  "Makes the total volume finite when above 0."),
                             0, 10)))};
    const auto encoderOf = [](const ParamSet& p, const MetricInputs& in) {
        EncoderMetricParts parts = representatives(in, integer(p, "metric.centroids"));
        const double rho = number(p, "metric.rho");
        const double own = largestNearestDistance(parts.means, in.dim);
        parts.rho = rho > 0 ? rho : (own > 0 ? own : 1);
        parts.lambda = number(p, "metric.lambda");
        parts.tau = number(p, "metric.tau");
        return encoderMetric(std::move(parts));
    };
    const auto hasCodes = [](const MetricInputs& in) {
        return !in.means.empty() && in.variances.size() == in.means.size();
    };
    out.push_back(
        {"enc-cov", "Encoder covariances", "chadebec2022",
         "Large at the data: its shortest paths avoid the data, and its volume is where the "
         "codes are, so sample it, and interpolate by its inverse volume.",
         encoder, false, hasCodes, encoderOf});
    out.push_back({"conformal-volume", "Inverse volume of the encoder metric", "chadebec2022",
                   "Large off the data: its shortest paths follow the codes.", encoder, false,
                   hasCodes, [encoderOf](const ParamSet& p, const MetricInputs& in) {
                       return volumeConformal(encoderOf(p, in));
                   }});
    out.push_back(
        {"rhvae",
         "Learned metric of an RHVAE",
         "chadebec2020",
         "Small at the data, the opposite of the encoder metric: geodesics follow the data.",
         {live(within(make("metric.temperature", "Temperature", 0.0,
                           "How far a centroid is felt; 0: as trained."),
                      0, 100)),
          live(within(make("metric.lambda", "Background", 0.0,
                           "The metric far from all centroids is one over this; 0: as trained."),
                      0, 100))},
         false,
         [](const MetricInputs& in) { return in.rhvae.has_value(); },
         [](const ParamSet& p, const MetricInputs& in) {
             RhvaeParts parts = *in.rhvae;
             const double temperature = number(p, "metric.temperature");
             const double lambda = number(p, "metric.lambda");
             parts.temperature = temperature > 0 ? temperature : parts.temperature;
             parts.lambda = lambda > 0 ? lambda : parts.lambda;
             return rhvaeMetric(std::move(parts));
         }});
    out.push_back(
        {"conformal-density",
         "Inverse density",
         "arvanitidis2022",
         "Large where the density is low: geodesics stay where the data are likely.",
         {slider(live(within(make("metric.floor", "Floor", 0.01,
                                  "Share of the highest density that is added, so that no place "
                                  "is infinitely large."),
                             1e-6, 1, Scale::Log)),
                 0.0001, 1),
          slider(
              live(within(make("metric.power", "Power", 1.0, "Of the inverse density."), 0.1, 4)),
              0.1, 4)},
         false,
         [](const MetricInputs& in) { return in.density != nullptr; },
         conformal});
    return out;
}

/// The reference is the lowest energy on a lattice of the frame, or at the modes.
MetricPtr conformal(const ParamSet& p, const MetricInputs& in) {
    const Box frame = in.density->frame();
    const auto d = frame.lower.size();
    double least = in.density->at(frame.lower);
    for (const Mode& mode : in.density->modes()) {
        least = std::min(least, in.density->at(mode.centre));
    }
    constexpr std::size_t kSide = 65;
    std::vector<double> z(d);
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
        for (std::size_t k = 0; k < d; ++k) {
            const std::size_t step = k == 0 ? i % kSide : k == 1 ? i / kSide : (kSide - 1) / 2;
            z[k] = frame.lower[k] + (frame.upper[k] - frame.lower[k]) * static_cast<double>(step) /
                                        static_cast<double>(kSide - 1);
        }
        least = std::min(least, in.density->at(z));
    }
    return densityConformal(in.density, least, number(p, "metric.floor"),
                            number(p, "metric.power"));
}

}  // namespace

PrecisionOptions precisionOptions(const ParamSet& params) {
    const PrecisionOptions usual;
    return {valueOr(params, "metric.bumps", usual.bumps),
            valueOr(params, "metric.bump_width", usual.width),
            valueOr(params, "metric.precision_floor", usual.floor)};
}

std::vector<MetricSpec> metricSpecs() {
    std::vector<MetricSpec> out = closedForms();
    for (auto& spec : learned()) {
        out.push_back(std::move(spec));
    }
    return out;
}

MetricSpec metricSpec(std::string_view id) {
    std::vector<std::string> known;
    for (auto& spec : metricSpecs()) {
        if (spec.id == id) {
            return spec;
        }
        known.push_back(spec.id);
    }
    const std::string near = nearest(id, known);
    throw UsageError("there is no metric '" + std::string(id) + "'" +
                     (near.empty() ? "" : "; the nearest is '" + near + "'"));
}

MetricPtr makeMetric(std::string_view id, const ParamSet& given, const MetricInputs& inputs) {
    const MetricSpec spec = metricSpec(id);
    const ParamSet params = resolve(spec.params, given);
    if (!spec.fits(inputs)) {
        throw UsageError("the metric '" + spec.id +
                         "' needs what this model does not have; choose another metric.kind");
    }
    return spec.make(params, inputs);
}

std::optional<double> knownDistance(std::string_view id, const ParamSet& params,
                                    std::span<const double> a, std::span<const double> b) {
    if (id == "sphere") {
        return sphereDistance(a, b, number(params, "metric.radius"));
    }
    if (id == "half-plane") {
        return halfPlaneDistance(a, b, number(params, "metric.radius"));
    }
    if (id == "poincare") {
        return poincareDistance(a, b, number(params, "metric.radius"));
    }
    if (id == "euclidean" || id == "ellipse") {
        MetricInputs inputs;
        inputs.dim = static_cast<Index>(a.size());
        std::vector<double> step(a.size());
        std::ranges::transform(b, a, step.begin(), std::minus<>());
        const auto metric = metricSpec(id).make(params, inputs);
        return std::sqrt(metric->inner(a, step, step));
    }
    return std::nullopt;
}

}  // namespace lx
