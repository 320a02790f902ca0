// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/geometry/metric.h"

#include <cstdint>

namespace lx {

/// Brownian motion of a metric, generator Laplace-Beltrami / 2, by geodesic random walk: each step
/// goes along exp_z(sqrt(dt) G^-1/2 xi), error of the law O(dt). Changes charts on the way, so it
/// crosses the sphere's far pole. On a compact space its law tends to the uniform one.
/// The same key gives the same walks.
class BrownianMotion {
public:
    /// z [N, D]: one walker a row.
    BrownianMotion(MetricPtr, std::span<const double> z, Key);

    void advance(Index steps, double dt);
    /// Positions [N, D] in the first chart, not-a-number for walkers that have left the chart or
    /// sit where the first one has no room.
    std::vector<double> positions() const;
    std::uint64_t steps() const noexcept { return m_step; }

private:
    MetricPtr m_metric;
    Key m_key;
    std::uint64_t m_step = 0;
    std::vector<double> m_z;
    std::vector<bool> m_other;
};

}  // namespace lx
