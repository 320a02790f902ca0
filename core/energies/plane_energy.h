// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/plane_table.h"
#include "core/energies/tiled.h"

namespace lx {

/// An energy in the plane whose truth comes from quadrature over its box, made at first use.
/// Derived gives pack(), box() and the centres of its modes.
template <class Derived>
class PlaneEnergy : public TiledEnergy<Derived> {
public:
    Index dim() const override { return 2; }
    std::optional<double> logNormaliser() const override {
        const PlaneTable* t = m_table.get(*this);
        return t != nullptr ? std::optional(t->logNormaliser()) : std::nullopt;
    }
    std::optional<std::vector<double>> mean() const override {
        const PlaneTable* t = m_table.get(*this);
        return t != nullptr ? std::optional(std::vector(t->mean().begin(), t->mean().end()))
                            : std::nullopt;
    }
    std::optional<std::vector<double>> covariance() const override {
        const PlaneTable* t = m_table.get(*this);
        return t != nullptr
                   ? std::optional(std::vector(t->covariance().begin(), t->covariance().end()))
                   : std::nullopt;
    }
    std::vector<Mode> modes() const override {
        std::call_once(m_once, [this] {
            const PlaneTable* t = m_table.get(*this);
            const auto all = centres();
            if (t == nullptr || all.empty()) {
                return;
            }
            const auto masses =
                t->masses([&](std::span<const double> x) { return nearest(all, x); }, all.size());
            for (std::size_t k = 0; k < all.size(); ++k) {
                m_modes.push_back({{all[k][0], all[k][1]}, masses[k]});
            }
        });
        return m_modes;
    }
    bool canSample() const override { return m_table.get(*this) != nullptr; }
    std::vector<double> sample(Key key, Index count) const override {
        const PlaneTable* t = m_table.get(*this);
        return t != nullptr ? t->sample(*this, key, count) : Energy::sample(key, count);
    }

protected:
    using Point = std::array<double, 2>;
    virtual std::vector<Point> centres() const { return {}; }

private:
    static Index nearest(const std::vector<Point>& all, std::span<const double> x) {
        const auto distance = [&](const Point& c) {
            return (x[0] - c[0]) * (x[0] - c[0]) + (x[1] - c[1]) * (x[1] - c[1]);
        };
        return std::ranges::min_element(all, {}, distance) - all.begin();
    }

    LazyPlane m_table;
    mutable std::once_flag m_once;
    mutable std::vector<Mode> m_modes;
};

}  // namespace lx
