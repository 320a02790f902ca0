// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/metric_grid.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

constexpr Index kFirst = 17, kLargest = 513;

void requireWindow(const Box& window) {
    for (std::size_t k = 0; k < 2; ++k) {
        if (window.lower.size() != 2 || window.upper.size() != 2 ||
            !(window.lower[k] < window.upper[k]) || !std::isfinite(window.lower[k]) ||
            !std::isfinite(window.upper[k])) {
            throw UsageError("a grid of a metric needs a window of the plane with an area");
        }
    }
}

class Bilinear final : public Metric {
public:
    Bilinear(const Box& window, Index side, std::vector<double> components)
        : m_side(static_cast<std::size_t>(side)), m_components(std::move(components)) {
        for (std::size_t k = 0; k < 2; ++k) {
            m_low[k] = window.lower[k];
            m_scale[k] = static_cast<double>(m_side - 1) / (window.upper[k] - window.lower[k]);
        }
    }
    Index dim() const override { return 2; }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        for (Index i = 0; i < count; ++i, z += 2, g += 4) {
            const Cell cell(*this, z);
            g[0] = cell.value(0);
            g[1] = g[2] = cell.value(1);
            g[3] = cell.value(2);
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        for (Index i = 0; i < count; ++i, z += 2, v += 2) {
            const Cell cell(*this, z);
            const double a = v[0] * v[0], b = 2 * v[0] * v[1], c = v[1] * v[1];
            value[i] = a * cell.value(0) + b * cell.value(1) + c * cell.value(2);
            if (slope != nullptr) {
                slope[2 * i] = a * cell.alongX(0) + b * cell.alongX(1) + c * cell.alongX(2);
                slope[2 * i + 1] = a * cell.alongY(0) + b * cell.alongY(1) + c * cell.alongY(2);
            }
        }
    }
    /// The midpoint rule with matrices and slopes from one look at each cell.
    void pathSteps(const double* path, Index steps, double* squares, double* slope) const override {
        if (slope != nullptr) {
            std::fill_n(slope, 2 * (steps + 1), 0.0);
        }
        for (Index k = 0; k < steps; ++k, path += 2) {
            const double dx = path[2] - path[0], dy = path[3] - path[1];
            const double middle[] = {0.5 * (path[0] + path[2]), 0.5 * (path[1] + path[3])};
            if (!std::isfinite(middle[0] + middle[1])) {
                squares[k] = std::numeric_limits<double>::infinity();
                continue;
            }
            const Cell cell(*this, middle);
            const double e = cell.value(0), f = cell.value(1), g = cell.value(2);
            const double a = dx * dx, b = 2 * dx * dy, c = dy * dy;
            squares[k] = a * e + b * f + c * g;
            if (slope != nullptr) {
                const double px = 2 * (e * dx + f * dy), py = 2 * (f * dx + g * dy);
                const double hx =
                    0.5 * (a * cell.alongX(0) + b * cell.alongX(1) + c * cell.alongX(2));
                const double hy =
                    0.5 * (a * cell.alongY(0) + b * cell.alongY(1) + c * cell.alongY(2));
                slope[2 * k] += hx - px;
                slope[2 * k + 1] += hy - py;
                slope[2 * k + 2] += hx + px;
                slope[2 * k + 3] += hy + py;
            }
        }
    }

private:
    struct Cell {
        const double *p00, *p10, *p01, *p11;
        double u = 0, w = 0, sx = 0, sy = 0;

        Cell(const Bilinear& grid, const double* z) {
            std::size_t at[2];
            double share[2], scale[2];
            for (std::size_t k = 0; k < 2; ++k) {
                const double most = static_cast<double>(grid.m_side - 1);
                const double x = (z[k] - grid.m_low[k]) * grid.m_scale[k];
                // Not-a-number goes to the edge too; Metric::at and quadratic see to it.
                const double c = x > 0 ? std::min(x, most) : 0;
                at[k] = std::min(static_cast<std::size_t>(c), grid.m_side - 2);
                share[k] = c - static_cast<double>(at[k]);
                scale[k] = x > 0 && x < most ? grid.m_scale[k] : 0;
            }
            p00 = &grid.m_components[3 * (at[1] * grid.m_side + at[0])];
            p10 = p00 + 3;
            p01 = p00 + 3 * grid.m_side;
            p11 = p01 + 3;
            u = share[0];
            w = share[1];
            sx = scale[0];
            sy = scale[1];
        }
        double value(std::size_t c) const {
            const double low = p00[c] + u * (p10[c] - p00[c]);
            return low + w * (p01[c] + u * (p11[c] - p01[c]) - low);
        }
        double alongX(std::size_t c) const {
            return sx * ((1 - w) * (p10[c] - p00[c]) + w * (p11[c] - p01[c]));
        }
        double alongY(std::size_t c) const {
            return sy * ((1 - u) * (p01[c] - p00[c]) + u * (p11[c] - p10[c]));
        }
    };

    std::size_t m_side;
    double m_low[2]{}, m_scale[2]{};
    std::vector<double> m_components;
};

}  // namespace

MetricPtr bilinearMetric(const Box& window, Index side, std::vector<double> components) {
    requireWindow(window);
    if (side < 2 || components.size() != static_cast<std::size_t>(3 * side * side)) {
        throw UsageError("a grid of a metric needs three components at each node");
    }
    return std::make_shared<Bilinear>(window, side, std::move(components));
}

MetricGrid::MetricGrid(MetricPtr metric, Box window, Index finest)
    : m_metric(std::move(metric)), m_window(std::move(window)) {
    if (m_metric == nullptr || m_metric->dim() != 2) {
        throw UsageError("a grid holds a metric of the plane");
    }
    requireWindow(m_window);
    for (m_finest = kFirst; m_finest < std::min(finest, kLargest);) {
        m_finest = 2 * m_finest - 1;
    }
    restart();
}

void MetricGrid::reset(MetricPtr metric, std::uint64_t version) {
    if (metric == nullptr || metric->dim() != 2) {
        throw UsageError("a grid holds a metric of the plane");
    }
    if (metric == m_metric && version == m_version) {
        return;
    }
    m_metric = std::move(metric);
    m_version = version;
    restart();
}

void MetricGrid::setWindow(Box window) {
    requireWindow(window);
    m_window = std::move(window);
    restart();
}

void MetricGrid::restart() {
    m_current = nullptr;
    m_done = 0;
    m_side = 0;
    m_known.clear();
    m_components.clear();
    beginLevel(kFirst);
}

void MetricGrid::beginLevel(Index side) {
    std::vector<double> next(static_cast<std::size_t>(3 * side * side));
    std::vector<bool> known(static_cast<std::size_t>(side * side));
    for (Index y = 0; y < m_side; ++y) {
        for (Index x = 0; x < m_side; ++x) {
            const auto from = static_cast<std::size_t>(y * m_side + x);
            const auto to = static_cast<std::size_t>(2 * y * side + 2 * x);
            std::copy_n(&m_components[3 * from], 3, &next[3 * to]);
            known[to] = true;
        }
    }
    m_components = std::move(next);
    m_known = std::move(known);
    m_side = side;
    m_next = 0;
}

bool MetricGrid::advance(Index nodes, const std::stop_token& stop) {
    constexpr Index kBlock = 256;
    while (nodes > 0 && m_done < m_finest && !stop.stop_requested()) {
        std::vector<double> z;
        std::vector<Index> which;
        for (;
             m_next < m_side * m_side && static_cast<Index>(which.size()) < std::min(nodes, kBlock);
             ++m_next) {
            if (m_known[static_cast<std::size_t>(m_next)]) {
                continue;
            }
            which.push_back(m_next);
            for (std::size_t k = 0; k < 2; ++k) {
                const Index step = k == 0 ? m_next % m_side : m_next / m_side;
                z.push_back(m_window.lower[k] + (m_window.upper[k] - m_window.lower[k]) *
                                                    static_cast<double>(step) /
                                                    static_cast<double>(m_side - 1));
            }
        }
        std::vector<double> g(4 * which.size());
        m_metric->at(z, g);
        for (std::size_t i = 0; i < which.size(); ++i) {
            double* out = &m_components[3 * static_cast<std::size_t>(which[i])];
            // A node outside the chart becomes a wall that is high but finite.
            constexpr double kWall = 1e12;
            out[0] = std::min(g[4 * i], kWall);
            out[1] = g[4 * i + 1];
            out[2] = std::min(g[4 * i + 3], kWall);
        }
        nodes -= static_cast<Index>(which.size());
        if (m_next == m_side * m_side) {
            m_done = m_side;
            m_current = bilinearMetric(m_window, m_side, m_components);
            if (m_side < m_finest) {
                beginLevel(2 * m_side - 1);
            }
        }
    }
    return m_done >= m_finest;
}

std::size_t MetricGrid::bytes() const noexcept {
    const auto whole = static_cast<std::size_t>(3 * m_done * m_done);
    return (m_components.capacity() + whole) * sizeof(double) + m_known.capacity() / 8;
}

}  // namespace lx
