// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// x ~ N(0, radius^2), y = bend (x^2 - radius^2) + N(0, sd^2). Ref: haario1999, the twist of
/// section 4 with its constant chosen so that the mean is 0.
class Banana final : public TiledEnergy<Banana> {
public:
    Banana(double radius, double bend, double sd) : m_radius(radius), m_bend(bend), m_sd(sd) {}
    Index dim() const override { return 2; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T wide = static_cast<T>(1 / (m_radius * m_radius));
        const T narrow = static_cast<T>(1 / (m_sd * m_sd));
        const T bend = static_cast<T>(m_bend), shift = static_cast<T>(m_radius * m_radius);
        const V off = x[1] - bend * (x[0] * x[0] - shift);
        if constexpr (WithGrad) {
            grad[0] = x[0] * wide - off * narrow * (T{2} * bend) * x[0];
            grad[1] = off * narrow;
        }
        return T(0.5) * (x[0] * x[0] * wide + off * off * narrow);
    }

    std::optional<double> logNormaliser() const override {
        return std::log(2 * std::numbers::pi * m_radius * m_sd);
    }
    std::optional<std::vector<double>> mean() const override { return std::vector<double>{0, 0}; }
    std::optional<std::vector<double>> covariance() const override {
        const double r2 = m_radius * m_radius;
        return std::vector<double>{r2, 0, 0, 2 * m_bend * m_bend * r2 * r2 + m_sd * m_sd};
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const double x = m_radius * draws.normal();
            out.push_back(x);
            out.push_back(m_bend * (x * x - m_radius * m_radius) + m_sd * draws.normal());
        }
        return out;
    }
    Box box() const override {
        const double ends[] = {-m_bend * m_radius * m_radius, 48 * m_bend * m_radius * m_radius};
        return {{-7 * m_radius, std::min(ends[0], ends[1]) - 7 * m_sd},
                {7 * m_radius, std::max(ends[0], ends[1]) + 7 * m_sd}};
    }

private:
    double m_radius, m_bend, m_sd;
};

}  // namespace

namespace energies {

EnergySpec banana() {
    using namespace decl;
    return {
        "banana",
        "Banana",
        "Haario, Saksman and Tamminen 1999",
        {slider(within(live(make("energy.radius", "Radius", 2.0, "sd along the ridge")), 1e-2, 100),
                0.5, 5),
         slider(within(live(make("energy.bend", "Bend", 0.25, "curvature of the ridge")), -10, 10),
                -1, 1),
         slider(
             within(live(make("energy.sd", "sd", 0.5, "across the ridge")), 1e-3, 100, Scale::Log),
             0.1, 2)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return std::make_shared<Banana>(number(p, "energy.radius"), number(p, "energy.bend"),
                                            number(p, "energy.sd"));
        }};
}

}  // namespace energies
}  // namespace lx
