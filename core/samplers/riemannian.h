// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

/// A metric that changes from point to point: a mass matrix for Hamiltonian chains. Latent metrics
/// of decoders come through this door.
class PositionMetric {
public:
    virtual ~PositionMetric() = default;
    virtual Index dim() const = 0;
    /// x [D] -> g [D, D], symmetric and positive definite, and its derivatives slope [D, D, D],
    /// slope[k] = dG / dx_k.
    virtual void at(std::span<const double> x, std::span<double> g,
                    std::span<double> slope) const = 0;
};

struct RiemannianOptions {
    double stepSize = 0.2;
    Index leapfrogs = 10;
    double tolerance = 1e-11;  ///< of the implicit steps, largest change
    Index iterations = 100;  ///< most of one implicit step; then the path is given up and rejected
};

/// Hamiltonian Monte Carlo with H = E + log det G / 2 + p' G^-1 p / 2 by the generalised leapfrog,
/// whose half kick and drift are implicit and solved by iteration. A step that does not converge
/// could not be reversed, so it rejects the path and counts as divergent. The adaptation of warm-up
/// finds only a step size here. Cost of a step of the path: O(D^3) for each iteration. Ref:
/// girolami2011.
std::unique_ptr<const Kernel> riemannianHmc(std::shared_ptr<const PositionMetric>,
                                            const RiemannianOptions& = {});

}  // namespace lx
