// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// N(0, H L H): variances L fall geometrically from sd^2 to sd^2 / condition, and the reflection H
/// (one Householder vector, so every call costs O(D)) sends the first axis to the diagonal of all
/// axes. In the plane this is the correlation (condition - 1) / (condition + 1).
class Gauss final : public TiledEnergy<Gauss> {
public:
    Gauss(Index dim, double sd, double condition, bool rotated)
        : m_dim(dim), m_rotated(rotated && dim > 1) {
        for (Index k = 0; k < dim; ++k) {
            const double share =
                dim > 1 ? static_cast<double>(k) / static_cast<double>(dim - 1) : 0;
            m_variance.push_back(sd * sd * std::pow(condition, -share));
            m_logZ += 0.5 * std::log(2 * std::numbers::pi * m_variance.back());
        }
        m_side = -1 / std::sqrt(static_cast<double>(dim));
    }
    Index dim() const override { return m_dim; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        V sum{};
        V turn = m_rotated ? turned<V>(x) : V{};
        for (Index k = 0; k < m_dim; ++k) {
            const V y = x[k] - turn * vector<Lane<V>>(k);
            const V slope = y / static_cast<Lane<V>>(m_variance[static_cast<std::size_t>(k)]);
            sum = sum + y * slope;
            if constexpr (WithGrad) {
                grad[k] = slope;
            }
        }
        if constexpr (WithGrad) {
            turn = m_rotated ? turned<V>(grad) : V{};
            for (Index k = 0; k < m_dim; ++k) {
                grad[k] = grad[k] - turn * vector<Lane<V>>(k);
            }
        }
        return sum * Lane<V>(0.5);
    }

    std::optional<double> logNormaliser() const override { return m_logZ; }
    std::optional<std::vector<double>> mean() const override {
        return std::vector<double>(m_variance.size());
    }
    std::optional<std::vector<double>> covariance() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        std::vector<double> out(d * d);
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                out[i * d + j] = entry(i, j);
            }
        }
        return out;
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        const auto a = static_cast<std::size_t>(axis);
        const double variance = entry(a, a);
        std::vector<double> out;
        for (const double x : at) {
            out.push_back(std::exp(-0.5 * x * x / variance) /
                          std::sqrt(2 * std::numbers::pi * variance));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        out.reserve(static_cast<std::size_t>(count * m_dim));
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const std::size_t first = out.size();
            double sum = 0;
            for (Index k = 0; k < m_dim; ++k) {
                const auto at = static_cast<std::size_t>(k);
                out.push_back(std::sqrt(m_variance[at]) * draws.normal());
                sum += out.back() * vector<double>(k);
            }
            if (m_rotated) {
                for (Index k = 0; k < m_dim; ++k) {
                    out[first + static_cast<std::size_t>(k)] -=
                        sum / (1 + m_side) * vector<double>(k);
                }
            }
        }
        return out;
    }
    Box box() const override {
        Box out;
        for (std::size_t k = 0; k < m_variance.size(); ++k) {
            out.upper.push_back(8 * std::sqrt(entry(k, k)));
            out.lower.push_back(-out.upper.back());
        }
        return out;
    }

private:
    /// u = e1 - (1, ..., 1) / sqrt(D); half its squared length is 1 - 1 / sqrt(D).
    template <class T>
    T vector(Index k) const {
        return static_cast<T>(k == 0 ? 1 + m_side : m_side);
    }
    template <class V>
    V turned(const V* x) const {
        V sum{};
        for (Index k = 0; k < m_dim; ++k) {
            sum = sum + x[k] * vector<Lane<V>>(k);
        }
        return sum * static_cast<Lane<V>>(1 / (1 + m_side));
    }
    /// Entry (i, j) of the covariance.
    double entry(std::size_t i, std::size_t j) const {
        if (!m_rotated) {
            return i == j ? m_variance[i] : 0;
        }
        const double c = 1 / (1 + m_side);
        const double ui = vector<double>(static_cast<Index>(i));
        const double uj = vector<double>(static_cast<Index>(j));
        double middle = 0;  // u' L u
        for (std::size_t k = 0; k < m_variance.size(); ++k) {
            const double u = vector<double>(static_cast<Index>(k));
            middle += u * u * m_variance[k];
        }
        return (i == j ? m_variance[i] : 0) - c * ui * uj * (m_variance[i] + m_variance[j]) +
               c * c * ui * uj * middle;
    }

    Index m_dim;
    bool m_rotated;
    double m_side = 0, m_logZ = 0;
    std::vector<double> m_variance;
};

}  // namespace

namespace energies {

EnergySpec gauss() {
    using namespace decl;
    return {"gauss",
            "Gaussian",
            "-",
            {within(make("energy.dim", "Dimension", Index{2}, "number of coordinates"), 1, 10000),
             slider(within(live(make("energy.sd", "Largest sd", 1.0, "along the widest axis")),
                           1e-3, 100, Scale::Log),
                    0.1, 10),
             slider(within(live(make("energy.condition", "Condition", 10.0,
                                     "largest over smallest variance")),
                           1, 1e6, Scale::Log),
                    1, 1000),
             make("energy.rotated", "Rotated", true,
                  "widest along the diagonal instead of along the first axis")},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return std::make_shared<Gauss>(integer(p, "energy.dim"), number(p, "energy.sd"),
                                               number(p, "energy.condition"),
                                               flag(p, "energy.rotated"));
            }};
}

}  // namespace energies
}  // namespace lx
