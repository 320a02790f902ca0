// SPDX-License-Identifier: GPL-3.0-or-later
// Three laws of codes to draw pictures from: the prior, a mixture fitted to the codes, and the
// uniform law of a metric's volume.
#pragma once

#include "core/experiments/autoencoder/decoder_map.h"
#include "core/samplers/kernel.h"

#include <stop_token>

namespace lx::autoencoder {

/// draws.* and eval.samples.
std::vector<ParamDecl> drawParams(const std::string& metricKind);

/// Chains of Hamiltonian Monte Carlo on the volume, each begun at a code. The metric is the encoder
/// metric with the constants of draws.*, or the inverse of the one that an RHVAE has learned; the
/// window is 1.5 times the largest coordinate of a code. Ref: chadebec2022, chadebec2020.
class VolumeWalk {
public:
    VolumeWalk(const MetricInputs&, const ParamSet& run, Key, Index chains);
    void advance(Index transitions);
    Tensor codes() const;  ///< [chains, d] float32
    /// Mean acceptance probability so far.
    double acceptance() const {
        return m_steps > 0 ? m_accepted / static_cast<double>(m_steps) : 0;
    }

private:
    EnergyPtr m_energy;
    std::shared_ptr<const Kernel> m_kernel;
    Key m_key;
    ChainState m_state;
    Index m_steps = 0;
    double m_accepted = 0;
};

/// [count, d] draws of a mixture with draws.components fitted to the codes.
Tensor mixtureDraws(const MetricInputs&, const ParamSet& run, Key, Index count);

/// samples_*: Frechet distances of decoded draws to held-out data in the features of a classifier,
/// and squared distances to the nearest training row. Empty without labels, or while eval.samples
/// is 0.
std::map<std::string, double> compareDraws(const Moment&, const MetricInputs&, const ParamSet& run,
                                           Key, std::stop_token);

}  // namespace lx::autoencoder
