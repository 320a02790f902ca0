// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"
#include "core/geometry/metric.h"

#include <cstdint>
#include <stop_token>

namespace lx {

/// A metric of the plane read from a grid of its matrices: bilinear, so symmetric, positive
/// definite and continuous everywhere, with the exact gradient of that. Outside the window the
/// nearest edge counts. Error against the metric of the order of the squared spacing.
MetricPtr bilinearMetric(const Box& window, Index side, std::vector<double> components);

/// Fills such a grid bit by bit, coarse first: 17, 33, 65, ... nodes a side, and every finer level
/// keeps the nodes of the coarser ones. `current()` is the finest level that is whole; it stays as
/// it is while the next one is filled. One thread at a time; what current() returned may be read by
/// any.
class MetricGrid {
public:
    /// `finest` is rounded up to a level, at most 513: 3 doubles a node, so 6.3 MB. Throws
    /// UsageError for a metric that is not of the plane or a window without area.
    MetricGrid(MetricPtr, Box window, Index finest = 65);

    /// Begins anew for newer weights; does nothing when neither version nor metric have changed.
    void reset(MetricPtr, std::uint64_t version);
    void setWindow(Box window);

    /// Evaluates up to `nodes` nodes; true: the finest level is whole.
    bool advance(Index nodes, const std::stop_token& = {});
    /// Null before the first level is whole.
    MetricPtr current() const { return m_current; }
    Index side() const noexcept { return m_done; }  ///< nodes a side of current(), or 0
    const Box& window() const noexcept { return m_window; }
    std::uint64_t version() const noexcept { return m_version; }
    std::size_t bytes() const noexcept;

private:
    void restart();
    void beginLevel(Index side);

    MetricPtr m_metric, m_current;
    Box m_window;
    Index m_finest = 0, m_side = 0, m_done = 0, m_next = 0;
    std::uint64_t m_version = 0;
    std::vector<double> m_components;  ///< [side, side, 3], row 0 at the lower edge
    std::vector<bool> m_known;
};

}  // namespace lx
