// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/ode.h"

#include "core/base/cholesky.h"
#include "core/geometry/dense_solve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lx {
namespace {

using Vector = std::vector<double>;
using In = std::span<const double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Vector plus(In a, double scale, In b) {
    Vector out(a.begin(), a.end());
    for (std::size_t k = 0; k < out.size(); ++k) {
        out[k] += scale * b[k];
    }
    return out;
}

/// One RK4 step of all rows.
void advance(const Metric& metric, double h, Vector& z, Vector& v) {
    const Vector a1 = acceleration(metric, z, v);
    const Vector v2 = plus(v, h / 2, a1), a2 = acceleration(metric, plus(z, h / 2, v), v2);
    const Vector v3 = plus(v, h / 2, a2), a3 = acceleration(metric, plus(z, h / 2, v2), v3);
    const Vector v4 = plus(v, h, a3), a4 = acceleration(metric, plus(z, h, v3), v4);
    for (std::size_t k = 0; k < z.size(); ++k) {
        z[k] += h / 6 * (v[k] + 2 * v2[k] + 2 * v3[k] + v4[k]);
        v[k] += h / 6 * (a1[k] + 2 * a2[k] + 2 * a3[k] + a4[k]);
    }
}

/// Rows on their way, each in the chart that suits it.
struct Flight {
    const Metric& metric;
    std::size_t d;
    Vector z, v;
    std::vector<bool> other;

    Flight(const Metric& m, In start, In velocity)
        : metric(m),
          d(static_cast<std::size_t>(m.dim())),
          z(start.begin(), start.end()),
          v(velocity.begin(), velocity.end()),
          other(z.size() / d) {
        if (v.size() != z.size()) {
            throw UsageError("rays need a velocity for each point");
        }
        suit();
    }
    std::span<double> row(Vector& x, std::size_t i) const { return std::span(x).subspan(i * d, d); }
    void suit() {
        for (std::size_t i = 0; i < other.size(); ++i) {
            if (!metric.inside(row(z, i))) {
                std::ranges::fill(row(z, i), kNaN);
                std::ranges::fill(row(v, i), kNaN);
            } else if (metric.changeChart(row(z, i), row(v, i))) {
                other[i] = !other[i];
            }
        }
    }
    void step(double h) {
        advance(metric, h, z, v);
        suit();
    }
    /// The rows in the first chart, where it has them.
    Flight home() const {
        Flight out = *this;
        for (std::size_t i = 0; i < other.size(); ++i) {
            if (out.other[i] && metric.changeChart(out.row(out.z, i), out.row(out.v, i), true)) {
                out.other[i] = false;
            }
        }
        return out;
    }
};

}  // namespace

void christoffel(const Metric& metric, In z, In v, In w, std::span<double> out) {
    const auto d = static_cast<std::size_t>(metric.dim()), n = z.size() / d;
    Vector g(n * d * d), tensor(n * d * d * d), factor(d * d);
    metric.at(z, g);
    metric.derivative(z, tensor);
    for (std::size_t i = 0; i < n; ++i) {
        const auto row = out.subspan(i * d, d);
        if (!choleskyInto(In(g).subspan(i * d * d, d * d), d, factor)) {
            std::ranges::fill(row, kNaN);
            continue;
        }
        const double *vi = v.data() + i * d, *wi = w.data() + i * d;
        std::ranges::fill(row, 0.0);
        for (std::size_t k = 0; k < d; ++k) {
            const double* dg = &tensor[(i * d + k) * d * d];
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b < d; ++b) {
                    row[a] += 0.5 * dg[a * d + b] * (vi[k] * wi[b] + wi[k] * vi[b]);
                    row[k] -= 0.5 * vi[a] * dg[a * d + b] * wi[b];
                }
            }
        }
        choleskySolve(factor, row);
    }
}

Vector acceleration(const Metric& metric, In z, In v) {
    Vector out(z.size());
    christoffel(metric, z, v, v, out);
    for (double& x : out) {
        x = -x;
    }
    return out;
}

double chartDistance(In a, In b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return std::sqrt(sum);
}

RayEnd exponential(const Metric& metric, In z, In v, Index steps) {
    if (steps < 1) {
        throw UsageError("a ray needs a step");
    }
    Flight flight(metric, z, v);
    for (Index s = 0; s < steps; ++s) {
        flight.step(1.0 / static_cast<double>(steps));
    }
    Flight home = flight.home();
    return {std::move(home.z), std::move(home.v), std::move(home.other)};
}

std::vector<double> rays(const Metric& metric, In z, In v, Index steps) {
    const auto d = static_cast<std::size_t>(metric.dim()), n = v.size() / d;
    if (z.size() != d || steps < 1) {
        throw UsageError("a fan needs one point and a step");
    }
    Vector start;
    for (std::size_t i = 0; i < n; ++i) {
        start.insert(start.end(), z.begin(), z.end());
    }
    const auto points = static_cast<std::size_t>(steps) + 1;
    Vector out(n * points * d);
    Flight flight(metric, start, v);
    for (std::size_t s = 0; s < points; ++s) {
        if (s > 0) {
            flight.step(1.0 / static_cast<double>(steps));
        }
        const Flight home = flight.home();
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < d; ++k) {
                out[(i * points + s) * d + k] = home.other[i] ? kNaN : home.z[i * d + k];
            }
        }
    }
    return out;
}

std::vector<double> unitDirections(const Metric& metric, In z, Index count) {
    if (metric.dim() != 2 || count < 1) {
        throw UsageError("unit directions are spread in the plane");
    }
    Vector g(4), l(4), out;
    metric.at(z, g);
    if (!choleskyInto(g, 2, l)) {
        throw UsageError("the metric is not definite at the centre of a fan");
    }
    for (Index i = 0; i < count; ++i) {
        const double angle =
            2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(count);
        Vector u{std::cos(angle), std::sin(angle)};
        choleskyBackward(l, u);  // u' G u = 1
        out.insert(out.end(), u.begin(), u.end());
    }
    return out;
}

Logarithm logarithm(const MetricPtr& metric, In a, In b, const GeodesicOptions& options,
                    const std::stop_token& stop) {
    Logarithm out;
    out.curve = geodesic(metric, a, b, options, stop);
    const std::size_t d = a.size(), points = out.curve.path.size() / d;
    const auto steps = static_cast<double>(points - 1);
    const double* c = out.curve.path.data();
    out.v.resize(d);
    for (std::size_t k = 0; k < d; ++k) {
        out.v[k] = points > 2 ? steps * (-1.5 * c[k] + 2 * c[d + k] - 0.5 * c[2 * d + k])
                              : c[d + k] - c[k];
    }
    const double speed = std::sqrt(metric->inner(a, out.v, out.v));
    for (double& x : out.v) {
        x *= speed > 0 ? out.curve.length / speed : 0;
    }
    const auto shoot = [&](In velocities) {
        Vector from;
        for (std::size_t i = 0; i < velocities.size() / d; ++i) {
            from.insert(from.end(), a.begin(), a.end());
        }
        return exponential(*metric, from, velocities, 64).z;
    };
    out.residual = chartDistance(shoot(out.v), b);
    const double size = chartDistance(out.v, Vector(d)), floor = 1e-12 * (1 + chartDistance(a, b));
    for (int step = 0; step < 12 && out.residual > floor && !stop.stop_requested(); ++step) {
        // All columns of the Jacobian by central differences, in one flight.
        const double h = 1e-5 * std::max(size, 1e-9);
        Vector tries(out.v);
        for (std::size_t k = 0; k < d; ++k) {
            for (const double by : {h, -h}) {
                tries.insert(tries.end(), out.v.begin(), out.v.end());
                tries[tries.size() - d + k] += by;
            }
        }
        const Vector ends = shoot(tries);
        Vector jacobian(d * d), move(d);
        for (std::size_t r = 0; r < d; ++r) {
            move[r] = b[r] - ends[r];
            for (std::size_t k = 0; k < d; ++k) {
                jacobian[r * d + k] =
                    (ends[(1 + 2 * k) * d + r] - ends[(2 + 2 * k) * d + r]) / (2 * h);
            }
        }
        if (!solveDense(jacobian, move, d)) {
            break;
        }
        bool better = false;
        for (double scale = 1; scale > 1e-3 && !better; scale /= 2) {
            const Vector next = plus(out.v, scale, move);
            const double residual = chartDistance(shoot(next), b);
            if (residual < out.residual) {
                out.v = next;
                out.residual = residual;
                better = true;
            }
        }
        if (!better) {
            break;
        }
    }
    return out;
}

std::vector<double> parallelTransport(const Metric& metric, In path, In w) {
    const auto d = static_cast<std::size_t>(metric.dim());
    if (path.size() < 2 * d || path.size() % d != 0 || w.size() % d != 0) {
        throw UsageError("parallel transport needs a path and tangents of its dimension");
    }
    Vector carried(w.begin(), w.end());
    const std::size_t count = w.size() / d;
    for (std::size_t k = 0; k + 1 < path.size() / d; ++k) {
        const auto from = path.subspan(k * d, d), to = path.subspan((k + 1) * d, d);
        const auto rate = [&](double t, const Vector& x) {
            Vector z, v, out(x.size());
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    z.push_back(from[j] + t * (to[j] - from[j]));
                    v.push_back(to[j] - from[j]);
                }
            }
            christoffel(metric, z, v, x, out);
            return out;
        };
        const Vector k1 = rate(0, carried), k2 = rate(0.5, plus(carried, -0.5, k1));
        const Vector k3 = rate(0.5, plus(carried, -0.5, k2)), k4 = rate(1, plus(carried, -1, k3));
        for (std::size_t j = 0; j < carried.size(); ++j) {
            carried[j] -= (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]) / 6;
        }
    }
    return carried;
}

}  // namespace lx
