// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/spec.h"

#include "core/experiments/chains/chain_experiment.h"

#include <algorithm>

namespace lx::chains {

ExperimentSpec spec(std::function<int()> threads, GpuChains gpu, SaveChains saveNetCdf,
                    std::vector<EnergySpec> more, LogSink log) {
    Energies energies = energySpecs();
    std::ranges::move(more, std::back_inserter(energies));
    ExperimentSpec out;
    out.id = "chains";
    out.title = "Markov chains";
    out.reference = "Brooks, Gelman, Jones and Meng, Handbook of Markov Chain Monte Carlo, 2011";
    out.describe = [energies](const ParamSet& given) { return describe(given, energies); };
    out.make = [threads = std::move(threads), gpu = std::move(gpu),
                saveNetCdf = std::move(saveNetCdf), energies,
                log = std::move(log)](const ParamSet& params, Key key) {
        return std::make_unique<ChainExperiment>(params, key, threads ? threads() : 1, gpu,
                                                 saveNetCdf, energies, log);
    };
    return out;
}

}  // namespace lx::chains
