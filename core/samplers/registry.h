// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/params.h"
#include "core/samplers/kernel.h"

#include <functional>

namespace lx {

/// What a kernel asks of its energy and its chains.
struct SamplerNeeds {
    bool gradient = false;   ///< a value alone is not enough
    bool minibatch = false;  ///< uses Energy::minibatch where there are data
    bool ensemble = false;   ///< moves all chains together
};

/// What warm-up may tune. Ref: hoffman2014, section 3.2; stan2023, section 15.
struct SamplerTuning {
    double acceptance = 0;  ///< wanted mean acceptance probability; 0: the step size is fixed
    bool metric = false;    ///< has an inverse mass matrix
    std::string initial = "unit";  ///< default of sampler.metric
};

/// One kernel as it is offered.
struct SamplerSpec {
    std::string id, title, reference;
    std::vector<ParamDecl> params;  ///< ids begin with "sampler."
    SamplerNeeds needs = {};
    SamplerTuning tuning = {};
    double stepPower = 1;   ///< sampler.step_size is a length (1), its square (2), or absent (0)
    bool exact = true;      ///< leaves the target invariant at any step size
    bool weighted = false;  ///< starts by itself and carries weights: see annealing.h
    bool countsAsOneChain = false;  ///< its chains are one for R-hat
    /// `params` are resolved. Throws UsageError naming the parameter.
    std::function<std::unique_ptr<const Kernel>(const ParamSet& params)> make = {};
};

/// Every kernel, in the order in which it is offered.
std::vector<SamplerSpec> samplerSpecs();

/// Throws UsageError on an unknown id, naming the nearest one.
SamplerSpec samplerSpec(std::string_view id);

/// The kernel of `id` with its defaults overlaid by `given`. Throws UsageError.
std::unique_ptr<const Kernel> makeSampler(std::string_view id, const ParamSet& given = {});

}  // namespace lx
