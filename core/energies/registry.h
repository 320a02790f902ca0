// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/params.h"
#include "core/energies/energy.h"

#include <functional>

namespace lx {

/// What some energies are made from besides parameters.
struct EnergyInputs {
    Array features;  ///< [N, P] float32 or float64, for logistic
    Array labels;    ///< [N] int64, 0 or 1, for logistic
};

/// One energy as it is offered: everything the window, the command line and the recipes need.
struct EnergySpec {
    std::string id, title, reference;
    std::vector<ParamDecl> params;  ///< ids begin with "energy."
    /// `params` are resolved. Throws UsageError naming the parameter.
    std::function<EnergyPtr(const ParamSet& params, const EnergyInputs&)> make;
};

/// Every energy, in the order in which it is offered.
std::vector<EnergySpec> energySpecs();

/// The energy of `id` with its defaults overlaid by `given`. Throws UsageError on an unknown id,
/// naming the nearest one, or on a bad parameter.
EnergyPtr makeEnergy(std::string_view id, const ParamSet& given = {}, const EnergyInputs& = {});

}  // namespace lx
