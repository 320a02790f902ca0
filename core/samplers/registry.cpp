// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/registry.h"

namespace lx {

// One line a kernel; each lives in the file of its name, adaptive Metropolis in rwm.cpp.
namespace samplers {
SamplerSpec rwm();
SamplerSpec ula();
SamplerSpec mala();
SamplerSpec hmc();
}  // namespace samplers

std::vector<SamplerSpec> samplerSpecs() {
    using namespace samplers;
    return {rwm(), ula(), mala(), hmc()};
}

SamplerSpec samplerSpec(std::string_view id) {
    std::vector<std::string> ids;
    for (auto& spec : samplerSpecs()) {
        if (spec.id == id) {
            return std::move(spec);
        }
        ids.push_back(spec.id);
    }
    const std::string near = nearest(id, ids);
    throw UsageError("there is no sampler \"" + std::string(id) + "\"" +
                     (near.empty() ? "" : ": did you mean " + near + "?"));
}

std::unique_ptr<const Kernel> makeSampler(std::string_view id, const ParamSet& given) {
    const SamplerSpec spec = samplerSpec(id);
    return spec.make(resolve(spec.params, given));
}

}  // namespace lx
