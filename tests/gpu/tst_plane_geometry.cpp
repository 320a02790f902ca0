// SPDX-License-Identifier: GPL-3.0-or-later
// Contours, ellipses, arrow heads, thumbnails and made layers against closed forms.
#include "core/base/error.h"
#include "core/render/iso_lines.h"
#include "core/render/layer_maker.h"
#include "core/render/palette.h"
#include "core/render/rasterizer.h"
#include "core/render/thumbnails.h"
#include "core/render/value_scale.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Rect kPlace{-2, -1.5, 2, 1.5};

double radius(double x, double y) {
    return std::hypot(x, y);
}

/// Largest distance of the lines' points from the circle of that radius.
double worstFromCircle(const std::vector<IsoLine>& lines, double level) {
    double worst = 0;
    for (const IsoLine& line : lines) {
        for (const Point2& p : line.points) {
            worst = std::max(worst, std::abs(radius(p.x, p.y) - level));
        }
    }
    return worst;
}

bool overlap(const Rect& a, const Rect& b) {
    return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

}  // namespace

class TestPlaneGeometry : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void circlesAreClosedAndInPlace() {
        const Array values = field(129, kPlace, radius);
        const double levels[] = {0.5, 1.0, 1.4};
        const auto lines = isoLines(values, kPlace, levels);
        QCOMPARE(lines.size(), std::size_t{3});
        for (std::size_t k = 0; k < 3; ++k) {
            QVERIFY(lines[k].closed);
            QCOMPARE(lines[k].level, levels[k]);
            QVERIFY(worstFromCircle({lines[k]}, levels[k]) < 1e-3);
            const double length = lengthOf(lines[k].points);
            QVERIFY(std::abs(length / (2 * std::numbers::pi * levels[k]) - 1) < 0.01);
            // Higher ground, outside, lies to the right: the line runs counter-clockwise.
            double area = 0;
            for (std::size_t i = 0; i < lines[k].points.size(); ++i) {
                const Point2 a = lines[k].points[i];
                const Point2 b = lines[k].points[(i + 1) % lines[k].points.size()];
                area += (a.x * b.y - b.x * a.y) / 2;
            }
            QVERIFY(std::abs(area - std::numbers::pi * levels[k] * levels[k]) < 0.02);
        }
        // The twin: a level moved by one part in a hundred is told apart.
        QVERIFY(worstFromCircle(isoLines(values, kPlace, std::vector{1.01}), 1.0) > 9e-3);
    }

    void linesEndAtTheBorderAndAtHoles() {
        const Array ramp = field(17, kPlace, [](double x, double) { return x; });
        auto lines = isoLines(ramp, kPlace, std::vector{0.3});
        QCOMPARE(lines.size(), std::size_t{1});
        QVERIFY(!lines[0].closed);
        QVERIFY(std::abs(lengthOf(lines[0].points) - 3) < 1e-9);
        for (const Point2& p : lines[0].points) {
            QVERIFY(std::abs(p.x - 0.3) < 1e-6);
        }
        const Array holed = field(
            17, kPlace, [](double x, double y) { return std::abs(y) < 0.2 ? std::nan("") : x; });
        lines = isoLines(holed, kPlace, std::vector{0.3});
        QCOMPARE(lines.size(), std::size_t{2});
        QVERIFY(isoLines(ramp, kPlace, std::vector{5.0, std::nan("")}).empty());
        QVERIFY(
            isoLines(field(17, kPlace, [](double, double) { return 1; }), kPlace, std::vector{1.0})
                .empty());
        QVERIFY_EXCEPTION_THROWN(isoLines(Array({3}, std::vector<float>(3)), kPlace, {}),
                                 UsageError);
    }

    void saddlesFollowTheBilinearSurface() {
        // Corners 1 on one diagonal, 0 on the other; the value at the saddle is 1/2.
        const Array cell({2, 2}, std::vector<float>{1, 0, 0, 1});
        const Rect unit{0, 0, 1, 1};
        for (const double level : {0.4, 0.6}) {
            const auto lines = isoLines(cell, unit, std::vector{level});
            QCOMPARE(lines.size(), std::size_t{2});
            for (const IsoLine& line : lines) {
                QCOMPARE(line.points.size(), std::size_t{2});
                // Below the saddle the high corners are joined: lines cut off the low corners,
                // which lie at (1, 0) and (0, 1); above it they cut off the high ones.
                const Point2 a = line.points[0], b = line.points[1];
                const double mx = (a.x + b.x) / 2, my = (a.y + b.y) / 2;
                const bool nearLow = (mx > 0.5) != (my > 0.5);
                QCOMPARE(nearLow, level < 0.5);
            }
        }
    }

    void pixelLinesAndCurvesAgree() {
        GridLayer layer;
        layer.place = kPlace;
        layer.values = field(65, kPlace, radius);
        layer.high = 2;
        layer.map.stops = {{0, 0, 0, 1}};
        layer.isoLevels = {1.0};
        layer.isoColor = {1, 1, 1, 1};
        layer.isoWidth = 1;
        Scene scene;
        scene.view = kPlace;
        scene.layers = {layer};
        const Size size{400, 300};
        const Image image = rasterize(scene, size);
        const Projection projection(kPlace, size);
        const auto curves = isoLines(layer);
        const auto brightness = [&](Point2 p) {
            return pixel(image, static_cast<int>(projection.x(p.x)),
                         static_cast<int>(projection.y(p.y)))
                .g;
        };
        for (const Point2& p : curves.at(0).points) {
            QVERIFY(brightness(p) > 0.2F);
            QVERIFY(brightness({p.x * 1.04, p.y * 1.04}) < 0.05F);
        }
    }

    void labelsLieOnTheirLines() {
        GridLayer layer;
        layer.place = kPlace;
        layer.values = field(65, kPlace, [](double x, double y) { return x + 0.3 * y; });
        layer.isoLevels = {-1, 0, 1};
        const auto lines = isoLines(layer);
        const Size size{640, 480};
        const auto labels = isoLabels(lines, kPlace, size, 40);
        QCOMPARE(labels.size(), std::size_t{3});
        for (const IsoLabel& label : labels) {
            QVERIFY(std::abs(label.at.x + 0.3 * label.at.y - label.level) < 1e-5);
            // The line's direction is (-0.3, 1), on a picture with square units.
            QVERIFY(std::abs(std::abs(std::tan(label.angle)) - 1 / 0.3) < 0.01);
        }
        const double small[] = {0.05};
        const Array circle = field(129, kPlace, radius);
        QVERIFY(isoLabels(isoLines(circle, kPlace, small), kPlace, size, 40).empty());
    }

    void ellipsesOfMatrices() {
        // Half axes 3 and 1/2, turned by 30 degrees.
        const double c = std::cos(std::numbers::pi / 6), s = std::sin(std::numbers::pi / 6);
        const double xx = 9 * c * c + 0.25 * s * s, yy = 9 * s * s + 0.25 * c * c,
                     xy = (9 - 0.25) * c * s;
        const auto a = ellipseOfCovariance(xx, xy, yy, 2);
        QVERIFY(a);
        const HalfAxes axes = halfAxes(*a);
        QVERIFY(std::abs(axes.major - 6) < 1e-12 && std::abs(axes.minor - 1) < 1e-12);
        QVERIFY(std::abs(axes.angle - std::numbers::pi / 6) < 1e-12);
        const auto indicatrix = ellipseOfMetric(xx, xy, yy, 0.3);
        for (const Point2& v : ellipsePoints({0, 0}, *indicatrix, 50)) {
            QVERIFY(std::abs(xx * v.x * v.x + 2 * xy * v.x * v.y + yy * v.y * v.y - 0.09) < 1e-12);
        }
        QVERIFY(!ellipseOfCovariance(1, 2, 1, 1));
        QVERIFY(!ellipseOfMetric(0, 0, 0, 1));
        QVERIFY(!ellipseOfMetric(std::nan(""), 0, 1, 1));
    }

    void ticksAreEquallyFarApart() {
        std::vector<Point2> arc;  // a quarter of a circle in uneven steps
        for (int i = 0; i <= 2000; ++i) {
            const double angle = std::numbers::pi / 2 * std::pow(i / 2000.0, 2);
            arc.push_back({std::cos(angle), std::sin(angle)});
        }
        const auto ticks = equalTicks(arc, 8);
        QCOMPARE(ticks.size(), std::size_t{8});
        for (std::size_t k = 0; k < 8; ++k) {
            const double angle = std::numbers::pi / 2 * static_cast<double>(k + 1) / 9;
            QVERIFY(std::hypot(ticks[k].at.x - std::cos(angle), ticks[k].at.y - std::sin(angle)) <
                    1e-5);
            QVERIFY(std::abs(ticks[k].direction.x + std::sin(angle)) < 2e-3);
        }
        const Point2 still[] = {{1, 1}, {1, 1}};
        QVERIFY(equalTicks(still, 3).empty());
        QVERIFY(!arrowHead(still, 5, 5));
        const Point2 line[] = {{0, 0}, {3, 4}};
        const auto head = arrowHead(line, 2.5, 2);
        QVERIFY(head);
        QCOMPARE((*head)[1], (Point2{3, 4}));
        QVERIFY(std::abs((*head)[0].x - (1.5 - 0.8)) < 1e-12);
        QVERIFY(std::abs((*head)[0].y - (2 + 0.6)) < 1e-12);
        QVERIFY(std::abs((*head)[2].x - (1.5 + 0.8)) < 1e-12);
        // A hook of a hundredth of the length does not turn the head.
        const Point2 hooked[] = {{0, 0}, {10, 0}, {10, 0.01}};
        const auto steady = arrowHead(hooked, 2, 2);
        QVERIFY(std::abs((*steady)[0].x - 8) < 0.02);
    }

    void thumbnailsStayApartAndStay() {
        const Array xy = normals(4000, 9, 0.6F);
        ThumbnailPyramid pyramid(xy);
        const Size size{640, 480};
        std::set<Index> before, first;
        std::size_t coarse = 0, fine = 0;
        for (int zoom = 0; zoom <= 6; ++zoom) {
            const double half = 2 * std::exp2(-0.5 * zoom);
            const Rect view{0.1 - half, 0.05 - 0.75 * half, 0.1 + half, 0.05 + 0.75 * half};
            const auto chosen = pyramid.choose(view, size, 32);
            std::set<Index> now;
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                now.insert(chosen[i].index);
                for (std::size_t j = 0; j < i; ++j) {
                    QVERIFY(!overlap(chosen[i].place, chosen[j].place));
                }
                const double side = (chosen[i].place.x1 - chosen[i].place.x0) / (2 * half) * 640;
                QVERIFY(std::abs(side - 32) < 1e-6);
            }
            for (const Index index : before) {  // still in the view, still shown
                const float* p = xy.values<float>().data() + 2 * index;
                if (p[0] >= view.x0 && p[0] <= view.x1 && p[1] >= view.y0 && p[1] <= view.y1) {
                    QVERIFY(now.contains(index));
                }
            }
            before = now;
            first = zoom == 0 ? now : first;
            fine = now.size();
            coarse = static_cast<std::size_t>(
                std::ranges::count_if(now, [&](Index i) { return first.contains(i); }));
        }
        // In the last view most are new: zooming in shows more.
        QVERIFY(first.size() > 20);
        QVERIFY2(fine > 4 * coarse, qPrintable(QString("%1 of %2").arg(coarse).arg(fine)));
    }

    void thumbnailsBeginAtThePeaks() {
        std::vector<float> xy;
        for (int i = 0; i < 200; ++i) {  // a heap, and a few far away
            xy.push_back(static_cast<float>(0.5 + 0.001 * (i % 14)));
            xy.push_back(static_cast<float>(0.5 + 0.001 * (i / 14)));
        }
        xy.insert(xy.end(), {-3, -3, 3, -3, -3, 3, std::nanf(""), 0});
        ThumbnailPyramid pyramid(Array({204, 2}, xy));
        const auto far = pyramid.choose({-100, -100, 100, 100}, {100, 100}, 20);
        QCOMPARE(far.size(), std::size_t{1});
        QVERIFY(far[0].index < 200);  // the heap wins when there is room for one
        QVERIFY(pyramid.choose({5, 5, 6, 6}, {100, 100}, 20).empty());
        QVERIFY(ThumbnailPyramid(Array({0, 2}, std::vector<float>{}))
                    .choose({0, 0, 1, 1}, {10, 10}, 4)
                    .empty());
        QVERIFY_EXCEPTION_THROWN(ThumbnailPyramid(Array({4}, std::vector<float>(4))), UsageError);
    }

    void differencesAreCentred() {
        GridLayer a, b;
        a.place = b.place = kPlace;
        a.values = field(21, kPlace, [](double x, double y) { return 2 * x + y; });
        b.values = field(11, kPlace, [](double x, double) { return x; });
        const GridLayer d = differenceOf(a, b);
        QCOMPARE(d.low, -d.high);
        QVERIFY(std::abs(d.high - 3.5) < 1e-5);
        for (const Point2 p : {Point2{0.33, -0.2}, Point2{-1.9, 1.4}}) {
            QVERIFY(std::abs(*valueAt(d, p.x, p.y) - (p.x + p.y)) < 1e-5);
        }
        b.place = {-1, -1, 1, 1};
        QVERIFY(!valueAt(differenceOf(a, b), 1.5, 0));
        QVERIFY(differenceOf(a, a).high > 0);
        b.values = {};
        QVERIFY_EXCEPTION_THROWN(differenceOf(a, b), UsageError);
    }

    void scalesAreInvertible() {
        const ValueRange ranges[] = {
            {-3, 5}, {5, -3}, {0.01, 1000, Scaling::Log}, {-200, 50, Scaling::SymLog, 0.1}};
        for (const ValueRange& range : ranges) {
            QCOMPARE(problem(range), std::string());
            const ValueScale scale(range);
            for (double t = -0.2; t < 1.3; t += 0.1) {
                QVERIFY(std::abs(scale.place(static_cast<float>(scale.value(t))) - t) < 1e-4);
            }
            QCOMPARE(scale.row(static_cast<float>(range.low)), 0);
            QCOMPARE(scale.row(static_cast<float>(range.high)), 255);
        }
        QVERIFY(std::abs(ValueScale({1, 100, Scaling::Log}).place(10) - 0.5F) < 1e-6F);
        QVERIFY(std::abs(ValueScale({-9, 9, Scaling::SymLog, 1}).place(0) - 0.5F) < 1e-6F);
        QVERIFY(!problem({0, 1, Scaling::Log}).empty());
        QVERIFY(!problem({1, 1}).empty());
        QVERIFY(!problem({0, 1, Scaling::SymLog, 0}).empty());
        QVERIFY(!problem({0, std::nan("")}).empty());
        const Array values({6}, std::vector<float>{5, 1, 3, 1e9F, -2, std::nanf("")});
        QCOMPARE(quantileRange(values, 0, 0.75).low, -2.0);
        QCOMPARE(quantileRange(values, 0, 0.75).high, 5.0);
        QCOMPARE(quantileRange(values, 0, 0.75, Scaling::Log).low, 1.0);
        QVERIFY(problem(quantileRange(Array({2}, std::vector<float>{4, 4}), 0, 1)).empty());
        QVERIFY(problem(quantileRange({}, 0, 1, Scaling::Log)).empty());
    }

    void aMeshOfNodesCoversItsCells() {
        std::vector<float> xy;
        for (int i = 0; i < 12; ++i) {
            xy.insert(xy.end(), {static_cast<float>(i % 4), static_cast<float>(i / 4)});
        }
        const MeshLayer mesh = warpedGrid(Array({3, 4, 2}, xy));
        QCOMPARE(mesh.triangles.dim(0), Index{12});
        QCOMPARE(problem(mesh), std::string());
        const TrailsLayer lines = gridLines(Array({3, 4, 2}, xy), 2);
        QCOMPARE(problem(lines), std::string());
        QCOMPARE(lines.xy.dim(1), Index{5});  // rows 0 and 2, columns 0, 2 and 3
        xy[2] = std::nanf("");
        QCOMPARE(warpedGrid(Array({3, 4, 2}, xy)).triangles.dim(0), Index{8});
        QVERIFY_EXCEPTION_THROWN(warpedGrid(Array({3, 4}, std::vector<float>(12))), UsageError);
        MeshLayer wrong = mesh;
        wrong.triangles = Array({1, 3}, std::vector<Index>{0, 1, 12});
        QVERIFY(!problem(wrong).empty());
    }
};

QTEST_GUILESS_MAIN(TestPlaneGeometry)
#include "tst_plane_geometry.moc"
