// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/painting.h"
#include "core/energies/registry.h"

#include <algorithm>
#include <array>
#include <limits>

namespace lx {
namespace {

/// Weights of the four cubic B-splines that reach into a cell, and their slopes per node.
template <class T>
struct Spline {
    std::array<T, 4> weight, slope;
    explicit Spline(T f) {
        const T g = T{1} - f;
        weight = {g * g * g / T{6}, ((T{3} * f - T{6}) * f * f + T{4}) / T{6},
                  ((T{3} * g - T{6}) * g * g + T{4}) / T{6}, f * f * f / T{6}};
        slope = {-g * g / T{2}, (T{1.5} * f - T{2}) * f, -(T{1.5} * g - T{2}) * g, f * f / T{2}};
    }
};

class Painted final : public Energy {
public:
    Painted(const Painting& painting, const CanvasOptions& options)
        : m_options(options),
          m_nodes(static_cast<std::size_t>(options.resolution)),
          m_stride(m_nodes + 2 * kRim),
          m_step(2 * options.extent / static_cast<double>(options.resolution - 1)),
          m_sd(options.extent / 2) {
        std::vector<double> paint(m_nodes * m_nodes);
        for (const Stroke& stroke : painting.strokes()) {
            apply(stroke, paint);
        }
        blur(paint, true);
        blur(paint, false);
        settleMasses(paint);
    }
    Index dim() const override { return 2; }

    std::optional<double> logNormaliser() const override { return 0.0; }
    std::optional<std::vector<double>> mean() const override {
        return std::vector<double>(m_mean.begin(), m_mean.end());
    }
    std::optional<std::vector<double>> covariance() const override {
        return std::vector<double>(m_covariance.begin(), m_covariance.end());
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        std::vector<double> sums(m_nodes);
        for (std::size_t i = 0; i < m_nodes; ++i) {
            for (std::size_t j = 0; j < m_nodes; ++j) {
                sums[axis == 0 ? i : j] += mass(i, j);
            }
        }
        std::vector<double> out;
        for (const double x : at) {
            double sum = 0;
            for (std::size_t i = 0; i < m_nodes; ++i) {
                const double u = (x - node(i)) / m_step;
                if (std::abs(u) < 2) {
                    const double floor = std::floor(u);
                    const Spline<double> spline(u - floor);
                    // Node i is the (1 - floor)-th of the four that reach into this cell.
                    sum += sums[i] * spline.weight[static_cast<std::size_t>(1 - floor)] / m_step;
                }
            }
            const double z = x / m_sd;
            out.push_back((1 - m_haze) * sum + m_haze * std::exp(-0.5 * z * z) /
                                                   (m_sd * std::sqrt(2 * std::numbers::pi)));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            if (draws.uniform() < m_haze) {
                out.push_back(m_sd * draws.normal());
                out.push_back(m_sd * draws.normal());
                continue;
            }
            const double u = draws.uniform() * m_cumulative.back();
            const auto found = static_cast<std::size_t>(std::ranges::upper_bound(m_cumulative, u) -
                                                        m_cumulative.begin());
            const std::size_t at = std::min(found, m_cumulative.size() - 1);
            for (const std::size_t k : {at / m_nodes, at % m_nodes}) {
                double sum = -2;
                for (int i = 0; i < 4; ++i) {
                    sum += draws.uniform();
                }
                out.push_back(node(k) + m_step * sum);
            }
        }
        return out;
    }
    Box box() const override {
        const double reach = 8 * m_sd;
        return {{-reach, -reach}, {reach, reach}};
    }
    Box frame() const override {
        return {{-m_options.extent, -m_options.extent}, {m_options.extent, m_options.extent}};
    }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        run(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        run(x, count, value, grad);
    }

private:
    static constexpr std::size_t kRim = 2;

    double node(std::size_t i) const { return -m_options.extent + m_step * static_cast<double>(i); }
    double mass(std::size_t i, std::size_t j) const {
        return static_cast<double>(m_mass[(i + kRim) * m_stride + j + kRim]);
    }

    template <class T>
    void run(const T* x, Index count, T* value, T* grad) const {
        const T variance = static_cast<T>(m_sd * m_sd), step = static_cast<T>(m_step);
        const T paintScale = static_cast<T>((1 - m_haze) / (m_step * m_step));
        const T hazeScale = static_cast<T>(m_haze / (2 * std::numbers::pi * m_sd * m_sd));
        const T extent = static_cast<T>(m_options.extent);
        const T end = static_cast<T>(m_nodes + 1);
        for (Index row = 0; row < count; ++row) {
            const T *at = x + 2 * row, u = (at[0] + extent) / step, v = (at[1] + extent) / step;
            T paint = 0, slopeU = 0, slopeV = 0;
            if (u > T{-2} && u < end && v > T{-2} && v < end) {
                const T floorU = std::floor(u), floorV = std::floor(v);
                const Spline<T> su(u - floorU), sv(v - floorV);
                // The nodes floor - 1 .. floor + 2; the rim keeps them inside the table.
                const auto i = static_cast<std::ptrdiff_t>(floorU) + 1;
                const auto j = static_cast<std::ptrdiff_t>(floorV) + 1;
                for (std::ptrdiff_t a = 0; a < 4; ++a) {
                    const std::ptrdiff_t line = i + a;
                    if (line < 0 || line >= static_cast<std::ptrdiff_t>(m_stride)) {
                        continue;
                    }
                    T sum = 0, slope = 0;
                    for (std::ptrdiff_t b = 0; b < 4; ++b) {
                        const std::ptrdiff_t column = j + b;
                        if (column < 0 || column >= static_cast<std::ptrdiff_t>(m_stride)) {
                            continue;
                        }
                        const T m =
                            static_cast<T>(m_mass[static_cast<std::size_t>(line) * m_stride +
                                                  static_cast<std::size_t>(column)]);
                        sum += m * sv.weight[static_cast<std::size_t>(b)];
                        slope += m * sv.slope[static_cast<std::size_t>(b)];
                    }
                    paint += sum * su.weight[static_cast<std::size_t>(a)];
                    slopeU += sum * su.slope[static_cast<std::size_t>(a)];
                    slopeV += slope * su.weight[static_cast<std::size_t>(a)];
                }
                paint *= paintScale;
                slopeU *= paintScale / step;
                slopeV *= paintScale / step;
            }
            const T q = (at[0] * at[0] + at[1] * at[1]) / (T{2} * variance);
            const T haze = hazeScale * std::exp(-q), density = paint + haze;
            // Far out the haze alone counts, and its logarithm does not underflow.
            T e = q - std::log(hazeScale), gx = at[0] / variance, gy = at[1] / variance;
            if (paint > T{0}) {
                e = -std::log(density);
                gx = (haze * gx - slopeU) / density;
                gy = (haze * gy - slopeV) / density;
            }
            const bool fine = std::isfinite(e);
            value[row] = fine ? e : std::numeric_limits<T>::infinity();
            if (grad != nullptr) {
                grad[2 * row] = fine && std::isfinite(gx) ? gx : T{0};
                grad[2 * row + 1] = fine && std::isfinite(gy) ? gy : T{0};
            }
        }
    }

    /// (1 - (d / radius)^2)^2 of the distance d to the stroke's line, added or taken away.
    void apply(const Stroke& stroke, std::vector<double>& paint) const {
        // A brush finer than the grid would fall between the nodes.
        const double radius = std::max(stroke.radius, 1.5 * m_step);
        const auto& p = stroke.points;
        std::vector<double> bump(paint.size());
        const std::size_t count = p.size() / 2;
        for (std::size_t s = 0; s < std::max<std::size_t>(1, count - 1); ++s) {
            const std::size_t t = std::min(s + 1, count - 1);
            const double ax = p[2 * s], ay = p[2 * s + 1];
            const double dx = p[2 * t] - ax, dy = p[2 * t + 1] - ay;
            const double length2 = dx * dx + dy * dy;
            const auto [lowI, highI] = reach(ax, ax + dx, radius);
            const auto [lowJ, highJ] = reach(ay, ay + dy, radius);
            for (std::size_t i = lowI; i < highI; ++i) {
                for (std::size_t j = lowJ; j < highJ; ++j) {
                    const double x = node(i) - ax, y = node(j) - ay;
                    const double along =
                        length2 > 0 ? std::clamp((x * dx + y * dy) / length2, 0.0, 1.0) : 0;
                    const double ox = x - along * dx, oy = y - along * dy;
                    const double near = 1 - (ox * ox + oy * oy) / (radius * radius);
                    if (near > 0) {
                        double& b = bump[i * m_nodes + j];
                        b = std::max(b, near * near);
                    }
                }
            }
        }
        for (std::size_t i = 0; i < paint.size(); ++i) {
            if (stroke.erase) {
                paint[i] *= 1 - std::min(1.0, stroke.weight) * bump[i];
            } else {
                paint[i] += stroke.weight * bump[i];
            }
        }
    }
    /// Nodes within `radius` of [a, b] along one axis, as a half-open range.
    std::pair<std::size_t, std::size_t> reach(double a, double b, double radius) const {
        const auto index = [&](double x) {
            return static_cast<std::size_t>(
                std::clamp((x + m_options.extent) / m_step, 0.0, static_cast<double>(m_nodes)));
        };
        return {index(std::min(a, b) - radius),
                std::min(m_nodes, index(std::max(a, b) + radius) + 1)};
    }

    void blur(std::vector<double>& paint, bool lines) const {
        const double sd = m_options.smoothing / m_step;
        const auto half = static_cast<std::ptrdiff_t>(std::ceil(4 * sd));
        if (half < 1 || sd <= 0) {
            return;
        }
        std::vector<double> kernel;
        double sum = 0;
        for (std::ptrdiff_t k = -half; k <= half; ++k) {
            kernel.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (sd * sd)));
            sum += kernel.back();
        }
        const auto n = static_cast<std::ptrdiff_t>(m_nodes);
        std::vector<double> line(m_nodes);
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            const auto at = [&](std::ptrdiff_t j) -> double& {
                return paint[static_cast<std::size_t>(lines ? i * n + j : j * n + i)];
            };
            for (std::ptrdiff_t j = 0; j < n; ++j) {
                double value = 0;
                for (std::ptrdiff_t k = std::max(-half, -j); k <= std::min(half, n - 1 - j); ++k) {
                    value += kernel[static_cast<std::size_t>(k + half)] * at(j + k);
                }
                line[static_cast<std::size_t>(j)] = value / sum;
            }
            for (std::ptrdiff_t j = 0; j < n; ++j) {
                at(j) = line[static_cast<std::size_t>(j)];
            }
        }
    }

    void settleMasses(const std::vector<double>& paint) {
        double total = 0;
        for (const double p : paint) {
            total += p;
        }
        // An empty canvas is all haze.
        m_haze = total > 0 ? m_options.haze : 1;
        m_mass.assign(m_stride * m_stride, 0.0);
        std::array<double, 2> first{};
        std::array<double, 3> second{};
        double sum = 0;
        for (std::size_t i = 0; i < m_nodes; ++i) {
            for (std::size_t j = 0; j < m_nodes; ++j) {
                const double m = total > 0 ? paint[i * m_nodes + j] / total : 0;
                m_mass[(i + kRim) * m_stride + j + kRim] = m;
                sum += m;
                m_cumulative.push_back(sum);
                first[0] += m * node(i);
                first[1] += m * node(j);
                second[0] += m * node(i) * node(i);
                second[1] += m * node(j) * node(j);
                second[2] += m * node(i) * node(j);
            }
        }
        // A cubic B-spline has the variance of four uniforms, step^2 / 3.
        const double share = 1 - m_haze, own = m_step * m_step / 3;
        m_mean = {share * first[0], share * first[1]};
        const auto spread = [&](std::size_t k) {
            return share * (second[k] + own) + m_haze * m_sd * m_sd - m_mean[k] * m_mean[k];
        };
        const double cross = share * second[2] - m_mean[0] * m_mean[1];
        m_covariance = {spread(0), cross, cross, spread(1)};
    }

    CanvasOptions m_options;
    std::size_t m_nodes, m_stride;
    double m_step, m_sd, m_haze = 1;
    std::vector<double> m_mass;        ///< [stride, stride], sum 1, with a rim of zeros
    std::vector<double> m_cumulative;  ///< over the nodes
    std::array<double, 2> m_mean{};
    std::array<double, 4> m_covariance{};
};

}  // namespace

EnergyPtr paintedEnergy(const Painting& painting, const CanvasOptions& options) {
    if (!(options.extent > 0) || !std::isfinite(options.extent) || options.resolution < 16 ||
        options.resolution > 1024 || !(options.smoothing >= 0) ||
        !(options.smoothing <= options.extent) || !(options.haze > 0 && options.haze <= 1)) {
        throw UsageError(
            "a canvas needs a positive extent, 16 to 1024 nodes a side, a smoothing "
            "within the extent, and a haze in (0, 1]");
    }
    return std::make_shared<Painted>(painting, options);
}

namespace energies {

EnergySpec painted() {
    using namespace decl;
    const Painting shown(std::vector<Stroke>{
        {{-2, -1, -1.2, 1, 0, 1.6, 1.2, 1, 2, -1}, 0.6, 1, false}, {{0, -0.6}, 0.9, 2, false}});
    return {"painted",
            "Painted density",
            "-",
            {make("energy.strokes", "Strokes", shown.encode(),
                  "per stroke: 0 paint or 1 erase, weight, radius, n, n points x y"),
             within(make("energy.extent", "Extent", 4.0, "half width of the canvas"), 1e-3, 1e4,
                    Scale::Log),
             within(advanced(make("energy.resolution", "Nodes", Index{160}, "a side")), 16, 1024),
             within(make("energy.smoothing", "Smoothing", 0.1,
                         "sd of the blur, in units of the canvas"),
                    0, 1e4),
             within(advanced(make("energy.haze", "Haze", 1e-3,
                                  "share of a wide normal behind the paint; leads chains home")),
                    1e-9, 1, Scale::Log)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                CanvasOptions options;
                options.extent = number(p, "energy.extent");
                options.resolution = integer(p, "energy.resolution");
                options.smoothing = number(p, "energy.smoothing");
                options.haze = number(p, "energy.haze");
                return paintedEnergy(Painting::decode(numbers(p, "energy.strokes")), options);
            }};
}

}  // namespace energies
}  // namespace lx
