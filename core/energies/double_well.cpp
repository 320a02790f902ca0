// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/line_table.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

/// E = h (u^2 - 1)^2 + tilt u + sum_k>1 x_k^2 / 2 with u = x_1 / width: h is the barrier in nats
/// at tilt 0. Truth by quadrature over the first axis.
class DoubleWell final : public TiledEnergy<DoubleWell> {
public:
    DoubleWell(Index dim, double height, double tilt, double width)
        : m_dim(dim),
          m_height(height),
          m_tilt(tilt),
          m_width(width),
          m_reach(reach()),
          m_line([this](double u) { return -profile(u); }, -m_reach, m_reach) {
        findWells();
    }
    Index dim() const override { return m_dim; }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const T h = static_cast<T>(m_height), tilt = static_cast<T>(m_tilt);
        const V u = x[0] * static_cast<T>(1 / m_width);
        const V well = u * u - T{1};
        V rest{};
        for (Index k = 1; k < m_dim; ++k) {
            rest = rest + x[k] * x[k];
            if constexpr (WithGrad) {
                grad[k] = x[k];
            }
        }
        if constexpr (WithGrad) {
            grad[0] = (T{4} * h * well * u + tilt) * static_cast<T>(1 / m_width);
        }
        return h * well * well + tilt * u + T(0.5) * rest;
    }

    std::optional<double> logNormaliser() const override {
        return m_line.logNormaliser() + std::log(m_width) +
               0.5 * static_cast<double>(m_dim - 1) * std::log(2 * std::numbers::pi);
    }
    std::optional<std::vector<double>> mean() const override {
        std::vector<double> out(static_cast<std::size_t>(m_dim));
        out[0] = m_width * m_line.expect([](double u) { return u; });
        return out;
    }
    std::optional<std::vector<double>> covariance() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        const double centre = m_line.expect([](double u) { return u; });
        std::vector<double> out(d * d);
        out[0] = m_width * m_width *
                 m_line.expect([&](double u) { return (u - centre) * (u - centre); });
        for (std::size_t k = 1; k < d; ++k) {
            out[k * d + k] = 1;
        }
        return out;
    }
    std::vector<Mode> modes() const override { return m_modes; }
    /// The barrier's top parts the wells.
    Index modeOf(std::span<const double> x) const override {
        return m_modes.empty() ? -1 : x[0] < m_width * m_barrier ? 0 : 1;
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        std::vector<double> out;
        for (const double x : at) {
            out.push_back(axis == 0
                              ? std::exp(-profile(x / m_width) - m_line.logNormaliser()) / m_width
                              : std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            out.push_back(m_width * m_line.draw(draws));
            for (Index k = 1; k < m_dim; ++k) {
                out.push_back(draws.normal());
            }
        }
        return out;
    }
    Box box() const override {
        Box out{std::vector<double>(static_cast<std::size_t>(m_dim), -8),
                std::vector<double>(static_cast<std::size_t>(m_dim), 8)};
        out.lower[0] = -m_width * m_reach;
        out.upper[0] = m_width * m_reach;
        return out;
    }

private:
    double profile(double u) const { return m_height * (u * u - 1) * (u * u - 1) + m_tilt * u; }
    double slope(double u) const { return 4 * m_height * u * (u * u - 1) + m_tilt; }
    double reach() const {
        double u = 1.5;
        while (profile(u) < 45 || profile(-u) < 45) {
            u *= 1.1;
        }
        return u;
    }
    double rootBetween(double low, double high) const {
        const bool rising = slope(low) < 0;
        for (int i = 0; i < 100; ++i) {
            const double middle = 0.5 * (low + high);
            ((slope(middle) < 0) == rising ? low : high) = middle;
        }
        return low;
    }
    void findWells() {
        // The slope turns at u = +-1/sqrt(3): three roots only when it changes sign between them.
        const double turn = 1 / std::numbers::sqrt3;
        if (!(slope(-turn) > 0 && slope(turn) < 0)) {
            return;
        }
        m_barrier = rootBetween(-turn, turn);
        const double left = rootBetween(-m_reach, -turn), right = rootBetween(turn, m_reach);
        const double mass = m_line.below(m_barrier);
        for (const auto& [u, weight] : {std::pair{left, mass}, std::pair{right, 1 - mass}}) {
            Mode mode{std::vector<double>(static_cast<std::size_t>(m_dim)), weight};
            mode.centre[0] = m_width * u;
            m_modes.push_back(std::move(mode));
        }
    }

    Index m_dim;
    double m_height, m_tilt, m_width, m_reach, m_barrier = 0;
    LineTable m_line;
    std::vector<Mode> m_modes;
};

}  // namespace

namespace energies {

EnergySpec doubleWell() {
    using namespace decl;
    return {
        "double-well",
        "Double well",
        "-",
        {within(make("energy.dim", "Dimension", Index{2}, "number of coordinates"), 1, 1000),
         slider(within(live(make("energy.height", "Barrier", 4.0, "nats, at tilt 0")), 0.1, 50),
                0.5, 10),
         slider(within(live(make("energy.tilt", "Tilt", 0.5, "lowers the left well")), -20, 20), -3,
                3),
         slider(
             within(live(make("energy.width", "Width", 2.0, "of half the distance of the wells")),
                    1e-2, 100, Scale::Log),
             0.5, 5)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return std::make_shared<DoubleWell>(
                integer(p, "energy.dim"), number(p, "energy.height"), number(p, "energy.tilt"),
                number(p, "energy.width"));
        }};
}

}  // namespace energies
}  // namespace lx
