// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

/// Lower Cholesky factor [D, D], upper part 0. Throws UsageError when `matrix` is not positive
/// definite.
std::vector<double> choleskyFactor(std::span<const double> matrix, std::size_t dim);

/// Sets the inverse mass matrix of Hamiltonian kernels, which is the covariance of a random walk's
/// proposal: empty is the unit matrix, [D] a diagonal, [D, D] dense. Throws UsageError when it is
/// not positive definite or does not fit.
void setInverseMass(ChainState&, std::span<const double> inverseMass);

/// A view of the inverse mass C of a state: unit, diagonal or dense with C = L L'.
class Metric {
public:
    explicit Metric(const ChainState&);
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
