// SPDX-License-Identifier: GPL-3.0-or-later
// Plane laws: noisy curves, the pinwheel and the checkerboard.
#include "core/base/philox.h"
#include "core/data/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

namespace lx {
namespace {

constexpr double kPi = std::numbers::pi;
using Point = std::array<double, 2>;

/// Classes with equal weight; within a class the curve parameter u is uniform on [0, 1].
struct CurveOptions {
    std::vector<std::function<Point(double u)>> curves;
    std::vector<std::string> names;
    double sd = 0;
    bool closed = false;                     ///< periodic in u: the trapezoid rule converges fast
    std::function<double(double)> weight;    ///< density of u on [0, 1]; unset: 1
    std::function<double(Key, Index)> draw;  ///< u of draw i under `weight`; unset: uniform
};

class NoisyCurves final : public Distribution {
public:
    explicit NoisyCurves(CurveOptions options) : m_options(std::move(options)) {
        if (!(m_options.sd > 0) || !std::isfinite(m_options.sd)) {
            throw UsageError("data.sd must be positive");
        }
        for (const auto& curve : m_options.curves) {
            addNodes(curve);
        }
    }
    Index dim() const override { return 2; }
    std::vector<std::string> classNames() const override { return m_options.names; }

    Draws sample(Key key, Index count) const override {
        Draws draws;
        const auto n = static_cast<std::size_t>(count);
        draws.values.resize(n * 2);
        draws.labels.resize(n);
        fillNormal(derive(key, "noise"), draws.values);
        fillBelow(derive(key, "class"), m_options.curves.size(), draws.labels);
        std::vector<float> place(n);
        fillUniform(derive(key, "place"), place);
        for (std::size_t i = 0; i < n; ++i) {
            const double u = m_options.draw
                                 ? m_options.draw(derive(key, "weighted"), static_cast<Index>(i))
                                 : static_cast<double>(place[i]);
            const Point p = m_options.curves[static_cast<std::size_t>(draws.labels[i])](u);
            for (std::size_t k = 0; k < 2; ++k) {
                float& x = draws.values[2 * i + k];
                x = static_cast<float>(p[k] + m_options.sd * static_cast<double>(x));
            }
        }
        return draws;
    }

    std::optional<double> logDensity(std::span<const double> x) const override {
        const double scale = -0.5 / (m_options.sd * m_options.sd);
        double top = -INFINITY;
        for (const Node& node : m_nodes) {
            top = std::max(top, scale * distance2(node.at, x));
        }
        double sum = 0;
        for (const Node& node : m_nodes) {
            sum += node.weight * std::exp(scale * distance2(node.at, x) - top);
        }
        return top + std::log(sum) - std::log(2 * kPi * m_options.sd * m_options.sd);
    }

    std::optional<Moments> moments() const override {
        Moments m{{0, 0}, {0, 0, 0, 0}};
        for (const Node& node : m_nodes) {
            m.mean[0] += node.weight * node.at[0];
            m.mean[1] += node.weight * node.at[1];
        }
        for (const Node& node : m_nodes) {
            for (std::size_t i = 0; i < 2; ++i) {
                for (std::size_t j = 0; j < 2; ++j) {
                    m.covariance[2 * i + j] +=
                        node.weight * (node.at[i] - m.mean[i]) * (node.at[j] - m.mean[j]);
                }
            }
        }
        m.covariance[0] += m_options.sd * m_options.sd;
        m.covariance[3] += m_options.sd * m_options.sd;
        return m;
    }

private:
    struct Node {
        Point at;
        double weight;
    };

    static double distance2(const Point& p, std::span<const double> x) {
        const double a = p[0] - x[0], b = p[1] - x[1];
        return a * a + b * b;
    }

    void addNodes(const std::function<Point(double)>& curve) {
        double length = 0;
        Point last = curve(0);
        for (int k = 1; k <= 1000; ++k) {
            const Point next = curve(k / 1000.0);
            length += std::hypot(next[0] - last[0], next[1] - last[1]);
            last = next;
        }
        // A quarter of the noise between nodes leaves a quadrature error far below 1e-6.
        const int intervals =
            2 * static_cast<int>(std::clamp(std::ceil(2 * length / m_options.sd), 256.0, 20'000.0));
        double total = 0;
        const std::size_t first = m_nodes.size();
        for (int k = 0; k <= intervals; ++k) {
            if (m_options.closed && k == intervals) {
                break;
            }
            const double u = static_cast<double>(k) / intervals;
            const double simpson = k == 0 || k == intervals ? 1.0 : (k % 2 == 1 ? 4.0 : 2.0);
            const double weight =
                (m_options.closed ? 1.0 : simpson) * (m_options.weight ? m_options.weight(u) : 1.0);
            m_nodes.push_back({curve(u), weight});
            total += weight;
        }
        for (std::size_t k = first; k < m_nodes.size(); ++k) {
            m_nodes[k].weight /= total * static_cast<double>(m_options.curves.size());
        }
    }

    CurveOptions m_options;
    std::vector<Node> m_nodes;
};

/// Gaussian arms, turned at distance r from the origin by an angle that grows with r. Such a twist
/// keeps areas, so the density is that of the straight arms at the place turned back.
class Pinwheel final : public Distribution {
public:
    static constexpr int kArms = 5;
    Pinwheel(double radius, double radialSd, double sd, double rate)
        : m_radius(radius), m_radialSd(radialSd), m_sd(sd), m_rate(rate) {
        if (!(radius > 0) || !(radialSd > 0) || !(sd > 0)) {
            throw UsageError("data.radius, data.radial_sd and data.sd must be positive");
        }
    }
    Index dim() const override { return 2; }
    std::vector<std::string> classNames() const override {
        return {"arm 1", "arm 2", "arm 3", "arm 4", "arm 5"};
    }
    Draws sample(Key key, Index count) const override {
        Draws draws;
        const auto n = static_cast<std::size_t>(count);
        draws.values.resize(2 * n);
        draws.labels.resize(n);
        fillNormal(derive(key, "noise"), draws.values);
        fillBelow(derive(key, "class"), kArms, draws.labels);
        for (std::size_t i = 0; i < n; ++i) {
            const double a = m_radius + m_radialSd * static_cast<double>(draws.values[2 * i]);
            const double b = m_sd * static_cast<double>(draws.values[2 * i + 1]);
            const Point x = turned({a, b}, angle(draws.labels[i], std::hypot(a, b)));
            draws.values[2 * i] = static_cast<float>(x[0]);
            draws.values[2 * i + 1] = static_cast<float>(x[1]);
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        const double r = std::hypot(x[0], x[1]);
        std::array<double, kArms> logs{};
        double top = -INFINITY;
        for (int arm = 0; arm < kArms; ++arm) {
            const Point ab = turned({x[0], x[1]}, -angle(arm, r));
            const double u = (ab[0] - m_radius) / m_radialSd, v = ab[1] / m_sd;
            double& log = logs[static_cast<std::size_t>(arm)];
            log = -0.5 * (u * u + v * v);
            top = std::max(top, log);
        }
        if (top == -INFINITY) {
            return top;
        }
        double sum = 0;
        for (const double log : logs) {
            sum += std::exp(log - top);
        }
        return top + std::log(sum) - std::log(2 * kPi * kArms * m_radialSd * m_sd);
    }
    std::optional<Moments> moments() const override {
        // Five-fold symmetry makes the mean zero and the covariance isotropic.
        const double half = 0.5 * (m_radius * m_radius + m_radialSd * m_radialSd + m_sd * m_sd);
        return Moments{{0, 0}, {half, 0, 0, half}};
    }

private:
    static Point turned(const Point& p, double by) {
        const double c = std::cos(by), s = std::sin(by);
        return {p[0] * c - p[1] * s, p[0] * s + p[1] * c};
    }
    double angle(Index arm, double r) const {
        // Finite however far out: the cosine of infinity is no number.
        return 2 * kPi * static_cast<double>(arm) / kArms +
               m_rate * std::exp(std::min(r / m_radius, 600.0));
    }

    double m_radius, m_radialSd, m_sd, m_rate;
};

class Checkerboard final : public Distribution {
public:
    explicit Checkerboard(double radius) : m_radius(radius) {
        if (!(radius > 0) || !std::isfinite(radius)) {
            throw UsageError("data.radius must be positive");
        }
    }
    Index dim() const override { return 2; }
    Draws sample(Key key, Index count) const override {
        Draws draws;
        const auto n = static_cast<std::size_t>(count);
        draws.values.resize(2 * n);
        std::vector<std::int64_t> squares(n);
        fillUniform(derive(key, "place"), draws.values);
        fillBelow(derive(key, "square"), 8, squares);
        for (std::size_t i = 0; i < n; ++i) {
            const Index row = squares[i] / 2, column = 2 * (squares[i] % 2) + row % 2;
            const Index cell[] = {column, row};
            for (std::size_t k = 0; k < 2; ++k) {
                float& x = draws.values[2 * i + k];
                const double t = static_cast<double>(cell[k]) + static_cast<double>(x);
                x = static_cast<float>(m_radius * (0.5 * t - 1));
            }
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        const double a = 2 * (x[0] / m_radius + 1), b = 2 * (x[1] / m_radius + 1);
        if (!(a >= 0 && a < 4 && b >= 0 && b < 4)) {
            return -INFINITY;
        }
        const bool dark = (static_cast<int>(a) + static_cast<int>(b)) % 2 == 0;
        return dark ? -std::log(2 * m_radius * m_radius) : -INFINITY;
    }
    std::optional<Moments> moments() const override {
        const double r2 = m_radius * m_radius;
        double cross = 0;
        for (int row = 0; row < 4; ++row) {
            for (int column = row % 2; column < 4; column += 2) {
                cross += (0.5 * (column + 0.5) - 1) * (0.5 * (row + 0.5) - 1) / 8;
            }
        }
        return Moments{{0, 0}, {r2 / 3, cross * r2, cross * r2, r2 / 3}};
    }

private:
    double m_radius;
};

/// Best and Fisher's rejection from the uniform words of draw i. Ref: best1979.
double vonMisesTurn(Key key, Index i, double kappa) {
    const double tau = 1 + std::sqrt(1 + 4 * kappa * kappa);
    const double rho = (tau - std::sqrt(2 * tau)) / (2 * kappa);
    const double r = (1 + rho * rho) / (2 * rho);
    for (std::uint64_t attempt = 0;; ++attempt) {
        const Words w = randomWords(key, static_cast<std::uint32_t>(i),
                                    static_cast<std::uint32_t>(i >> 32), attempt);
        const double z = std::cos(kPi * static_cast<double>(toUnit(w[0])));
        const double f = (1 + r * z) / (r + z);
        const double c = kappa * (r - f);
        const double u2 = static_cast<double>(toUnit(w[1]));
        if (c * (2 - c) > u2 || std::log(c / u2) + 1 - c >= 0) {
            const double angle = std::acos(std::clamp(f, -1.0, 1.0));
            const double turn = (w[2] & 1U) != 0 ? angle : -angle;
            return turn / (2 * kPi) + 0.5;
        }
    }
}

std::function<Point(double)> circle(double radius, double start) {
    return [=](double u) {
        const double angle = start + 2 * kPi * u;
        return Point{radius * std::cos(angle), radius * std::sin(angle)};
    };
}

}  // namespace

DistributionPtr moons(double radius, double sd) {
    CurveOptions options;
    options.curves = {
        [=](double u) {
            return Point{radius * (std::cos(kPi * u) - 0.5), radius * (std::sin(kPi * u) - 0.25)};
        },
        [=](double u) {
            return Point{radius * (0.5 - std::cos(kPi * u)), radius * (0.25 - std::sin(kPi * u))};
        }};
    options.names = {"upper", "lower"};
    options.sd = sd;
    return std::make_shared<NoisyCurves>(std::move(options));
}

DistributionPtr swissRoll(double radius, double sd) {
    CurveOptions options;
    options.curves = {[=](double u) {
        const double t = 1.5 * kPi * (1 + 2 * u), r = radius * t / (4.5 * kPi);
        return Point{r * std::cos(t), r * std::sin(t)};
    }};
    options.names = {"roll"};
    options.sd = sd;
    return std::make_shared<NoisyCurves>(std::move(options));
}

DistributionPtr spirals(double radius, double sd) {
    CurveOptions options;
    for (const double sign : {1.0, -1.0}) {
        options.curves.push_back([=](double u) {
            // The square root spreads the points evenly along the arm.
            const double s = std::sqrt(0.01 + 0.99 * u), t = 3 * kPi * s;
            return Point{sign * radius * s * std::cos(t), sign * radius * s * std::sin(t)};
        });
    }
    options.names = {"first arm", "second arm"};
    options.sd = sd;
    return std::make_shared<NoisyCurves>(std::move(options));
}

DistributionPtr rings(double radius, double sd) {
    CurveOptions options;
    options.curves = {circle(radius / 3, 0), circle(2 * radius / 3, 0), circle(radius, 0)};
    options.names = {"inner", "middle", "outer"};
    options.sd = sd;
    options.closed = true;
    return std::make_shared<NoisyCurves>(std::move(options));
}

DistributionPtr circleVonMises(double radius, double kappa, double sd) {
    if (!(kappa > 0) || !std::isfinite(kappa)) {
        throw UsageError("data.kappa must be positive");
    }
    CurveOptions options;
    options.curves = {circle(radius, -kPi)};  // u = 1/2 is angle 0
    options.names = {"circle"};
    options.sd = sd;
    options.closed = true;
    options.weight = [=](double u) {
        return std::exp(kappa * (std::cos(2 * kPi * (u - 0.5)) - 1));
    };
    options.draw = [=](Key key, Index i) { return vonMisesTurn(key, i, kappa); };
    return std::make_shared<NoisyCurves>(std::move(options));
}

DistributionPtr pinwheel(double radius, double radialSd, double sd, double rate) {
    return std::make_shared<Pinwheel>(radius, radialSd, sd, rate);
}

DistributionPtr checkerboard(double radius) {
    return std::make_shared<Checkerboard>(radius);
}

}  // namespace lx
