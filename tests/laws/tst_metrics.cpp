// SPDX-License-Identifier: GPL-3.0-or-later
// What every map and metric must satisfy. RELIABILITY B9.
#include "tests/laws/geometry_cases.h"

#include "core/base/cholesky.h"
#include "core/geometry/dense/table.h"

#include <QtTest>
#include <algorithm>
#include <numeric>

using namespace lx;
using namespace lx::testing;

namespace {

/// Largest difference between two arrays over the largest number of either.
double apart(const Vector& a, const Vector& b) {
    double gap = 0, size = 1e-300;
    for (std::size_t i = 0; i < a.size(); ++i) {
        gap = std::max(gap, std::abs(a[i] - b[i]));
        size = std::max({size, std::abs(a[i]), std::abs(b[i])});
    }
    return gap / size;
}

/// Worst relative error of the slopes of quadratic forms, of dG, of log det, and of path steps.
double slopeError(const MetricCase& c) {
    const Metric& metric = *c.metric;
    const auto d = static_cast<std::size_t>(metric.dim()), n = c.points.size() / d;
    const Vector v = normals({4, 1}, c.points.size());
    Vector value(n), slope(n * d), tensor(n * d * d * d), logDet(n), logSlope(n * d);
    metric.quadratic(c.points, v, value, slope);
    metric.derivative(c.points, tensor);
    metric.logDet(c.points, logDet, logSlope);
    double worst = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Vector z(c.points.begin() + static_cast<std::ptrdiff_t>(i * d),
                       c.points.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        const Vector w(v.begin() + static_cast<std::ptrdiff_t>(i * d),
                       v.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        Vector expected, given, expectedLog, givenLog;
        for (std::size_t k = 0; k < d; ++k) {
            expected.push_back(difference(
                [&](const Vector& x) {
                    double q = 0;
                    metric.quadratic(x, w, std::span(&q, 1));
                    return q;
                },
                z, k));
            given.push_back(slope[i * d + k]);
            expectedLog.push_back(difference(
                [&](const Vector& x) {
                    double q = 0;
                    metric.logDet(x, std::span(&q, 1));
                    return q;
                },
                z, k));
            givenLog.push_back(logSlope[i * d + k]);
            Vector column, wanted;
            for (std::size_t e = 0; e < d * d; ++e) {
                column.push_back(tensor[(i * d + k) * d * d + e]);
                wanted.push_back(difference(
                    [&](const Vector& x) {
                        Vector g(d * d);
                        metric.at(x, g);
                        return g[e];
                    },
                    z, k));
            }
            if (std::ranges::any_of(wanted, [](double x) { return std::abs(x) > 1e-8; })) {
                worst = std::max(worst, apart(column, wanted));
            }
        }
        const auto flat = [](const Vector& x) {
            return std::ranges::all_of(x, [](double e) { return std::abs(e) < 1e-8; });
        };
        worst = std::max(worst, flat(expected) && flat(given) ? 0 : apart(given, expected));
        worst =
            std::max(worst, flat(expectedLog) && flat(givenLog) ? 0 : apart(givenLog, expectedLog));
    }
    Vector squares(n - 1), pathSlope(n * d), expected;
    metric.steps(c.points, squares, pathSlope);
    for (std::size_t k = 0; k < n * d; ++k) {
        expected.push_back(difference(
            [&](const Vector& x) {
                Vector s(n - 1);
                metric.steps(x, s);
                return std::accumulate(s.begin(), s.end(), 0.0);
            },
            c.points, k));
    }
    return std::max(worst, apart(pathSlope, expected));
}

std::vector<std::pair<dense::Act, double (*)(double)>> units() {
    return {{dense::Act::Linear, [](double x) { return x; }},
            {dense::Act::Tanh, [](double x) { return std::tanh(x); }},
            {dense::Act::Silu, [](double x) { return x / (1 + std::exp(-x)); }},
            {dense::Act::Relu, [](double x) { return std::max(x, 0.0); }},
            {dense::Act::Softplus,
             [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
            {dense::Act::Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
            {dense::Act::Exp, [](double x) { return std::exp(x); }}};
}

}  // namespace

class TestMetrics : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void maps_data() {
        QTest::addColumn<int>("row");
        const auto all = mapCases();
        for (std::size_t i = 0; i < all.size(); ++i) {
            QTest::newRow(all[i].name.c_str()) << static_cast<int>(i);
        }
    }
    /// Jacobian, its transpose, and the derivative of a scalar of (f, J v), against differences.
    void maps() {
        QFETCH(int, row);
        const SmoothMapPtr kept = mapCases()[static_cast<std::size_t>(row)].map;
        const SmoothMap& f = *kept;
        const auto d = static_cast<std::size_t>(f.inputs()),
                   p = static_cast<std::size_t>(f.outputs());
        constexpr std::size_t kRows =
            100;  // more than one block, and the size, as many as the laws of metrics have
        const Vector z = normals({4, 2}, kRows * d, 0.8), v = normals({4, 3}, kRows * d);
        const Vector a = normals({4, 4}, kRows * p), b = normals({4, 5}, kRows * p);
        Vector y(kRows * p), t(kRows * p), again(kRows * p), slope(kRows * d), back(kRows * d);
        Vector columns(kRows * d * p);
        f.value(z, y);
        f.jvp(z, v, t, again);
        QCOMPARE(again, y);
        f.jacobian(z, columns);
        f.vjp(z, a, back);
        // s = sum a y + sum b t + sum y t
        const SmoothMap::Adjoint adjoint = [&](std::span<const double> y0,
                                               std::span<const double> t0, std::span<double> yBar,
                                               std::span<double> tBar) {
            for (std::size_t k = 0; k < y0.size(); ++k) {
                yBar[k] = a[k] + t0[k];
                tBar[k] = b[k] + y0[k];
            }
        };
        f.differentiate(z, v, adjoint, slope);
        const auto scalar = [&](std::size_t i, const Vector& x) {
            Vector y0(p), t0(p);
            f.jvp(x, std::span(v).subspan(i * d, d), t0, y0);
            double sum = 0;
            for (std::size_t k = 0; k < p; ++k) {
                sum += a[i * p + k] * y0[k] + b[i * p + k] * t0[k] + y0[k] * t0[k];
            }
            return sum;
        };
        double forward = 0, reverse = 0;
        std::size_t smooth = 0;
        for (std::size_t i = 0; i < kRows; ++i) {
            const Vector at(z.begin() + static_cast<std::ptrdiff_t>(i * d),
                            z.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
            Vector along(p), given(p), expected, got, finer;
            double rowForward = 0, kink = 0;
            for (std::size_t k = 0; k < d; ++k) {
                Vector column, wanted, fine;
                for (std::size_t o = 0; o < p; ++o) {
                    column.push_back(columns[(i * d + k) * p + o]);
                    along[o] += column.back() * v[i * d + k];
                    given[o] = t[i * p + o];
                    const auto output = [&](const Vector& x) {
                        Vector y0(p);
                        f.value(x, y0);
                        return y0[o];
                    };
                    wanted.push_back(difference(output, at, k, 1e-4));
                    fine.push_back(difference(output, at, k, 5e-5));
                }
                rowForward = std::max(rowForward, apart(column, wanted));
                kink = std::max(kink, apart(fine, wanted));
                const auto sum = [&](const Vector& x) { return scalar(i, x); };
                expected.push_back(difference(sum, at, k, 1e-4));
                finer.push_back(difference(sum, at, k, 5e-5));
                got.push_back(slope[i * d + k]);
                const double dot =
                    std::inner_product(column.begin(), column.end(),
                                       a.begin() + static_cast<std::ptrdiff_t>(i * p), 0.0);
                QVERIFY(std::abs(dot - back[i * d + k]) < 1e-10 * (1 + std::abs(dot)));
            }
            QVERIFY(apart(along, given) < 1e-12);
            kink = std::max(kink, apart(finer, expected));
            if (kink > 1e-6) {
                continue;  // a rectifier's kink within the step: differences disagree themselves
            }
            ++smooth;
            forward = std::max(forward, rowForward);
            reverse = std::max(reverse, apart(got, expected));
        }
        const bool rectified = mapCases()[static_cast<std::size_t>(row)].name.ends_with("relu");
        QVERIFY2(smooth >= (rectified ? 85 : kRows), qPrintable(QString::number(smooth)));
        qInfo("jacobian %.1e, second order %.1e", forward, reverse);
        QVERIFY(forward < 1e-8);
        QVERIFY(reverse < 1e-7);
        // Broken twin: the tangent of the neighbour's row.
        f.jvp(z, v, t, again);
        f.jacobian(z, columns);
        double twin = 0;
        for (std::size_t i = 0; i + 1 < kRows; ++i) {
            Vector along(p), other(p);
            for (std::size_t o = 0; o < p; ++o) {
                for (std::size_t k = 0; k < d; ++k) {
                    along[o] += columns[(i * d + k) * p + o] * v[i * d + k];
                }
                other[o] = t[(i + 1) * p + o];
            }
            twin = std::max(twin, apart(along, other));
        }
        QVERIFY(twin > 1e-3);
    }

    /// The panels of the matrix product against three plain loops, in both precisions.
    void networkIsWhatItSays() {
        const auto net = layers({4, 6}, 3, {33, 17, 5}, {Unit::Silu, Unit::Tanh, Unit::Sigmoid});
        const Vector z = normals({4, 7}, 3 * 131, 2);
        Vector expected;
        for (std::size_t i = 0; i < 131; ++i) {
            Vector in(z.begin() + static_cast<std::ptrdiff_t>(3 * i),
                      z.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
            for (const DenseLayer& layer : net) {
                Vector out;
                for (std::size_t o = 0; o < layer.bias.size(); ++o) {
                    double sum = layer.bias[o];
                    for (std::size_t k = 0; k < in.size(); ++k) {
                        sum += static_cast<double>(layer.weight[o * in.size() + k]) * in[k];
                    }
                    const double s = 1 / (1 + std::exp(-sum));
                    out.push_back(layer.unit == Unit::Silu   ? sum * s
                                  : layer.unit == Unit::Tanh ? std::tanh(sum)
                                                             : s);
                }
                in = out;
            }
            expected.insert(expected.end(), in.begin(), in.end());
        }
        Vector whole(expected.size()), single(expected.size());
        mlpMap(3, net)->value(z, whole);
        mlpMap(3, net, Precision::Single)->value(z, single);
        QVERIFY(apart(whole, expected) < 1e-14);
        QVERIFY(apart(single, expected) < 1e-6);
        QVERIFY(apart(single, expected) > 0);
    }

    /// Every instruction set that this machine has computes the same units and products; level's
    /// derivatives against differences of the unit itself.
    void everyLevelAgrees() {
        const dense::Table* all[3];
        const int count = dense::usableTables(all);
        QVERIFY(all[count - 1] == &dense::kBaseline);
        constexpr std::int64_t kRows = 19, kInner = 11, kWide = 96;  // a multiple of all panels
        const Vector a = normals({4, 11}, kRows * kInner, 3), b = normals({4, 12}, kInner * kWide);
        const Vector bias = normals({4, 13}, kWide);
        for (int level = 0; level < count; ++level) {
            const auto& math = all[level]->whole;
            QVERIFY(kWide % math.panel == 0 && kWide % all[level]->single.panel == 0);
            Vector packed(b.size()), c(kRows * kWide), plain(c.size());
            for (std::int64_t k = 0; k < kInner; ++k) {
                for (std::int64_t j = 0; j < kWide; ++j) {
                    packed[static_cast<std::size_t>((j / math.panel * kInner + k) * math.panel +
                                                    j % math.panel)] =
                        b[static_cast<std::size_t>(k * kWide + j)];
                    for (std::int64_t r = 0; r < kRows; ++r) {
                        plain[static_cast<std::size_t>(r * kWide + j)] +=
                            a[static_cast<std::size_t>(r * kInner + k)] *
                            b[static_cast<std::size_t>(k * kWide + j)];
                    }
                }
            }
            math.product(kRows, kWide, kInner, a.data(), packed.data(), c.data());
            QVERIFY2(apart(c, plain) < 1e-14, all[level]->name);
            for (const auto& [act, f] : units()) {
                Vector h = c, first(c.size()), second(c.size());
                math.activate(act, kRows, kWide, bias.data(), h.data(), first.data(),
                              second.data());
                std::vector<float> single(c.begin(), c.end());
                const std::vector<float> shift(bias.begin(), bias.end());
                all[level]->single.activate(act, kRows, kWide, shift.data(), single.data(), nullptr,
                                            nullptr);
                for (std::size_t i = 0; i < c.size(); ++i) {
                    const double x = c[i] + bias[i % kWide], y = f(x);
                    const double step = 1e-4 * (1 + std::abs(x));
                    QVERIFY(std::abs(h[i] - y) <= 2e-14 * (1e-3 + std::abs(y)));
                    QVERIFY(std::abs(static_cast<double>(single[i]) - y) <=
                            2e-5 * (1e-1 + std::abs(y)));
                    if (act == dense::Act::Relu && std::abs(x) < 4 * step) {
                        continue;
                    }
                    const auto of = [&](const Vector& at) { return f(at[0]); };
                    const double slope = difference(of, {x}, 0, step);
                    QVERIFY(std::abs(first[i] - slope) <= 1e-8 * (1 + std::abs(y)));
                    const double bend = (f(x + step) - 2 * y + f(x - step)) / (step * step);
                    QVERIFY(std::abs(second[i] - bend) <= 1e-4 * (1 + std::abs(y)));
                }
            }
        }
        qInfo("%d levels, best %s", count, all[0]->name);
    }

    /// A folded last layer keeps every length.
    void isometricMapKeepsLengths() {
        const auto wide = smallDecoder(Unit::Tanh, Unit::Linear);
        const auto narrow = wide->isometric();
        QVERIFY(narrow != nullptr);
        QCOMPARE(narrow->outputs(), Index{24});
        QVERIFY(smallDecoder(Unit::Tanh, Unit::Sigmoid)->isometric() == nullptr);
        QVERIFY(smallDecoder(Unit::Tanh, Unit::Linear, 2, 9)->isometric() == nullptr);
        const Vector z = normals({4, 8}, 40);
        Vector a(20 * 37), b(20 * 24);
        wide->value(z, a);
        narrow->value(z, b);
        for (std::size_t i = 1; i < 20; ++i) {
            double left = 0, right = 0;
            for (std::size_t k = 0; k < 37; ++k) {
                left += std::pow(a[i * 37 + k] - a[k], 2);
            }
            for (std::size_t k = 0; k < 24; ++k) {
                right += std::pow(b[i * 24 + k] - b[k], 2);
            }
            QVERIFY(std::abs(left / right - 1) < 1e-5);
        }
    }

    void metrics_data() {
        QTest::addColumn<int>("row");
        const auto all = metricCases();
        for (std::size_t i = 0; i < all.size(); ++i) {
            QTest::newRow(all[i].name.c_str()) << static_cast<int>(i);
        }
    }
    void metrics() {
        QFETCH(int, row);
        const MetricCase c = metricCases()[static_cast<std::size_t>(row)];
        const auto d = static_cast<std::size_t>(c.metric->dim()), n = c.points.size() / d;
        const Vector u = normals({4, 9}, c.points.size()), v = normals({4, 10}, c.points.size());
        Vector g(n * d * d), value(n), l(d * d);
        c.metric->at(c.points, g);
        c.metric->quadratic(c.points, v, value);
        for (std::size_t i = 0; i < n; ++i) {
            const auto m = std::span<const double>(g).subspan(i * d * d, d * d);
            QVERIFY(choleskyInto(m, d, l));
            double uv = 0, vv = 0;
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b < d; ++b) {
                    QVERIFY(m[a * d + b] == m[b * d + a]);
                    uv += u[i * d + a] * m[a * d + b] * v[i * d + b];
                    vv += v[i * d + a] * m[a * d + b] * v[i * d + b];
                }
            }
            const auto part = [&](const Vector& x) { return std::span(x).subspan(i * d, d); };
            const double given = c.metric->inner(part(c.points), part(u), part(v));
            QVERIFY(std::abs(given - uv) < 1e-10 * (1 + std::abs(uv)));
            QVERIFY(std::abs(value[i] / vv - 1) < 1e-10);
        }
        const double error = slopeError(c);
        qInfo("slopes %.1e", error);
        QVERIFY(error < 1e-6);
        // Broken twin: slopes of one half, where there are slopes.
        if (c.name != "euclidean" && c.name != "constant") {
            QVERIFY(slopeError({c.name, std::make_shared<WrongSlope>(c.metric), c.points}) > 1e-3);
        }
        // A small enough step is as long as the metric says.
        Vector path(2 * d), square(1);
        for (std::size_t k = 0; k < d; ++k) {
            path[k] = c.points[k];
            path[d + k] = c.points[k] + 1e-4 * v[k];
        }
        c.metric->steps(path, square);
        QVERIFY(std::abs(square[0] / (1e-8 * value[0]) - 1) < 1e-2);
    }

    void outsideTheChart() {
        const auto disc = poincareMetric();
        double value = 0;
        Vector slope{1, 1}, g(4);
        const Vector out{0.9, 0.9}, v{1, 0}, nan{std::nan(""), 0};
        disc->quadratic(out, v, std::span(&value, 1), slope);
        QVERIFY(std::isinf(value) && slope[0] == 0 && slope[1] == 0);
        disc->at(nan, g);
        QVERIFY(std::isinf(g[0]) && std::isinf(g[3]) && g[1] == 0);
        QVERIFY(!disc->inside(out) && !disc->inside(nan));
        QVERIFY_EXCEPTION_THROWN(disc->at(Vector{1, 2, 3}, g), UsageError);
        QVERIFY_EXCEPTION_THROWN(constantMetric({1, 2, 2, 1}, 2), UsageError);
        QVERIFY_EXCEPTION_THROWN(constantMetric({1, 0.1, 0.2, 1}, 2), UsageError);
        QVERIFY_EXCEPTION_THROWN(mlpMap(2, {{{1, 2, 3}, {0}, Unit::Linear}}), UsageError);
    }

    /// The other chart of the sphere is an isometry.
    void chartsAgree() {
        const auto sphere = sphereMetric(3);
        Vector z{1.2, -0.9, 0.4}, v{0.3, 0.7, -0.2};
        const double before = sphere->inner(z, v, v);
        const Vector kept = z;
        QVERIFY(sphere->changeChart(z, v));
        QVERIFY(std::abs(sphere->inner(z, v, v) - before) < 1e-14);
        QVERIFY(!sphere->changeChart(z, v));
        QVERIFY(sphere->changeChart(z, v, true));
        QVERIFY(apart(z, kept) < 1e-14);
    }

    /// SYSTEMS 9 [C]: for a linear decoder the posterior's precision is W'W / s^2 + I, so the
    /// encoder metric at a code, whose window is wide, is the pull-back plus the identity.
    void linearGaussian() {
        const Vector w{1.2, 0, 0,
                       0.5, 0, 0.9};  // columns at right angles: the posterior is diagonal
        std::vector<float> weight(6);
        constexpr double kSd = 0.4;
        for (std::size_t k = 0; k < 6; ++k) {
            weight[k] = static_cast<float>(w[k] / kSd);
        }
        const auto pulled = gaussianPullback(mlpMap(2, {{weight, {0, 0, 0}, Unit::Linear}}));
        const Vector precision{w[0] * w[0] / (kSd * kSd) + 1,
                               (w[3] * w[3] + w[5] * w[5]) / (kSd * kSd) + 1};
        EncoderMetricParts parts;
        parts.dim = 2;
        parts.means = {0.3, -0.2};
        parts.variances = {1 / precision[0], 1 / precision[1]};
        parts.rho = 1e4;
        parts.lambda = 1e-9;
        Vector a(4), b(4);
        encoderMetric(parts)->at(parts.means, a);
        pulled->at(parts.means, b);
        for (const std::size_t k : {std::size_t{0}, std::size_t{3}}) {
            QVERIFY(std::abs(a[k] - (b[k] + 1)) < 1e-5 * a[k]);
        }
        QVERIFY(a[1] == 0 && std::abs(b[1]) < 1e-12);
        QVERIFY(std::abs(a[0] - b[0]) > 0.5);  // the identity is not nothing
    }

    /// Part A is large at the data and part C small: the sentence of the registry.
    void oppositeMetrics() {
        const auto a = encoderParts(2, 7);
        const auto c = rhvaeParts(2, 7);
        Vector far{40, 40}, value(1), away(1);
        encoderMetric(a)->logDet(std::span(a.means).first(2), value);
        encoderMetric(a)->logDet(far, away);
        QVERIFY(value[0] > away[0] + 2);
        rhvaeMetric(c)->logDet(std::span(c.centres).first(2), value);
        rhvaeMetric(c)->logDet(far, away);
        QVERIFY(value[0] < away[0] - 2);
    }
};

QTEST_GUILESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
