// SPDX-License-Identifier: GPL-3.0-or-later
// Codes that move on by Hamiltonian steps under a metric that is learned with the model.
#pragma once

#include "core/experiments/autoencoder/parts.h"

namespace lx::autoencoder {

/// The numbers of one Riemannian Hamiltonian flow.
struct FlowOptions {
    Index leapfrogs = 3;
    double step = 0.05;         ///< of a leapfrog
    double tempering = 0.3;     ///< beta_0: momenta begin with covariance G / beta_0
    double temperature = 1.5;   ///< T: how far an anchor is felt
    double background = 0.01;   ///< lambda
    Index fixedPoints = 3;      ///< iterations of each implicit half step
    std::vector<Index> hidden;  ///< units of the network of the factors
};

/// K generalised leapfrog steps of H(z, rho) = -log p(x, z) + log det G(z) / 2 + rho' G^-1(z) rho /
/// 2 under G^-1(z) = sum_i L_i L_i' exp(-|z - c_i|^2 / T^2) + lambda I, where c_i are the codes of
/// anchors, rows of data, and L_i lower triangular factors that a network reads off the same rows.
/// The bound counts the law of the first momentum, log N(rho_0; 0, G(z_0) / beta_0), which depends
/// on z_0 and which the published code leaves out. Ref: chadebec2020.
/// `dim`: numbers in a row of data.
std::unique_ptr<CodeFlow> makeHamiltonianFlow(Parameters&, Index dim, Index latent, FlowOptions);

}  // namespace lx::autoencoder
