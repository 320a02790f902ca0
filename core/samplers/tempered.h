// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

namespace lx {

/// A wide normal about the frame of an energy, to begin an annealing from: sd is half the frame's
/// half width, in each direction for itself. E is -log of its density, so Z = 1.
EnergyPtr wideNormal(const Energy&);

/// (1 - beta) E0 + beta E, a view: both must outlive it. Infinite where E is, even at beta 0.
/// With E0 null it is beta E.
class TemperedEnergy final : public Energy {
public:
    TemperedEnergy(const Energy& energy, double beta, const Energy* reference = nullptr)
        : m_energy(energy), m_reference(reference), m_beta(beta) {}
    Index dim() const override { return m_energy.dim(); }
    Box box() const override { return m_energy.box(); }
    double beta() const { return m_beta; }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override;
    void compute(const float* x, Index count, float* value, float* grad) const override;

private:
    template <class T>
    void blend(const T* x, Index count, T* value, T* grad) const;

    const Energy& m_energy;
    const Energy* m_reference;
    double m_beta;
};

}  // namespace lx
