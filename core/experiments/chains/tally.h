// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/energies/energy.h"

namespace lx::chains {

/// Histograms of all draws of all chains, also of those that are not kept: of the plane of the
/// first two coordinates, of each of them, and of the distance from the mean. Memory does not grow.
class Tally {
public:
    static constexpr Index kSide = 160, kBins = 160;

    struct Axis {
        std::string name;
        double lower = 0, upper = 1;
        std::vector<std::uint32_t> counts;  ///< [kBins]
        double width() const { return (upper - lower) / static_cast<double>(kBins); }
    };

    /// Without an energy (chains of others) the first `seen` points [n, dim] set the ranges.
    /// `radius`: with the distance from the mean.
    Tally(const Energy&, bool radius);
    Tally(std::vector<std::string> names, std::span<const double> seen);

    /// positions [chains, dim].
    void add(std::span<const double> positions);
    void clear();

    Index dim() const noexcept { return m_dim; }
    Index total() const noexcept { return m_total; }  ///< points
    const Box& extent() const noexcept { return m_extent; }
    std::span<const Axis> axes() const noexcept { return m_axes; }
    bool plane() const noexcept { return m_dim >= 2; }
    /// |x - mean|.
    double radius(const double* x) const;

    Array planeDensity() const;  ///< [kSide, kSide] float32, row 0 lower; undefined below 2 dims
    Array axisDensity() const;   ///< [axes, kBins] float32
    Array axisEdges() const;     ///< [axes, kBins + 1] float32
    std::string axisNames() const;

    State capture(std::string_view prefix) const;
    /// Throws UsageError; then nothing has changed.
    void restore(const State&, std::string_view prefix);

private:
    Index m_dim;
    Box m_extent;  ///< of the first two coordinates
    std::vector<double> m_mean;
    std::vector<Axis> m_axes;
    bool m_radius = false;
    std::vector<std::uint32_t> m_plane;
    Index m_total = 0;
};

}  // namespace lx::chains
