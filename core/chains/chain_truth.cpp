// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/chain_truth.h"

#include "core/energies/energy.h"

#include <cmath>

namespace lx {

ChainTruth truthOf(EnergyPtr energy) {
    ChainTruth out;
    const auto dim = static_cast<std::size_t>(energy->dim());
    out.mean = energy->mean().value_or(std::vector<double>());
    if (const auto covariance = energy->covariance()) {
        for (std::size_t d = 0; d < dim; ++d) {
            out.sd.push_back(std::sqrt((*covariance)[d * dim + d]));
        }
    }
    if (const auto modes = energy->modes(); modes.size() > 1) {
        for (const Mode& mode : modes) {
            out.weights.push_back(mode.weight);
        }
        out.modesOf = [energy, dim](std::span<const double> points) {
            std::vector<Index> labels;
            labels.reserve(points.size() / dim);
            for (std::size_t i = 0; i + dim <= points.size(); i += dim) {
                labels.push_back(energy->modeOf(points.subspan(i, dim)));
            }
            return labels;
        };
    }
    out.score = [energy, dim](std::span<const double> points) {
        std::vector<double> value(points.size() / dim), grad(points.size());
        energy->evaluate(points, value, grad);
        for (double& g : grad) {
            g = -g;
        }
        return grad;
    };
    return out;
}

}  // namespace lx
