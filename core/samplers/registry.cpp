// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/registry.h"

namespace lx {

// One line a kernel; the file is named where it has not the kernel's name.
namespace samplers {
SamplerSpec rwm();
SamplerSpec adaptiveMetropolis();  // rwm.cpp
SamplerSpec ula();                 // langevin.cpp
SamplerSpec mala();                // langevin.cpp
SamplerSpec hmc();
SamplerSpec nuts();
SamplerSpec underdamped();
SamplerSpec sgld();   // stochastic.cpp
SamplerSpec sghmc();  // stochastic.cpp
SamplerSpec slice();  // coordinates.cpp
SamplerSpec gibbs();  // coordinates.cpp
SamplerSpec tempering();
SamplerSpec annealedLangevin();  // annealing.cpp
SamplerSpec ais();               // annealing.cpp
SamplerSpec smc();               // annealing.cpp
SamplerSpec stretch();           // ensemble.cpp
SamplerSpec svgd();              // ensemble.cpp
}  // namespace samplers

std::vector<SamplerSpec> samplerSpecs() {
    using namespace samplers;
    return {rwm(),
            adaptiveMetropolis(),
            ula(),
            mala(),
            hmc(),
            nuts(),
            underdamped(),
            sgld(),
            sghmc(),
            slice(),
            gibbs(),
            tempering(),
            annealedLangevin(),
            ais(),
            smc(),
            stretch(),
            svgd()};
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
