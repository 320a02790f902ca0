// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// v ~ N(0, sd^2), x_k | v ~ N(0, exp(v)). Ref: neal2003, section 8. The non-centred form is
/// written in z = (v / sd, x_k exp(-v / 2)), a standard normal. Ref: papaspiliopoulos2007.
class Funnel final : public TiledEnergy<Funnel> {
public:
    Funnel(Index dim, double sd, bool centred) : m_dim(dim), m_sd(sd), m_centred(centred) {}
    Index dim() const override { return m_dim; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        V squares{};
        for (Index k = 1; k < m_dim; ++k) {
            squares = squares + x[k] * x[k];
        }
        if (!m_centred) {
            if constexpr (WithGrad) {
                std::copy(x, x + m_dim, grad);
            }
            return T(0.5) * (x[0] * x[0] + squares);
        }
        const T width = static_cast<T>(m_dim - 1), precision = static_cast<T>(1 / (m_sd * m_sd));
        const V shrink = packExp<V>(-x[0]);
        if constexpr (WithGrad) {
            grad[0] = x[0] * precision + T(0.5) * (width - squares * shrink);
            for (Index k = 1; k < m_dim; ++k) {
                grad[k] = x[k] * shrink;
            }
        }
        return T(0.5) * (x[0] * x[0] * precision + squares * shrink + width * x[0]);
    }

    std::optional<double> logNormaliser() const override {
        return 0.5 * static_cast<double>(m_dim) * std::log(2 * std::numbers::pi) +
               (m_centred ? std::log(m_sd) : 0);
    }
    std::optional<std::vector<double>> mean() const override {
        return std::vector<double>(static_cast<std::size_t>(m_dim));
    }
    std::optional<std::vector<double>> covariance() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        std::vector<double> out(d * d);
        for (std::size_t k = 0; k < d; ++k) {
            out[k * d + k] = !m_centred ? 1 : k == 0 ? m_sd * m_sd : std::exp(0.5 * m_sd * m_sd);
        }
        return out;
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        const double sd = m_centred && axis == 0 ? m_sd : 1;
        std::vector<double> out;
        for (const double x : at) {
            double density = std::exp(-0.5 * x * x / (sd * sd)) / sd;
            if (m_centred && axis > 0) {
                // The integral over v = sd u.
                constexpr int kNodes = 4000;
                const double step = 20.0 / kNodes;
                density = 0;
                for (int i = 0; i <= kNodes; ++i) {
                    const double u = -10 + step * i, v = m_sd * u;
                    density += step * std::exp(-0.5 * (u * u + v + x * x * std::exp(-v))) /
                               std::sqrt(2 * std::numbers::pi);
                }
            }
            out.push_back(density / std::sqrt(2 * std::numbers::pi));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            std::vector<double> z;
            for (Index k = 0; k < m_dim; ++k) {
                z.push_back(draws.normal());
            }
            z = m_centred ? centred(z) : z;
            out.insert(out.end(), z.begin(), z.end());
        }
        return out;
    }
    /// The centred form within 3 sd of v; its tails reach further than any box.
    Box box() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        Box out{std::vector<double>(d, -8), std::vector<double>(d, 8)};
        if (m_centred) {
            out.lower.assign(d, -3 * std::exp(0.75 * m_sd));
            out.upper.assign(d, 3 * std::exp(0.75 * m_sd));
            out.lower[0] = -3 * m_sd;
            out.upper[0] = 3 * m_sd;
        }
        return out;
    }
    Box frame() const override {
        Box out = box();
        for (std::size_t k = m_centred ? 1 : 0; k < out.lower.size(); ++k) {
            out.upper[k] = m_centred ? 4 * std::exp(0.5 * m_sd) : 4;
            out.lower[k] = -out.upper[k];
        }
        return out;
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> out = naturalNames();
        if (!m_centred) {
            for (auto& name : out) {
                name = "z_" + name;
            }
        }
        return out;
    }
    std::vector<double> natural(std::span<const double> z) const override {
        return m_centred ? std::vector<double>(z.begin(), z.end()) : centred(z);
    }
    std::vector<std::string> naturalNames() const override {
        std::vector<std::string> out{"v"};
        for (Index k = 1; k < m_dim; ++k) {
            out.push_back("x" + std::to_string(k));
        }
        return out;
    }

private:
    std::vector<double> centred(std::span<const double> z) const {
        std::vector<double> out(z.begin(), z.end());
        out[0] *= m_sd;
        for (std::size_t k = 1; k < out.size(); ++k) {
            out[k] *= std::exp(0.5 * out[0]);
        }
        return out;
    }

    Index m_dim;
    double m_sd;
    bool m_centred;
};

}  // namespace

namespace energies {

EnergySpec funnel() {
    using namespace decl;
    return {
        "funnel",
        "Neal's funnel",
        "Neal 2003",
        {within(make("energy.dim", "Dimension", Index{10}, "v and dim - 1 others"), 2, 100),
         slider(within(live(make("energy.sd", "sd", 3.0, "of v, the log variance of the others")),
                       1e-2, 5),
                0.5, 4),
         oneOf(make("energy.form", "Form", std::string("centred"),
                    "coordinates the chain moves in; both mean the same law of v and x"),
               {"centred", "noncentred"})},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return std::make_shared<Funnel>(integer(p, "energy.dim"), number(p, "energy.sd"),
                                            text(p, "energy.form") == "centred");
        }};
}

}  // namespace energies
}  // namespace lx
