// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/learned_energy.h"

#include "core/energies/learned.h"
#include "core/energies/weighted_sum.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/torch_errors.h"
#include "core/recipes/session_file.h"

namespace lx {
namespace {

EnergyPtr load(const DataLibrary& library, const std::string& path, double logSnr) {
    if (path.empty()) {
        throw UsageError(
            "energy.file names no file; give a session that a run of the family energy, "
            "energy-composition or diffusion saved");
    }
    const SessionFile file = loadSession(path);
    const cmd::Load& run = file.document.load;
    const Key key{run.seed, 0};
    try {
        if (run.recipe == "energy") {
            return learned::savedEnergy(library, run.params, key, *file.state);
        }
        if (run.recipe == "energy-composition") {
            return learned::savedSum(library, run.params, key, *file.state);
        }
        if (run.recipe == "diffusion") {
            return diffusion::savedEnergy(library, run.params, key, *file.state, logSnr);
        }
    } catch (const UsageError& error) {
        throw InputError(path, "", error.what());
    }
    throw InputError(path, "family",
                     "is " + run.recipe +
                         ", whose model has no energy; give a session of the family energy, "
                         "energy-composition or diffusion");
}

}  // namespace

EnergySpec learnedEnergySpec(std::shared_ptr<const DataLibrary> library) {
    EnergySpec out = learnedDeclaration();
    out.make = [library](const ParamSet& params, const EnergyInputs&) {
        return translated("energy.file", 0, [&] {
            const double level = number(params, "energy.log_snr");
            std::vector<EnergyTerm> terms{{load(*library, text(params, "energy.file"), level),
                                           number(params, "energy.weight")}};
            if (const std::string& second = text(params, "energy.second"); !second.empty()) {
                terms.push_back(
                    {load(*library, second, level), number(params, "energy.second_weight")});
            }
            return weightedSum(std::move(terms));
        });
    };
    return out;
}

}  // namespace lx
