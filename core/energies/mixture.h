// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/plane_table.h"

namespace lx {

struct MixtureParts {
    Index dim = 0;
    std::vector<double> centres;  ///< [K, dim]
    std::vector<double> weights;  ///< [K], sum 1
    std::vector<double> sds;      ///< [K]
};

/// E(x) = -log sum_k w_k sd_k^-D exp(-|x - c_k|^2 / (2 sd_k^2)); Z = (2 pi)^(D/2). Component
/// weights that do not add up to 1 are scaled. A point counts for the nearest centre.
/// Throws UsageError when the sizes disagree or a weight or sd is not positive.
class MixtureEnergy : public Energy {
public:
    /// For executors that hold the mixture in their own layout.
    virtual const MixtureParts& parts() const = 0;
};
std::shared_ptr<const MixtureEnergy> mixtureEnergy(MixtureParts);

}  // namespace lx
