// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/learned.h"

#include "core/base/decls.h"

namespace lx {

EnergySpec learnedDeclaration() {
    using namespace decl;
    EnergySpec out;
    out.id = "learned";
    out.title = "a trained model";
    out.reference = "Du and Mordatch 2019; Song et al. 2021";
    out.params = {path(make("energy.file", "Session", std::string(),
                            "a saved run of an energy-based or diffusion model, or the folder of "
                            "one"),
                       PathKind::File),
                  advanced(unit(within(make("energy.log_snr", "Log SNR", 3.0,
                                            "of a diffusion model: the noise level of the law "
                                            "that is drawn from; an energy-based model has none"),
                                       -20, 20),
                                "nats")),
                  slider(live(within(make("energy.weight", "Weight", 1.0,
                                          "of the energy: above 1 its density becomes narrower"),
                                     -10, 10)),
                         0, 3),
                  path(make("energy.second", "Second session", std::string(),
                            "a second saved run, whose energy is added: what both find likely; "
                            "empty: none"),
                       PathKind::File),
                  slider(live(within(make("energy.second_weight", "Second weight", 1.0,
                                          "of the second energy; negative: what it finds unlikely"),
                                     -10, 10)),
                         -2, 2)};
    return out;
}

}  // namespace lx
