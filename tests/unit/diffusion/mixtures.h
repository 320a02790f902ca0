// SPDX-License-Identifier: GPL-3.0-or-later
// Mixtures with known answers, and denoisers with a planted error.
#pragma once

#include "core/diffusion/denoiser.h"

#include <cmath>
#include <numbers>

namespace lx::test {

/// 0.3 N(-1.5, 0.3^2) + 0.7 N(1, 0.4^2), where the gaps of the bound are known.
inline MixtureParts line() {
    return {1, {-1.5, 1}, {0.3, 0.7}, {0.3, 0.4}};
}
inline MixtureParts ring(double radius = 2, double sd = 0.25) {
    MixtureParts out{2, {}, std::vector<double>(8, 0.125), std::vector<double>(8, sd)};
    for (int k = 0; k < 8; ++k) {
        out.centres.push_back(radius * std::cos(k * std::numbers::pi / 4));
        out.centres.push_back(radius * std::sin(k * std::numbers::pi / 4));
    }
    return out;
}
inline MixtureParts uneven() {
    return {2, {-1.2, 0.4, 1.5, -0.3, 0.2, 1.6}, {0.5, 0.3, 0.2}, {0.3, 0.45, 0.2}};
}
inline double logDensity(const MixtureParts& parts, std::span<const double> x) {
    double sum = 0;
    const auto d = static_cast<std::size_t>(parts.dim);
    for (std::size_t k = 0; k < parts.weights.size(); ++k) {
        double square = 0;
        for (std::size_t i = 0; i < d; ++i) {
            square += std::pow((x[i] - parts.centres[k * d + i]) / parts.sds[k], 2);
        }
        sum += parts.weights[k] * std::exp(-0.5 * square) /
               std::pow(2 * std::numbers::pi * parts.sds[k] * parts.sds[k],
                        0.5 * static_cast<double>(d));
    }
    return std::log(sum);
}

/// Noise and divergence of another denoiser, each times a factor.
class Wrong final : public diffusion::Denoiser {
public:
    Wrong(diffusion::DenoiserPtr inner, double noise, double divergence)
        : m_inner(std::move(inner)), m_noise(noise), m_divergence(divergence) {}
    Index dim() const override { return m_inner->dim(); }

protected:
    void compute(const diffusion::NoiseLevel& level, const double* z, Index count,
                 double* eps) const override {
        const auto n = static_cast<std::size_t>(count * dim());
        m_inner->epsilon(level, {z, n}, {eps, n});
        for (std::size_t i = 0; i < n; ++i) {
            eps[i] *= m_noise;
        }
    }
    void computeDivergence(const diffusion::NoiseLevel& level, const double* z, Index count,
                           double* divergence) const override {
        const auto n = static_cast<std::size_t>(count * dim()),
                   rows = static_cast<std::size_t>(count);
        std::vector<double> eps(n);
        m_inner->epsilon(level, {z, n}, eps, {divergence, rows});
        for (std::size_t r = 0; r < rows; ++r) {
            divergence[r] *= m_divergence;
        }
    }

private:
    diffusion::DenoiserPtr m_inner;
    double m_noise, m_divergence;
};

}  // namespace lx::test
