// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/brownian.h"

#include "core/base/cholesky.h"
#include "core/base/philox.h"
#include "core/geometry/ode.h"

#include <cmath>
#include <limits>

namespace lx {

BrownianMotion::BrownianMotion(MetricPtr metric, std::span<const double> z, Key key)
    : m_metric(std::move(metric)), m_key(key), m_z(z.begin(), z.end()) {
    const auto d = static_cast<std::size_t>(m_metric != nullptr ? m_metric->dim() : 0);
    if (d == 0 || z.empty() || z.size() % d != 0) {
        throw UsageError("Brownian motion needs a metric and points of its dimension");
    }
    m_other.resize(z.size() / d);
}

void BrownianMotion::advance(Index steps, double dt) {
    if (!(dt > 0)) {
        throw UsageError("Brownian motion needs a positive time step");
    }
    const auto d = static_cast<std::size_t>(m_metric->dim());
    std::vector<float> xi(m_z.size());
    std::vector<double> g(m_z.size() * d), v(m_z.size()), factor(d * d);
    for (Index s = 0; s < steps; ++s, ++m_step) {
        fillNormal(derive(m_key, m_step), xi);
        m_metric->at(m_z, g);
        for (std::size_t i = 0; i < m_other.size(); ++i) {
            const auto row = std::span(v).subspan(i * d, d);
            const bool fine =
                choleskyInto(std::span<const double>(g).subspan(i * d * d, d * d), d, factor);
            for (std::size_t k = 0; k < d; ++k) {
                row[k] = fine ? std::sqrt(dt) * static_cast<double>(xi[i * d + k])
                              : std::numeric_limits<double>::quiet_NaN();
            }
            choleskyBackward(factor, row);  // covariance dt G^-1
        }
        const RayEnd end = exponential(*m_metric, m_z, v, 1);
        m_z = end.z;
        for (std::size_t i = 0; i < m_other.size(); ++i) {
            // exponential() came home to the chart that it began in; stay where steps are tame.
            m_other[i] = m_other[i] != end.otherChart[i];
            if (m_metric->changeChart(std::span(m_z).subspan(i * d, d), {})) {
                m_other[i] = !m_other[i];
            }
        }
    }
}

std::vector<double> BrownianMotion::positions() const {
    const auto d = static_cast<std::size_t>(m_metric->dim());
    std::vector<double> out = m_z;
    for (std::size_t i = 0; i < m_other.size(); ++i) {
        const auto row = std::span(out).subspan(i * d, d);
        if (m_other[i] && !m_metric->changeChart(row, {}, true)) {
            std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
        }
    }
    return out;
}

}  // namespace lx
