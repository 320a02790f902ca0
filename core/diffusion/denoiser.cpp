// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/denoiser.h"

#include "core/diffusion/prediction.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

std::size_t rowsOf(const Denoiser& denoiser, std::size_t z, std::size_t out) {
    const auto d = static_cast<std::size_t>(denoiser.dim());
    if (z != out || z % d != 0) {
        throw UsageError("denoiser: " + std::to_string(z) + " coordinates and " +
                         std::to_string(out) + " results do not fit dimension " +
                         std::to_string(d));
    }
    return z / d;
}

class MixtureDenoiser final : public Denoiser {
public:
    explicit MixtureDenoiser(const MixtureParts& parts) : m_parts(mixtureEnergy(parts)->parts()) {}
    Index dim() const override { return m_parts.dim; }

protected:
    void compute(const NoiseLevel& level, const double* z, Index count,
                 double* eps) const override {
        run(level, z, count, eps, nullptr);
    }
    void computeDivergence(const NoiseLevel& level, const double* z, Index count,
                           double* divergence) const override {
        run(level, z, count, nullptr, divergence);
    }

private:
    /// With responsibilities r and g_k = (z - alpha c_k) / s_k^2, eps = sigma sum r g and its
    /// divergence is sigma (sum r (D / s^2 - |g|^2) + |sum r g|^2).
    void run(const NoiseLevel& level, const double* z, Index count, double* eps,
             double* divergence) const {
        const MixtureParts now = noisy(m_parts, level);
        const auto d = static_cast<std::size_t>(now.dim);
        const std::size_t kinds = now.weights.size();
        std::vector<double> part(kinds), offset(kinds), pull(d);
        for (std::size_t k = 0; k < kinds; ++k) {
            offset[k] = std::log(now.weights[k]) - static_cast<double>(d) * std::log(now.sds[k]);
        }
        for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row) {
            const double* at = z + row * d;
            double top = -std::numeric_limits<double>::infinity();
            for (std::size_t k = 0; k < kinds; ++k) {
                double square = 0;
                for (std::size_t i = 0; i < d; ++i) {
                    const double u = (at[i] - now.centres[k * d + i]) / now.sds[k];
                    square += u * u;
                }
                part[k] = offset[k] - 0.5 * square;
                top = std::max(top, part[k]);
            }
            double total = 0;
            for (double& p : part) {
                p = std::exp(p - top);
                total += p;
            }
            std::ranges::fill(pull, 0.0);
            double inner = 0;
            for (std::size_t k = 0; k < kinds; ++k) {
                const double share = part[k] / total;
                const double precision = 1 / (now.sds[k] * now.sds[k]);
                double square = 0;
                for (std::size_t i = 0; i < d; ++i) {
                    const double g = (at[i] - now.centres[k * d + i]) * precision;
                    pull[i] += share * g;
                    square += g * g;
                }
                inner += share * (static_cast<double>(d) * precision - square);
            }
            for (std::size_t i = 0; i < d; ++i) {
                inner += pull[i] * pull[i];
                if (eps != nullptr) {
                    eps[row * d + i] = level.sigma * pull[i];
                }
            }
            if (divergence != nullptr) {
                divergence[row] = level.sigma * inner;
            }
        }
    }
    MixtureParts m_parts;
};

class Combination final : public Denoiser {
public:
    explicit Combination(std::vector<WeightedDenoiser> parts) : m_parts(std::move(parts)) {
        if (m_parts.empty()) {
            throw UsageError("a combination of denoisers needs at least one");
        }
        for (const WeightedDenoiser& part : m_parts) {
            if (part.denoiser->dim() != m_parts.front().denoiser->dim()) {
                throw UsageError("denoisers of different dimensions cannot be combined");
            }
        }
    }
    Index dim() const override { return m_parts.front().denoiser->dim(); }
    Index cost() const override {
        Index sum = 0;
        for (const WeightedDenoiser& part : m_parts) {
            sum += part.denoiser->cost();
        }
        return sum;
    }

protected:
    void compute(const NoiseLevel& level, const double* z, Index count,
                 double* eps) const override {
        const auto n = static_cast<std::size_t>(count * dim());
        std::vector<double> one(n);
        std::fill_n(eps, n, 0.0);
        for (const auto& [denoiser, weight] : m_parts) {
            denoiser->epsilon(level, {z, n}, one);
            for (std::size_t i = 0; i < n; ++i) {
                eps[i] += weight * one[i];
            }
        }
    }
    void computeDivergence(const NoiseLevel& level, const double* z, Index count,
                           double* divergence) const override {
        const auto rows = static_cast<std::size_t>(count);
        const auto n = static_cast<std::size_t>(count * dim());
        std::vector<double> eps(n), one(rows);
        std::fill_n(divergence, rows, 0.0);
        for (const auto& [denoiser, weight] : m_parts) {
            denoiser->epsilon(level, {z, n}, eps, one);
            for (std::size_t i = 0; i < rows; ++i) {
                divergence[i] += weight * one[i];
            }
        }
    }

private:
    std::vector<WeightedDenoiser> m_parts;
};

}  // namespace

void Denoiser::epsilon(const NoiseLevel& level, std::span<const double> z,
                       std::span<double> eps) const {
    const std::size_t rows = rowsOf(*this, z.size(), eps.size());
    compute(level, z.data(), static_cast<Index>(rows), eps.data());
}

void Denoiser::epsilon(const NoiseLevel& level, std::span<const double> z, std::span<double> eps,
                       std::span<double> divergence) const {
    epsilon(level, z, eps);
    if (divergence.size() * static_cast<std::size_t>(dim()) != z.size()) {
        throw UsageError("denoiser: one divergence a row is needed");
    }
    computeDivergence(level, z.data(), static_cast<Index>(divergence.size()), divergence.data());
}

void Denoiser::clean(const NoiseLevel& level, std::span<const double> z,
                     std::span<double> x) const {
    epsilon(level, z, x);
    convert(Prediction::Epsilon, Prediction::Clean, level, z, x);
}

void Denoiser::score(const NoiseLevel& level, std::span<const double> z,
                     std::span<double> out) const {
    epsilon(level, z, out);
    convert(Prediction::Epsilon, Prediction::Score, level, z, out);
}

void Denoiser::computeDivergence(const NoiseLevel& level, const double* z, Index count,
                                 double* divergence) const {
    const auto d = static_cast<std::size_t>(dim()), rows = static_cast<std::size_t>(count);
    const double h = 1e-5 * level.sigma;
    std::vector<double> moved(z, z + rows * d), above(rows * d), below(rows * d);
    std::fill_n(divergence, rows, 0.0);
    for (std::size_t k = 0; k < d; ++k) {
        for (std::size_t r = 0; r < rows; ++r) {
            moved[r * d + k] = z[r * d + k] + h;
        }
        compute(level, moved.data(), count, above.data());
        for (std::size_t r = 0; r < rows; ++r) {
            moved[r * d + k] = z[r * d + k] - h;
        }
        compute(level, moved.data(), count, below.data());
        for (std::size_t r = 0; r < rows; ++r) {
            moved[r * d + k] = z[r * d + k];
            divergence[r] += (above[r * d + k] - below[r * d + k]) / (2 * h);
        }
    }
}

DenoiserPtr mixtureDenoiser(MixtureParts parts) {
    return std::make_shared<MixtureDenoiser>(parts);
}

MixtureParts noisy(MixtureParts parts, const NoiseLevel& level) {
    for (double& c : parts.centres) {
        c *= level.alpha;
    }
    for (double& sd : parts.sds) {
        sd = std::hypot(level.alpha * sd, level.sigma);
    }
    return parts;
}

DenoiserPtr combination(std::vector<WeightedDenoiser> parts) {
    return std::make_shared<Combination>(std::move(parts));
}

DenoiserPtr guided(DenoiserPtr conditional, DenoiserPtr unconditional, double weight) {
    return combination({{std::move(conditional), 1 + weight}, {std::move(unconditional), -weight}});
}

}  // namespace lx::diffusion
