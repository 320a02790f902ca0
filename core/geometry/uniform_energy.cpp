// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/latent_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

class Uniform final : public Energy {
public:
    Uniform(MetricPtr metric, Box window, double factor)
        : m_metric(std::move(metric)), m_window(std::move(window)), m_factor(factor) {}
    Index dim() const override { return m_metric->dim(); }
    Box box() const override { return m_window; }
    Box frame() const override { return m_window; }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        const auto n = static_cast<std::size_t>(count), d = static_cast<std::size_t>(dim());
        m_metric->logDet({x, n * d}, {value, n}, {grad, grad != nullptr ? n * d : 0});
        for (std::size_t i = 0; i < n; ++i) {
            bool within = std::isfinite(value[i]) && m_metric->inside({x + i * d, d});
            for (std::size_t k = 0; k < d; ++k) {
                const double at = x[i * d + k];
                within = within && at >= m_window.lower[k] && at <= m_window.upper[k];
            }
            value[i] = within ? m_factor * value[i] : std::numeric_limits<double>::infinity();
            for (std::size_t k = 0; grad != nullptr && k < d; ++k) {
                double& g = grad[i * d + k];
                g = within && std::isfinite(g) ? m_factor * g : 0;
            }
        }
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        const auto n = static_cast<std::size_t>(count), total = n * static_cast<std::size_t>(dim());
        const std::vector<double> at(x, x + total);
        std::vector<double> e(n), slope(grad != nullptr ? total : 0);
        compute(at.data(), count, e.data(), grad != nullptr ? slope.data() : nullptr);
        std::ranges::transform(e, value, [](double v) { return static_cast<float>(v); });
        std::ranges::transform(slope, grad, [](double v) { return static_cast<float>(v); });
    }

private:
    MetricPtr m_metric;
    Box m_window;
    double m_factor;  ///< of log det G
};

}  // namespace

EnergyPtr uniformEnergy(MetricPtr metric, Box window, bool inverse) {
    const auto wide = metric != nullptr ? static_cast<std::size_t>(metric->dim()) : 0;
    if (wide == 0 || window.lower.size() != wide || window.upper.size() != wide) {
        throw UsageError("the uniform law needs a metric and a window of its dimension");
    }
    for (std::size_t k = 0; k < wide; ++k) {
        if (!(window.lower[k] < window.upper[k]) || !std::isfinite(window.lower[k]) ||
            !std::isfinite(window.upper[k])) {
            throw UsageError("the window of a uniform law needs finite ends in order");
        }
    }
    return std::make_shared<Uniform>(std::move(metric), std::move(window), inverse ? 0.5 : -0.5);
}

}  // namespace lx
