// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/plane_table.h"

#include "core/energies/draws.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

constexpr double kSlack = 1.2, kEdge = 1e-9;
constexpr std::size_t kCoarse = 256, kFine = 2048;

}  // namespace

std::unique_ptr<PlaneTable> PlaneTable::make(const Energy& energy, const Box& box) {
    double before = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t cells = kCoarse; cells <= kFine; cells *= 2) {
        std::unique_ptr<PlaneTable> table(new PlaneTable);
        PlaneTable& t = *table;
        t.m_cells = cells;
        for (std::size_t k = 0; k < 2; ++k) {
            t.m_low[k] = box.lower[k];
            t.m_step[k] = (box.upper[k] - box.lower[k]) / static_cast<double>(cells);
        }
        const std::size_t nodes = cells + 1;
        std::vector<double> value(nodes * nodes), x(2 * nodes);
        t.m_least = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < nodes; ++i) {
            for (std::size_t j = 0; j < nodes; ++j) {
                const auto at = t.node(i, j);
                x[2 * j] = at[0];
                x[2 * j + 1] = at[1];
            }
            energy.evaluate(x, std::span(value).subspan(i * nodes, nodes));
        }
        t.m_least = *std::ranges::min_element(value);
        if (!std::isfinite(t.m_least)) {
            return nullptr;
        }
        double mass = 0, edge = 0, first[2] = {0, 0}, second[3] = {0, 0, 0};
        t.m_density.resize(value.size());
        for (std::size_t i = 0; i < nodes; ++i) {
            for (std::size_t j = 0; j < nodes; ++j) {
                const double p = std::exp(t.m_least - value[i * nodes + j]);
                const auto at = t.node(i, j);
                if (i == 0 || j == 0 || i == cells || j == cells) {
                    edge = std::max(edge, p);
                }
                t.m_density[i * nodes + j] = static_cast<float>(p);
                mass += p;
                for (std::size_t k = 0; k < 2; ++k) {
                    first[k] += p * at[k];
                    second[k] += p * at[k] * at[k];
                }
                second[2] += p * at[0] * at[1];
            }
        }
        if (edge > kEdge) {
            return nullptr;
        }
        t.m_logZ = std::log(mass * t.m_step[0] * t.m_step[1]) - t.m_least;
        t.m_mean = {first[0] / mass, first[1] / mass};
        const double cross = second[2] / mass - t.m_mean[0] * t.m_mean[1];
        t.m_covariance = {second[0] / mass - t.m_mean[0] * t.m_mean[0], cross, cross,
                          second[1] / mass - t.m_mean[1] * t.m_mean[1]};
        if (std::abs(t.m_logZ - before) > 1e-9 || std::isnan(before)) {
            before = t.m_logZ;
            continue;
        }
        double bound = 0;
        t.m_cumulative.reserve(cells * cells);
        for (std::size_t i = 0; i < cells; ++i) {
            for (std::size_t j = 0; j < cells; ++j) {
                const float* p = &t.m_density[i * nodes + j];
                bound +=
                    kSlack * static_cast<double>(std::max({p[0], p[1], p[nodes], p[nodes + 1]}));
                t.m_cumulative.push_back(bound);
            }
        }
        return table;
    }
    return nullptr;
}

std::vector<double> PlaneTable::masses(const std::function<Index(std::span<const double>)>& region,
                                       std::size_t count) const {
    std::vector<double> out(count, 0.0);
    double total = 0;
    for (std::size_t i = 0; i <= m_cells; ++i) {
        for (std::size_t j = 0; j <= m_cells; ++j) {
            const auto p = static_cast<double>(m_density[i * (m_cells + 1) + j]);
            if (p > 0) {
                const Index at = region(node(i, j));
                total += p;
                if (at >= 0) {
                    out[static_cast<std::size_t>(at)] += p;
                }
            }
        }
    }
    for (double& mass : out) {
        mass /= total;
    }
    return out;
}

std::vector<double> PlaneTable::sample(const Energy& energy, Key key, Index count) const {
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(2 * count));
    for (Index row = 0; row < count; ++row) {
        RowDraws draws(key, row);
        for (;;) {
            const double u = draws.uniform() * m_cumulative.back();
            const auto found = static_cast<std::size_t>(std::ranges::upper_bound(m_cumulative, u) -
                                                        m_cumulative.begin());
            const std::size_t cell = std::min(found, m_cumulative.size() - 1);
            const double bound = m_cumulative[cell] - (cell > 0 ? m_cumulative[cell - 1] : 0);
            const auto corner = node(cell / m_cells, cell % m_cells);
            const double x[] = {corner[0] + m_step[0] * draws.uniform(),
                                corner[1] + m_step[1] * draws.uniform()};
            if (draws.uniform() * bound < std::exp(m_least - energy.at(x))) {
                out.insert(out.end(), {x[0], x[1]});
                break;
            }
        }
    }
    return out;
}

const PlaneTable* LazyPlane::get(const Energy& energy) const {
    std::call_once(m_once, [&] { m_table = PlaneTable::make(energy, energy.box()); });
    return m_table.get();
}

}  // namespace lx
