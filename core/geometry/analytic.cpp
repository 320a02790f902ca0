// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/analytic.h"

#include "core/base/cholesky.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace lx {
namespace {

double squared(const double* z, Index d) {
    double sum = 0;
    for (Index k = 0; k < d; ++k) {
        sum += z[k] * z[k];
    }
    return sum;
}
double squared(std::span<const double> z) {
    return squared(z.data(), static_cast<Index>(z.size()));
}
double gap(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return sum;
}

void requireDim(Index dim) {
    if (dim < 1) {
        throw UsageError("a metric needs at least one dimension");
    }
}
void requirePositive(double value, const char* name) {
    if (!(value > 0) || !std::isfinite(value)) {
        throw UsageError(std::string("the ") + name + " of a metric must be a positive number");
    }
}

class Constant final : public Metric {
public:
    Constant(std::vector<double> matrix, Index dim) : m_matrix(std::move(matrix)), m_dim(dim) {}
    Index dim() const override { return m_dim; }

protected:
    void matrices(const double*, Index count, double* g) const override {
        for (Index i = 0; i < count; ++i) {
            std::ranges::copy(m_matrix, g + i * m_dim * m_dim);
        }
    }
    void forms(const double*, const double* v, Index count, double* value,
               double* slope) const override {
        for (Index i = 0; i < count; ++i, v += m_dim) {
            value[i] = 0;
            for (Index a = 0; a < m_dim; ++a) {
                for (Index b = 0; b < m_dim; ++b) {
                    value[i] += v[a] * m_matrix[static_cast<std::size_t>(a * m_dim + b)] * v[b];
                }
            }
        }
        if (slope != nullptr) {
            std::fill_n(slope, count * m_dim, 0.0);
        }
    }

private:
    std::vector<double> m_matrix;
    Index m_dim;
};

class ScaledIdentity : public Metric {
public:
    ScaledIdentity(Index dim, LogFactor factor, std::function<bool(std::span<const double>)> inside)
        : m_dim(dim), m_factor(std::move(factor)), m_inside(std::move(inside)) {}
    Index dim() const override { return m_dim; }
    bool inside(std::span<const double> z) const override {
        return Metric::inside(z) && (!m_inside || m_inside(z));
    }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        std::vector<double> f(static_cast<std::size_t>(count));
        m_factor({z, f.size() * static_cast<std::size_t>(m_dim)}, f, {});
        std::fill_n(g, count * m_dim * m_dim, 0.0);
        for (Index i = 0; i < count; ++i) {
            for (Index k = 0; k < m_dim; ++k) {
                g[(i * m_dim + k) * m_dim + k] = std::exp(f[static_cast<std::size_t>(i)]);
            }
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        const auto total = static_cast<std::size_t>(count * m_dim);
        m_factor({z, total}, {value, static_cast<std::size_t>(count)},
                 {slope, slope != nullptr ? total : 0});
        for (Index i = 0; i < count; ++i) {
            value[i] = std::exp(value[i]) * squared(v + i * m_dim, m_dim);
            for (Index k = 0; slope != nullptr && k < m_dim; ++k) {
                slope[i * m_dim + k] *= value[i];
            }
        }
    }

private:
    Index m_dim;
    LogFactor m_factor;
    std::function<bool(std::span<const double>)> m_inside;
};

/// log of the factor scale / q(|z|^2)^2 with q = 1 + sign |z|^2.
LogFactor radial(Index dim, double scale, double sign) {
    return [=](std::span<const double> z, std::span<double> value, std::span<double> slope) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            const double* row = z.data() + i * static_cast<std::size_t>(dim);
            const double q = 1 + sign * squared(row, dim);
            value[i] = std::log(scale) - 2 * std::log(q);
            for (std::size_t k = 0; !slope.empty() && k < static_cast<std::size_t>(dim); ++k) {
                slope[i * static_cast<std::size_t>(dim) + k] = -4 * sign * row[k] / q;
            }
        }
    };
}

class Sphere final : public ScaledIdentity {
public:
    Sphere(Index dim, double radius)
        : ScaledIdentity(dim, radial(dim, 4 * radius * radius, 1), {}) {}
    bool changeChart(std::span<double> z, std::span<double> v, bool force) const override {
        // Far from the origin the factor is tiny and steps are huge: 1.5 keeps both charts tame.
        constexpr double kEdge = 1.5 * 1.5;
        const double s = squared(z);
        if (!(s > 0) || (s <= kEdge && !force)) {
            return false;
        }
        double along = 0;
        for (std::size_t k = 0; k < v.size(); ++k) {
            along += z[k] * v[k];
        }
        for (std::size_t k = 0; k < v.size(); ++k) {
            v[k] = v[k] / s - 2 * along * z[k] / (s * s);
        }
        for (double& x : z) {
            x /= s;
        }
        return true;
    }
};

class Paraboloid final : public Metric {
public:
    Paraboloid(Index dim, double bend) : m_dim(dim), m_bend(4 * bend * bend) {}
    Index dim() const override { return m_dim; }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        for (Index i = 0; i < count; ++i, z += m_dim) {
            for (Index a = 0; a < m_dim; ++a) {
                for (Index b = 0; b < m_dim; ++b) {
                    *g++ = (a == b ? 1 : 0) + m_bend * (z[a] * z[b]);
                }
            }
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        for (Index i = 0; i < count; ++i, z += m_dim, v += m_dim) {
            double along = 0;
            for (Index k = 0; k < m_dim; ++k) {
                along += z[k] * v[k];
            }
            value[i] = squared(v, m_dim) + m_bend * along * along;
            for (Index k = 0; slope != nullptr && k < m_dim; ++k) {
                slope[i * m_dim + k] = 2 * m_bend * along * v[k];
            }
        }
    }

private:
    Index m_dim;
    double m_bend;
};

}  // namespace

MetricPtr euclideanMetric(Index dim) {
    requireDim(dim);
    std::vector<double> unit(static_cast<std::size_t>(dim * dim));
    for (Index k = 0; k < dim; ++k) {
        unit[static_cast<std::size_t>(k * (dim + 1))] = 1;
    }
    return std::make_shared<Constant>(std::move(unit), dim);
}

MetricPtr constantMetric(std::vector<double> matrix, Index dim) {
    requireDim(dim);
    const auto d = static_cast<std::size_t>(dim);
    choleskyFactor(matrix, d);
    for (std::size_t a = 0; a < d; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            if (matrix[a * d + b] != matrix[b * d + a]) {
                throw UsageError("the matrix of a metric must be symmetric");
            }
        }
    }
    return std::make_shared<Constant>(std::move(matrix), dim);
}

MetricPtr sphereMetric(Index dim, double radius) {
    requireDim(dim);
    requirePositive(radius, "radius");
    return std::make_shared<Sphere>(dim, radius);
}

MetricPtr halfPlaneMetric(Index dim, double radius) {
    requireDim(dim);
    requirePositive(radius, "radius");
    const auto d = static_cast<std::size_t>(dim);
    return scaledIdentity(
        dim,
        [=](std::span<const double> z, std::span<double> value, std::span<double> slope) {
            std::ranges::fill(slope, 0.0);
            for (std::size_t i = 0; i < value.size(); ++i) {
                const double height = z[(i + 1) * d - 1];
                value[i] = 2 * std::log(radius / height);
                if (!slope.empty()) {
                    slope[(i + 1) * d - 1] = -2 / height;
                }
            }
        },
        [](std::span<const double> z) { return z.back() > 0; });
}

MetricPtr poincareMetric(Index dim, double radius) {
    requireDim(dim);
    requirePositive(radius, "radius");
    return scaledIdentity(dim, radial(dim, 4 * radius * radius, -1),
                          [](std::span<const double> z) { return squared(z) < 1; });
}

MetricPtr paraboloidMetric(Index dim, double bend) {
    requireDim(dim);
    if (!std::isfinite(bend)) {
        throw UsageError("the bend of a paraboloid must be a number");
    }
    return std::make_shared<Paraboloid>(dim, bend);
}

MetricPtr scaledIdentity(Index dim, LogFactor logFactor,
                         std::function<bool(std::span<const double>)> inside) {
    requireDim(dim);
    return std::make_shared<ScaledIdentity>(dim, std::move(logFactor), std::move(inside));
}

double sphereDistance(std::span<const double> a, std::span<const double> b, double radius) {
    // The chord of the sphere; asin keeps small distances exact where acos would lose half the
    // digits.
    const double chord = std::sqrt(gap(a, b) / ((1 + squared(a)) * (1 + squared(b))));
    return 2 * radius * std::asin(std::min(1.0, chord));
}

double halfPlaneDistance(std::span<const double> a, std::span<const double> b, double radius) {
    return 2 * radius * std::asinh(0.5 * std::sqrt(gap(a, b) / (a.back() * b.back())));
}

double poincareDistance(std::span<const double> a, std::span<const double> b, double radius) {
    return 2 * radius * std::asinh(std::sqrt(gap(a, b) / ((1 - squared(a)) * (1 - squared(b)))));
}

}  // namespace lx
