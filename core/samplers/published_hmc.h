// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

struct PublishedHmcOptions {
    double stepSize = 0.05;
    Index leapfrogs = 15;
    double momentumSd = 0.5;  ///< momenta are drawn with this sd, but accepted as if it were 1
    double forceScale = 2;    ///< the half of -log det G / 2 is missing from the force
};

/// Hamiltonian Monte Carlo as the code published with chadebec2022 does it, which does not leave
/// exp(-E) invariant: draws are too near to the codes. Beside kernel `hmc` it shows the bias; with
/// sd 1 and scale 1 it is that kernel.
std::unique_ptr<const Kernel> publishedHmc(const PublishedHmcOptions& = {});

}  // namespace lx
