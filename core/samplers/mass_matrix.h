// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

/// Sets the inverse mass matrix of Hamiltonian kernels, which is the covariance of a random walk's
/// proposal: empty is the unit matrix, [D] a diagonal, [D, D] dense. Throws UsageError when it is
/// not positive definite or does not fit.
void setInverseMass(ChainState&, std::span<const double> inverseMass);

/// The inverse mass C of a state, as a view: unit, diagonal or dense with C = L L'.
class MassMatrix {
public:
    explicit MassMatrix(const ChainState&);
    /// L xi, of covariance C.
    void spread(std::span<const double> xi, std::span<double> out) const;
    /// L^-T xi: a momentum, of covariance C^-1.
    void momentum(std::span<const double> xi, std::span<double> out) const;
    /// C p.
    void velocity(std::span<const double> p, std::span<double> out) const;
    /// p' C p / 2, nats.
    double kinetic(std::span<const double> p) const;

private:
    std::size_t m_dim;
    std::span<const double> m_inverse, m_factor;
};

}  // namespace lx
