// SPDX-License-Identifier: GPL-3.0-or-later
// Shortest paths over points: starts for solvers that know the whole map, not lengths to report.
#pragma once

#include "core/energies/energy.h"
#include "core/geometry/metric.h"

namespace lx {

/// Points joined by edges of metric length.
class LatentGraph {
public:
    /// A square grid over a window of the plane, side x side nodes (64 is usual), each joined to 16
    /// neighbours. Paths overestimate distances by up to 2.8 % at any resolution.
    static LatentGraph grid(const MetricPtr&, const Box& window, Index side = 64);
    /// Codes [N, D] of any dimension, each joined to its `neighbours` nearest in the chart; pieces
    /// that this leaves apart are joined at their closest points.
    static LatentGraph nearest(const MetricPtr&, std::span<const double> codes,
                               Index neighbours = 8);

    /// Dijkstra's polygon from a to b [points, D]; the ends are joined to their nearest nodes.
    std::vector<double> path(std::span<const double> a, std::span<const double> b) const;
    /// Distance from a to each node, [nodes]; +infinity for nodes outside the chart.
    std::vector<double> distances(std::span<const double> a) const;
    std::span<const double> nodes() const { return m_nodes; }  ///< [nodes, D]

private:
    struct Edge {
        std::uint32_t to = 0;
        double length = 0;
    };
    struct Search {
        std::vector<double> distance;
        std::vector<std::int64_t> from;
    };
    explicit LatentGraph(MetricPtr metric) : m_metric(std::move(metric)) {}
    void weigh(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs);
    std::vector<Edge> attach(std::span<const double> z) const;
    Search search(const std::vector<Edge>& sources) const;

    MetricPtr m_metric;
    std::vector<double> m_nodes;
    std::vector<std::size_t> m_first;  ///< of a node's edges
    std::vector<Edge> m_edges;
};

}  // namespace lx
