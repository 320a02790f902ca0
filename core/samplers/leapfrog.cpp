// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/leapfrog.h"

namespace lx {

void leapfrog(const Energy& energy, const MassMatrix& metric, std::span<const double> eps,
              PhasePoints& at, std::span<double> scratch) {
    const std::size_t n = eps.size(), d = scratch.size();
    for (std::size_t i = 0; i < n; ++i) {
        const auto p = at.p.subspan(i * d, d);
        for (std::size_t k = 0; k < d; ++k) {
            p[k] -= 0.5 * eps[i] * at.g[i * d + k];
        }
        metric.velocity(p, scratch);
        for (std::size_t k = 0; k < d; ++k) {
            at.x[i * d + k] += eps[i] * scratch[k];
        }
    }
    energy.evaluate(at.x, at.e, at.g);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
            at.p[k] -= 0.5 * eps[i] * at.g[k];
        }
    }
}

void record(ChainTrace& trace, const PhasePoints& at, std::size_t i, std::size_t dim,
            double steps) {
    const auto x = at.x.subspan(i * dim, dim), p = at.p.subspan(i * dim, dim);
    trace.path.insert(trace.path.end(), x.begin(), x.end());
    trace.momenta.insert(trace.momenta.end(), p.begin(), p.end());
    trace.stepsOfPoints.push_back(steps);
}

}  // namespace lx
