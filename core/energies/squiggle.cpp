// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

constexpr double kXX = 2, kXY = 0.25, kYY = 0.5, kDet = kXX * kYY - kXY * kXY;

/// (x, y + a sin(w x)) is normal with mean 0 and covariance [[2, 1/4], [1/4, 1/2]]. Ref: feng2016.
/// Moments from E x sin(w x) = w s^2 exp(-w^2 s^2 / 2) for x ~ N(0, s^2).
class Squiggle final : public TiledEnergy<Squiggle> {
public:
    Squiggle(double amplitude, double frequency) : m_amplitude(amplitude), m_frequency(frequency) {}
    Index dim() const override { return 2; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T w = static_cast<T>(m_frequency), a = static_cast<T>(m_amplitude);
        V sine{}, cosine{};
        packSinCos<V>(x[0] * w, sine, cosine);
        const V u = x[1] + a * sine;
        const V slopeX = (x[0] * T(kYY) - u * T(kXY)) * T(1 / kDet);
        const V slopeU = (u * T(kXX) - x[0] * T(kXY)) * T(1 / kDet);
        if constexpr (WithGrad) {
            grad[0] = slopeX + slopeU * (a * w) * cosine;
            grad[1] = slopeU;
        }
        return T(0.5) * (x[0] * slopeX + u * slopeU);
    }

    std::optional<double> logNormaliser() const override {
        return std::log(2 * std::numbers::pi * std::sqrt(kDet));
    }
    std::optional<std::vector<double>> mean() const override { return std::vector<double>{0, 0}; }
    std::optional<std::vector<double>> covariance() const override {
        const double w = m_frequency, a = m_amplitude, decay = std::exp(-0.5 * w * w * kXX);
        const double cross = kXY - a * w * kXX * decay;
        const double square = 0.5 * (1 - std::exp(-2 * w * w * kXX));
        const double yy = kYY - 2 * a * w * kXY * decay + a * a * square;
        return std::vector<double>{kXX, cross, cross, yy};
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const double x = std::sqrt(kXX) * draws.normal();
            const double u = x * kXY / kXX + std::sqrt(kDet / kXX) * draws.normal();
            out.push_back(x);
            out.push_back(u - m_amplitude * std::sin(m_frequency * x));
        }
        return out;
    }
    Box box() const override {
        const double x = 8 * std::sqrt(kXX), y = 8 * std::sqrt(kYY) + std::abs(m_amplitude);
        return {{-x, -y}, {x, y}};
    }

private:
    double m_amplitude, m_frequency;
};

}  // namespace

namespace energies {

EnergySpec squiggle() {
    using namespace decl;
    return {
        "squiggle",
        "Squiggle",
        "Feng 2016, The Markov-chain Monte Carlo interactive gallery",
        {slider(within(live(make("energy.amplitude", "Amplitude", 1.0, "of the wave")), -10, 10),
                -3, 3),
         slider(
             within(live(make("energy.frequency", "Frequency", 5.0, "of the wave, rad per unit")),
                    0, 50),
             0, 12)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return std::make_shared<Squiggle>(number(p, "energy.amplitude"),
                                              number(p, "energy.frequency"));
        }};
}

}  // namespace energies
}  // namespace lx
