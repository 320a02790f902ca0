// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/learned_energy.h"

#include "core/base/decls.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/torch_errors.h"
#include "core/recipes/session_file.h"

namespace lx {
namespace {

EnergyPtr load(const DataLibrary& library, const std::string& path, double logSnr) {
    if (path.empty()) {
        throw UsageError(
            "energy.file names no file; give a session that a run of the family energy or "
            "diffusion saved");
    }
    const SessionFile file = loadSession(path);
    const cmd::Load& run = file.document.load;
    const Key key{run.seed, 0};
    try {
        if (run.recipe == "energy") {
            return learned::savedEnergy(library, run.params, key, *file.state);
        }
        if (run.recipe == "diffusion") {
            return diffusion::savedEnergy(library, run.params, key, *file.state, logSnr);
        }
    } catch (const UsageError& error) {
        throw InputError(path, "", error.what());
    }
    throw InputError(path, "family",
                     "is " + run.recipe +
                         ", whose model has no energy; give a session of the family energy or "
                         "diffusion");
}

}  // namespace

EnergySpec learnedEnergySpec(std::shared_ptr<const DataLibrary> library) {
    using namespace decl;
    EnergySpec out;
    out.id = "learned";
    out.title = "a trained model";
    out.reference = "Du and Mordatch 2019; Song et al. 2021";
    out.params = {make("energy.file", "Session", std::string(),
                       "a saved run of an energy-based or diffusion model, or the folder of one"),
                  advanced(unit(within(make("energy.log_snr", "Log SNR", 3.0,
                                            "of a diffusion model: the noise level of the law "
                                            "that is drawn from; an energy-based model has none"),
                                       -20, 20),
                                "nats"))};
    out.make = [library](const ParamSet& params, const EnergyInputs&) {
        return translated("energy.file", 0, [&] {
            return load(*library, text(params, "energy.file"), number(params, "energy.log_snr"));
        });
    };
    return out;
}

}  // namespace lx
