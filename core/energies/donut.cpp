// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// E = (|x| - R)^2 / (2 sd^2) in the plane. At the origin, where E has a cusp, the gradient is 0.
/// With I_n = integral of r^n exp(-E) over r > 0 (parts: I_n+1 = R I_n + n sd^2 I_n-1, and
/// sd^2 exp(-R^2 / 2 sd^2) more for n = 0): Z = 2 pi I_1 and E |x|^2 = I_3 / I_1.
class Donut final : public TiledEnergy<Donut> {
public:
    Donut(double radius, double sd) : m_radius(radius), m_sd(sd) {
        const double s2 = sd * sd;
        const double i0 = sd * std::sqrt(std::numbers::pi / 2) *
                          (1 + std::erf(radius / (sd * std::numbers::sqrt2)));
        m_mass = radius * i0 + s2 * std::exp(-0.5 * radius * radius / s2);
        const double i2 = radius * m_mass + s2 * i0;
        m_square = (radius * i2 + 2 * s2 * m_mass) / m_mass;
    }
    Index dim() const override { return 2; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T precision = static_cast<T>(1 / (m_sd * m_sd));
        const V r = packSqrt<V>(x[0] * x[0] + x[1] * x[1]);
        const V off = r - static_cast<T>(m_radius);
        if constexpr (WithGrad) {
            const V pull = off * precision / r;
            grad[0] = pull * x[0];
            grad[1] = pull * x[1];
        }
        return T(0.5) * off * off * precision;
    }

    std::optional<double> logNormaliser() const override {
        return std::log(2 * std::numbers::pi * m_mass);
    }
    std::optional<std::vector<double>> mean() const override { return std::vector<double>{0, 0}; }
    std::optional<std::vector<double>> covariance() const override {
        return std::vector<double>{m_square / 2, 0, 0, m_square / 2};
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const double u = draws.uniform();
            double low = 0, high = m_radius + 40 * m_sd;
            for (int i = 0; i < 80; ++i) {
                const double middle = 0.5 * (low + high);
                (below(middle) < u ? low : high) = middle;
            }
            const double angle = 2 * std::numbers::pi * draws.uniform();
            out.push_back(low * std::cos(angle));
            out.push_back(low * std::sin(angle));
        }
        return out;
    }
    Box box() const override {
        const double reach = m_radius + 8 * m_sd;
        return {{-reach, -reach}, {reach, reach}};
    }

private:
    /// Share of the radii below r.
    double below(double r) const {
        const double s = m_sd * std::numbers::sqrt2, s2 = m_sd * m_sd;
        const double bump = std::exp(-0.5 * m_radius * m_radius / s2) -
                            std::exp(-0.5 * (r - m_radius) * (r - m_radius) / s2);
        return (s2 * bump + m_radius * m_sd * std::sqrt(std::numbers::pi / 2) *
                                (std::erf((r - m_radius) / s) + std::erf(m_radius / s))) /
               m_mass;
    }

    double m_radius, m_sd, m_mass = 0, m_square = 0;
};

}  // namespace

namespace energies {

EnergySpec donut() {
    using namespace decl;
    return {"donut",
            "Donut",
            "Feng 2016, The Markov-chain Monte Carlo interactive gallery",
            {slider(within(live(make("energy.radius", "Radius", 2.6, "of the ring")), 1e-2, 100),
                    0.5, 5),
             slider(within(live(make("energy.sd", "sd", 0.2, "across the ring")), 1e-3, 100,
                           Scale::Log),
                    0.05, 1)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return std::make_shared<Donut>(number(p, "energy.radius"), number(p, "energy.sd"));
            }};
}

}  // namespace energies
}  // namespace lx
