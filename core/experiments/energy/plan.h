// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a run of an energy-based model say.
#pragma once

#include "core/data/dataset.h"
#include "core/nn/network.h"
#include "core/session/experiment.h"

namespace lx::learned {

enum class Objective : std::uint8_t {
    Likelihood,  ///< E(data) - E(negatives), negatives from Langevin chains. Ref: du2019
    Score        ///< denoising score matching of -grad E at one noise level. Ref: vincent2011
};
enum class Memory : std::uint8_t {
    Persistent,  ///< every negative goes on where it was. Ref: tieleman2008
    Replay,      ///< a store of many; some begin anew. Ref: du2019
    ShortRun     ///< all begin anew in every step. Ref: nijkamp2019
};

struct Choices {
    Objective objective{};
    Memory memory{};
    Index batch = 128, store = 10'000, steps = 20;
    double reset = 0.05;    ///< share of the negatives that begin anew
    double noise = 0.1;     ///< sd of a Langevin step at temperature 1; its size is the square
    double sigma = 0.1;     ///< noise level of Score
    double square = 0.02;   ///< weight of E^2
    double gradient = 0;    ///< weight of |grad E|^2
    double gap = 50;        ///< largest |E(data) - E(negatives)|, nats; 0: no limit
    double ess = 0.2;       ///< least overlap of the negatives with the next energy; 0: no limit
    double mobility = 10;   ///< largest factor between their way and that of free chains; 0: none
    Index sampleSteps = 0;  ///< of a sample on demand; 0: see walkOf()
    Index rollbacks = 3;    ///< how often a run returns to its last good weights
    double low = -4, high = 4;  ///< sides of the box the chains stay in
    Activation activation{};
    std::vector<Index> sizes;  ///< of full layers

    // Pictures
    Index height = 0, width = 0;
    std::vector<Index> channels;
    Index features = 64;
    Index classes = 0;      ///< that the network is told; 0: none
    Index told = -1;        ///< class that chains at rest walk under; -1: each its own
    bool spectral = true;   ///< weights over their largest singular value
    double drift = 10;      ///< what the slope is multiplied with in a step
    double slope = 0.03;    ///< largest size of an entry of the slope
    double contrast = 0.5;  ///< share of the negatives that are data under a wrong class
    bool pictures() const { return height > 0; }
    Index walkers() const {  ///< negatives that come from chains
        return classes > 0 ? batch - static_cast<Index>(contrast * static_cast<double>(batch))
                           : batch;
    }
};
Choices choicesOf(const ParamSet& params, const DataShape&);

/// How a sample on demand comes from noise.
struct SampleWalk {
    Index steps = 0;   ///< Langevin steps
    Index part = 0;    ///< steps between two returns to the box
    double noise = 0;  ///< sd of a step
};
/// With the numbers of the chains of training: as many steps as those of a store have made on
/// average when they begin anew, of short runs just theirs; 1000 where chains never begin anew, and
/// without chains, then with half the noise of the score.
SampleWalk walkOf(const Choices&);

Description describe(const DataLibrary&, const ParamSet& given);

}  // namespace lx::learned
