// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/mass_matrix.h"

#include "core/base/cholesky.h"

#include <algorithm>
#include <cmath>

namespace lx {

void setInverseMass(ChainState& state, std::span<const double> inverseMass) {
    const auto d = static_cast<std::size_t>(state.dim);
    if (inverseMass.empty()) {
        state.shared.erase("inverse_mass");
        state.shared.erase("mass_factor");
        return;
    }
    std::vector<double> factor;
    if (inverseMass.size() == d) {
        for (const double v : inverseMass) {
            if (!(v > 0) || !std::isfinite(v)) {
                throw UsageError("a diagonal inverse mass must be positive");
            }
            factor.push_back(std::sqrt(v));
        }
    } else {
        factor = choleskyFactor(inverseMass, d);
    }
    state.shared["inverse_mass"].assign(inverseMass.begin(), inverseMass.end());
    state.shared["mass_factor"] = std::move(factor);
}

MassMatrix::MassMatrix(const ChainState& state) : m_dim(static_cast<std::size_t>(state.dim)) {
    const auto inverse = state.shared.find("inverse_mass");
    const auto factor = state.shared.find("mass_factor");
    if (inverse != state.shared.end() && factor != state.shared.end()) {
        m_inverse = inverse->second;
        m_factor = factor->second;
    }
}

void MassMatrix::spread(std::span<const double> xi, std::span<double> out) const {
    if (m_inverse.size() <= m_dim) {
        for (std::size_t k = 0; k < xi.size(); ++k) {
            out[k] = m_inverse.empty() ? xi[k] : m_factor[k] * xi[k];
        }
        return;
    }
    for (std::size_t i = 0; i < m_dim; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j <= i; ++j) {
            sum += m_factor[i * m_dim + j] * xi[j];
        }
        out[i] = sum;
    }
}

void MassMatrix::momentum(std::span<const double> xi, std::span<double> out) const {
    if (m_inverse.size() <= m_dim) {
        for (std::size_t k = 0; k < xi.size(); ++k) {
            out[k] = m_inverse.empty() ? xi[k] : xi[k] / m_factor[k];
        }
        return;
    }
    for (std::size_t i = m_dim; i-- > 0;) {
        double sum = xi[i];
        for (std::size_t j = i + 1; j < m_dim; ++j) {
            sum -= m_factor[j * m_dim + i] * out[j];
        }
        out[i] = sum / m_factor[i * m_dim + i];
    }
}

void MassMatrix::velocity(std::span<const double> p, std::span<double> out) const {
    if (m_inverse.size() <= m_dim) {
        for (std::size_t k = 0; k < p.size(); ++k) {
            out[k] = m_inverse.empty() ? p[k] : m_inverse[k] * p[k];
        }
        return;
    }
    for (std::size_t i = 0; i < m_dim; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < m_dim; ++j) {
            sum += m_inverse[i * m_dim + j] * p[j];
        }
        out[i] = sum;
    }
}

double MassMatrix::kinetic(std::span<const double> p) const {
    double sum = 0;
    if (m_inverse.size() <= m_dim) {
        for (std::size_t k = 0; k < p.size(); ++k) {
            sum += p[k] * p[k] * (m_inverse.empty() ? 1 : m_inverse[k]);
        }
        return 0.5 * sum;
    }
    for (std::size_t i = 0; i < m_dim; ++i) {
        double row = 0;
        for (std::size_t j = 0; j < m_dim; ++j) {
            row += m_inverse[i * m_dim + j] * p[j];
        }
        sum += row * p[i];
    }
    return 0.5 * sum;
}

}  // namespace lx
