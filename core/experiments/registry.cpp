// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/registry.h"

#include "core/experiments/chains/spec.h"
#include "core/experiments/device.h"
#include "core/experiments/geometry/spec.h"
#include "core/experiments/learned_energy.h"
#include "core/experiments/threads.h"

namespace lx {

// One line a family; each lives in the folder of its name.
namespace autoencoder {
ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)());
}
namespace diffusion {
ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)());
}
namespace learned {
ExperimentSpec compositionSpec(std::shared_ptr<const DataLibrary>, Placement (*place)());
ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)());
}  // namespace learned

std::vector<ExperimentSpec> experimentSpecs(std::shared_ptr<const DataLibrary> library,
                                            const HostServices& host) {
    return {autoencoder::spec(library, currentPlacement),
            diffusion::spec(library, currentPlacement),
            learned::spec(library, currentPlacement),
            learned::compositionSpec(library, currentPlacement),
            chains::spec(computeThreads, host.gpuChains, host.saveNetCdf,
                         {learnedEnergySpec(library)}, host.log),
            chains::filesSpec(),
            geometry::spec()};
}

}  // namespace lx
