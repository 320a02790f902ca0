// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/registry.h"

#include <algorithm>

namespace lx {

// One line an energy; each lives in the file of its name, the mixtures in mixtures.cpp.
namespace energies {
EnergySpec gauss();
EnergySpec ring8();
EnergySpec grid25();
EnergySpec twoModes();
EnergySpec banana();
EnergySpec funnel();
EnergySpec donut();
EnergySpec squiggle();
EnergySpec mullerBrown();
EnergySpec himmelblau();
EnergySpec doubleWell();
EnergySpec studentT();
EnergySpec eightSchools();
EnergySpec logistic();
EnergySpec mixture();
EnergySpec formula();
EnergySpec painted();
}  // namespace energies

std::vector<EnergySpec> energySpecs() {
    using namespace energies;
    return {gauss(),        ring8(),    grid25(),      twoModes(),   banana(),     funnel(),
            donut(),        squiggle(), mullerBrown(), himmelblau(), doubleWell(), studentT(),
            eightSchools(), logistic(), mixture(),     formula(),    painted()};
}

EnergyPtr makeEnergy(std::string_view id, const ParamSet& given, const EnergyInputs& inputs) {
    std::vector<std::string> ids;
    for (const auto& spec : energySpecs()) {
        if (spec.id == id) {
            return spec.make(resolve(spec.params, given), inputs);
        }
        ids.push_back(spec.id);
    }
    const std::string near = nearest(id, ids);
    throw UsageError("there is no energy \"" + std::string(id) + "\"" +
                     (near.empty() ? "" : ": did you mean " + near + "?"));
}

}  // namespace lx
