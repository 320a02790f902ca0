// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/mass_matrix.h"

namespace lx {

/// Rows of phase space with the gradient at x.
struct PhasePoints {
    std::span<double> x, p, g;  ///< [n, D]
    std::span<double> e;        ///< [n], nats
};

/// One step of size eps [n] of dx/dt = C p, dp/dt = -grad E: half a kick, a drift, half a kick. g
/// holds the gradient at x before and after. Reversible, volume preserving, energy error of order
/// eps^2. scratch [D]. Ref: neal2011, section 2.3.
void leapfrog(const Energy&, const MassMatrix&, std::span<const double> eps, PhasePoints&,
              std::span<double> scratch);

/// Appends point i to the path of a trace, `steps` leapfrog steps from its start.
void record(ChainTrace&, const PhasePoints&, std::size_t i, std::size_t dim, double steps);

}  // namespace lx
