// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/metric.h"

#include "core/base/cholesky.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace lx {
namespace {

using Vector = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Index rows(std::size_t size, Index dim, const char* name) {
    const auto d = static_cast<std::size_t>(dim);
    if (d == 0 || size % d != 0) {
        throw UsageError(std::string(name) + " of " + std::to_string(size) +
                         " numbers are no points of " + std::to_string(dim) + " dimensions");
    }
    return static_cast<Index>(size / d);
}

void require(std::size_t have, Index wanted, const char* name) {
    if (have != static_cast<std::size_t>(wanted)) {
        throw UsageError("a metric was given room for " + std::to_string(have) + " numbers of " +
                         name + " where " + std::to_string(wanted) + " are needed");
    }
}

bool finite(const double* x, Index n) {
    for (Index i = 0; i < n; ++i) {
        if (!std::isfinite(x[i])) {
            return false;
        }
    }
    return true;
}

}  // namespace

void Metric::at(std::span<const double> z, std::span<double> g) const {
    const Index d = dim(), n = rows(z.size(), d, "coordinates");
    require(g.size(), n * d * d, "matrices");
    matrices(z.data(), n, g.data());
    for (Index i = 0; i < n; ++i) {
        double* m = g.data() + i * d * d;
        if (!finite(m, d * d) ||
            !inside(z.subspan(static_cast<std::size_t>(i * d), static_cast<std::size_t>(d)))) {
            for (Index k = 0; k < d * d; ++k) {
                m[k] = k % (d + 1) == 0 ? kInfinity : 0;
            }
        }
    }
}

void Metric::quadratic(std::span<const double> z, std::span<const double> v,
                       std::span<double> value, std::span<double> slope) const {
    const Index d = dim(), n = rows(z.size(), d, "coordinates");
    require(v.size(), n * d, "tangents");
    require(value.size(), n, "quadratic forms");
    if (!slope.empty()) {
        require(slope.size(), n * d, "slopes");
    }
    forms(z.data(), v.data(), n, value.data(), slope.empty() ? nullptr : slope.data());
    for (Index i = 0; i < n; ++i) {
        const auto row = static_cast<std::size_t>(i * d), width = static_cast<std::size_t>(d);
        const bool fine = std::isfinite(value[static_cast<std::size_t>(i)]) &&
                          inside(z.subspan(row, width)) &&
                          (slope.empty() || finite(slope.data() + i * d, d));
        if (!fine) {
            value[static_cast<std::size_t>(i)] = kInfinity;
            if (!slope.empty()) {
                std::fill_n(slope.data() + i * d, d, 0.0);
            }
        }
    }
}

void Metric::derivative(std::span<const double> z, std::span<double> slope) const {
    const Index d = dim(), n = rows(z.size(), d, "coordinates");
    require(slope.size(), n * d * d * d, "derivatives");
    const Index pairs = d * (d + 1) / 2;
    const auto total = static_cast<std::size_t>(n * pairs);
    const auto width = static_cast<std::size_t>(d);
    Vector points(total * width), tangents(total * width), value(total), by(total * width);
    std::size_t row = 0;
    for (Index i = 0; i < n; ++i) {
        for (Index a = 0; a < d; ++a) {
            for (Index b = 0; b <= a; ++b, ++row) {
                std::copy_n(z.data() + i * d, d, points.data() + row * width);
                tangents[row * width + static_cast<std::size_t>(a)] = 1;
                tangents[row * width + static_cast<std::size_t>(b)] = 1;
            }
        }
    }
    quadratic(points, tangents, value, by);
    for (Index i = 0; i < n; ++i) {
        const double* block = by.data() + i * pairs * d;
        const auto of = [&](Index a, Index b, Index k) {
            return block[(a * (a + 1) / 2 + b) * d + k];
        };
        for (Index k = 0; k < d; ++k) {
            double* out = slope.data() + (i * d + k) * d * d;
            for (Index a = 0; a < d; ++a) {
                out[a * d + a] = of(a, a, k);
                for (Index b = 0; b < a; ++b) {
                    out[a * d + b] = out[b * d + a] =
                        0.5 * (of(a, b, k) - of(a, a, k) - of(b, b, k));
                }
            }
        }
    }
}

void Metric::logDet(std::span<const double> z, std::span<double> value,
                    std::span<double> slope) const {
    const Index d = dim(), n = rows(z.size(), d, "coordinates");
    require(value.size(), n, "determinants");
    const auto square = static_cast<std::size_t>(d * d);
    Vector g(static_cast<std::size_t>(n) * square), l(square), by;
    at(z, g);
    if (!slope.empty()) {
        require(slope.size(), n * d, "slopes");
        by.resize(g.size() * static_cast<std::size_t>(d));
        derivative(z, by);
    }
    Vector column(static_cast<std::size_t>(d));
    for (Index i = 0; i < n; ++i) {
        const auto m =
            std::span<const double>(g).subspan(static_cast<std::size_t>(i) * square, square);
        const bool fine = choleskyInto(m, static_cast<std::size_t>(d), l);
        value[static_cast<std::size_t>(i)] = fine ? choleskyLogDet(l, static_cast<std::size_t>(d))
                                                  : (std::isinf(m[0]) ? kInfinity : -kInfinity);
        for (Index k = 0; !slope.empty() && k < d; ++k) {
            double& out = slope[static_cast<std::size_t>(i * d + k)];
            out = 0;
            const double* dg = by.data() + (i * d + k) * d * d;
            for (Index j = 0; fine && j < d; ++j) {
                std::copy_n(dg + j * d, d, column.data());
                choleskySolve(l, column);
                out += column[static_cast<std::size_t>(j)];
            }
        }
    }
}

double Metric::inner(std::span<const double> z, std::span<const double> u,
                     std::span<const double> v) const {
    const Index d = dim();
    require(u.size(), d, "a tangent");
    require(v.size(), d, "a tangent");
    Vector g(static_cast<std::size_t>(d * d));
    at(z, g);
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
        for (std::size_t j = 0; j < v.size(); ++j) {
            sum += u[i] != 0 && v[j] != 0 ? u[i] * g[i * v.size() + j] * v[j] : 0;
        }
    }
    return sum;
}

void Metric::steps(std::span<const double> path, std::span<double> squares,
                   std::span<double> slope) const {
    const Index d = dim(), points = rows(path.size(), d, "coordinates");
    if (points < 2) {
        throw UsageError("a path needs two points or more");
    }
    require(squares.size(), points - 1, "steps");
    if (!slope.empty()) {
        require(slope.size(), points * d, "slopes");
    }
    pathSteps(path.data(), points - 1, squares.data(), slope.empty() ? nullptr : slope.data());
}

void Metric::pathSteps(const double* path, Index count, double* squares, double* slope) const {
    const Index d = dim();
    const auto total = static_cast<std::size_t>(count * d);
    Vector middle(total), delta(total), by(slope != nullptr ? total : 0);
    for (Index k = 0; k < count * d; ++k) {
        const auto i = static_cast<std::size_t>(k);
        middle[i] = 0.5 * (path[k] + path[k + d]);
        delta[i] = path[k + d] - path[k];
    }
    quadratic(middle, delta, {squares, static_cast<std::size_t>(count)}, by);
    if (slope == nullptr) {
        return;
    }
    Vector g(total * static_cast<std::size_t>(d));
    at(middle, g);
    std::fill_n(slope, (count + 1) * d, 0.0);
    for (Index k = 0; k < count; ++k) {
        if (!std::isfinite(squares[k])) {
            continue;
        }
        for (Index a = 0; a < d; ++a) {
            double product = 0;
            for (Index b = 0; b < d; ++b) {
                product += g[static_cast<std::size_t>((k * d + a) * d + b)] *
                           delta[static_cast<std::size_t>(k * d + b)];
            }
            const double half = 0.5 * by[static_cast<std::size_t>(k * d + a)];
            slope[k * d + a] += half - 2 * product;
            slope[(k + 1) * d + a] += half + 2 * product;
        }
    }
}

bool Metric::inside(std::span<const double> z) const {
    for (const double x : z) {
        if (!std::isfinite(x)) {
            return false;
        }
    }
    return true;
}

bool Metric::changeChart(std::span<double>, std::span<double>, bool) const {
    return false;
}

}  // namespace lx
