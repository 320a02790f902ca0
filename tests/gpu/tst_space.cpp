// SPDX-License-Identifier: GPL-3.0-or-later
// The pure parts of three-dimensional pictures against closed forms and brute force.
#include "core/base/philox.h"
#include "core/render/axes_box.h"
#include "core/render/chart.h"
#include "core/render/pick3.h"
#include "core/render/space_geometry.h"
#include "tests/support/space_support.h"

#include <QtTest>

#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::render;
using namespace lx::render::test;

namespace {

constexpr Size kSize{640, 400};
constexpr double kPi = std::numbers::pi;

bool close(double a, double b, double tolerance = 1e-9) {
    return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}
bool close(Vec3 a, Vec3 b, double tolerance = 1e-9) {
    return norm(a - b) <= tolerance;
}

std::vector<Camera> cameras() {
    std::vector<Camera> out;
    for (const Lens lens : {Lens::Perspective, Lens::Orthographic}) {
        for (const double azimuth : {-2.0, 0.3, 3.1}) {
            for (const double elevation : {-1.2, 0.0, 0.7, kPi / 2}) {
                Camera camera;
                camera.lens = lens;
                camera.azimuth = azimuth;
                camera.elevation = elevation;
                camera.target = {0.1, -0.05, 0.07};
                out.push_back(camera);
            }
        }
    }
    return out;
}

/// First hit of every triangle of a surface, by trying all of them: Moller and Trumbore.
double bruteForce(const Space& space, const Surface3& surface, Size size, double px, double py) {
    const Projection3 projection(space.camera, size, space.box.radius());
    const auto ray = projection.ray(px, py);
    const Index rows = surface.values.dim(0), columns = surface.values.dim(1);
    double best = INFINITY;
    const auto corner = [&](Index r, Index c) {
        const double x = surface.place.x0 + (surface.place.x1 - surface.place.x0) *
                                                static_cast<double>(c) /
                                                static_cast<double>(columns - 1);
        const double y = surface.place.y0 + (surface.place.y1 - surface.place.y0) *
                                                static_cast<double>(r) /
                                                static_cast<double>(rows - 1);
        const double z = surface.values.values<float>()[static_cast<std::size_t>(r * columns + c)];
        return space.box.toWorld(x, y, std::clamp(z, space.box.low[2], space.box.high[2]));
    };
    const auto meet = [&](Vec3 a, Vec3 b, Vec3 c) {
        const Vec3 u = b - a, v = c - a, p = cross(ray.along, v);
        const double det = dot(u, p);
        const Vec3 s = ray.from - a;
        const double m = dot(s, p) / det;
        const Vec3 q = cross(s, u);
        const double n = dot(ray.along, q) / det, t = dot(v, q) / det;
        if (m >= 0 && n >= 0 && m + n <= 1 && t > 0) {
            best = std::min(best, projection.map(ray.from + t * ray.along).w);
        }
    };
    for (Index r = 0; r + 1 < rows; ++r) {
        for (Index c = 0; c + 1 < columns; ++c) {
            meet(corner(r, c), corner(r, c + 1), corner(r + 1, c));
            meet(corner(r, c + 1), corner(r + 1, c), corner(r + 1, c + 1));
        }
    }
    return best;
}

}  // namespace

class TestSpace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void framesAreRightHanded() {
        for (const Camera& c : cameras()) {
            QVERIFY(close(norm(c.right()), 1) && close(norm(c.up()), 1) &&
                    close(norm(c.back()), 1));
            QVERIFY(close(cross(c.right(), c.up()), c.back()));
            QVERIFY(c.up().z >= -1e-12);  // never upside down
        }
        Camera c;
        c.azimuth = 0;
        c.elevation = 0;
        QVERIFY(close(c.back(), {1, 0, 0}));
        QVERIFY(close(c.right(), {0, 1, 0}));
        QVERIFY(close(c.up(), {0, 0, 1}));
    }

    void projectionHasTheClosedForm() {
        Camera c;
        c.azimuth = c.elevation = 0;
        c.distance = 4;
        c.fieldOfView = kPi / 2;  // half the height is one distance
        const Projection3 perspective(c, kSize, 1);
        // A point one unit before the target, 0.5 to the right and 0.25 up: w = 3, focal = 200.
        const auto p = perspective.map({1, 0.5, 0.25});
        QVERIFY(close(p.w, 3));
        QVERIFY(close(p.x, 320 + 200 * 0.5 / 3));
        QVERIFY(close(p.y, 200 - 200 * 0.25 / 3));
        c.lens = Lens::Orthographic;
        const auto q = Projection3(c, kSize, 1).map({1, 0.5, 0.25});
        QVERIFY(close(q.x, 320 + 200 * 0.5 / 4));
        QVERIFY(close(q.y, 200 - 200 * 0.25 / 4));
        QVERIFY(!close(q.x, p.x, 1e-3));
        // Depth grows with distance within [0, 1] and is affine on the screen.
        for (const Camera& camera : cameras()) {
            const Projection3 projection(camera, kSize, 0.9);
            const Vec3 a{0.3, -0.2, 0.1}, b{-0.25, 0.3, -0.2};
            const auto pa = projection.map(a), pb = projection.map(b);
            QCOMPARE(pa.z < pb.z, pa.w < pb.w);
            QVERIFY(projection.sees(pa) && projection.sees(pb));
            // The world point under the middle of the two pixels, on the line between them.
            const double share = projection.perspective() ? pa.w / (pa.w + pb.w) : 0.5;
            const auto pm = projection.map(a + share * (b - a));
            QVERIFY(close(pm.x, (pa.x + pb.x) / 2, 1e-7));
            QVERIFY(close(pm.z, (pa.z + pb.z) / 2, 1e-7));
        }
    }

    void unmappingInvertsMapping() {
        for (const Camera& camera : cameras()) {
            const Projection3 projection(camera, kSize, 0.9);
            for (const Vec3 p : {Vec3{0, 0, 0}, Vec3{0.4, -0.3, 0.2}, Vec3{-0.5, 0.5, -0.5}}) {
                const auto at = projection.map(p);
                QVERIFY(close(projection.unmap(at.x, at.y, at.w), p));
                const auto ray = projection.ray(at.x, at.y);
                QVERIFY(norm(cross(p - ray.from, ray.along)) < 1e-9);
                QVERIFY(dot(p - ray.from, ray.along) > 0);
                // The twin: a neighbouring pixel's ray misses the point.
                const auto other = projection.ray(at.x + 3, at.y);
                QVERIFY(norm(cross(p - other.from, other.along)) > 1e-4);
            }
        }
    }

    void gesturesKeepWhatTheyPromise() {
        for (const Camera& camera : cameras()) {
            // Orbit keeps the target in place and the distance.
            const Camera turned = orbit(camera, 0.4, -0.2);
            const auto before = Projection3(camera, kSize, 1).map(camera.target);
            const auto after = Projection3(turned, kSize, 1).map(camera.target);
            QVERIFY(close(before.x, after.x) && close(before.y, after.y) &&
                    close(before.w, after.w));
            // Pan: what lies in the target's plane moves with the mouse.
            const Vec3 held = Projection3(camera, kSize, 1).unmap(200, 150, camera.distance);
            const auto panned = Projection3(pan(camera, kSize, 35, -20), kSize, 1).map(held);
            QVERIFY(close(panned.x, 235) && close(panned.y, 130));
            // Zoom: the point under the cursor stays; one at the centre would not.
            const Camera nearer = zoom(camera, kSize, 200, 150, 0.5);
            const auto zoomed = Projection3(nearer, kSize, 1).map(held);
            QVERIFY(close(zoomed.x, 200) && close(zoomed.y, 150));
            QVERIFY(close(nearer.distance, camera.distance / 2));
            Camera centred = camera;
            centred.distance /= 2;
            QVERIFY(std::abs(Projection3(centred, kSize, 1).map(held).x - 200) > 20);
        }
        QCOMPARE(orbit(Camera{}, 0, 99).elevation, kPi / 2);
        QCOMPARE(orbit(Camera{}, 0, -99).elevation, -kPi / 2);
        QVERIFY(std::abs(orbit(Camera{}, 1000, 0).azimuth) <= kPi + 1e-9);
        QCOMPARE(zoom(Camera{}, kSize, 0, 0, 1e9).distance, 1e3);
        QCOMPARE(zoom(Camera{}, kSize, 0, 0, 1e-9).distance, 1e-3);
    }

    void fitTouchesTheFrame() {
        const Box3 box{{0, -5, 10}, {2, 5, 11}, {1, 0.7, 0.4}};
        for (const Camera& camera : cameras()) {
            for (const Size size : {kSize, Size{200, 600}}) {
                const Camera fitted = fit(camera, box, size, 0.8);
                const Projection3 projection(fitted, size, box.radius());
                double reach = 0;
                for (int corner = 0; corner < 8; ++corner) {
                    const auto p = projection.map(
                        box.toWorld(corner & 1 ? 2 : 0, corner & 2 ? 5 : -5, corner & 4 ? 11 : 10));
                    QVERIFY(projection.sees(p));
                    reach = std::max({reach, std::abs(p.x / size.width - 0.5) * 2,
                                      std::abs(p.y / size.height - 0.5) * 2});
                }
                QVERIFY2(close(reach, 0.8, 1e-9), qPrintable(QString::number(reach)));
            }
        }
    }

    void boxesMapBothWays() {
        const Box3 box{{0, -5, 10}, {2, 5, 11}, {1, 0.7, 0.4}};
        QVERIFY(close(box.toWorld(1, 0, 10.5), {0, 0, 0}));
        QVERIFY(close(box.toWorld(2, 5, 11), {0.5, 0.35, 0.2}));
        const auto back = box.toData(box.toWorld(0.3, 2, 10.9));
        QVERIFY(close(back[0], 0.3) && close(back[1], 2) && close(back[2], 10.9));
        const Box3 equal = equalUnits({0, 0, 0}, {4, 2, 1});
        QVERIFY(close(equal.extent[0], 1) && close(equal.extent[1], 0.5) &&
                close(equal.extent[2], 0.25));
        QVERIFY(!Box3({{0, 0, 0}, {1, 0, 1}, {1, 1, 1}}).valid());
    }

    void axesStandOnTheOutline() {
        const Box3 box{{0, 0, 0}, {10, 20, 30}, {1, 1, 0.6}};
        const std::array<std::vector<double>, 3> ticks{{{0, 5, 10, 99}, {0, 10, 20}, {0, 15, 30}}};
        for (const double azimuth : {-2.6, -1.0, 0.5, 2.2}) {
            for (const double elevation : {-0.6, 0.4}) {
                Camera camera;
                camera.azimuth = azimuth;
                camera.elevation = elevation;
                camera = fit(camera, box, kSize);
                const Projection3 projection(camera, kSize, box.radius());
                const AxesBox out = axesBox(box, projection, ticks);
                const auto middle = projection.map({});
                for (std::size_t axis = 0; axis < 3; ++axis) {
                    const AxisPlace& place = out.axes[axis];
                    QVERIFY(place.shown);
                    QCOMPARE(place.ticks.size(), std::size_t{3});  // the one outside is left out
                    QVERIFY(close(std::hypot(place.outX, place.outY), 1));
                    for (const auto& tick : place.ticks) {
                        // On the edge, and nothing of the box lies farther out.
                        const double along =
                            (tick.x - place.x0) * place.outX + (tick.y - place.y0) * place.outY;
                        QVERIFY(std::abs(along) < 1e-6);
                    }
                    for (int corner = 0; corner < 8; ++corner) {
                        const auto p = projection.map(box.toWorld(
                            corner & 1 ? 10 : 0, corner & 2 ? 20 : 0, corner & 4 ? 30 : 0));
                        const double out1 =
                            (p.x - place.x0) * place.outX + (p.y - place.y0) * place.outY;
                        QVERIFY2(out1 < 1e-6, qPrintable(QString::number(out1)));
                    }
                    QVERIFY((middle.x - place.x0) * place.outX +
                                (middle.y - place.y0) * place.outY <
                            0);
                }
                // Three faces are seen from inside: nine edges without their shared three.
                const std::size_t lines = 2 * (3 + 3 + 3);
                QCOMPARE(out.grid.size(), lines);
                for (const auto& [from, to] : out.grid) {
                    // The back wall is farther away than its mirror image.
                    const Vec3 at = 0.5 * (from + to);
                    QVERIFY(projection.map(at).w > 0);
                }
            }
        }
        Camera above;
        above.elevation = kPi / 2;
        const AxesBox flat = axesBox(box, Projection3(above, kSize, 1), ticks);
        QVERIFY(!flat.axes[2].shown);  // seen end-on
        QVERIFY(flat.axes[0].shown && flat.axes[1].shown);
    }

    void surfacesAreHitWhereTheyAre() {
        Surface3 surface = peaksSurface(24, Theme::Dark);
        const Box3 box{{-3, -3, -4}, {3, 3, 6}, {1, 1, 0.6}};
        int hits = 0, misses = 0;
        for (const Camera& camera : cameras()) {
            Space space = spaceAround(box, {surface}, Theme::Dark, kSize);
            const Vec3 shifted = camera.target;
            space.camera = fit(camera, box, kSize);
            space.camera.target = shifted;
            for (int i = 0; i < 60; ++i) {
                const double x = 37.3 + i * 97 % 600, y = 11.7 + i * 53 % 380;
                const double truth = bruteForce(space, surface, kSize, x, y);
                const auto hit = pickSurface(space, surface, kSize, x, y);
                QCOMPARE(hit.has_value(), std::isfinite(truth));
                if (hit) {
                    ++hits;
                    QVERIFY2(close(hit->w, truth, 1e-6),
                             qPrintable(QString("%1 %2").arg(hit->w).arg(truth)));
                    QVERIFY(
                        close(hit->value, heightAt(surface, box, hit->at[0], hit->at[1]), 1e-5));
                } else {
                    ++misses;
                }
            }
        }
        QVERIFY(hits > 300 && misses > 100);
        // Closed form: straight down on a ramp z = x + 2 y.
        Surface3 ramp;
        ramp.place = {0, 0, 1, 1};
        ramp.values = field(5, ramp.place, [](double x, double y) { return x + 2 * y; });
        ramp.tint = field(5, ramp.place, [](double x, double) { return 100 * x; });
        Space space = spaceAround({{0, 0, 0}, {1, 1, 3}, {1, 1, 1}}, {ramp}, Theme::Dark, kSize);
        space.camera.lens = Lens::Orthographic;
        space.camera.elevation = kPi / 2;
        const Projection3 projection(space.camera, kSize, space.box.radius());
        const auto p = projection.map(space.box.toWorld(0.37, 0.61, 0));
        const auto hit = pickSurface(space, ramp, kSize, p.x, p.y);
        QVERIFY(hit && close(hit->at[0], 0.37) && close(hit->at[1], 0.61));
        QVERIFY(close(hit->at[2], 0.37 + 1.22, 1e-6) && close(hit->value, 37, 1e-5));
        // A hole lets the sight through.
        std::vector<float> torn(25, 0.5F);
        torn[12] = std::nanf("");
        ramp.values = Array({5, 5}, torn);
        const auto centre = projection.map(space.box.toWorld(0.45, 0.45, 0));
        QVERIFY(!pickSurface(space, ramp, kSize, centre.x, centre.y));
        QVERIFY(pickSurface(space, ramp, kSize, p.x - 80, p.y));
    }

    void pointsAreFoundUnderTheCursor() {
        PointCloud3 cloud;
        cloud.xyz = Array({4, 3}, std::vector<float>{0.5F, 0.5F, 0.9F, 0.5F, 0.5F, 0.1F, 0.9F, 0.2F,
                                                     0.5F, 0.1F, 0.8F, 0.5F});
        cloud.size = 8;
        const Box3 cube{{0, 0, 0}, {1, 1, 1}, {1, 1, 1}};
        Space space = spaceAround(cube, {cloud}, Theme::Dark, kSize);
        space.camera.lens = Lens::Orthographic;
        const auto pick = [&](double x, double y, double z, double dx, double radius) {
            const auto p =
                Projection3(space.camera, kSize, cube.radius()).map(cube.toWorld(x, y, z));
            return pickPoint(space, cloud, kSize, 1, p.x + dx, p.y, radius);
        };
        for (Index i = 0; i < 4; ++i) {
            const auto row = cloud.xyz.values<float>().subspan(static_cast<std::size_t>(3 * i), 3);
            const auto found = pick(row[0], row[1], row[2], 2, 10);
            QVERIFY(found);
            QCOMPARE(found->index, i);
            QVERIFY(close(found->pixels, 2, 1e-6));
            QVERIFY(!pick(row[0], row[1], row[2], 11, 10));
        }
        // From above the first hides the second, from below the second the first.
        space.camera.elevation = kPi / 2;
        QCOMPARE(pick(0.5, 0.5, 0, 0, 10)->index, Index{0});
        space.camera.elevation = -kPi / 2;
        QCOMPARE(pick(0.5, 0.5, 0, 0, 10)->index, Index{1});
        // A surface between hides the farther one; a hidden category is not found.
        Surface3 wall;
        wall.place = {0, 0, 1, 1};
        wall.values = field(3, wall.place, [](double, double) { return 0.05; });
        space.solids = {cloud, wall};
        QVERIFY(!pick(0.5, 0.5, 0, 0, 10));
        space.solids = {cloud};
        cloud.category = Array({4}, std::vector<Index>{0, -1, 0, 0});
        QCOMPARE(pick(0.5, 0.5, 0, 0, 10)->index, Index{0});
    }

    void pcaFindsTheAxes() {
        // Points on a known frame: sd 3 along (1, 1, 1, 1) / 2, 1 along (1, -1, 1, -1) / 2, 0.1
        // else.
        const Array noise = normals(4000, 91), more = normals(4000, 92);
        const auto a = noise.values<float>(), b = more.values<float>();
        std::vector<float> x;
        const double axes[4][4]{
            {.5, .5, .5, .5}, {.5, -.5, .5, -.5}, {.5, .5, -.5, -.5}, {.5, -.5, -.5, .5}};
        for (std::size_t n = 0; n < 4000; ++n) {
            const double c[4]{3.0 * a[2 * n], 1.0 * a[2 * n + 1], 0.1 * b[2 * n],
                              0.1 * b[2 * n + 1]};
            for (int j = 0; j < 4; ++j) {
                double sum = 7;
                for (int k = 0; k < 4; ++k) {
                    sum += c[k] * axes[k][j];
                }
                x.push_back(static_cast<float>(sum));
            }
        }
        x[13] = std::nanf("");
        const Array points({4000, 4}, x);
        const Chart chart = pcaChart(points, 2);
        QCOMPARE(chart.axes(), Index{2});
        for (std::size_t k = 0; k < 2; ++k) {
            double same = 0, length = 0;
            for (std::size_t j = 0; j < 4; ++j) {
                same += chart.basis[4 * k + j] * axes[k][j];
                length += chart.basis[4 * k + j] * chart.basis[4 * k + j];
            }
            QVERIFY(std::abs(same) > 0.999);
            QVERIFY(close(length, 1));
        }
        QVERIFY(close(chart.shares[0], 9 / 10.02, 0.01) && close(chart.shares[1], 1 / 10.02, 0.01));
        for (const double o : chart.origin) {
            QVERIFY(std::abs(o - 7) < 0.15);
        }
        // Variances of the coordinates, and distances of sd 0.1 in two directions.
        const Array flat = project(chart, points), away = offChart(chart, points);
        double first = 0, off = 0;
        for (std::size_t n = 0; n < 4000; ++n) {
            if (n != 3) {
                first += flat.values<float>()[2 * n] * flat.values<float>()[2 * n];
                off += away.values<float>()[n] * away.values<float>()[n];
            }
        }
        QVERIFY(close(first / 3999, 9, 0.05));
        QVERIFY2(close(off / 3999, 0.02, 0.002), qPrintable(QString::number(off / 3999)));
        // A chart that was turned over stays turned over, so that a moving cloud does not flip.
        Chart before = chart;
        for (double& v : before.basis) {
            v = -v;
        }
        const Chart kept = pcaChart(points, 2, &before);
        QVERIFY(close(kept.basis[0], -chart.basis[0]));
        QCOMPARE(pcaChart(points, 9).axes(), Index{4});
    }

    void planesGoThroughTheirPoints() {
        const std::vector<double> a{1, 2, 3, 4, 5}, b{2, 2, 3, 4, 7}, c{0, 1, 5, 4, 4};
        const auto chart = planeChart(a, b, c);
        QVERIFY(chart);
        std::vector<float> rows;
        for (const auto* p : {&a, &b, &c}) {
            rows.insert(rows.end(), p->begin(), p->end());
        }
        rows.insert(rows.end(), {1, 2, 3, 9, 5});  // five away: both edges have no fourth component
        const Array points({4, 5}, rows);
        const Array away = offChart(*chart, points), flat = project(*chart, points);
        for (std::size_t i = 0; i < 3; ++i) {
            QVERIFY(away.values<float>()[i] < 1e-6F);
        }
        QVERIFY(close(away.values<float>()[3], 5, 1e-6));
        QVERIFY(close(flat.values<float>()[2], std::sqrt(5.0), 1e-6));  // |b - a|
        QVERIFY(close(flat.values<float>()[3], 0, 1e-6));
        // Lengths within the plane are true.
        const float* f = flat.values<float>().data();
        QVERIFY(close(std::hypot(f[4] - f[2], f[5] - f[3]), std::sqrt(4 + 1 + 4 + 0 + 9.0), 1e-6));
        QVERIFY(!planeChart(a, b, a));
        const std::vector<double> onLine{3, 2, 3, 4, 9};
        QVERIFY(!planeChart(a, b, onLine));
        // Moving within the chart lands on the wanted coordinates and keeps the distance.
        const std::vector<float> z(rows.end() - 5, rows.end());
        const auto there = moved(*chart, z, std::vector<double>{0.7, -1.1});
        const Array one({1, 5}, there);
        QVERIFY(close(project(*chart, one).values<float>()[0], 0.7, 1e-5));
        QVERIFY(close(project(*chart, one).values<float>()[1], -1.1, 1e-5));
        QVERIFY(close(offChart(*chart, one).values<float>()[0], 5, 1e-5));
    }

    void axesAreTheCoordinates() {
        const Array points({3, 4}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
        const Chart chart = axesChart(points, std::vector<Index>{2, 0});
        const Array flat = project(chart, points);
        QCOMPARE(flat.values<float>()[0], 2.0F);
        QCOMPARE(flat.values<float>()[1], 0.0F);
        QCOMPARE(flat.values<float>()[4], 10.0F);
        // Distance from the mean (5, 7) of the other two coordinates.
        QVERIFY(close(offChart(chart, points).values<float>()[0], std::sqrt(32.0), 1e-6));
        QVERIFY(close(offChart(chart, points).values<float>()[1], 0, 1e-6));
        const Chart twice = axesChart(points, std::vector<Index>{1, 1, 9});
        QCOMPARE(twice.axes(), Index{3});
        QVERIFY(close(std::abs(twice.basis[1]) + twice.basis[4] + twice.basis[11], 3));
        const Array near = closeness(offChart(chart, points));
        QCOMPARE(near.values<float>()[1], 1.0F);
        QVERIFY(near.values<float>()[0] < 0.6F && near.values<float>()[0] > 0.1F);
        QVERIFY_EXCEPTION_THROWN(project(chart, Array({2, 3}, std::vector<float>(6))), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestSpace)
#include "tst_space.moc"
