// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/executor.h"

namespace lx::executors {
namespace {

double number(const ParamSet& params, std::string_view id, double otherwise) {
    const auto at = params.find(id);
    return at == params.end() ? otherwise : std::get<double>(at->second);
}

}  // namespace

std::optional<StepSettings> stepSettings(std::string_view sampler, const ParamSet& params) {
    StepSettings out;
    if (sampler == "ula") {
        out.method = Method::Ula;
    } else if (sampler == "mala") {
        out.method = Method::Mala;
    } else if (sampler == "hmc") {
        out.method = Method::Hmc;
    } else if (sampler == "underdamped") {
        out.method = Method::Underdamped;
    } else {
        return std::nullopt;
    }
    out.stepSize = number(params, "sampler.step_size", out.stepSize);
    out.jitter = number(params, "sampler.jitter", out.jitter);
    out.friction = number(params, "sampler.friction", out.friction);
    if (const auto at = params.find("sampler.leapfrog"); at != params.end()) {
        out.leapfrogs = std::get<Index>(at->second);
    }
    return out;
}

}  // namespace lx::executors
