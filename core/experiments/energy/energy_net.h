// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"
#include "core/experiments/energy/plan.h"

namespace lx::learned {

/// The network that the choices ask for, its tensors in the parameters.
std::unique_ptr<Network> makeNetwork(Parameters&, const Choices&);

/// The network with the weights `flat` as an energy: a target for every sampler, of full layers for
/// every executor too.
EnergyPtr energyOf(const Parameters&, const Tensor& flat, const Choices&);

/// An energy of pictures. Of a network that is told a class c, E(x) = -log sum_c exp(-E(x, c)).
class PictureEnergy : public Energy {
public:
    /// 0: the network is told none.
    virtual Index classes() const = 0;
    /// E(x, c) for x [N, D] with labels [N], which are read where there are classes only: value
    /// [N], grad [N, D], which may be empty.
    virtual void evaluateAt(std::span<const float> x, std::span<const std::int64_t> labels,
                            std::span<float> value, std::span<float> grad) const = 0;
    /// Largest singular value of each weight that is normalised, as it is used.
    virtual std::vector<double> spectralNorms() const = 0;
};

}  // namespace lx::learned
