// SPDX-License-Identifier: GPL-3.0-or-later
// Laws built from normals: mixtures, the linear-Gaussian model, banana and funnel.
#include "core/base/philox.h"
#include "core/data/distribution.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx {
namespace {

const double kLog2Pi = std::log(2.0 * std::numbers::pi);

double logNormal(double x, double mean, double sd) {
    const double u = (x - mean) / sd;
    return -0.5 * (u * u + kLog2Pi) - std::log(sd);
}

void requirePositive(double value, const char* what) {
    if (!(value > 0) || !std::isfinite(value)) {
        throw UsageError(std::string(what) + " must be positive");
    }
}

class Mixture final : public Distribution {
public:
    Mixture(std::vector<double> centres, Index dim, double sd)
        : m_centres(std::move(centres)), m_dim(dim), m_sd(sd) {
        requirePositive(sd, "data.sd");
        if (dim < 1 || m_centres.empty() || static_cast<Index>(m_centres.size()) % dim != 0) {
            throw UsageError("a mixture needs at least one centre of the right dimension");
        }
    }
    Index dim() const override { return m_dim; }
    Index components() const { return static_cast<Index>(m_centres.size()) / m_dim; }

    Draws sample(Key key, Index count) const override {
        Draws draws;
        draws.values.resize(static_cast<std::size_t>(count * m_dim));
        draws.labels.resize(static_cast<std::size_t>(count));
        fillNormal(derive(key, "noise"), draws.values);
        fillBelow(derive(key, "class"), static_cast<std::uint64_t>(components()), draws.labels);
        for (Index i = 0; i < count; ++i) {
            for (Index k = 0; k < m_dim; ++k) {
                float& x = draws.values[static_cast<std::size_t>(i * m_dim + k)];
                const Index at = draws.labels[static_cast<std::size_t>(i)] * m_dim + k;
                x = static_cast<float>(m_centres[static_cast<std::size_t>(at)] +
                                       m_sd * static_cast<double>(x));
            }
        }
        return draws;
    }

    std::optional<double> logDensity(std::span<const double> x) const override {
        double top = -INFINITY;
        std::vector<double> terms(static_cast<std::size_t>(components()));
        for (std::size_t c = 0; c < terms.size(); ++c) {
            double sum = 0;
            for (Index k = 0; k < m_dim; ++k) {
                const auto at = static_cast<std::size_t>(k);
                sum += logNormal(x[at], m_centres[c * static_cast<std::size_t>(m_dim) + at], m_sd);
            }
            terms[c] = sum;
            top = std::max(top, sum);
        }
        double sum = 0;
        for (const double term : terms) {
            sum += std::exp(term - top);
        }
        return top + std::log(sum / static_cast<double>(terms.size()));
    }

    std::optional<Moments> moments() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        const auto count = static_cast<std::size_t>(components());
        Moments m{std::vector<double>(d), std::vector<double>(d * d)};
        for (std::size_t c = 0; c < count; ++c) {
            for (std::size_t k = 0; k < d; ++k) {
                m.mean[k] += m_centres[c * d + k] / static_cast<double>(count);
            }
        }
        for (std::size_t c = 0; c < count; ++c) {
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    m.covariance[i * d + j] += (m_centres[c * d + i] - m.mean[i]) *
                                               (m_centres[c * d + j] - m.mean[j]) /
                                               static_cast<double>(count);
                }
            }
        }
        for (std::size_t k = 0; k < d; ++k) {
            m.covariance[k * d + k] += m_sd * m_sd;
        }
        return m;
    }

    std::vector<std::string> classNames() const override {
        std::vector<std::string> names;
        for (Index c = 0; c < components(); ++c) {
            names.push_back("mode " + std::to_string(c + 1));
        }
        return names;
    }

private:
    std::vector<double> m_centres;
    Index m_dim;
    double m_sd;
};

class Bars final : public Distribution {
public:
    Bars(Index along, double separation, double sd, double length)
        : m_along(static_cast<std::size_t>(along)),
          m_separation(separation),
          m_sd(sd),
          m_length(length) {
        requirePositive(separation, "data.separation");
        requirePositive(sd, "data.sd");
        requirePositive(length, "data.length");
    }
    Index dim() const override { return 2; }
    Draws sample(Key key, Index count) const override {
        Draws draws;
        draws.values.resize(static_cast<std::size_t>(2 * count));
        draws.labels.resize(static_cast<std::size_t>(count));
        fillNormal(derive(key, "noise"), draws.values);
        fillBelow(derive(key, "class"), 2, draws.labels);
        for (std::size_t i = 0; i < draws.labels.size(); ++i) {
            float& narrow = draws.values[2 * i + m_along];
            float& wide = draws.values[2 * i + 1 - m_along];
            narrow =
                static_cast<float>(centre(draws.labels[i]) + m_sd * static_cast<double>(narrow));
            wide = static_cast<float>(m_length * static_cast<double>(wide));
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        const double low = logNormal(x[m_along], centre(0), m_sd),
                     high = logNormal(x[m_along], centre(1), m_sd), top = std::max(low, high);
        return top + std::log(0.5 * (std::exp(low - top) + std::exp(high - top))) +
               logNormal(x[1 - m_along], 0, m_length);
    }
    std::optional<Moments> moments() const override {
        Moments m{{0, 0}, {0, 0, 0, 0}};
        m.covariance[3 * m_along] = m_separation * m_separation + m_sd * m_sd;
        m.covariance[3 * (1 - m_along)] = m_length * m_length;
        return m;
    }
    std::vector<std::string> classNames() const override { return {"bar 1", "bar 2"}; }

private:
    double centre(std::int64_t bar) const { return bar == 0 ? -m_separation : m_separation; }

    std::size_t m_along;
    double m_separation, m_sd, m_length;
};

class LinearGaussian final : public Distribution {
public:
    LinearGaussian(Index dim, Index latent, double sd) : m_dim(dim), m_latent(latent), m_sd(sd) {
        requirePositive(sd, "data.sd");
        if (latent < 1 || dim < latent) {
            throw UsageError("data.lingauss needs 1 <= data.latent <= data.dim");
        }
        const auto d = static_cast<std::size_t>(dim);
        std::vector<float> draws(d * static_cast<std::size_t>(latent + 1));
        fillNormal(derive(Key{8, static_cast<std::uint64_t>(latent)}, "lingauss"), draws);
        m_mean.assign(draws.begin(), draws.begin() + dim);
        m_weights.assign(draws.begin() + dim, draws.end());
        m_covariance.assign(d * d, 0.0);
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                for (std::size_t k = 0; k < static_cast<std::size_t>(latent); ++k) {
                    m_covariance[i * d + j] += weight(i, k) * weight(j, k);
                }
            }
            m_covariance[i * d + i] += sd * sd;
        }
        // Cholesky factor, lower triangle.
        m_factor.assign(d * d, 0.0);
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                double sum = m_covariance[i * d + j];
                for (std::size_t k = 0; k < j; ++k) {
                    sum -= m_factor[i * d + k] * m_factor[j * d + k];
                }
                m_factor[i * d + j] = i == j ? std::sqrt(sum) : sum / m_factor[j * d + j];
            }
        }
    }
    Index dim() const override { return m_dim; }

    Draws sample(Key key, Index count) const override {
        Draws draws;
        draws.values.resize(static_cast<std::size_t>(count * m_dim));
        fillNormal(derive(key, "noise"), draws.values);
        std::vector<float> codes(static_cast<std::size_t>(count * m_latent));
        fillNormal(derive(key, "latent"), codes);
        const auto d = static_cast<std::size_t>(m_dim), l = static_cast<std::size_t>(m_latent);
        for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
            for (std::size_t i = 0; i < d; ++i) {
                double x = m_mean[i] + m_sd * static_cast<double>(draws.values[n * d + i]);
                for (std::size_t k = 0; k < l; ++k) {
                    x += weight(i, k) * static_cast<double>(codes[n * l + k]);
                }
                draws.values[n * d + i] = static_cast<float>(x);
            }
        }
        return draws;
    }

    std::optional<double> logDensity(std::span<const double> x) const override {
        const auto d = static_cast<std::size_t>(m_dim);
        std::vector<double> u(d);
        double value = -0.5 * static_cast<double>(d) * kLog2Pi;
        for (std::size_t i = 0; i < d; ++i) {
            double sum = x[i] - m_mean[i];
            for (std::size_t k = 0; k < i; ++k) {
                sum -= m_factor[i * d + k] * u[k];
            }
            u[i] = sum / m_factor[i * d + i];
            value -= 0.5 * u[i] * u[i] + std::log(m_factor[i * d + i]);
        }
        return value;
    }

    std::optional<Moments> moments() const override { return Moments{m_mean, m_covariance}; }

private:
    double weight(std::size_t i, std::size_t k) const {
        return m_weights[i * static_cast<std::size_t>(m_latent) + k];
    }

    Index m_dim, m_latent;
    double m_sd;
    std::vector<double> m_mean, m_weights, m_covariance, m_factor;
};

class Banana final : public Distribution {
public:
    Banana(double radius, double bend, double sd) : m_radius(radius), m_bend(bend), m_sd(sd) {
        requirePositive(radius, "data.radius");
        requirePositive(sd, "data.sd");
    }
    Index dim() const override { return 2; }

    Draws sample(Key key, Index count) const override {
        Draws draws;
        draws.values.resize(static_cast<std::size_t>(count * 2));
        fillNormal(key, draws.values);
        for (std::size_t i = 0; i < draws.values.size(); i += 2) {
            const double a = m_radius * static_cast<double>(draws.values[i]);
            const double noise = m_sd * static_cast<double>(draws.values[i + 1]);
            draws.values[i] = static_cast<float>(a);
            draws.values[i + 1] = static_cast<float>(ridge(a) + noise);
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        return logNormal(x[0], 0, m_radius) + logNormal(x[1], ridge(x[0]), m_sd);
    }
    std::optional<Moments> moments() const override {
        const double r4 = std::pow(m_radius, 4);
        return Moments{{0, 0}, {m_radius * m_radius, 0, 0, 2 * m_bend * m_bend * r4 + m_sd * m_sd}};
    }

private:
    double ridge(double a) const { return m_bend * (a * a - m_radius * m_radius); }
    double m_radius, m_bend, m_sd;
};

class Funnel final : public Distribution {
public:
    Funnel(Index dim, double sd) : m_dim(dim), m_sd(sd) {
        requirePositive(sd, "data.sd");
        if (dim < 2) {
            throw UsageError("data.funnel needs data.dim of at least 2");
        }
    }
    Index dim() const override { return m_dim; }

    Draws sample(Key key, Index count) const override {
        Draws draws;
        draws.values.resize(static_cast<std::size_t>(count * m_dim));
        fillNormal(key, draws.values);
        for (std::size_t n = 0; n < draws.values.size(); n += static_cast<std::size_t>(m_dim)) {
            const double v = m_sd * static_cast<double>(draws.values[n]);
            draws.values[n] = static_cast<float>(v);
            for (std::size_t k = 1; k < static_cast<std::size_t>(m_dim); ++k) {
                const double x = std::exp(0.5 * v) * static_cast<double>(draws.values[n + k]);
                draws.values[n + k] = static_cast<float>(x);
            }
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        double value = logNormal(x[0], 0, m_sd);
        for (std::size_t k = 1; k < x.size(); ++k) {
            value += logNormal(x[k], 0, std::exp(0.5 * x[0]));
        }
        return value;
    }
    std::optional<Moments> moments() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        Moments m{std::vector<double>(d), std::vector<double>(d * d)};
        m.covariance[0] = m_sd * m_sd;
        for (std::size_t k = 1; k < d; ++k) {
            m.covariance[k * d + k] = std::exp(0.5 * m_sd * m_sd);
        }
        return m;
    }

private:
    Index m_dim;
    double m_sd;
};

}  // namespace

DistributionPtr gaussianMixture(std::vector<double> centres, Index dim, double sd) {
    return std::make_shared<Mixture>(std::move(centres), dim, sd);
}

DistributionPtr ring8(double radius, double sd) {
    std::vector<double> centres;
    for (int k = 0; k < 8; ++k) {
        const double angle = k * std::numbers::pi / 4;
        centres.insert(centres.end(), {radius * std::cos(angle), radius * std::sin(angle)});
    }
    return gaussianMixture(std::move(centres), 2, sd);
}

DistributionPtr grid25(double spacing, double sd) {
    std::vector<double> centres;
    for (int row = -2; row <= 2; ++row) {
        for (int column = -2; column <= 2; ++column) {
            centres.insert(centres.end(), {spacing * column, spacing * row});
        }
    }
    return gaussianMixture(std::move(centres), 2, sd);
}

DistributionPtr bars(Index along, double separation, double sd, double length) {
    if (along != 0 && along != 1) {
        throw UsageError("bars lie along axis 0 or 1");
    }
    return std::make_shared<Bars>(along, separation, sd, length);
}

DistributionPtr banana(double radius, double bend, double sd) {
    return std::make_shared<Banana>(radius, bend, sd);
}

DistributionPtr funnel(Index dim, double sd) {
    return std::make_shared<Funnel>(dim, sd);
}

DistributionPtr linearGaussian(Index dim, Index latent, double sd) {
    return std::make_shared<LinearGaussian>(dim, latent, sd);
}

}  // namespace lx
