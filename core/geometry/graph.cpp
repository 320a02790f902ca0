// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

namespace lx {
namespace {

using Vector = std::vector<double>;
using Pair = std::pair<std::uint32_t, std::uint32_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kAttached = 4;

double gap(const double* a, const double* b, std::size_t d) {
    double sum = 0;
    for (std::size_t k = 0; k < d; ++k) {
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return sum;
}

/// The `count` nodes nearest to z in the chart, `skip` left out.
std::vector<std::uint32_t> nearestNodes(const Vector& nodes, const double* z, std::size_t d,
                                        std::size_t count, std::size_t skip) {
    std::vector<std::pair<double, std::uint32_t>> all;
    for (std::size_t i = 0; i < nodes.size() / d; ++i) {
        if (i != skip) {
            all.emplace_back(gap(&nodes[i * d], z, d), static_cast<std::uint32_t>(i));
        }
    }
    count = std::min(count, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(all[i].second);
    }
    return out;
}

/// Names each node by a representative of its piece.
class Pieces {
public:
    explicit Pieces(std::size_t n) : m_parent(n) {
        for (std::size_t i = 0; i < n; ++i) {
            m_parent[i] = i;
        }
    }
    std::size_t of(std::size_t i) {
        while (m_parent[i] != i) {
            i = m_parent[i] = m_parent[m_parent[i]];
        }
        return i;
    }
    void join(std::size_t a, std::size_t b) { m_parent[of(a)] = of(b); }

private:
    std::vector<std::size_t> m_parent;
};

}  // namespace

LatentGraph LatentGraph::grid(const MetricPtr& metric, const Box& window, Index side) {
    if (metric == nullptr || metric->dim() != 2 || side < 2 || side > 1024 ||
        window.lower.size() != 2 || window.upper.size() != 2) {
        throw UsageError("a grid of paths needs a metric of the plane and 2 to 1024 nodes a side");
    }
    LatentGraph out(metric);
    const auto n = static_cast<std::uint32_t>(side);
    for (std::uint32_t i = 0; i < n * n; ++i) {
        for (std::size_t k = 0; k < 2; ++k) {
            const double t =
                static_cast<double>(k == 0 ? i % n : i / n) / static_cast<double>(n - 1);
            out.m_nodes.push_back(window.lower[k] + t * (window.upper[k] - window.lower[k]));
        }
    }
    constexpr int kSteps[8][2] = {{1, 0}, {0, 1}, {1, 1},  {1, -1},
                                  {2, 1}, {1, 2}, {2, -1}, {1, -2}};
    std::vector<Pair> pairs;
    for (int y = 0; y < static_cast<int>(n); ++y) {
        for (int x = 0; x < static_cast<int>(n); ++x) {
            for (const auto& step : kSteps) {
                const int u = x + step[0], v = y + step[1];
                if (u >= 0 && v >= 0 && u < static_cast<int>(n) && v < static_cast<int>(n)) {
                    pairs.emplace_back(
                        static_cast<std::uint32_t>(y) * n + static_cast<std::uint32_t>(x),
                        static_cast<std::uint32_t>(v) * n + static_cast<std::uint32_t>(u));
                }
            }
        }
    }
    out.weigh(pairs);
    return out;
}

LatentGraph LatentGraph::nearest(const MetricPtr& metric, std::span<const double> codes,
                                 Index neighbours) {
    const auto d = static_cast<std::size_t>(metric != nullptr ? metric->dim() : 0);
    if (d == 0 || codes.empty() || codes.size() % d != 0 || neighbours < 1) {
        throw UsageError("a graph of codes needs a metric, codes of its dimension and neighbours");
    }
    LatentGraph out(metric);
    out.m_nodes.assign(codes.begin(), codes.end());
    const std::size_t n = codes.size() / d;
    std::vector<Pair> pairs;
    Pieces pieces(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (const std::uint32_t j : nearestNodes(out.m_nodes, codes.data() + i * d, d,
                                                  static_cast<std::size_t>(neighbours), i)) {
            pairs.emplace_back(std::min<std::uint32_t>(static_cast<std::uint32_t>(i), j),
                               std::max<std::uint32_t>(static_cast<std::uint32_t>(i), j));
            pieces.join(i, j);
        }
    }
    for (std::size_t i = 1; i < n; ++i) {
        if (pieces.of(i) == pieces.of(0)) {
            continue;
        }
        Pair best;
        double least = kInfinity;
        for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; pieces.of(a) == pieces.of(i) && b < n; ++b) {
                const double q = gap(&out.m_nodes[a * d], &out.m_nodes[b * d], d);
                if (pieces.of(b) != pieces.of(i) && q < least) {
                    least = q;
                    best = {static_cast<std::uint32_t>(std::min(a, b)),
                            static_cast<std::uint32_t>(std::max(a, b))};
                }
            }
        }
        pairs.push_back(best);
        pieces.join(best.first, best.second);
        --i;  // the piece just joined may not be that of node 0 yet
    }
    std::ranges::sort(pairs);
    pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
    out.weigh(pairs);
    return out;
}

void LatentGraph::weigh(const std::vector<Pair>& pairs) {
    const auto d = static_cast<std::size_t>(m_metric->dim());
    const std::size_t n = m_nodes.size() / d;
    // One matrix a node serves all its edges: half the sum of both ends' squares.
    Vector g(n * d * d);
    m_metric->at(m_nodes, g);
    const auto square = [&](std::size_t node, const double* v) {
        double sum = 0;
        for (std::size_t e = 0; e < d * d; ++e) {
            sum += g[node * d * d + e] != 0 ? v[e / d] * g[node * d * d + e] * v[e % d] : 0;
        }
        return sum;
    };
    Vector delta(d), length;
    m_first.assign(n + 1, 0);
    for (const auto& [a, b] : pairs) {
        for (std::size_t k = 0; k < d; ++k) {
            delta[k] = m_nodes[b * d + k] - m_nodes[a * d + k];
        }
        const double s = 0.5 * (square(a, delta.data()) + square(b, delta.data()));
        length.push_back(s >= 0 ? std::sqrt(s) : kInfinity);
        ++m_first[a + 1];
        ++m_first[b + 1];
    }
    for (std::size_t i = 0; i < n; ++i) {
        m_first[i + 1] += m_first[i];
    }
    m_edges.resize(2 * pairs.size());
    std::vector<std::size_t> next(m_first.begin(), m_first.end() - 1);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        m_edges[next[pairs[i].first]++] = {pairs[i].second, length[i]};
        m_edges[next[pairs[i].second]++] = {pairs[i].first, length[i]};
    }
}

std::vector<LatentGraph::Edge> LatentGraph::attach(std::span<const double> z) const {
    const auto d = static_cast<std::size_t>(m_metric->dim());
    if (z.size() != d) {
        throw UsageError("a path's end does not have the graph's dimension");
    }
    std::vector<Edge> out;
    Vector step(z.begin(), z.end()), square(1);
    step.resize(2 * d);
    for (const std::uint32_t node : nearestNodes(m_nodes, z.data(), d, kAttached, m_nodes.size())) {
        std::copy_n(&m_nodes[node * d], d, &step[d]);
        m_metric->steps(step, square);
        out.push_back({node, std::sqrt(square[0])});
    }
    return out;
}

LatentGraph::Search LatentGraph::search(const std::vector<Edge>& sources) const {
    const std::size_t n = m_first.size() - 1;
    Search out{Vector(n, kInfinity), std::vector<std::int64_t>(n, -1)};
    using Item = std::pair<double, std::uint32_t>;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
    for (const Edge& e : sources) {
        if (e.length < out.distance[e.to]) {
            out.distance[e.to] = e.length;
            open.emplace(e.length, e.to);
        }
    }
    while (!open.empty()) {
        const auto [distance, node] = open.top();
        open.pop();
        if (distance > out.distance[node]) {
            continue;
        }
        for (std::size_t e = m_first[node]; e < m_first[node + 1]; ++e) {
            const double there = distance + m_edges[e].length;
            if (there < out.distance[m_edges[e].to]) {
                out.distance[m_edges[e].to] = there;
                out.from[m_edges[e].to] = node;
                open.emplace(there, m_edges[e].to);
            }
        }
    }
    return out;
}

std::vector<double> LatentGraph::path(std::span<const double> a, std::span<const double> b) const {
    const auto d = static_cast<std::size_t>(m_metric->dim());
    const Search found = search(attach(a));
    std::int64_t last = -1;
    double least = kInfinity;
    for (const Edge& e : attach(b)) {
        const double length = found.distance[e.to] + e.length;
        if (length < least) {
            least = length;
            last = e.to;
        }
    }
    std::vector<std::int64_t> order;
    for (; last >= 0; last = found.from[static_cast<std::size_t>(last)]) {
        order.push_back(last);
    }
    Vector out(a.begin(), a.end());
    for (std::size_t i = order.size(); i-- > 0;) {
        const double* node = &m_nodes[static_cast<std::size_t>(order[i]) * d];
        out.insert(out.end(), node, node + d);
    }
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

std::vector<double> LatentGraph::distances(std::span<const double> a) const {
    return search(attach(a)).distance;
}

}  // namespace lx
