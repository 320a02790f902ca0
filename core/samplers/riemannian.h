// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/metric.h"
#include "core/samplers/kernel.h"

namespace lx {

struct RiemannianOptions {
    double stepSize = 0.2;
    Index leapfrogs = 10;
    double tolerance = 1e-11;  ///< of the implicit steps, largest change
    Index iterations = 100;  ///< most of one implicit step; then the path is given up and rejected
};

/// Hamiltonian Monte Carlo with the metric as mass, H = E + log det G / 2 + p' G^-1 p / 2 by the
/// generalised leapfrog, whose half kick and drift are implicit and solved by iteration. A step
/// that does not converge could not be reversed, so it rejects the path and counts as divergent.
/// The adaptation of warm-up finds only a step size here. Cost of a step of the path: O(D^3) for
/// each iteration. Ref: girolami2011.
std::unique_ptr<const Kernel> riemannianHmc(MetricPtr, const RiemannianOptions& = {});

}  // namespace lx
