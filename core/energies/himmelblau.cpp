// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/plane_energy.h"
#include "core/energies/registry.h"

namespace lx {
namespace {

/// E = ((x^2 + y - 11)^2 + (x + y^2 - 7)^2) / scale: four equally deep wells of unequal width.
/// Ref: himmelblau1972.
class Himmelblau final : public PlaneEnergy<Himmelblau> {
public:
    explicit Himmelblau(double scale) : m_scale(scale) {}

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T share = static_cast<T>(1 / m_scale);
        const V a = x[0] * x[0] + x[1] - T(11), b = x[0] + x[1] * x[1] - T(7);
        if constexpr (WithGrad) {
            grad[0] = (T(4) * a * x[0] + T(2) * b) * share;
            grad[1] = (T(2) * a + T(4) * b * x[1]) * share;
        }
        return (a * a + b * b) * share;
    }
    Box box() const override { return {{-10, -10}, {10, 10}}; }
    Box frame() const override { return {{-6, -6}, {6, 6}}; }

protected:
    std::vector<Point> centres() const override {
        return {{3, 2}, {-2.805118, 3.131312}, {-3.779310, -3.283186}, {3.584428, -1.848127}};
    }

private:
    double m_scale;
};

}  // namespace

namespace energies {

EnergySpec himmelblau() {
    using namespace decl;
    return {
        "himmelblau",
        "Himmelblau's function",
        "Himmelblau 1972",
        {slider(within(live(make("energy.scale", "Scale", 20.0, "the function is divided by it")),
                       1, 200, Scale::Log),
                1, 200)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return std::make_shared<Himmelblau>(number(p, "energy.scale"));
        }};
}

}  // namespace energies
}  // namespace lx
