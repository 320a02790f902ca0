// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/geometry/spec.h"

#include "core/base/decls.h"
#include "core/experiments/geometry/geometry_experiment.h"

#include <algorithm>
#include <iterator>

namespace lx::geometry {
namespace {

using namespace decl;

Description describe(const ParamSet& given) {
    Description out;
    std::vector<std::string> kinds;
    for (const MetricSpec& spec : metricSpecs()) {
        if (spec.closedForm) {
            kinds.push_back(spec.id);
        }
    }
    out.params = {
        oneOf(make("metric.kind", "Metric", std::string("sphere"), "What lengths mean."), kinds),
        live(within(make("view.radius", "Radius of the fan", 1.0,
                         "Metric length of the rays and of the widest ring."),
                    0.01, 10, Scale::Log))};
    std::ranges::move(curveParams({0.3, -1.1}, {1.2, 0.4}),
                      std::inserter(out.params, out.params.begin() + 1));
    const auto kind = chosenAs<std::string>(out.params.front(), given);
    for (const ParamDecl& p : metricSpec(kind).params) {
        out.params.push_back(p);
    }
    constexpr Clock s = Clock::Sample;
    out.spaces = {{"latent", 2, {2}}};
    out.channels = {{"geodesic", "path", "latent", "[knots, 2]", "", s},
                    {"straight", "path", "latent", "[knots, 2]", "", s},
                    {"speed", "speed", "", "[2, knots - 1]", "", s},
                    {"magnification", "grid2", "latent", "[rows, columns]", "log10", s},
                    {"curvature", "grid2", "latent", "[rows, columns]", "", s},
                    {"indicatrix", "ellipses", "latent", "[n, 6]", "", s},
                    {"equidistance", "rings", "latent", "[rings, points, 2]", "", s},
                    {"fan", "rays", "latent", "[rays, points, 2]", "", s},
                    {"geometry", "facts", "", "text", "", s}};
    out.series = {{"length", "Length", "", "length"}, {"energy", "Energy", "", "energy"}};
    out.views = {"surface", "losses"};
    out.clocks = {Clock::Sample};
    out.steps = 0;
    out.pace = 8;
    return out;
}

}  // namespace

ExperimentSpec spec() {
    ExperimentSpec out;
    out.id = "geometry";
    out.title = "Geodesics in closed form";
    out.reference = "do Carmo, Riemannian Geometry, 1992";
    out.describe = describe;
    out.make = [](const ParamSet& params, Key) {
        return std::make_unique<GeometryExperiment>(params);
    };
    return out;
}

}  // namespace lx::geometry
