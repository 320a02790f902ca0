// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of vector fields against fields whose lines are known.
#include "core/render/flow.h"
#include "core/render/projection.h"
#include "core/render/rasterizer.h"
#include "tests/support/layer_scenes.h"

#include <QtTest>

#include <cmath>
#include <numeric>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Rect kView{-2, -1.5, 2, 1.5};
constexpr Size kSize{400, 300};

template <class F>
FlowField fieldOf(F f, Index side = 65) {
    std::vector<float> vectors;
    for (Index r = 0; r < side; ++r) {
        for (Index c = 0; c < side; ++c) {
            const double x = -2 + 4.0 * static_cast<double>(c) / static_cast<double>(side - 1);
            const double y = -1.5 + 3.0 * static_cast<double>(r) / static_cast<double>(side - 1);
            const auto [u, v] = f(x, y);
            vectors.push_back(static_cast<float>(u));
            vectors.push_back(static_cast<float>(v));
        }
    }
    return {Array({side, side, 2}, vectors), kView};
}

Point2 turning(double x, double y) {
    return {-y, x};
}

/// Smallest distance in pixels between points of different lines.
double closest(const std::vector<Streamline>& lines) {
    const Projection projection(kView, kSize);
    double least = 1e9;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            for (const Point2& p : lines[i].points) {
                for (const Point2& q : lines[j].points) {
                    least = std::min(least, std::hypot(projection.x(p.x) - projection.x(q.x),
                                                       projection.y(p.y) - projection.y(q.y)));
                }
            }
        }
    }
    return least;
}

/// Mean absolute difference between neighbours, across and along x.
std::pair<double, double> roughness(const Array& texture) {
    const Index rows = texture.dim(0), columns = texture.dim(1);
    const auto v = texture.values<float>();
    double along = 0, across = 0;
    for (Index r = 40; r + 41 < rows; ++r) {
        for (Index c = 40; c + 41 < columns; ++c) {
            const auto at = [&](Index y, Index x) {
                return static_cast<double>(v[static_cast<std::size_t>(y * columns + x)]);
            };
            along += std::abs(at(r, c + 1) - at(r, c));
            across += std::abs(at(r + 1, c) - at(r, c));
        }
    }
    return {across, along};
}

}  // namespace

class TestFlow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void valuesAreBilinear() {
        const FlowField field = fieldOf([](double x, double y) { return Point2{x + y, 2 * x}; });
        const auto v = field.at({0.37, -0.81});
        QVERIFY(v && std::abs(v->x + 0.44) < 1e-5 && std::abs(v->y - 0.74) < 1e-5);
        QVERIFY(!field.at({2.1, 0}));
        QVERIFY(!field.at({std::nan(""), 0}));
        QVERIFY(!FlowField{}.problem().empty());
        QVERIFY(streamlines(FlowField{}, {kView, kSize}).empty());
        QVERIFY(arrows(field, {{1, 1, 1, 1}, kSize}).empty());
    }

    void arrowsPointAlongAndNeverOverlap() {
        const FlowField field = fieldOf(turning);
        const auto all = arrows(field, {kView, kSize}, {.spacing = 25});
        QCOMPARE(all.size(), std::size_t{16 * 12});
        const Projection projection(kView, kSize);
        double longest = 0;
        for (const Arrow& arrow : all) {
            const double mx = (arrow.tail.x + arrow.tip.x) / 2,
                         my = (arrow.tail.y + arrow.tip.y) / 2;
            const double dx = arrow.tip.x - arrow.tail.x, dy = arrow.tip.y - arrow.tail.y;
            QVERIFY(std::abs(dx * mx + dy * my) < 1e-6);  // at right angles to the radius
            QVERIFY(-my * dx + mx * dy > 0);              // and downstream
            QVERIFY(std::abs(arrow.magnitude - std::hypot(mx, my)) < 1e-5);
            longest =
                std::max(longest, std::hypot(dx * projection.scaleX(), dy * projection.scaleY()));
        }
        QVERIFY(std::abs(longest - 0.9 * 25) < 1e-6);
        const TrailsLayer layer = arrowTrails(all, {kView, kSize});
        QCOMPARE(problem(layer), std::string());
        QCOMPARE(layer.xy.dim(1), Index{16 * 12});
    }

    void streamlinesOfAWhirlAreCircles() {
        const StreamlineOptions options{.spacing = 20};
        const auto lines = streamlines(fieldOf(turning), {kView, kSize}, options);
        QVERIFY2(lines.size() >= 6, qPrintable(QString::number(lines.size())));
        int closed = 0;
        for (const Streamline& line : lines) {
            const double r = std::hypot(line.points[0].x, line.points[0].y);
            for (const Point2& p : line.points) {
                QVERIFY(std::abs(std::hypot(p.x, p.y) - r) < 0.01);  // one pixel
            }
            closed += line.closed;
        }
        QVERIFY(closed >= 3);
        QVERIFY2(closest(lines) >= 10 - 1e-9, qPrintable(QString::number(closest(lines))));
        // The twin: lines asked for nearer than that do come nearer.
        QVERIFY(closest(streamlines(fieldOf(turning), {kView, kSize}, {.spacing = 8})) < 10);
    }

    void streamlinesFillThePictureEvenly() {
        const auto lines = streamlines({whirl(65, kView), kView}, {kView, kSize}, {.spacing = 16});
        QVERIFY(closest(lines) >= 8 - 1e-9);
        const Projection projection(kView, kSize);
        // Hardly a place is farther from a line than two spacings.
        int empty = 0, places = 0;
        for (int y = 8; y < kSize.height; y += 8) {
            for (int x = 8; x < kSize.width; x += 8) {
                double nearest = 1e9;
                for (const Streamline& line : lines) {
                    for (const Point2& p : line.points) {
                        nearest = std::min(
                            nearest, std::hypot(projection.x(p.x) - x, projection.y(p.y) - y));
                    }
                }
                ++places;
                empty += nearest > 32;
            }
        }
        QVERIFY2(empty * 50 < places, qPrintable(QString("%1 of %2").arg(empty).arg(places)));
        const auto again = streamlines({whirl(65, kView), kView}, {kView, kSize}, {.spacing = 16});
        QCOMPARE(again.size(), lines.size());
        QCOMPARE(again.back().points.back(), lines.back().points.back());
        QCOMPARE(problem(streamlineTrails(lines)), std::string());
    }

    void linesEndWhereTheFieldDoes() {
        const FlowField half = fieldOf(
            [](double x, double) { return x > 0 ? Point2{std::nan(""), 0} : Point2{1, 0}; });
        const auto lines = streamlines(half, {kView, kSize});
        QVERIFY(!lines.empty());
        for (const Streamline& line : lines) {
            for (const Point2& p : line.points) {
                QVERIFY(p.x <= 0);
            }
        }
        QVERIFY(
            streamlines(fieldOf([](double, double) { return Point2{}; }), {kView, kSize}).empty());
    }

    void textureIsSmoothAlongTheField() {
        const FlowView view{kView, {200, 150}};
        const FlowField right = fieldOf([](double, double) { return Point2{1, 0}; });
        const FlowField up = fieldOf([](double, double) { return Point2{0, 1}; });
        const Array a = lineIntegralTexture(right, view), b = lineIntegralTexture(up, view);
        const auto [acrossA, alongA] = roughness(a);
        const auto [acrossB, alongB] = roughness(b);
        QVERIFY2(acrossA > 3 * alongA, qPrintable(QString("%1 %2").arg(acrossA).arg(alongA)));
        QVERIFY(alongB > 3 * acrossB);
        const auto v = a.values<float>();
        const double mean =
            std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
        QVERIFY(std::abs(mean - 0.5) < 0.03);
    }

    void textureMovesAndReturns() {
        const FlowView view{kView, {200, 150}};
        const FlowField right = fieldOf([](double, double) { return Point2{1, 0}; });
        TextureOptions options;
        const Array start = lineIntegralTexture(right, view, options);
        options.phase = 1;
        const Array end = lineIntegralTexture(right, view, options);
        double loop = 0;
        for (std::size_t i = 0; i < start.values<float>().size(); ++i) {
            loop = std::max(loop, std::abs(static_cast<double>(start.values<float>()[i]) -
                                           end.values<float>()[i]));
        }
        QVERIFY(loop < 1e-4);
        // After a quarter of the period the pattern has moved to the right, downstream.
        options.phase = 0.25;
        const Array later = lineIntegralTexture(right, view, options);
        const auto match = [&](Index shift) {
            double sum = 0;
            for (Index r = 20; r < 130; ++r) {
                for (Index c = 40; c < 160; ++c) {
                    sum += (start.values<float>()[static_cast<std::size_t>(r * 200 + c)] - 0.5) *
                           (later.values<float>()[static_cast<std::size_t>(r * 200 + c + shift)] -
                            0.5);
                }
            }
            return sum;
        };
        QVERIFY2(match(3) > match(-3) && match(3) > 0,
                 qPrintable(QString("%1 %2").arg(match(3)).arg(match(-3))));
    }
};

QTEST_GUILESS_MAIN(TestFlow)
#include "tst_flow.moc"
