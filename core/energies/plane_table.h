// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

#include <array>
#include <functional>
#include <mutex>

namespace lx {

/// A density in the plane by quadrature: normaliser, moments, masses, exact draws.
/// The trapezium rule, refined until log Z settles to 1e-9. A draw chooses a cell by its upper
/// bound and is then rejected against the density itself.
class PlaneTable {
public:
    /// Null when the density does not vanish at the edge of the box (more than 1e-9 of its top), is
    /// nowhere finite, or does not settle on 2048 x 2048 cells: then nothing is known.
    static std::unique_ptr<PlaneTable> make(const Energy&, const Box&);

    double logNormaliser() const { return m_logZ; }
    const std::array<double, 2>& mean() const { return m_mean; }
    const std::array<double, 4>& covariance() const { return m_covariance; }
    /// Mass of each of `count` regions; `region` names one by its index, or -1.
    std::vector<double> masses(const std::function<Index(std::span<const double>)>& region,
                               std::size_t count) const;
    /// [count, 2]
    std::vector<double> sample(const Energy&, Key, Index count) const;

private:
    PlaneTable() = default;
    std::array<double, 2> node(std::size_t i, std::size_t j) const {
        return {m_low[0] + m_step[0] * static_cast<double>(i),
                m_low[1] + m_step[1] * static_cast<double>(j)};
    }

    std::size_t m_cells = 0;
    std::array<double, 2> m_low{}, m_step{}, m_mean{};
    std::array<double, 4> m_covariance{};
    double m_least = 0, m_logZ = 0;
    std::vector<float> m_density;      ///< [cells + 1, cells + 1], exp(least - E)
    std::vector<double> m_cumulative;  ///< of the cells' bounds, row by row
};

/// A PlaneTable made when it is first asked for.
class LazyPlane {
public:
    const PlaneTable* get(const Energy&) const;

private:
    mutable std::once_flag m_once;
    mutable std::unique_ptr<PlaneTable> m_table;
};

}  // namespace lx
