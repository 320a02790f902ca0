// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/rbf_map.h"

#include "core/geometry/clusters.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

using Vector = std::vector<double>;

class Deviation final : public SmoothMap {
public:
    explicit Deviation(RbfParts parts)
        : m_parts(std::move(parts)),
          m_dim(static_cast<std::size_t>(m_parts.inputs)),
          m_count(m_parts.bandwidth.size()),
          m_outputs(m_parts.weight.size() / m_count) {}
    Index inputs() const override { return m_parts.inputs; }
    Index outputs() const override { return static_cast<Index>(m_outputs); }

protected:
    void forward(const double* z, const double* v, Index count, Index tangents, double* y,
                 double* t) const override {
        Vector phi(m_count), rate(m_count), beta(m_outputs);
        const auto k = static_cast<std::size_t>(tangents);
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const double* row = z + i * m_dim;
            bumps(row, phi);
            for (std::size_t p = 0; p < m_outputs; ++p) {
                beta[p] = weighted(p, phi) + m_parts.floor;
                y[i * m_outputs + p] = 1 / std::sqrt(beta[p]);
            }
            for (std::size_t j = 0; j < k; ++j) {
                rates(row, v + (i * k + j) * m_dim, phi, rate);
                for (std::size_t p = 0; p < m_outputs; ++p) {
                    t[(i * k + j) * m_outputs + p] =
                        -0.5 * y[i * m_outputs + p] / beta[p] * weighted(p, rate);
                }
            }
        }
    }
    void reverse(const double* z, const double* v, Index count, const Adjoint& adjoint,
                 double* slope) const override {
        const auto n = static_cast<std::size_t>(count), total = n * m_outputs;
        Vector y(total), t(v != nullptr ? total : 0), yBar(total), tBar(t.size());
        forward(z, v, count, v != nullptr ? 1 : 0, y.data(), t.data());
        adjoint(y, t, yBar, tBar);
        Vector phi(m_count), phiBar(m_count), rateBar(m_count);
        for (std::size_t i = 0; i < n; ++i) {
            const double* row = z + i * m_dim;
            bumps(row, phi);
            std::ranges::fill(phiBar, 0.0);
            std::ranges::fill(rateBar, 0.0);
            for (std::size_t p = 0; p < m_outputs; ++p) {
                // sigma = beta^-1/2 and its rate -beta^-3/2 rate(beta) / 2.
                const std::size_t at = i * m_outputs + p;
                const double s3 = y[at] * y[at] * y[at];
                double betaBar = -0.5 * s3 * yBar[at], betaRateBar = 0;
                if (v != nullptr) {
                    betaRateBar = -0.5 * s3 * tBar[at];
                    betaBar -= 1.5 * y[at] * y[at] * t[at] * tBar[at];
                }
                for (std::size_t k = 0; k < m_count; ++k) {
                    phiBar[k] += m_parts.weight[p * m_count + k] * betaBar;
                    rateBar[k] += m_parts.weight[p * m_count + k] * betaRateBar;
                }
            }
            double* out = slope + i * m_dim;
            std::fill_n(out, m_dim, 0.0);
            for (std::size_t k = 0; k < m_count; ++k) {
                const double twice = -2 * m_parts.bandwidth[k] * phi[k];
                const double along = v != nullptr ? project(row, v + i * m_dim, k) : 0;
                const double radial = phiBar[k] - 2 * m_parts.bandwidth[k] * along * rateBar[k];
                for (std::size_t j = 0; j < m_dim; ++j) {
                    out[j] += twice * radial * (row[j] - m_parts.centres[k * m_dim + j]);
                    out[j] += v != nullptr ? twice * rateBar[k] * v[i * m_dim + j] : 0;
                }
            }
        }
    }

private:
    void bumps(const double* z, Vector& phi) const {
        for (std::size_t k = 0; k < m_count; ++k) {
            double q = 0;
            for (std::size_t j = 0; j < m_dim; ++j) {
                const double gap = z[j] - m_parts.centres[k * m_dim + j];
                q += gap * gap;
            }
            phi[k] = std::exp(-m_parts.bandwidth[k] * q);
        }
    }
    double project(const double* z, const double* v, std::size_t k) const {
        double sum = 0;
        for (std::size_t j = 0; j < m_dim; ++j) {
            sum += (z[j] - m_parts.centres[k * m_dim + j]) * v[j];
        }
        return sum;
    }
    void rates(const double* z, const double* v, const Vector& phi, Vector& rate) const {
        for (std::size_t k = 0; k < m_count; ++k) {
            rate[k] = -2 * m_parts.bandwidth[k] * phi[k] * project(z, v, k);
        }
    }
    double weighted(std::size_t p, const Vector& x) const {
        double sum = 0;
        for (std::size_t k = 0; k < m_count; ++k) {
            sum += m_parts.weight[p * m_count + k] * x[k];
        }
        return sum;
    }

    RbfParts m_parts;
    std::size_t m_dim, m_count, m_outputs;
};

}  // namespace

SmoothMapPtr rbfDeviation(RbfParts parts) {
    const std::size_t k = parts.bandwidth.size();
    const auto positive = [](double x) { return x > 0 && std::isfinite(x); };
    const auto weight = [](double x) { return x >= 0 && std::isfinite(x); };
    if (parts.inputs < 1 || k == 0 || parts.weight.empty() || parts.weight.size() % k != 0 ||
        parts.centres.size() != k * static_cast<std::size_t>(parts.inputs)) {
        throw UsageError("the parts of a precision network do not fit each other");
    }
    if (!positive(parts.floor) || !std::ranges::all_of(parts.bandwidth, positive) ||
        !std::ranges::all_of(parts.weight, weight)) {
        throw UsageError(
            "a precision network needs a positive floor, positive bandwidths, and weights that are "
            "not negative");
    }
    return std::make_shared<Deviation>(std::move(parts));
}

RbfParts rbfCentres(std::span<const double> codes, Index inputs, Index centres, double a) {
    if (!(a > 0)) {
        throw UsageError("the width of a precision network's bumps must be positive");
    }
    const Clusters found = kMeans(codes, inputs, centres);
    RbfParts parts;
    parts.inputs = inputs;
    parts.centres = found.centres;
    const auto d = static_cast<std::size_t>(inputs), k = found.centres.size() / d;
    Vector distance(k), members(k);
    for (std::size_t i = 0; i < found.member.size(); ++i) {
        const auto c = static_cast<std::size_t>(found.member[i]);
        double q = 0;
        for (std::size_t j = 0; j < d; ++j) {
            const double gap = codes[i * d + j] - parts.centres[c * d + j];
            q += gap * gap;
        }
        distance[c] += std::sqrt(q);
        members[c] += 1;
    }
    double typical = 0;
    for (std::size_t c = 0; c < k; ++c) {
        typical += distance[c] / static_cast<double>(found.member.size());
    }
    for (std::size_t c = 0; c < k; ++c) {
        // A cluster of one point has no width of its own.
        const double mean = distance[c] > 0 ? distance[c] / members[c] : typical;
        const double width = a * (mean > 0 ? mean : 1);
        parts.bandwidth.push_back(0.5 / (width * width));
    }
    return parts;
}

RbfParts fitPrecision(RbfParts parts, std::span<const double> codes,
                      std::span<const double> squares, Index iterations) {
    const auto d = static_cast<std::size_t>(parts.inputs), k = parts.bandwidth.size();
    const std::size_t n = d > 0 ? codes.size() / d : 0, outputs = n > 0 ? squares.size() / n : 0;
    if (k == 0 || outputs == 0 || codes.size() != n * d || squares.size() != n * outputs ||
        parts.centres.size() != k * d) {
        throw UsageError(
            "a precision network is fitted to one row of squared errors for each code");
    }
    if (!std::ranges::all_of(squares, [](double e) { return e >= 0 && std::isfinite(e); })) {
        throw UsageError("a precision network is fitted to finite squared errors");
    }
    Vector phi(n * k);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < k; ++c) {
            double q = 0;
            for (std::size_t j = 0; j < d; ++j) {
                const double gap = codes[i * d + j] - parts.centres[c * d + j];
                q += gap * gap;
            }
            phi[i * k + c] = std::exp(-parts.bandwidth[c] * q);
        }
    }
    parts.weight.assign(outputs * k, 0.0);
    Vector pull(k), load(k);
    for (std::size_t p = 0; p < outputs; ++p) {
        double mean = 0;
        for (std::size_t i = 0; i < n; ++i) {
            mean += squares[i * outputs + p] / static_cast<double>(n);
        }
        // Errors far below the mean would ask for an infinite precision.
        const double least = std::max(1e-3 * mean, 1e-12);
        std::ranges::fill(load, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t c = 0; c < k; ++c) {
                load[c] += phi[i * k + c] * std::max(squares[i * outputs + p], least);
            }
        }
        double* w = &parts.weight[p * k];
        std::fill_n(w, k, 1 / std::max(mean, least));
        for (Index step = 0; step < iterations; ++step) {
            std::ranges::fill(pull, 0.0);
            for (std::size_t i = 0; i < n; ++i) {
                const double* row = &phi[i * k];
                double beta = parts.floor;
                for (std::size_t c = 0; c < k; ++c) {
                    beta += w[c] * row[c];
                }
                for (std::size_t c = 0; c < k; ++c) {
                    pull[c] += row[c] / beta;
                }
            }
            for (std::size_t c = 0; c < k; ++c) {
                w[c] *= load[c] > 0 ? pull[c] / load[c] : 0;
            }
        }
    }
    return parts;
}

}  // namespace lx
