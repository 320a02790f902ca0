// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

#include <math.h>

namespace lx {
namespace {

double logGamma(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);  // std::lgamma writes a global
}

/// E = (nu + D) / 2 log(1 + |x|^2 / (nu s^2)). Ref: kotz2004, equation 1.1.
class StudentT final : public TiledEnergy<StudentT> {
public:
    StudentT(Index dim, double dof, double scale) : m_dim(dim), m_dof(dof), m_scale(scale) {}
    Index dim() const override { return m_dim; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T share = static_cast<T>(1 / (m_dof * m_scale * m_scale));
        const T power = static_cast<T>(0.5 * (m_dof + static_cast<double>(m_dim)));
        V sum{};
        for (Index k = 0; k < m_dim; ++k) {
            sum = sum + x[k] * x[k];
        }
        const V inside = T{1} + sum * share;
        if constexpr (WithGrad) {
            const V pull = (T{2} * power * share) / inside;
            for (Index k = 0; k < m_dim; ++k) {
                grad[k] = pull * x[k];
            }
        }
        return power * packLog<V>(inside);
    }

    std::optional<double> logNormaliser() const override {
        return logZ(static_cast<double>(m_dim));
    }
    std::optional<std::vector<double>> mean() const override {
        return m_dof > 1 ? std::optional(std::vector<double>(static_cast<std::size_t>(m_dim)))
                         : std::nullopt;
    }
    std::optional<std::vector<double>> covariance() const override {
        if (m_dof <= 2) {
            return std::nullopt;
        }
        const auto d = static_cast<std::size_t>(m_dim);
        std::vector<double> out(d * d);
        for (std::size_t k = 0; k < d; ++k) {
            out[k * d + k] = m_scale * m_scale * m_dof / (m_dof - 2);
        }
        return out;
    }
    std::optional<std::vector<double>> marginal(Index /*axis*/,
                                                std::span<const double> at) const override {
        std::vector<double> out;
        for (const double x : at) {
            out.push_back(std::exp(
                -0.5 * (m_dof + 1) * std::log1p(x * x / (m_dof * m_scale * m_scale)) - logZ(1)));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const double stretch = std::sqrt(0.5 * m_dof / draws.gamma(0.5 * m_dof));
            for (Index k = 0; k < m_dim; ++k) {
                out.push_back(m_scale * stretch * draws.normal());
            }
        }
        return out;
    }
    /// For pictures: the tails reach further.
    Box box() const override {
        const double reach = m_scale * (4 + 12 / m_dof);
        return {std::vector<double>(static_cast<std::size_t>(m_dim), -reach),
                std::vector<double>(static_cast<std::size_t>(m_dim), reach)};
    }

private:
    double logZ(double dim) const {
        return logGamma(0.5 * m_dof) - logGamma(0.5 * (m_dof + dim)) +
               0.5 * dim * std::log(std::numbers::pi * m_dof) + dim * std::log(m_scale);
    }

    Index m_dim;
    double m_dof, m_scale;
};

}  // namespace

namespace energies {

EnergySpec studentT() {
    using namespace decl;
    return {"student-t",
            "Student-t",
            "Kotz and Nadarajah 2004",
            {within(make("energy.dim", "Dimension", Index{2}, "number of coordinates"), 1, 1000),
             slider(within(live(make("energy.dof", "Degrees of freedom", 3.0,
                                     "tails: no variance up to 2, no mean up to 1")),
                           0.5, 100, Scale::Log),
                    0.5, 30),
             slider(within(live(make("energy.scale", "Scale", 1.0, "in every direction")), 1e-3,
                           100, Scale::Log),
                    0.1, 10)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return std::make_shared<StudentT>(integer(p, "energy.dim"), number(p, "energy.dof"),
                                                  number(p, "energy.scale"));
            }};
}

}  // namespace energies
}  // namespace lx
