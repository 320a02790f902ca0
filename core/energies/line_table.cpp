// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/line_table.h"

#include "core/base/error.h"

#include <algorithm>
#include <limits>

namespace lx {
namespace {

constexpr std::size_t kCells = 4096;
constexpr double kSlack = 1.1;

}  // namespace

LineTable::LineTable(std::function<double(double)> logDensity, double low, double high)
    : m_logDensity(std::move(logDensity)), m_low(low), m_step((high - low) / kCells) {
    std::vector<double> logs(kCells + 1);
    m_top = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i <= kCells; ++i) {
        logs[i] = m_logDensity(m_low + m_step * static_cast<double>(i));
        m_top = std::max(m_top, logs[i]);
    }
    if (!std::isfinite(m_top)) {
        throw UsageError("a density that is nowhere positive and finite cannot be normalised");
    }
    double sum = 0;
    for (std::size_t i = 0; i <= kCells; ++i) {
        m_density.push_back(std::exp(logs[i] - m_top));
        sum += m_density.back() * (i == 0 || i == kCells ? 0.5 : 1);
    }
    m_logZ = m_top + std::log(sum * m_step);
    double mass = 0;
    for (std::size_t i = 0; i < kCells; ++i) {
        const double middle =
            std::exp(m_logDensity(m_low + m_step * (static_cast<double>(i) + 0.5)) - m_top);
        mass += kSlack * std::max({m_density[i], m_density[i + 1], middle});
        m_cumulative.push_back(mass);
    }
}

double LineTable::expect(const std::function<double(double)>& f) const {
    double sum = 0, mass = 0;
    for (std::size_t i = 0; i <= kCells; ++i) {
        const double weight = m_density[i] * (i == 0 || i == kCells ? 0.5 : 1);
        if (weight > 0) {
            sum += weight * f(m_low + m_step * static_cast<double>(i));
            mass += weight;
        }
    }
    return sum / mass;
}

double LineTable::below(double t) const {
    // Simpson's rule over a fine grid of its own: `t` need not be a node.
    const double end = std::clamp(t, m_low, m_low + m_step * kCells);
    constexpr int kParts = 2 * 8192;
    const double step = (end - m_low) / kParts;
    double sum = 0;
    for (int i = 0; i <= kParts; ++i) {
        const double weight = i == 0 || i == kParts ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * std::exp(m_logDensity(m_low + step * i) - m_logZ);
    }
    return sum * step / 3;
}

double LineTable::draw(RowDraws& draws) const {
    for (;;) {
        const double u = draws.uniform() * m_cumulative.back();
        const auto cell = static_cast<std::size_t>(std::ranges::upper_bound(m_cumulative, u) -
                                                   m_cumulative.begin());
        const std::size_t at = std::min(cell, kCells - 1);
        const double bound = m_cumulative[at] - (at > 0 ? m_cumulative[at - 1] : 0);
        const double t = m_low + m_step * (static_cast<double>(at) + draws.uniform());
        if (draws.uniform() * bound < std::exp(m_logDensity(t) - m_top)) {
            return t;
        }
    }
}

}  // namespace lx
