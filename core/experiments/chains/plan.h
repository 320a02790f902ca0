// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a run of chains say.
#pragma once

#include "core/energies/registry.h"
#include "core/samplers/registry.h"
#include "core/samplers/start.h"
#include "core/session/experiment.h"

namespace lx::chains {

/// Executors as sampler.executor names them; `auto` takes the fastest that can.
inline constexpr const char* kExecutors[] = {"auto", "reference", "fused", "vulkan"};

/// The energies that the family offers, in order.
using Energies = std::vector<EnergySpec>;

/// The family's parameters, channels and views for what is chosen so far. Throws UsageError on an
/// unknown energy or kernel.
Description describe(const ParamSet& given, const Energies&);

EnergyPtr energyOf(const ParamSet& params, const Energies&);
SamplerSpec samplerSpecOf(const ParamSet& params);
std::unique_ptr<const Kernel> kernelOf(const ParamSet& params);

/// Where the chains begin. Throws UsageError naming the parameter.
std::vector<double> startOf(const ParamSet& params, const Energy&, Key);

/// "random-walk", "langevin", "hamiltonian", "underdamped", "ensemble" or "other".
std::string kernelFamily(const std::string& kernel);

}  // namespace lx::chains
