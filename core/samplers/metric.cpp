// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/metric.h"

#include <algorithm>
#include <cmath>

namespace lx {

std::vector<double> choleskyFactor(std::span<const double> matrix, std::size_t dim) {
    if (matrix.size() != dim * dim) {
        throw UsageError("a matrix of " + std::to_string(matrix.size()) +
                         " entries does not fit dimension " + std::to_string(dim));
    }
    std::vector<double> l(dim * dim);
    for (std::size_t i = 0; i < dim; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = matrix[i * dim + j];
            for (std::size_t k = 0; k < j; ++k) {
                sum -= l[i * dim + k] * l[j * dim + k];
            }
            if (i != j) {
                l[i * dim + j] = sum / l[j * dim + j];
            } else if (sum > 0 && std::isfinite(sum)) {
                l[i * dim + i] = std::sqrt(sum);
            } else {
                throw UsageError("the matrix is not positive definite at row " +
                                 std::to_string(i + 1));
            }
        }
    }
    return l;
}

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

Metric::Metric(const ChainState& state) : m_dim(static_cast<std::size_t>(state.dim)) {
    const auto inverse = state.shared.find("inverse_mass");
    const auto factor = state.shared.find("mass_factor");
    if (inverse != state.shared.end() && factor != state.shared.end()) {
        m_inverse = inverse->second;
        m_factor = factor->second;
    }
}

void Metric::spread(std::span<const double> xi, std::span<double> out) const {
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

void Metric::momentum(std::span<const double> xi, std::span<double> out) const {
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

void Metric::velocity(std::span<const double> p, std::span<double> out) const {
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

double Metric::kinetic(std::span<const double> p) const {
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
