// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/combined_maps.h"
#include "core/geometry/latent_metrics.h"

#include <algorithm>

namespace lx {
namespace {

/// Rows that a map gets at once, which bounds the scratch.
constexpr Index kBlock = 256;

class Pullback final : public Metric {
public:
    explicit Pullback(SmoothMapPtr map) : m_map(std::move(map)) {}
    Index dim() const override { return m_map->inputs(); }

protected:
    void matrices(const double* z, Index count, double* g) const override {
        const Index d = dim(), p = m_map->outputs();
        std::vector<double> columns;
        for (Index first = 0; first < count; first += kBlock) {
            const Index n = std::min(kBlock, count - first);
            columns.resize(static_cast<std::size_t>(n * d * p));
            m_map->jacobian({z + first * d, static_cast<std::size_t>(n * d)}, columns);
            for (Index i = 0; i < n; ++i) {
                double* out = g + (first + i) * d * d;
                for (Index a = 0; a < d; ++a) {
                    for (Index b = 0; b <= a; ++b) {
                        out[a * d + b] = out[b * d + a] = dot(columns.data() + (i * d + a) * p,
                                                              columns.data() + (i * d + b) * p, p);
                    }
                }
            }
        }
    }
    void forms(const double* z, const double* v, Index count, double* value,
               double* slope) const override {
        const Index d = dim(), p = m_map->outputs();
        std::vector<double> speed;
        for (Index first = 0; first < count; first += kBlock) {
            const Index n = std::min(kBlock, count - first);
            const auto total = static_cast<std::size_t>(n * d);
            const std::span<const double> at(z + first * d, total), by(v + first * d, total);
            if (slope == nullptr) {
                speed.resize(static_cast<std::size_t>(n * p));
                m_map->jvp(at, by, speed);
                for (Index i = 0; i < n; ++i) {
                    value[first + i] = dot(speed.data() + i * p, speed.data() + i * p, p);
                }
                continue;
            }
            m_map->differentiate(
                at, by,
                [&](std::span<const double>, std::span<const double> t, std::span<double>,
                    std::span<double> tBar) {
                    for (Index i = 0; i < n; ++i) {
                        value[first + i] = dot(t.data() + i * p, t.data() + i * p, p);
                    }
                    std::ranges::transform(t, tBar.begin(), [](double x) { return 2 * x; });
                },
                {slope + first * d, total});
        }
    }
    void pathSteps(const double* path, Index steps, double* squares, double* slope) const override {
        const auto p = static_cast<std::size_t>(m_map->outputs());
        const auto total = static_cast<std::size_t>((steps + 1) * dim());
        const auto chords = [&](std::span<const double> y, std::span<double> yBar) {
            for (std::size_t k = 0; k < static_cast<std::size_t>(steps); ++k) {
                const double *from = y.data() + k * p, *to = from + p;
                double sum = 0;
                for (std::size_t j = 0; j < p; ++j) {
                    const double gap = to[j] - from[j];
                    sum += gap * gap;
                    if (!yBar.empty()) {
                        yBar[k * p + j] -= 2 * gap;
                        yBar[(k + 1) * p + j] += 2 * gap;
                    }
                }
                squares[k] = sum;
            }
        };
        if (slope == nullptr) {
            std::vector<double> y(static_cast<std::size_t>(steps + 1) * p);
            m_map->value({path, total}, y);
            chords(y, {});
            return;
        }
        m_map->differentiate({path, total}, {},
                             [&](std::span<const double> y, std::span<const double>,
                                 std::span<double> yBar, std::span<double>) { chords(y, yBar); },
                             {slope, total});
    }

private:
    static double dot(const double* a, const double* b, Index n) {
        // Four sums side by side: one alone would wait for every addition.
        double s[4] = {0, 0, 0, 0};
        Index i = 0;
        for (; i + 4 <= n; i += 4) {
            for (Index k = 0; k < 4; ++k) {
                s[k] += a[i + k] * b[i + k];
            }
        }
        for (; i < n; ++i) {
            s[0] += a[i] * b[i];
        }
        return (s[0] + s[1]) + (s[2] + s[3]);
    }

    SmoothMapPtr m_map;
};

}  // namespace

MetricPtr pullbackMetric(SmoothMapPtr map) {
    if (map == nullptr) {
        throw UsageError("a pull-back metric needs a map");
    }
    if (auto smaller = map->isometric()) {
        map = std::move(smaller);
    }
    return std::make_shared<Pullback>(std::move(map));
}

MetricPtr gaussianPullback(const SmoothMapPtr& mean, const SmoothMapPtr& sigma) {
    return pullbackMetric(sigma == nullptr ? mean : stackedMap({mean, sigma}));
}

MetricPtr bernoulliPullback(SmoothMapPtr probabilities, double clamp) {
    return pullbackMetric(bernoulliAngle(std::move(probabilities), clamp));
}

}  // namespace lx
