// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/latent_metrics.h"

#include "core/base/cholesky.h"
#include "core/geometry/analytic.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

using Vector = std::vector<double>;

bool positive(double x) {
    return x > 0 && std::isfinite(x);
}
bool finite(double x) {
    return std::isfinite(x);
}

class Encoder final : public Metric {
public:
    explicit Encoder(EncoderMetricParts parts)
        : m_parts(std::move(parts)), m_dim(static_cast<std::size_t>(m_parts.dim)) {
        for (double& s : m_parts.variances) {
            s = 1 / s;
        }
        if (m_parts.lambdaForEach) {
            m_parts.lambda *= static_cast<double>(m_parts.means.size() / m_dim);
        }
    }
    Index dim() const override { return m_parts.dim; }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        std::fill_n(g, count * dim() * dim(), 0.0);
        for (Index i = 0; i < count; ++i, z += m_dim, g += m_dim * m_dim) {
            visit(z, [&](const double*, const double* inverse, double omega) {
                for (std::size_t k = 0; k < m_dim; ++k) {
                    g[k * (m_dim + 1)] += inverse[k] * omega;
                }
            });
            for (std::size_t k = 0; k < m_dim; ++k) {
                g[k * (m_dim + 1)] += background(z);
            }
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        const double bend = 2 / (m_parts.rho * m_parts.rho);
        for (Index i = 0; i < count; ++i, z += m_dim, v += m_dim) {
            double* out = slope != nullptr ? slope + static_cast<std::size_t>(i) * m_dim : nullptr;
            double size = 0;
            for (std::size_t k = 0; k < m_dim; ++k) {
                size += v[k] * v[k];
            }
            value[i] = background(z) * size;
            for (std::size_t k = 0; out != nullptr && k < m_dim; ++k) {
                out[k] = -2 * m_parts.tau * z[k] * value[i];
            }
            visit(z, [&](const double* mean, const double* inverse, double omega) {
                double form = 0;
                for (std::size_t k = 0; k < m_dim; ++k) {
                    form += inverse[k] * v[k] * v[k];
                }
                value[i] += form * omega;
                for (std::size_t k = 0; out != nullptr && k < m_dim; ++k) {
                    out[k] -= form * omega * bend * inverse[k] * (z[k] - mean[k]);
                }
            });
        }
    }

private:
    double background(const double* z) const {
        double q = 0;
        for (std::size_t k = 0; k < m_dim; ++k) {
            q += z[k] * z[k];
        }
        return m_parts.lambda * std::exp(-m_parts.tau * q);
    }
    template <class F>
    void visit(const double* z, const F& f) const {
        const double scale = 1 / (m_parts.rho * m_parts.rho);
        for (std::size_t c = 0; c < m_parts.means.size(); c += m_dim) {
            const double *mean = &m_parts.means[c], *inverse = &m_parts.variances[c];
            double q = 0;
            for (std::size_t k = 0; k < m_dim; ++k) {
                q += inverse[k] * (z[k] - mean[k]) * (z[k] - mean[k]);
            }
            f(mean, inverse, std::exp(-q * scale));
        }
    }

    EncoderMetricParts m_parts;  ///< variances hold their inverses
    std::size_t m_dim;
};

class Rhvae final : public Metric {
public:
    explicit Rhvae(RhvaeParts parts)
        : m_parts(std::move(parts)), m_dim(static_cast<std::size_t>(m_parts.dim)) {
        const std::size_t d = m_dim;
        m_outer.resize(m_parts.factors.size());
        for (std::size_t c = 0; c < m_parts.centres.size() / d; ++c) {
            const double* l = &m_parts.factors[c * d * d];
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b < d; ++b) {
                    for (std::size_t k = 0; k < d; ++k) {
                        m_outer[(c * d + a) * d + b] += l[a * d + k] * l[b * d + k];
                    }
                }
            }
        }
    }
    Index dim() const override { return m_parts.dim; }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        const std::size_t d = m_dim;
        Vector factor(d * d), column(d);
        for (Index i = 0; i < count; ++i, z += d, g += d * d) {
            factorInverse(z, factor);
            for (std::size_t b = 0; b < d; ++b) {
                std::ranges::fill(column, 0.0);
                column[b] = 1;
                choleskySolve(factor, column);
                for (std::size_t a = 0; a < d; ++a) {
                    g[a * d + b] = column[a];
                }
            }
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b < a; ++b) {
                    g[a * d + b] = g[b * d + a] = 0.5 * (g[a * d + b] + g[b * d + a]);
                }
            }
        }
    }
    /// With w = G v: v' G v = v' w, and its slope is -w' (dG^-1) w.
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        const std::size_t d = m_dim;
        const double bend = 2 / (m_parts.temperature * m_parts.temperature);
        Vector factor(d * d), w(d);
        for (Index i = 0; i < count; ++i, z += d, v += d) {
            factorInverse(z, factor);
            std::copy_n(v, d, w.data());
            choleskySolve(factor, w);
            value[i] = 0;
            for (std::size_t k = 0; k < d; ++k) {
                value[i] += v[k] * w[k];
            }
            if (slope == nullptr) {
                continue;
            }
            double* out = slope + static_cast<std::size_t>(i) * d;
            std::fill_n(out, d, 0.0);
            for (std::size_t c = 0; c < m_parts.centres.size() / d; ++c) {
                double form = 0;
                for (std::size_t a = 0; a < d; ++a) {
                    for (std::size_t b = 0; b < d; ++b) {
                        form += w[a] * m_outer[(c * d + a) * d + b] * w[b];
                    }
                }
                form *= bend * weight(z, c);
                for (std::size_t k = 0; k < d; ++k) {
                    out[k] += form * (z[k] - m_parts.centres[c * d + k]);
                }
            }
        }
    }

private:
    double weight(const double* z, std::size_t c) const {
        double q = 0;
        for (std::size_t k = 0; k < m_dim; ++k) {
            const double gap = z[k] - m_parts.centres[c * m_dim + k];
            q += gap * gap;
        }
        return std::exp(-q / (m_parts.temperature * m_parts.temperature));
    }
    void factorInverse(const double* z, Vector& factor) const {
        const std::size_t square = m_dim * m_dim;
        Vector inverse(square);
        for (std::size_t k = 0; k < m_dim; ++k) {
            inverse[k * (m_dim + 1)] = m_parts.lambda;
        }
        for (std::size_t c = 0; c < m_parts.centres.size() / m_dim; ++c) {
            const double omega = weight(z, c);
            for (std::size_t k = 0; k < square; ++k) {
                inverse[k] += omega * m_outer[c * square + k];
            }
        }
        if (!choleskyInto(inverse, m_dim, factor)) {
            std::ranges::fill(factor, std::numeric_limits<double>::quiet_NaN());
        }
    }

    RhvaeParts m_parts;
    std::size_t m_dim;
    Vector m_outer;  ///< L L' [C, D, D]
};

class Ridged final : public Metric {
public:
    Ridged(MetricPtr inner, double epsilon) : m_inner(std::move(inner)), m_epsilon(epsilon) {}
    Index dim() const override { return m_inner->dim(); }
    bool inside(std::span<const double> z) const override { return m_inner->inside(z); }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        const auto d = static_cast<std::size_t>(dim()), n = static_cast<std::size_t>(count);
        m_inner->at({z, n * d}, {g, n * d * d});
        for (std::size_t i = 0; i < n * d; ++i) {
            g[i * d + i % d] += m_epsilon;
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        const auto d = static_cast<std::size_t>(dim()), n = static_cast<std::size_t>(count);
        m_inner->quadratic({z, n * d}, {v, n * d}, {value, n},
                           {slope, slope != nullptr ? n * d : 0});
        for (std::size_t k = 0; k < n * d; ++k) {
            value[k / d] += m_epsilon * v[k] * v[k];
        }
    }

private:
    MetricPtr m_inner;
    double m_epsilon;
};

}  // namespace

MetricPtr encoderMetric(EncoderMetricParts parts) {
    if (parts.dim < 1 || parts.means.empty() ||
        parts.means.size() % static_cast<std::size_t>(parts.dim) != 0 ||
        parts.variances.size() != parts.means.size()) {
        throw UsageError("the encoder metric needs a mean and a variance for each code");
    }
    if (!std::ranges::all_of(parts.means, finite) ||
        !std::ranges::all_of(parts.variances, positive) || !positive(parts.rho) ||
        !positive(parts.lambda) || !(parts.tau >= 0)) {
        throw UsageError(
            "the encoder metric needs finite means, positive variances, rho and lambda, and tau "
            "that is not negative");
    }
    return std::make_shared<Encoder>(std::move(parts));
}

MetricPtr rhvaeMetric(RhvaeParts parts) {
    const auto d = static_cast<std::size_t>(std::max<Index>(1, parts.dim));
    if (parts.dim < 1 || parts.centres.empty() || parts.centres.size() % d != 0 ||
        parts.factors.size() != parts.centres.size() * d) {
        throw UsageError("the RHVAE metric needs a factor [D, D] for each centre [D]");
    }
    if (!std::ranges::all_of(parts.centres, finite) ||
        !std::ranges::all_of(parts.factors, finite) || !positive(parts.temperature) ||
        !positive(parts.lambda)) {
        throw UsageError(
            "the RHVAE metric needs finite centres and factors, a positive temperature and a "
            "positive lambda");
    }
    return std::make_shared<Rhvae>(std::move(parts));
}

MetricPtr volumeConformal(MetricPtr metric) {
    if (metric == nullptr) {
        throw UsageError("a conformal metric needs the metric whose volume it follows");
    }
    const Index dim = metric->dim();
    return scaledIdentity(
        dim,
        [metric](std::span<const double> z, std::span<double> value, std::span<double> slope) {
            metric->logDet(z, value, slope);
            const auto half = [](double x) { return -0.5 * x; };
            std::ranges::transform(value, value.begin(), half);
            std::ranges::transform(slope, slope.begin(), half);
        },
        [metric](std::span<const double> z) { return metric->inside(z); });
}

MetricPtr densityConformal(EnergyPtr energy, double reference, double floor, double power) {
    if (energy == nullptr || !finite(reference) || !positive(floor) || !positive(power)) {
        throw UsageError("a conformal metric needs an energy, a positive floor and a power");
    }
    const Index dim = energy->dim();
    return scaledIdentity(
        dim, [=](std::span<const double> z, std::span<double> value, std::span<double> slope) {
            energy->evaluate(z, value, slope);
            const auto d = static_cast<std::size_t>(dim);
            for (std::size_t i = 0; i < value.size(); ++i) {
                // Far above the reference the bracket would overflow long after it stopped to
                // matter.
                const double density = std::exp(std::min(reference - value[i], 600.0));
                value[i] = -power * std::log(density + floor);
                for (std::size_t k = 0; !slope.empty() && k < d; ++k) {
                    slope[i * d + k] *= power * density / (density + floor);
                }
            }
        });
}

MetricPtr ridged(MetricPtr metric, double epsilon) {
    if (metric == nullptr || !(epsilon >= 0)) {
        throw UsageError("a ridge needs a metric and an epsilon that is not negative");
    }
    return epsilon > 0 ? std::make_shared<Ridged>(std::move(metric), epsilon) : metric;
}

}  // namespace lx
