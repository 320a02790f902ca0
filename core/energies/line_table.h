// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/draws.h"

#include <functional>
#include <vector>

namespace lx {

/// A density on an interval by quadrature: normaliser, expectations, exact draws.
/// The trapezium rule on 4096 cells: exact to rounding for a smooth density that vanishes at both
/// ends. A draw chooses a cell by its upper bound and is then rejected against the density itself,
/// so it is exact wherever the density turns by less than a tenth within a cell.
class LineTable {
public:
    /// logDensity: unnormalised, nats; must be finite somewhere. Throws UsageError otherwise.
    LineTable(std::function<double(double)> logDensity, double low, double high);

    /// log of the integral of exp(logDensity).
    double logNormaliser() const { return m_logZ; }
    /// E f(t) under the normalised density.
    double expect(const std::function<double(double)>& f) const;
    /// Mass below `t`.
    double below(double t) const;
    double draw(RowDraws&) const;

private:
    std::function<double(double)> m_logDensity;
    double m_low, m_step, m_top = 0, m_logZ = 0;
    std::vector<double> m_density;     ///< at the nodes, over exp(m_top)
    std::vector<double> m_cumulative;  ///< of the cells' bounds
};

}  // namespace lx
