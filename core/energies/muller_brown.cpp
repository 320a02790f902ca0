// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/plane_energy.h"
#include "core/energies/registry.h"

namespace lx {
namespace {

struct Term {
    double height, a, b, c, x, y;
};
constexpr Term kTerms[] = {{-200, -1, 0, -10, 1, 0},
                           {-100, -1, 0, -10, 0, 0.5},
                           {-170, -6.5, 11, -6.5, -0.5, 1.5},
                           {15, 0.7, 0.6, 0.7, -1, 1}};

/// U = sum_k A_k exp(a_k dx^2 + b_k dx dy + c_k dy^2), E = U / temperature. Ref: muller1979,
/// footnote 7.
class MullerBrown final : public PlaneEnergy<MullerBrown> {
public:
    explicit MullerBrown(double temperature) : m_temperature(temperature) {}

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        V sum{}, gx{}, gy{};
        for (const Term& term : kTerms) {
            const V dx = x[0] - T(term.x), dy = x[1] - T(term.y);
            const V value =
                packExp<V>(T(term.a) * dx * dx + T(term.b) * dx * dy + T(term.c) * dy * dy) *
                T(term.height / m_temperature);
            sum = sum + value;
            if constexpr (WithGrad) {
                gx = gx + value * (T(2 * term.a) * dx + T(term.b) * dy);
                gy = gy + value * (T(term.b) * dx + T(2 * term.c) * dy);
            }
        }
        if constexpr (WithGrad) {
            grad[0] = gx;
            grad[1] = gy;
        }
        return sum;
    }
    /// The last term alone keeps everything else out at any temperature up to 100.
    Box box() const override { return {{-4.5, -2.5}, {2.5, 4.5}}; }
    Box frame() const override { return {{-1.7, -0.6}, {1.3, 2.2}}; }

protected:
    std::vector<Point> centres() const override {
        return {{-0.558224, 1.441726}, {-0.050011, 0.466694}, {0.623499, 0.028038}};
    }

private:
    double m_temperature;
};

}  // namespace

namespace energies {

EnergySpec mullerBrown() {
    using namespace decl;
    return {"muller-brown",
            "Müller-Brown potential",
            "Müller and Brown 1979",
            {slider(within(live(make("energy.temperature", "Temperature", 20.0,
                                     "the potential is divided by it")),
                           5, 100, Scale::Log),
                    5, 100)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return std::make_shared<MullerBrown>(number(p, "energy.temperature"));
            }};
}

}  // namespace energies
}  // namespace lx
