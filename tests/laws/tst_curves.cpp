// SPDX-License-Identifier: GPL-3.0-or-later
// The geodesic equation, logarithms, transport, splines, graphs, means, curvature, and the grid.
#include "core/geometry/brownian.h"
#include "core/geometry/graph.h"
#include "core/geometry/many.h"
#include "core/geometry/metric_grid.h"
#include "core/geometry/ode.h"
#include "core/geometry/registry.h"
#include "core/geometry/selftest.h"
#include "core/geometry/spline.h"
#include "tests/laws/geometry_cases.h"

#include <QtTest>
#include <algorithm>
#include <complex>
#include <numbers>
#include <set>

using namespace lx;
using namespace lx::testing;

namespace {

Vector scaledTo(const Metric& metric, const Vector& z, Vector v, double length) {
    const double have = std::sqrt(metric.inner(z, v, v));
    for (double& x : v) {
        x *= length / have;
    }
    return v;
}

double largestGap(const Vector& a, const Vector& b) {
    double most = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        most = std::max(most, std::abs(a[k] - b[k]));
    }
    return most;
}

}  // namespace

class TestCurves : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// SYSTEMS 9 [C]: RK4 with 20 steps, distance = speed to 1e-6, order 4, speed constant.
    void exponentialMap() {
        const auto sphere = sphereMetric();
        const Vector z{0.3, -0.4}, v = scaledTo(*sphere, z, {0.8, 0.5}, 1.3);
        Vector errors;
        for (const Index steps : {10, 20, 40}) {
            const RayEnd end = exponential(*sphere, z, v, steps);
            QVERIFY(!end.otherChart[0]);
            errors.push_back(std::abs(sphereDistance(z, end.z) - 1.3));
            const double speed = std::sqrt(sphere->inner(end.z, end.v, end.v));
            QVERIFY(std::abs(speed - 1.3) < 1e-4);
        }
        qInfo("%.1e %.1e %.1e", errors[0], errors[1], errors[2]);
        QVERIFY(errors[1] < 1e-6);
        QVERIFY(errors[0] / errors[1] > 10 && errors[1] / errors[2] > 10);
        // Once round the sphere, through the pole that the first chart has no room for.
        const Vector round = scaledTo(*sphere, z, {0.8, 0.5}, 2 * std::numbers::pi);
        QVERIFY(largestGap(exponential(*sphere, z, round, 400).z, z) < 1e-6);
        // Broken twin: with half the slopes the ray is no great circle.
        const RayEnd off = exponential(WrongSlope(sphere), z, v, 20);
        QVERIFY(std::abs(sphereDistance(z, off.z) - 1.3) > 1e-3);
        const auto disc = poincareMetric();
        const RayEnd far = exponential(*disc, Vector{0, 0}, scaledTo(*disc, {0, 0}, {1, 0}, 4), 64);
        QVERIFY(std::abs(poincareDistance(Vector{0, 0}, far.z) - 4) < 1e-4);
    }
    /// Length of a geodesic that exp made: a second solver as the truth where no formula is.
    void paraboloidAgainstExp() {
        const auto metric = paraboloidMetric(2, 0.5);
        const Vector starts = normals({6, 1}, 400, 0.7), ways = normals({6, 2}, 400);
        double worst = 0;
        for (std::size_t i = 0; i < 200; ++i) {
            const Vector z{starts[2 * i], starts[2 * i + 1]};
            const Vector v = scaledTo(*metric, z, {ways[2 * i], ways[2 * i + 1]}, 0.9);
            const RayEnd end = exponential(*metric, z, v, 100);
            worst = std::max(worst, std::abs(geodesic(metric, z, end.z).length / 0.9 - 1));
        }
        // A meridian through the apex: arc length of the parabola x^2 / 2.
        const auto arc = [](double x) { return 0.5 * (x * std::hypot(1, x) + std::asinh(x)); };
        const Geodesic across = geodesic(metric, Vector{-0.6, -0.8}, Vector{0.9, 1.2});
        qInfo("%.1e, meridian %.1e", worst, std::abs(across.length / (arc(1) + arc(1.5)) - 1));
        QVERIFY(worst < 1e-3);
        QVERIFY(std::abs(across.length / (arc(1) + arc(1.5)) - 1) < 1e-3);
    }
    void logarithmIsTheInverse_data() {
        QTest::addColumn<int>("index");
        const auto all = metricCases();
        for (std::size_t i = 0; i < all.size(); ++i) {
            QTest::newRow(all[i].name.c_str()) << static_cast<int>(i);
        }
    }
    void logarithmIsTheInverse() {
        QFETCH(int, index);
        const MetricCase c = metricCases()[static_cast<std::size_t>(index)];
        const auto d = static_cast<std::size_t>(c.metric->dim());
        const Vector a(c.points.begin(), c.points.begin() + static_cast<std::ptrdiff_t>(d));
        const Vector v = scaledTo(*c.metric, a, normals({6, 3}, d), 0.25);
        const RayEnd end = exponential(*c.metric, a, v, 64);
        const Logarithm log = logarithm(c.metric, a, end.z);
        QVERIFY2(largestGap(log.v, v) < 1e-3 * (1e-3 + largestGap(v, Vector(d))),
                 qPrintable(QString::number(largestGap(log.v, v))));
        QVERIFY(std::abs(log.curve.length / 0.25 - 1) < 1e-3);
    }
    /// Round a right-angled spherical triangle a tangent turns by its area.
    void transport() {
        const auto sphere = sphereMetric();
        const Vector corners[] = {{0, 0}, {std::tan(0.6 / 2), 0}, {0, std::tan(0.8 / 2)}};
        Vector w{1, 0};
        const Vector before = w;
        const double size = sphere->inner(corners[0], w, w);
        for (int side = 0; side < 3; ++side) {
            const Geodesic g = geodesic(sphere, corners[side], corners[(side + 1) % 3]);
            w = parallelTransport(*sphere, g.path, w);
            const Vector& end = corners[(side + 1) % 3];
            QVERIFY(std::abs(sphere->inner(end, w, w) / size - 1) < 1e-6);
        }
        const double turned = std::atan2(w[1], w[0]);
        // Spherical excess of two legs at a right angle: tan(E / 2) = tan(a / 2) tan(b / 2).
        const double excess = 2 * std::atan(std::tan(0.3) * std::tan(0.4));
        qInfo("turned %.6f, excess %.6f", turned, excess);
        QVERIFY(std::abs(std::abs(turned) - excess) < 1e-3);
        QVERIFY(std::abs(turned) > 0.1);  // nobody gets by who does not turn it
        // A geodesic carries its own velocity.
        const Geodesic g = geodesic(sphere, Vector{-0.5, 0.1}, Vector{0.4, 0.6});
        const Logarithm there = logarithm(sphere, Vector{-0.5, 0.1}, Vector{0.4, 0.6});
        const Vector carried = parallelTransport(*sphere, g.path, there.v);
        const RayEnd end = exponential(*sphere, Vector{-0.5, 0.1}, there.v);
        QVERIFY(largestGap(carried, end.v) < 1e-3);
    }
    void boundaryValueProblem() {
        for (const auto& c : metricCases()) {
            if (c.metric->dim() != 2 || c.name == "density") {
                continue;  // where the density falls off steeply there is more than one solution
            }
            const Vector a{c.points[0], c.points[1]};
            Vector b{c.points[0] + 0.12, c.points[1] + 0.08};
            const GeodesicOptions options{.knots = 40};
            const Geodesic newton = collocation(c.metric, straightPath(a, b, 40), options);
            const Geodesic minimal = geodesic(c.metric, a, b, options);
            QVERIFY2(newton.end == GeodesicEnd::Converged, c.name.c_str());
            QVERIFY2(std::abs(newton.length / minimal.length - 1) < 1e-4, c.name.c_str());
        }
        const auto sphere = sphereMetric();
        const Vector a{0.3, -1.1}, b{1.2, 0.4};
        const Geodesic far = collocation(sphere, straightPath(a, b, 64), {.knots = 64});
        QCOMPARE(far.end, GeodesicEnd::Converged);
        QVERIFY(std::abs(far.length / sphereDistance(a, b) - 1) < 2e-4);
        QVERIFY(far.iterations < 12);
    }
    void splines() {
        const auto sphere = sphereMetric();
        const Vector a{0.3, -1.1}, b{1.2, 0.4};
        const double truth = sphereDistance(a, b);
        const Geodesic coarse = splineGeodesic(sphere, a, b, 2),
                       fine = splineGeodesic(sphere, a, b, 8);
        QCOMPARE(fine.end, GeodesicEnd::Converged);
        qInfo("2 pieces %.1e, 8 pieces %.1e", coarse.length / truth - 1, fine.length / truth - 1);
        QVERIFY(fine.energy < coarse.energy);
        QVERIFY(std::abs(fine.length / truth - 1) < 1e-3);
        QVERIFY(fine.energy >= geodesic(sphere, a, b).energy * (1 - 1e-9));
        const Geodesic flat = splineGeodesic(constantMetric({2, 0.6, 0.6, 0.5}, 2), a, b);
        QVERIFY(largestGap(flat.path, straightPath(a, b, 64)) < 1e-9);
    }
    /// 16 neighbours overestimate by up to 2.8 % and never underestimate, and a graph knows a way
    /// round a hill that the straight start does not.
    void graphs() {
        const Box window{{-2, -2}, {2, 2}};
        const auto flat = euclideanMetric(2);
        const auto grid = LatentGraph::grid(flat, window, 65);
        double most = 0;
        for (const auto& [x, y] : {std::pair{1.5, 0.3}, {1.1, 0.9}, {0.4, 1.7}, {-1.3, 0.8}}) {
            const Vector path = grid.path(Vector{0, 0}, Vector{x, y});
            const double over = pathLength(*flat, path) / std::hypot(x, y) - 1;
            QVERIFY(over > -1e-12);
            most = std::max(most, over);
        }
        qInfo("overestimates by up to %.4f", most);
        QVERIFY(most > 0.002 && most < 0.035);
        const auto hill = scaledIdentity(
            2, [](std::span<const double> z, std::span<double> value, std::span<double> slope) {
                for (std::size_t i = 0; i < value.size(); ++i) {
                    const double x = z[2 * i], y = z[2 * i + 1] + 0.35, q = x * x + y * y;
                    value[i] = 6 * std::exp(-4 * q);
                    if (!slope.empty()) {
                        slope[2 * i] = -8 * x * value[i];
                        slope[2 * i + 1] = -8 * y * value[i];
                    }
                }
            });
        const Vector a{-1.2, -0.6}, b{1.2, -0.6};  // the straight line passes below the hill's top
        const Geodesic near = geodesic(hill, a, b);
        GeodesicSolver solver(hill);
        solver.setPath(LatentGraph::grid(hill, window, 65).path(a, b));
        solver.advance(500);
        QVERIFY(solver.current().end == GeodesicEnd::Converged);
        QVERIFY(solver.current().length <= near.length * (1 + 1e-6));
        const Vector codes = normals({6, 5}, 3 * 200);
        const auto space = euclideanMetric(3);
        const auto graph = LatentGraph::nearest(space, codes, 8);
        const auto first = std::span(codes).first(3), last = std::span(codes).last(3);
        const Vector path = graph.path(first, last);
        QVERIFY(std::ranges::equal(std::span(path).first(3), first));
        QVERIFY(std::ranges::equal(std::span(path).last(3), last));
        QVERIFY(pathLength(*space, path) < 3 * pathLength(*space, straightPath(first, last, 2)));
        // Two far clusters are joined nevertheless.
        Vector apart = normals({6, 6}, 40, 0.1);
        for (std::size_t k = 0; k < 20; ++k) {
            apart[k] += 50;
        }
        const auto two = LatentGraph::nearest(flat, apart, 3);
        QVERIFY(std::ranges::all_of(two.distances(std::span(apart).first(2)),
                                    [](double x) { return std::isfinite(x); }));
    }
    void means() {
        const auto disc = poincareMetric();
        // Three points symmetric about the origin: the mean is the centre.
        Vector points;
        for (int k = 0; k < 3; ++k) {
            const double angle = 0.3 + 2 * std::numbers::pi * k / 3;
            points.insert(points.end(), {0.6 * std::cos(angle), 0.6 * std::sin(angle)});
        }
        // An isometry moves the mean along: the Moebius map z -> (z + c) / (1 + c z), c real.
        Vector moved;
        constexpr double kShift = 0.5;
        for (std::size_t i = 0; i < 3; ++i) {
            const std::complex<double> z(points[2 * i], points[2 * i + 1]);
            const auto w = (z + kShift) / (1.0 + kShift * z);
            moved.insert(moved.end(), {w.real(), w.imag()});
        }
        const FrechetMean mean = frechetMean(disc, moved);
        QCOMPARE(mean.end, GeodesicEnd::Converged);
        qInfo("mean %.5f %.5f", mean.point[0], mean.point[1]);
        QVERIFY(std::abs(mean.point[0] - kShift) < 1e-3 && std::abs(mean.point[1]) < 1e-3);
        QVERIFY(std::abs((moved[0] + moved[2] + moved[4]) / 3 - kShift) > 0.01);
        const Vector flatPoints = normals({6, 7}, 20);
        const FrechetMean flat = frechetMean(euclideanMetric(2), flatPoints);
        double x = 0;
        for (std::size_t i = 0; i < 10; ++i) {
            x += flatPoints[2 * i] / 10;
        }
        QVERIFY(std::abs(flat.point[0] - x) < 1e-9);
        const Vector all = distanceMatrix(disc, moved);
        QVERIFY(all[1] == all[3] && all[0] == 0);
        QVERIFY(std::abs(all[1] / poincareDistance(std::span(moved).first(2),
                                                   std::span(moved).subspan(2, 2)) -
                         1) < 1e-3);
        QVERIFY(largestGap(distances(disc, moved, moved), all) < 1e-6);
        std::stop_source source;
        source.request_stop();
        QVERIFY(std::isnan(distanceMatrix(disc, moved, {}, source.get_token())[1]));
    }
    void curvature() {
        const Vector z{0.3, 0.4, -0.2, 0.5};
        const auto check = [&](const Metric& metric, double wanted) {
            for (const double k : gaussCurvature(metric, z)) {
                QVERIFY2(std::abs(k - wanted) < 1e-6, qPrintable(QString::number(k)));
            }
        };
        check(*euclideanMetric(2), 0);
        check(*sphereMetric(2, 2), 0.25);
        check(*halfPlaneMetric(), -1);
        check(*poincareMetric(2, 0.5), -4);
        // The graph of b r^2 has K = 4 b^2 / (1 + 4 b^2 r^2)^2.
        const auto bowl = gaussCurvature(*paraboloidMetric(2, 0.7), z);
        for (std::size_t i = 0; i < 2; ++i) {
            const double r2 = z[2 * i] * z[2 * i] + z[2 * i + 1] * z[2 * i + 1], q = 4 * 0.49;
            QVERIFY(std::abs(bowl[i] - q / std::pow(1 + q * r2, 2)) < 1e-6);
        }
        // Curvature is a property of the surface, not of the chart: the same half-plane, sheared.
        QVERIFY(std::abs(gaussCurvature(WrongSlope(sphereMetric(2, 2)), z)[0] - 0.25) > 1e-2);
    }
    void fans() {
        const auto disc = poincareMetric();
        const Vector z{0.3, -0.2}, ways = unitDirections(*disc, z, 12);
        const Vector fan = rays(*disc, z, ways, 32);
        QCOMPARE(fan.size(), std::size_t{12 * 33 * 2});
        for (std::size_t i = 0; i < 12; ++i) {
            for (const std::size_t s : {std::size_t{16}, std::size_t{32}}) {
                const auto point = std::span(fan).subspan((i * 33 + s) * 2, 2);
                QVERIFY(std::abs(poincareDistance(z, point) - static_cast<double>(s) / 32) < 1e-5);
            }
        }
    }
    /// The grid tends to the metric as the square of its spacing, keeps its laws, and forgets old
    /// weights.
    void cachedGrid() {
        const auto metric = gaussianPullback(smallDecoder(Unit::Tanh, Unit::Linear));
        const Box window{{-2, -1.5}, {2, 2.5}};
        MetricGrid grid(metric, window, 129);
        QVERIFY(grid.current() == nullptr);
        const Vector probes = normals({6, 8}, 200, 0.5);
        Vector truth(400), read(400), error;
        metric->at(probes, truth);
        std::set<Index> sides;
        for (bool whole = false; !whole;) {
            whole = grid.advance(100);
            if (grid.current() != nullptr && sides.insert(grid.side()).second) {
                grid.current()->at(probes, read);
                error.push_back(largestGap(read, truth));
            }
        }
        QVERIFY((sides == std::set<Index>{17, 33, 65, 129}));
        for (std::size_t k = 1; k < error.size(); ++k) {
            QVERIFY2(error[k - 1] / error[k] > 2.5,
                     qPrintable(QString::number(error[k - 1] / error[k])));
        }
        const auto cached = grid.current();
        const Vector a{-1.5, -0.5}, b{1.2, 1.8};
        const Geodesic exact = geodesic(metric, a, b), fast = geodesic(cached, a, b);
        qInfo("cached length %.1e, on the true metric %.1e", fast.length / exact.length - 1,
              pathLength(*metric, fast.path) / exact.length - 1);
        QVERIFY(std::abs(pathLength(*metric, fast.path) / exact.length - 1) < 2e-3);
        QVERIFY(grid.bytes() < 2'000'000);
        // Slopes are those of the bilinear function itself.
        const Vector z{0.313, -0.271}, v{0.7, -0.4};
        Vector q(1), slope(2);
        cached->quadratic(z, v, q, slope);
        for (std::size_t k = 0; k < 2; ++k) {
            const double wanted = difference(
                [&](const Vector& x) {
                    double e = 0;
                    cached->quadratic(x, v, std::span(&e, 1));
                    return e;
                },
                z, k, 1e-5);
            QVERIFY(std::abs(slope[k] - wanted) < 1e-6 * (1 + std::abs(wanted)));
        }
        Vector squares(1), general(1), pathSlope(4);
        cached->steps(Vector{0.1, 0.2, 0.15, 0.22}, squares, pathSlope);
        cached->quadratic(Vector{0.125, 0.21}, Vector{0.05, 0.02}, general);
        QVERIFY(std::abs(squares[0] - general[0]) < 1e-15 + 1e-12 * general[0]);
        grid.reset(metric, grid.version());
        QVERIFY(grid.current() != nullptr);
        grid.reset(metric, 7);
        QVERIFY(grid.current() == nullptr && grid.side() == 0);
        QVERIFY_EXCEPTION_THROWN(MetricGrid(euclideanMetric(3), window), UsageError);
    }
    void registry() {
        std::set<std::string> ids;
        MetricInputs inputs;
        inputs.mean = smallDecoder(Unit::Tanh, Unit::Linear);
        inputs.sigma = smallDeviation();
        inputs.probabilities = smallDecoder(Unit::Tanh, Unit::Sigmoid);
        inputs.means = normals({6, 9}, 60);
        inputs.variances = Vector(60, 0.1);
        inputs.rhvae = rhvaeParts(2, 5);
        inputs.density = makeEnergy("banana");
        for (const MetricSpec& spec : metricSpecs()) {
            QVERIFY(ids.insert(spec.id).second);
            QVERIFY(!spec.title.empty() && spec.makesLarge.ends_with("."));
            QVERIFY(spec.closedForm || !spec.fits(MetricInputs{}));
            for (const ParamDecl& p : spec.params) {
                QVERIFY(p.id.starts_with("metric.") && !p.help.empty());
            }
            const auto metric = makeMetric(spec.id, {}, inputs);
            Vector g(4), z{0.1, 0.3};
            metric->at(z, g);
            QVERIFY(g[0] > 0 && g[0] * g[3] > g[1] * g[2] && std::isfinite(g[0]));
        }
        QVERIFY_EXCEPTION_THROWN(makeMetric("spere"), UsageError);
        QVERIFY_EXCEPTION_THROWN(makeMetric("pullback"), UsageError);
        QVERIFY(std::abs(*knownDistance("ellipse", {{"metric.stretch", 2.0}, {"metric.angle", 0.0}},
                                        Vector{0, 0}, Vector{1, 0}) -
                         2) < 1e-12);
    }
    /// What `selftest` says on this machine.
    void selfTestPasses() {
        const auto rows = geometrySelftest();
        QVERIFY(rows.size() >= 6);
        for (const auto& row : rows) {
            QVERIFY2(row.pass, row.name.c_str());
            QVERIFY(row.tolerance < 0.1 * std::abs(row.expected));
        }
    }
};

QTEST_GUILESS_MAIN(TestCurves)
#include "tst_curves.moc"
