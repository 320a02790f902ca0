// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/support.h"

namespace lx::samplers {

std::vector<ParamDecl> tuningParams(double acceptance, std::optional<std::string> metric) {
    using namespace decl;
    std::vector<ParamDecl> out{
        make("sampler.adapt", "Adapt", true, "tune the step size during warm-up, then freeze it"),
        within(make("sampler.target_accept", "Wanted acceptance", acceptance,
                    "mean acceptance probability that warm-up steers to"),
               0.05, 0.99)};
    if (metric) {
        out.push_back(oneOf(make("sampler.metric", "Metric", *metric,
                                 "inverse mass matrix that warm-up learns from the draws"),
                            {"unit", "diagonal", "dense"}));
    }
    return out;
}

}  // namespace lx::samplers
